"""V1 against the local OCI, over real sockets: what goes out, what comes back, and everything that can break."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.errors import (
    DeadlineExceeded,
    ModelServiceError,
    StreamBroken,
    UpstreamError,
    UpstreamRefused,
    UpstreamThrottled,
    UpstreamUnreachable,
)
from model_service.models import Model
from model_service.service import Service
from model_service.settings import Settings

LLAMA = "meta.llama-3.3-70b-instruct"
CHUNK = {"choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}]}
LAST_CHUNK = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


@pytest.fixture
def model(service: Service) -> Model:
    return Model(LLAMA, service, timeout=30)


def sent(oci: MockOci) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(oci.requests[-1].body)
    return body


def events(*values: Any) -> list[bytes]:
    return [f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode() for value in values]


def text_of(chunks: Iterator[dict[str, Any]]) -> str:
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


def test_a_complete_answer_comes_back_as_oci_sent_it(model: Model, oci: MockOci) -> None:
    answer = {"id": "1", "choices": [{"index": 0, "message": {"content": "Hi"}, "new": 1.5}], "x_oci": {"a": [None]}}
    oci.script.raw(json.dumps(answer).encode(), content_type="application/json")
    assert model.complete("Hello") == answer


def test_chunks_come_back_as_oci_sent_them(model: Model, oci: MockOci) -> None:
    odd = {**CHUNK, "x_oci": {"tomorrow": True}}
    oci.script.raw(events(odd, LAST_CHUNK, "[DONE]"))
    assert list(model.stream("Hello")) == [odd, LAST_CHUNK]


def test_fields_that_nobody_knows_yet_go_out_untouched(model: Model, oci: MockOci) -> None:
    oci.script.raw(b'{"choices": []}', content_type="application/json")
    parts = [{"type": "hologram", "hologram": {"frames": [1, 2.0]}}]
    model.complete([{"role": "user", "content": parts, "mood": None}], temperature=1, guardrails={"on": True})
    assert sent(oci) == {
        "model": LLAMA,
        "messages": [{"role": "user", "content": parts, "mood": None}],
        "temperature": 1,
        "guardrails": {"on": True},
        "stream": False,
    }


def test_both_compartment_headers_go_out_and_zstd_is_not_offered(model: Model, oci: MockOci) -> None:
    model.complete("Hello")
    headers = oci.requests[-1].headers
    assert headers["compartmentid"] == headers["opc-compartment-id"] == oci.tenancy.compartment_id
    assert headers["accept-encoding"] == "gzip, deflate"


def test_the_compartment_of_the_request_wins_and_stays_out_of_the_body(model: Model, oci: MockOci) -> None:
    model.complete("Hello", compartment_id=oci.tenancy.tenancy_id)
    assert oci.requests[-1].headers["compartmentid"] == oci.tenancy.tenancy_id
    assert "compartment_id" not in sent(oci)


def test_without_any_setting_the_tenancy_of_the_profile_is_the_compartment(
    environment: dict[str, str], oci: MockOci
) -> None:
    del environment["OCI_COMPARTMENT_ID"]
    with Model(LLAMA, Service(Settings.load(environment))) as model:
        model.complete("Hello")
    assert oci.requests[-1].headers["compartmentid"] == oci.tenancy.tenancy_id


@pytest.mark.parametrize(
    ("model_id", "given", "goes_out"),
    [
        ("openai.gpt-5", {"max_tokens": 9}, {"max_completion_tokens": 9}),
        ("openai.gpt-5", {"max_tokens": 9, "max_completion_tokens": 7}, {"max_completion_tokens": 7}),
        ("openai.o4-mini", {"max_tokens": 9}, {"max_completion_tokens": 9}),
        ("openai.gpt-oss-120b", {"max_tokens": 9}, {"max_tokens": 9}),
        ("xai.grok-4.3", {"frequency_penalty": 0, "presence_penalty": 0.0}, {}),
        ("xai.grok-4.3", {"frequency_penalty": 0.5}, {}),
        (LLAMA, {"frequency_penalty": 0, "store": False}, {"frequency_penalty": 0}),
        (LLAMA, {"store": True}, {}),
    ],
)
def test_a_familys_quirk_changes_only_what_it_names(
    service: Service, oci: MockOci, model_id: str, given: dict[str, Any], goes_out: dict[str, Any]
) -> None:
    oci.script.raw(b'{"choices": []}', content_type="application/json")
    Model(model_id, service).complete("Hello", **given)
    assert {name: value for name, value in sent(oci).items() if name not in ("model", "messages", "stream")} == goes_out


def test_tools_go_round(model: Model, oci: MockOci) -> None:
    tool = {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    question = {"role": "user", "content": "Call get_weather for Lisbon"}
    asked = model.complete([question], tools=[tool])["choices"][0]
    assert asked["finish_reason"] == "tool_calls"
    call = asked["message"]["tool_calls"][0]
    result = {"role": "tool", "tool_call_id": call["id"], "content": "31 degrees"}
    answer = model.complete([question, asked["message"], result], tools=[tool])
    assert "31 degrees" in answer["choices"][0]["message"]["content"]


def test_a_picture_goes_through(model: Model) -> None:
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    ]
    answer = Model("meta.llama-4-maverick-17b-128e-instruct-fp8", model.service).complete(
        [{"role": "user", "content": parts}]
    )
    assert "1 image" in answer["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": "400", "message": "Invalid 'temperature'"}, UpstreamRefused),
        (401, {"code": "NotAuthenticated", "message": "no"}, UpstreamRefused),
        (429, {"code": "TooManyRequests", "message": "slow down"}, UpstreamThrottled),
        (500, {"code": "500", "message": "Internal Server Error."}, UpstreamError),
        (503, b"", UpstreamError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_an_error_keeps_its_status_message_and_request_id(
    model: Model, oci: MockOci, status: int, error: dict[str, str] | bytes, kind: type[ModelServiceError], stream: bool
) -> None:
    oci.script.error(status, body=error, headers={"retry-after": "7"}, times=2)
    with pytest.raises(kind) as caught:
        list(model.stream("Hello")) if stream else model.complete("Hello")
    assert caught.value.status == status
    assert caught.value.retry_after == "7"
    assert caught.value.opc_request_id is not None
    said = error["message"] if isinstance(error, dict) else f"OCI answered {status} and said nothing."
    assert caught.value.message == said


def test_a_missing_permission_names_the_policy_and_the_cache(model: Model, oci: MockOci) -> None:
    oci.script.error(404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.")
    with pytest.raises(UpstreamRefused) as caught:
        model.complete("Hello")
    assert f"use generative-ai-family in compartment id {oci.tenancy.compartment_id}" in str(caught.value.hint)
    assert "15 minutes" in str(caught.value.hint)


def test_a_model_that_the_region_lacks_is_named(service: Service) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        Model("meta.llama-9", service).complete("Hello")
    assert "not meta.llama-9" in str(caught.value.hint)


def test_a_cohere_model_forced_onto_v1_is_told_where_to_go(environment: dict[str, str]) -> None:
    settings = Settings.load({**environment, "LOCUS_OCI_TRANSPORT": "v1"})
    with Model("cohere.command-a-03-2025", Service(settings)) as model, pytest.raises(UpstreamRefused) as caught:
        model.complete("Hello")
    assert "LOCUS_OCI_TRANSPORT" in str(caught.value.hint)


def test_a_stream_request_that_is_answered_at_once_is_one_chunk(model: Model, oci: MockOci) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    choice = {"index": 0, "message": {"role": "assistant", "tool_calls": [call]}, "finish_reason": "tool_calls"}
    oci.script.raw(json.dumps({"id": "1", "choices": [choice]}).encode(), content_type="application/json")
    (chunk,) = model.stream("Hello")
    assert chunk["object"] == "chat.completion.chunk"
    assert chunk["choices"][0]["delta"]["tool_calls"] == [{"index": 0, **call}]


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(events(CHUNK), id="ends-without-a-finish"),
        pytest.param(events(CHUNK, "{'error': {'message': 'busy', 'code': 503}}"), id="python-repr"),
        pytest.param(events(CHUNK, {"error": {"message": "busy", "code": "overloaded"}}), id="error-object"),
        pytest.param(events(CHUNK, {"code": "500", "message": "Internal Server Error."}), id="oci-error"),
        pytest.param(events(CHUNK, "[1, 2]"), id="no-object"),
        pytest.param(events(CHUNK, "9" * 5000), id="no-chunk"),
    ],
)
def test_a_stream_that_breaks_is_an_error_and_never_a_clean_finish(
    model: Model, oci: MockOci, broken: list[bytes]
) -> None:
    oci.script.raw(broken)
    chunks = model.stream("Hello")
    assert next(chunks) == CHUNK
    with pytest.raises(StreamBroken):
        list(chunks)


def test_a_stream_without_done_is_complete_when_it_said_why_it_ended(model: Model, oci: MockOci) -> None:
    oci.script.raw(events(CHUNK, LAST_CHUNK))
    assert text_of(model.stream("Hello")) == "Hello"


def test_a_connection_cut_in_the_middle_of_a_stream_is_an_error(model: Model, oci: MockOci) -> None:
    oci.script.chat("one two three four", cut_after=3)
    with pytest.raises(UpstreamUnreachable):
        list(model.stream("Hello"))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b"{}"])
def test_an_answer_that_is_no_completion_is_oci_s_fault(model: Model, oci: MockOci, body: bytes) -> None:
    oci.script.raw(body, content_type="application/json")
    with pytest.raises(UpstreamError, match="other than a chat completion"):
        model.complete("Hello")


def test_a_stalled_model_ends_at_the_deadline(service: Service, oci: MockOci) -> None:
    oci.script.delay(before=1)
    with pytest.raises(DeadlineExceeded):
        Model(LLAMA, service, timeout=0.7).complete("Hello")


def test_a_stream_that_stalls_late_ends_at_the_deadline_and_not_a_whole_timeout_later(
    service: Service, oci: MockOci
) -> None:
    oci.script.raw(events(CHUNK, LAST_CHUNK), chunk_delay=0.9)
    chunks = Model(LLAMA, service, timeout=1.0).stream("Hello")
    deadline_after_start = 0.5  # what the margin leaves of a second; the second chunk comes after that
    started = time.monotonic()
    assert next(chunks) == CHUNK
    with pytest.raises(DeadlineExceeded):
        next(chunks)
    assert time.monotonic() - started < 0.9 + deadline_after_start  # a bound on the wait itself, not on speed


def test_secrets_that_oci_quotes_back_are_redacted(model: Model, oci: MockOci) -> None:
    oci.script.error(400, message='keyId="ST$eyJabc.def.ghi" Bearer sk-abcdefghijkl')
    with pytest.raises(UpstreamRefused) as caught:
        model.complete("Hello")
    assert caught.value.message.count("[redacted]") == 2


def test_nothing_listens_there(environment: dict[str, str], tmp_path: Path) -> None:
    settings = Settings.load({**environment, "OCI_GENAI_ENDPOINT": "http://127.0.0.1:9"})
    with Model(LLAMA, Service(settings)) as model, pytest.raises(UpstreamUnreachable, match=r"127\.0\.0\.1"):
        model.complete("Hello")
