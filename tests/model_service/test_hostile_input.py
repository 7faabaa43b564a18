"""What a first hostile reading of the service found: each finding once, as it was found."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.app import App
from model_service.errors import InvalidRequest, UpstreamError
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.logs import log
from model_service.models import Model
from model_service.openai_api.encoding import DONE
from model_service.openai_api.event_stream import read_events
from model_service.service import Service

LLAMA = "meta.llama-3.3-70b-instruct"
HELLO = [{"role": "user", "content": "Hello"}]
CHUNK = {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]}
PROJECT = "ocid1.generativeaiproject.oc1.us-chicago-1.aaaa"
STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


@pytest.fixture
def app(environment: dict[str, str]) -> Iterator[App]:
    app = App(environment)
    with closing(app.service):
        yield app


def ask(app: App, body: Any, http: HttpRequest | None = None) -> bytes:
    return app.answer(Invocation(json.dumps(body).encode(), Deadline.after(20), http=http)).whole()


def events(*values: Any) -> list[bytes]:
    return [f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode() for value in values]


@pytest.mark.parametrize(
    "wrong",
    [
        {"messages": [0] * 300_000},
        {"messages": HELLO, "tools": [0] * 300_000},
        {"messages": HELLO, "stop": [0] * 300_000},
    ],
    ids=["messages", "tools", "stop"],
)
def test_a_million_mistakes_are_one_error_and_no_memory(app: App, wrong: dict[str, Any]) -> None:
    body = json.dumps({"model": LLAMA, **wrong}).encode()
    tracemalloc.start()
    try:
        reply = app.answer(Invocation(body, Deadline.after(20)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert json.loads(reply.whole())["error"]["status"] == 400
    assert peak < 20 * len(body)


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": None},
        {"choices": "s"},
        {"choices": ["s"]},
        {"choices": [{"delta": {"content": "x"}}]},
        {"choices": [{"index": [1], "delta": {}}]},
        {**CHUNK, "error": None},
        {**CHUNK, "response": "x", "usage": None},
    ],
)
def test_a_chunk_of_an_unexpected_shape_goes_through_and_the_stream_ends_well(
    app: App, oci: MockOci, odd: dict[str, Any]
) -> None:
    oci.script.raw(events(CHUNK, odd, STOP, DONE))
    *chunks, last = read_events([ask(app, {"model": LLAMA, "messages": HELLO, "stream": True})])
    passed = {name: value for name, value in odd.items() if (name, value) != ("usage", None)}  # nobody asked for it
    assert [json.loads(chunk) for chunk in chunks] == [CHUNK, passed, STOP]
    assert last == DONE


@pytest.mark.parametrize("answer", [{"choices": None}, {"choices": ["s"]}, {"choices": {}}])
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_whose_choices_are_none_is_oci_s_fault(
    service: Service, oci: MockOci, answer: dict[str, Any], stream: bool
) -> None:
    oci.script.raw(json.dumps(answer).encode(), content_type="application/json")
    with pytest.raises(UpstreamError, match="other than a chat completion"):
        list(Model(LLAMA, service).stream("Hello")) if stream else Model(LLAMA, service).complete("Hello")


def test_a_bug_in_the_middle_of_a_stream_is_an_error_in_the_answer_and_in_the_log(
    app: App, oci: MockOci, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_chunk: object) -> None:
        raise ZeroDivisionError("buy low")

    monkeypatch.setattr("model_service.transports.v1_stream.finish_reasons", fail)
    log.configure()
    oci.script.raw(events(CHUNK, STOP, DONE))
    body = {"model": LLAMA, "messages": HELLO, "stream": True}
    assert json.loads(ask(app, body))["error"]["code"] == "internal_error"
    logged = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line.get("error")) for line in logged] == [("bug", None), ("invocation", "internal_error")]


@pytest.mark.parametrize(
    "body",
    [
        {"messages": HELLO},
        {"operation": "embeddings", "input": "x"},
        {"operation": "rerank", "query": "x", "documents": ["y"]},
        {"operation": "responses", "input": "x"},
    ],
)
@pytest.mark.parametrize("model", ["S" * 300, "tell me a secret", "m\n"])
def test_what_is_no_model_id_gets_neither_into_a_log_nor_out(
    app: App, capsys: pytest.CaptureFixture[str], body: dict[str, Any], model: str
) -> None:
    log.configure()
    reply = ask(app, {**body, "model": model})
    assert json.loads(reply)["error"]["param"] == "model"
    assert model.encode() not in reply
    assert model not in capsys.readouterr().err


@pytest.mark.parametrize("named", [[], {}, 7, "xml"])
def test_a_stream_format_that_is_none_is_a_400(app: App, named: Any) -> None:
    error = json.loads(ask(app, {"model": LLAMA, "messages": HELLO, "stream_format": named}))["error"]
    assert (error["status"], error["param"]) == (400, "stream_format")


def test_an_error_gets_out_however_long_the_field_is_that_it_names(app: App) -> None:
    http = HttpRequest("POST", "/v1/embeddings", {"host": "gateway"})
    reply = ask(app, {"model": "cohere.embed-v4.0", "input": "x", "k" * 3_000_000: 1}, http)
    assert json.loads(reply)["error"]["status"] == 400
    assert len(reply) < 10_000


def test_more_inputs_than_openai_allows_are_refused_before_one_is_paid_for(app: App, oci: MockOci) -> None:
    error = json.loads(ask(app, {"model": "cohere.embed-v4.0", "input": ["x"] * 2049}))["error"]
    assert (error["status"], error["param"]) == (400, "input")
    assert not oci.requests


def test_half_an_error_is_still_the_error(service: Service, oci: MockOci) -> None:
    oci.script.error(400, message="too warm", cut_after=0)
    with pytest.raises(UpstreamError) as caught:
        Model(LLAMA, service).complete("Hello")
    assert caught.value.status == 400


@pytest.mark.parametrize("parameters", [{"metadata": {1, 2}}, {"temperature": float("nan")}])
def test_what_no_json_can_hold_is_an_invalid_request(service: Service, parameters: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        Model(LLAMA, service).complete("Hello", **parameters)


def test_a_stream_that_oci_answers_at_once_says_so(app: App, oci: MockOci) -> None:
    answer = {"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
    oci.script.raw(json.dumps(answer).encode(), content_type="application/json")
    body = json.dumps({"model": LLAMA, "messages": HELLO, "stream": True}).encode()
    reply = app.answer(Invocation(body, Deadline.after(20)))
    assert reply.headers["x-model-service-streamed"] == "false"
    reply.whole()


@pytest.mark.parametrize("body", [b"false" + b"[" * 200, b"1" + b"{" * 200, b"null" + b"[" * 3000])
def test_a_value_with_brackets_behind_it_is_no_json(app: App, body: bytes) -> None:
    assert json.loads(app.answer(Invocation(body, Deadline.after(20))).whole())["error"]["code"] == "invalid_json"


@pytest.mark.parametrize(
    "odd",
    [
        'event: response.created\ndata: {"type": {}, "response": {}}\n\n',
        'data: {"type": "response.output_text.delta", "output_index": 0, "content_index": {}, "delta": "x"}\n\n',
        'data: {"type": "response.output_text.done", "output_index": 0, "content_index": [], "text": "x"}\n\n',
    ],
)
def test_an_event_of_odd_types_is_an_error_of_oci(app: App, oci: MockOci, odd: str) -> None:
    oci.script.raw([odd.encode(), b'data: {"type": "response.completed", "response": {"output": []}}\n\n'])
    body = {"model": "responses:openai.gpt-oss-120b", "messages": HELLO, "stream": True, "project_id": PROJECT}
    assert b"internal_error" not in ask(app, body)


MODELS = (LLAMA, "cohere.command-a-03-2025", "responses:openai.gpt-oss-120b", "google.gemini-2.5-flash")


def nested(levels: int) -> str:
    return '{"a":[' * (levels // 2) + "1" + "]}" * (levels // 2)


ODD_FIELDS = {
    "half a surrogate as a key": r'"\ud800": 1',
    "half a surrogate as a key inside": r'"metadata": {"\ud800": "x"}',
    "half a surrogate as a key of a message": r'"messages": [{"role": "user", "content": "x", "\udbff": 1}]',
    "half a surrogate in a schema": r'"response_format": {"type": "json_schema", "json_schema": '
    r'{"name": "\udfff", "schema": {"type": "object", "properties": {"\ud800": {"type": "string"}}}}}',
    "half a surrogate in a tool": r'"tools": [{"type": "function", "function": {"name": "f\ud800", "parameters": '
    r'{"type": "object", "properties": {"\udc00": {"type": "string"}}}}}]',
    "half a surrogate as a stop": r'"stop": ["\ud83d"]',
    "half a surrogate as a name": r'"user": "\udead", "messages": [{"role": "user", "name": "\ud800", "content": "x"}]',
    "half a surrogate as a model": r'"model": "meta.\ud800"',
    "half a surrogate as a format": r'"stream_format": "\ud800"',
    "half a surrogate as a relay": r'"relay": {"queue": "\ud800", "channel": "\udfff"}',
    "half a surrogate as a bucket": r'"body_from": {"bucket": "\ud800", "object": "\udfff"}',
    "nested as far as is read": f'"metadata": {nested(120)}',
    "nested further": f'"metadata": {nested(140)}',
    "nested as far as Python reads": f'"metadata": {nested(900)}',
    "nested beyond that": f'"metadata": {nested(100_000)}',
    "a nested tool": f'"tools": [{{"type": "function", "function": {{"name": "f", "parameters": {nested(110)}}}}}]',
    "a nested schema": '"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": '
    + '{"type": "array", "items": ' * 100
    + '{"type": "string"}'
    + "}" * 100
    + "}}",
    "a nested message": f'"messages": [{{"role": "user", "content": "x", "extra": {nested(110)}}}]',
    "a number without an end": '"seed": ' + "9" * 4000,
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ODD_FIELDS)
def test_nothing_that_a_caller_sends_is_an_internal_error(app: App, name: str, model: str) -> None:
    head = f'{{"model": "{model}", "messages": [{{"role": "user", "content": "x"}}]'
    body = f"{head}, {ODD_FIELDS[name]}}}".encode()
    for http in (None, HttpRequest("POST", "/v1/chat/completions", {"host": "gateway"})):
        for stream in (b"", b',"stream":true}'):
            sent = body[:-1] + stream if stream else body
            reply = app.answer(Invocation(sent, Deadline.after(20), http=http))
            assert b'"internal_error"' not in reply.whole()
