"""Files, vector stores, containers and speech go to the host that has them, and come back as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.app import App
from model_service.fn.limits import MAX_REQUEST_BYTES
from model_service.openai_api.resources import RESOURCES

from .conftest import FORM, Ask, asking, form, said

HOSTILE = bytes(range(256)) * 40 + b'"body_from"{"x"'


def test_an_upload_reaches_oci_byte_for_byte(ask: Ask, oci: MockOci) -> None:
    body = form(HOSTILE)
    made = said(ask("POST", "/files", body, content_type=FORM))
    sent = next(request for request in oci.requests if request.path == "/openai/v1/files")
    assert (sent.body, sent.headers["content-type"]) == (body, FORM)
    assert sent.headers["openai-project"] == oci.projects.default.id
    content = ask("GET", f"/files/{made['id']}/content")
    assert content.whole() == HOSTILE
    assert content.headers["content-type"] == "application/octet-stream"
    assert content.headers["content-disposition"].startswith("attachment")
    assert content.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in content.headers["content-security-policy"]


def test_an_answer_in_json_is_the_one_that_oci_sent(ask: Ask, uploaded: Callable[..., str]) -> None:
    made = uploaded(ask)
    reply = ask("GET", f"/files/{made}")
    assert b'": ' in reply.whole()  # with the spaces of OCI's own
    assert said(reply)["filename"] == "cats.txt"
    assert reply.headers["x-model-service-route"] == "passthrough"
    assert said(ask("GET", "/files?limit=1&order=asc"))["data"][0]["id"] == made


@pytest.mark.parametrize("memory", ["128", "512"])
def test_a_file_of_any_bytes_up_to_what_the_platform_lets_in_fits(config: dict[str, str], memory: str) -> None:
    app = App({**config, "FN_MEMORY": memory})
    with closing(app.service):
        body = form(b"{[,\xff" * ((MAX_REQUEST_BYTES - 400) // 4))
        assert said(asking(app)("POST", "/files", body, content_type=FORM))["bytes"] > 6_000_000


@pytest.mark.not_through("process", why="one URL stands for two hosts, which a door with names keeps apart")
def test_each_operation_asks_the_host_that_serves_it(ask: Ask, oci: MockOci, uploaded: Callable[..., str]) -> None:
    file = uploaded(ask)
    store = said(ask("POST", "/vector_stores", {"name": "pets", "metadata": {"a": "b"}}))["id"]
    assert said(ask("POST", f"/vector_stores/{store}/files", {"file_id": file}))["status"] == "completed"
    found = said(ask("POST", f"/vector_stores/{store}/search", {"query": "cat"}))["data"]
    assert found[0]["content"][0]["text"] == "the cat sat"
    batch = said(ask("POST", f"/vector_stores/{store}/file_batches", {"file_ids": [file]}))
    assert batch["file_counts"]["completed"] == 1
    assert said(ask("DELETE", f"/vector_stores/{store}"))["deleted"]
    paths = {request.path.replace(store, "ID").replace(file, "ID") for request in oci.requests}
    assert paths == {
        "/openai/v1/files",
        "/20231130/openai/v1/vector_stores",
        "/20231130/openai/v1/vector_stores/ID",
        "/openai/v1/vector_stores/ID/files",
        "/openai/v1/vector_stores/ID/search",
        "/openai/v1/vector_stores/ID/file_batches",
    }


def test_a_container_takes_files_by_form_and_by_id(ask: Ask, uploaded: Callable[..., str]) -> None:
    made = said(ask("POST", "/containers", {"name": "work"}))["id"]
    first = said(ask("POST", f"/containers/{made}/files", form(b"1,2", "d.csv", ""), content_type=FORM))
    second = said(ask("POST", f"/containers/{made}/files", {"file_id": uploaded(ask)}))
    assert [first["path"], second["path"]] == ["/mnt/data/d.csv", "/mnt/data/cats.txt"]
    assert ask("GET", f"/containers/{made}/files/{first['id']}/content").whole() == b"1,2"
    assert len(said(ask("GET", f"/containers/{made}/files"))["data"]) == 2
    assert said(ask("DELETE", f"/containers/{made}"))["deleted"]


def test_speech_is_a_sound_and_its_model_may_be_an_alias(config: dict[str, str]) -> None:
    app = App({**config, "MODEL_SERVICE_ALIASES": json.dumps({"voice": "xai.grok-tts"})})
    with closing(app.service):
        body = {"model": "oci:voice", "voice": "Eve", "input": "Good morning", "response_format": "wav"}
        reply = asking(app)("POST", "/audio/speech", body)
    assert (reply.status, reply.headers["content-type"]) == (200, "audio/wav")
    assert reply.whole().startswith(b"RIFF")
    assert reply.headers["x-model-service-model"] == "xai.grok-tts"


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("POST", "/files", b"x", {"content_type": "multipart/form-data"}, 400, "invalid_form"),
        ("POST", "/vector_stores", form(b"x"), {"content_type": FORM}, 400, "invalid_form"),
        ("POST", "/vector_stores", b"[]", {}, 400, "invalid_json"),
        ("POST", "/vector_stores", b"", {}, 400, "empty_body"),
        ("GET", "/files?before=x", b"", {}, 400, "invalid_request"),
        ("GET", "/files/a%2f..%2fb", b"", {}, 404, "unknown_path"),
        ("GET", "/files/..", b"", {}, 404, "unknown_path"),
        ("GET", "/files/a/b", b"", {}, 404, "unknown_path"),
        ("PUT", "/files", b"", {}, 405, "method_not_allowed"),
        ("POST", "/audio/speech", {"input": "x"}, {}, 400, "invalid_request"),
        ("POST", "/audio/speech", {"model": "no.such", "input": "x", "voice": "eve"}, {}, 404, None),
        ("GET", "/files/file-none", b"", {}, 404, None),
        ("POST", "/files", {"compartment_id": "x"}, {}, 400, "invalid_request"),
        ("POST", "/files", {"compartment_id": "ocid1.compartment.oc1..other"}, {}, 403, "compartment_not_allowed"),
    ],
)
def test_what_cannot_be_is_refused(
    ask: Ask, method: str, path: str, body: Any, headers: dict[str, str], status: int, code: str | None
) -> None:
    error = said(ask(method, path, body, **headers), status)["error"]
    assert code is None or error["code"] == code


@pytest.mark.not_through("process", why="one URL stands for two hosts, which a door with names keeps apart")
def test_ids_are_in_no_log_line(
    config: dict[str, str], caplog: pytest.LogCaptureFixture, uploaded: Callable[..., str]
) -> None:
    caplog.set_level("INFO")
    app = App({**config, "OCI_LOG_REQUESTS": "1", "MODEL_SERVICE_USAGE": "1"})
    with closing(app.service):
        ask = asking(app)
        file = uploaded(ask)
        store = said(ask("POST", "/vector_stores", {"name": "pets"}))["id"]
        container = said(ask("POST", "/containers", {"name": "work"}))["id"]
        for path in (f"/files/{file}", f"/files?after={file}", f"/vector_stores/{store}", f"/containers/{container}"):
            said(ask("GET", path))
        batch = said(ask("POST", f"/vector_stores/{store}/file_batches", {"file_ids": [file]}))["id"]
        said(ask("GET", f"/vector_stores/{store}/file_batches/{batch}"))
        said(ask("GET", f"/files/{file}x"), 404)
    lines = caplog.text
    assert "/openai/v1/files/…" in lines
    assert not [name for name in (file, store, container, batch) if name in lines]


def test_every_row_has_a_host_of_its_own_kind() -> None:
    control = {row.path for row in RESOURCES if row.on_control_plane}
    assert control == {"/vector_stores", "/vector_stores/{id}"}
    assert {row.kind for row in RESOURCES} == {"files", "vector_stores", "containers", "speech"}
