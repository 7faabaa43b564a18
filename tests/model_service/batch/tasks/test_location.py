"""Where the tasks file is taken from, and what is said where it is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mock_oci import MockOci
from mock_oci.services.object_storage.state import NAMESPACE, ObjectStorage
from model_service.batch.tasks.file import MAX_FILE_BYTES
from model_service.batch.tasks.location import INLINE, tasks_text
from model_service.errors import SettingsError, UpstreamUnreachable
from model_service.fn.invocation import Deadline
from model_service.service import Service

TEXT = "tasks: [{name: ü, ignore: true}]"
NAME = "tasks/für alle.yaml"
HOST = "https://objectstorage.us-chicago-1.oraclecloud.com"


@pytest.fixture
def environment(environment: dict[str, str], oci_url: str) -> dict[str, str]:
    return {**environment, "MODEL_SERVICE_OCI_ENDPOINT": oci_url}


@pytest.fixture
def storage(oci: MockOci) -> ObjectStorage:
    storage = oci.state_of(ObjectStorage)
    storage.create_bucket("settings")
    storage.put("settings", NAME, TEXT.encode())
    return storage


def no_storage() -> Any:
    raise AssertionError("Object Storage is not needed for this")


def read(setting: str) -> tuple[str, str]:
    return tasks_text(setting, no_storage, Deadline.after(10))


def stored(service: Service, setting: str) -> tuple[str, str]:
    return tasks_text(setting, lambda: service.object_storage, Deadline.after(10))


def problem_of(setting: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(setting)
    assert caught.value.param == "MODEL_SERVICE_TASKS"
    return caught.value.message.removeprefix("MODEL_SERVICE_TASKS: ")


@pytest.mark.parametrize("setting", [f"# inline\n{TEXT}", '{"tasks": []}'])
def test_the_setting_may_be_the_text_itself(setting: str) -> None:
    assert read(setting) == (INLINE, setting)


def test_a_path_is_relative_to_the_folder_of_the_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tasks.yaml").write_text(TEXT, encoding="utf-8")
    assert read("tasks.yaml") == ("tasks.yaml", TEXT)
    assert read(str(tmp_path / "tasks.yaml"))[1] == TEXT


def test_a_file_that_is_not_there_is_told_with_the_folder_and_the_other_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert problem_of("tasks.yaml") == (
        f"there is no file tasks.yaml in {tmp_path}; it may also be a URL of Object Storage or the text itself"
    )


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert problem_of(str(tmp_path)) == f"{tmp_path} cannot be read: Is a directory"
    assert problem_of("a\0b") == "a\0b cannot be read: this is no path"


def test_a_file_that_is_no_text_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "tasks.yaml"
    path.write_bytes("# a\n# für\n".encode("latin-1"))
    assert problem_of(str(path)) == f"{path}, line 2: is not UTF-8"


def test_a_file_of_more_than_a_megabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "tasks.yaml"
    path.write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    assert problem_of(str(path)) == f"{path} has more than {MAX_FILE_BYTES} bytes"


@pytest.mark.parametrize(
    "url",
    [
        f"{HOST}/n/{NAMESPACE}/b/settings/o/tasks%2Ff%C3%BCr%20alle.yaml",
        f"https://{NAMESPACE}.objectstorage.us-chicago-1.oci.customer-oci.com/n/{NAMESPACE}/b/settings/o/{NAME}",
        f"oci://settings@{NAMESPACE}/{NAME}",
        f"oci://settings/{NAME}",
    ],
)
def test_an_object_is_read_as_the_function_itself(service: Service, storage: ObjectStorage, url: str) -> None:
    assert stored(service, url) == (f"settings/{NAME}", TEXT)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"{HOST}/p/s3cret/n/mine/b/settings/o/tasks.yaml", "must not be a pre-authenticated URL, which is a secret"),
        (
            f"{HOST}/n/mine/b/settings/o/tasks.yaml?versionId=s3cret",
            "must be the URL of an object: https://objectstorage.<reg",
        ),
        (f"{HOST}/n/mine/b/settings/o/", "must be the URL of an object"),
        (f"{HOST}/n/mine/b/settings/o/..", "has a URL whose object cannot be a name"),
        (f"{HOST}/n/mine/b/../o/tasks.yaml", "has a URL whose namespace or bucket cannot be a name"),
        ("https://s3cret@example.com/tasks.yaml", "must be the URL of an object"),
        ("http://objectstorage.us-chicago-1.oraclecloud.com/n/mine/b/settings/o/a", "must be the URL of an object"),
        ("oci://sett ings@mine/a", "has a URL whose namespace or bucket cannot be a name"),
        ("s3://settings/s3cret", "must be the URL of an object"),
    ],
)
def test_any_other_url_is_refused_without_repeating_it(url: str, problem: str) -> None:
    said = problem_of(url)
    assert said.startswith(problem)
    assert "s3cret" not in said


def test_an_object_that_is_not_there_is_a_mistake_in_the_settings(service: Service, storage: ObjectStorage) -> None:
    with pytest.raises(SettingsError, match=r"Object Storage of the function's own region does not give other\.yaml: "):
        stored(service, "oci://settings/other.yaml")


def test_an_object_of_more_than_a_megabyte_is_not_read(service: Service, storage: ObjectStorage) -> None:
    storage.put("settings", "large.yaml", b"#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(SettingsError, match=f"large.yaml has more than {MAX_FILE_BYTES} bytes"):
        stored(service, "oci://settings/large.yaml")


def test_passing_trouble_is_not_taken_for_a_mistake(oci: MockOci, service: Service, storage: ObjectStorage) -> None:
    oci.script.disconnect(path=f"/n/{NAMESPACE}/b/settings/o/tasks%2Ff%C3%BCr%20alle.yaml", times=10)
    with pytest.raises(UpstreamUnreachable):
        stored(service, f"oci://settings@{NAMESPACE}/{NAME}")
