"""Documents that a setting names, and what stays when a new one is broken."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mock_oci import MockOci
from mock_oci.services.vault import Secrets
from model_service.errors import SettingsError, UpstreamError
from model_service.fn.invocation import Deadline
from model_service.service import Service
from model_service.service_file.documents import Refreshed, read_document
from model_service.settings import Settings


class Storage:
    def get(self, location: Any, most: int, deadline: Deadline) -> bytes:
        return f"{location.namespace} {location.bucket} {location.name}".encode()


class Places:
    region_services: Any = None
    object_storage: Any = Storage()


def read(setting: str, places: Any = None) -> tuple[str, str]:
    return read_document("MODEL_SERVICE_X", setting, places or Places(), Deadline.after(10))


@pytest.fixture
def service(environment: dict[str, str]) -> Iterator[Service]:
    local = {"MODEL_SERVICE_OCI_ENDPOINT": environment["OCI_GENAI_ENDPOINT"]}
    with closing(Service(Settings.load({**environment, **local}))) as service:
        yield service


def test_a_text_is_itself_and_a_path_is_its_files(tmp_path: Path) -> None:
    assert read('{"a": 1}')[1] == '{"a": 1}'
    assert read("a: 1\nb: 2")[1] == "a: 1\nb: 2"
    (tmp_path / "x.yaml").write_text("a: ü")
    assert read(str(tmp_path / "x.yaml")) == (str(tmp_path / "x.yaml"), "a: ü")


def test_an_object_is_named_by_its_url() -> None:
    assert read("oci://settings@ns/folder/x.yaml")[1] == "ns settings folder/x.yaml"
    assert read("oci://settings/x.yaml")[1] == "None settings x.yaml"


def test_a_secret_is_read_by_its_ocid(service: Service, oci: MockOci) -> None:
    assert read(oci.state_of(Secrets).create("keys", b"a: 1").id, service)[1] == "a: 1"


def test_a_secret_that_is_no_text_is_named_and_not_shown(service: Service, oci: MockOci) -> None:
    with pytest.raises(SettingsError, match="MODEL_SERVICE_X: the secret, line 1: is not UTF-8"):
        read(oci.state_of(Secrets).create("keys", b"\xff").id, service)


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("/nowhere/x.yaml", "/nowhere/x.yaml cannot be read: No such file or directory"),
        ("a\x00b", "cannot be read: not a path"),
        ("https://example.com/x", "must be oci://"),
        ("oci://b@n", "must be oci://"),
    ],
)
def test_a_document_that_is_not_there_names_its_variable(setting: str, problem: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(setting)
    assert refused.value.message.startswith("MODEL_SERVICE_X: ")
    assert problem in refused.value.message


def test_a_value_is_loaded_anew_when_its_time_is_over() -> None:
    moment, loads = [0.0], iter(range(10))
    value = Refreshed("X", lambda _: next(loads), 60, lambda: moment[0])
    assert [value.current(), value.current()] == [0, 0]
    moment[0] = 60
    assert [value.current(), value.current()] == [1, 1]


def test_the_last_good_one_stays_while_a_new_one_is_broken(caplog: pytest.LogCaptureFixture) -> None:
    moment, answers = [0.0], iter(["good", SettingsError("X", "line 3: unknown"), UpstreamError("busy"), "better"])

    def load(_: Deadline) -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    value = Refreshed("X", load, 60, lambda: moment[0])
    seen = []
    logger = logging.getLogger("model_service")
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO, "model_service"):
        for moment[0] in (0.0, 60.0, 120.0, 180.0):
            seen.append(value.current())
    logger.removeHandler(caplog.handler)
    assert seen == ["good", "good", "good", "better"]
    lines = {line for line in caplog.messages if "config_stale" in line}
    assert len(lines) == 2
    assert any("line 3: unknown" in line for line in lines)


def test_where_there_has_never_been_a_good_one_the_error_is_told() -> None:
    def load(_: Deadline) -> str:
        raise SettingsError("X", "line 3")

    with pytest.raises(SettingsError, match="line 3"):
        Refreshed("X", load, 60).current()


def test_one_thread_loads_and_the_others_go_on_with_what_there_is() -> None:
    moment, begun, go_on = [0.0], threading.Event(), threading.Event()

    def load(_: Deadline) -> str:
        if moment[0]:
            begun.set()
            go_on.wait(10)
            return "new"
        return "old"

    value = Refreshed("X", load, 60, lambda: moment[0])
    assert value.current() == "old"
    moment[0] = 61
    loading = threading.Thread(target=value.current)
    loading.start()
    assert begun.wait(10)
    assert value.current() == "old"
    go_on.set()
    loading.join(10)
    assert value.current() == "new"
