"""The flow itself, without a process around it: what no real platform can be made to send, and bugs of our own."""

from __future__ import annotations

import gc
import json
import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.app import App
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.fn.reply import MAX_REPLY_BYTES
from model_service.logs import log
from model_service.service import Service

CHAT = json.dumps({"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hello"}]}).encode()
GATEWAY = HttpRequest("POST", "/v1/chat/completions", {"host": "gateway"})


@pytest.fixture
def app(environment: dict[str, str]) -> Iterator[App]:
    app = App(environment)
    with closing(app.service):
        yield app


def over_http(path: str = "/v1/chat/completions", body: bytes = CHAT) -> Invocation:
    return Invocation(body, Deadline.after(30), http=HttpRequest("POST", path, {"host": "gateway"}))


def test_settings_that_nobody_reads_are_in_the_log_once_with_what_was_meant(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    injected = {"OCI_RESOURCE_PRINCIPAL_EXTRA": "x", "OCI_TRACING_ENABLED": "0", "OCI_CLI_CONNECTION_TIMEOUT": "1"}
    log.configure()
    app = App({**environment, **injected, "MODEL_SERVICE_TASK": "secret", "OCI_COMPARTMENT_IDD": "x"})
    with closing(app.service):
        _ = app.dispatch
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [event["message"] for event in events if event["event"] == "setting_ignored"] == [
        "MODEL_SERVICE_TASK is not a setting and is ignored: did you mean MODEL_SERVICE_TASKS?",
        "OCI_COMPARTMENT_IDD is not a setting and is ignored: did you mean OCI_COMPARTMENT_ID?",
    ]


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/prod/v1/chat/completions/", "/v1/chat/completions?api-version=1"]
)
def test_a_path_is_known_by_its_end(app: App, path: str) -> None:
    assert app.answer(over_http(path)).status == 200


def test_an_answer_that_the_platform_would_lose_is_an_error_instead(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_service.app.MAX_REPLY_BYTES", 100)
    assert MAX_REPLY_BYTES > 100
    reply = app.answer(over_http())
    assert (reply.status, json.loads(reply.body)["error"]["code"]) == (500, "answer_too_large")


@pytest.mark.parametrize("http", [None, GATEWAY])
def test_a_bug_is_answered_and_logged_without_its_words(
    app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], http: HttpRequest | None
) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError("the prompt was: buy low")

    monkeypatch.setattr(Service, "resolve", fail)
    log.configure()
    reply = app.answer(Invocation(CHAT, Deadline.after(30), call_id="01CALL", http=http))
    assert (reply.status, json.loads(reply.body)["error"]["code"]) == (500 if http else 200, "internal_error")
    logged = capsys.readouterr().err
    assert '"exception":"ZeroDivisionError"' in logged
    assert "01CALL" in logged
    assert "buy low" not in logged
    assert b"buy low" not in reply.body


def test_settings_that_are_mended_are_taken_without_a_restart(environment: dict[str, str]) -> None:
    app = App({**environment, "OCI_REGION": "atlantis"})
    assert app.answer(over_http()).status == 500
    app.environment = environment
    with closing(app.service):
        assert app.answer(over_http()).status == 200


REFUSED: dict[str, tuple[dict[str, Any], Callable[[MockOci], Any]]] = {
    "by the door": ({"messages": 7}, lambda oci: None),
    "by the router": ({"model": "no such model!"}, lambda oci: None),
    "by OCI": ({}, lambda oci: oci.script.error(429, "slow down", times=100)),
    "by OCI, natively": ({"model": "cohere.command-a-03-2025"}, lambda oci: oci.script.error(400, "no", times=100)),
    "in a stream": ({"stream": True}, lambda oci: oci.script.raw([b"data: {\n\n"], times=100)),
    "later in a stream": (
        {"stream": True},
        lambda oci: oci.script.raw([b'data: {"choices": [{"index": 0, "delta": {}}]}\n\n', b"data: {\n\n"], times=100),
    ),
}


@pytest.mark.parametrize("way", REFUSED)
@pytest.mark.parametrize("http", [None, GATEWAY])
def test_nothing_of_a_refused_call_is_kept(app: App, oci: MockOci, way: str, http: HttpRequest | None) -> None:
    change, script = REFUSED[way]
    script(oci)

    def call() -> None:
        body = {**json.loads(CHAT), "messages": [{"role": "user", "content": os.urandom(250_000).hex()}], **change}
        app.answer(
            Invocation(json.dumps({**body, "user": "u" * 500_000}).encode(), Deadline.after(20), http=http)
        ).whole()
        oci.requests.clear()
        oci.calls.clear()  # the emulator, in this process too, keeps what it was asked

    call()  # what a first call imports and opens
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(3):  # of a megabyte each: were they kept, three would be held
            call()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert held < 1_500_000
