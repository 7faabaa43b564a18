"""Documents that a setting names, and what stays when a new one is broken."""

from __future__ import annotations

import base64
import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from model_service.errors import SettingsError, UpstreamError
from model_service.fn.invocation import Deadline
from model_service.service_file.documents import Refreshed, read_document

SECRET = "ocid1.vaultsecret.oc1.us-chicago-1.amaaaaaa"


class Client:
    """Answers as the Secret Retrieval service does, or as it does not."""

    def __init__(self, bundle: Any) -> None:
        self.bundle, self.paths = bundle, list[str]()

    def secrets(self, ocid: str, _deadline: Deadline) -> Client:
        return self

    def send(self, method: str, path: str, *_rest: Any) -> Client:
        self.paths.append(path)
        return self

    opc_request_id = None
    status = 200

    def read(self) -> bytes:
        return json.dumps(self.bundle).encode()


class Storage:
    def get(self, location: Any, most: int, deadline: Deadline) -> bytes:
        return f"{location.namespace} {location.bucket} {location.name}".encode()


class Places:
    def __init__(self, bundle: Any = None) -> None:
        self.region_services: Any = Client(bundle)
        self.object_storage: Any = Storage()


def read(setting: str, bundle: Any = None) -> tuple[str, str]:
    return read_document("MODEL_SERVICE_X", setting, Places(bundle), Deadline.after(10))


def test_a_text_is_itself_and_a_path_is_its_files(tmp_path: Path) -> None:
    assert read('{"a": 1}')[1] == '{"a": 1}'
    assert read("a: 1\nb: 2")[1] == "a: 1\nb: 2"
    (tmp_path / "x.yaml").write_text("a: ü")
    assert read(str(tmp_path / "x.yaml")) == (str(tmp_path / "x.yaml"), "a: ü")


def test_an_object_is_named_by_its_url() -> None:
    assert read("oci://settings@ns/folder/x.yaml")[1] == "ns settings folder/x.yaml"
    assert read("oci://settings/x.yaml")[1] == "None settings x.yaml"


def test_a_secret_is_read_by_its_ocid() -> None:
    content = base64.b64encode(b"a: 1").decode()
    assert read(SECRET, {"secretBundleContent": {"contentType": "BASE64", "content": content}})[1] == "a: 1"


@pytest.mark.parametrize(
    ("setting", "bundle", "problem"),
    [
        ("/nowhere/x.yaml", None, "/nowhere/x.yaml cannot be read: No such file or directory"),
        ("a\x00b", None, "cannot be read: not a path"),
        ("https://example.com/x", None, "must be oci://"),
        ("oci://b@n", None, "must be oci://"),
        (SECRET, {"secretBundleContent": {"content": "?"}}, "not base64"),
        (SECRET, {"secretBundleContent": {"content": base64.b64encode(b"\xff").decode()}}, "line 1: is not UTF-8"),
    ],
)
def test_a_document_that_is_not_there_names_its_variable(setting: str, bundle: Any, problem: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(setting, bundle)
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
