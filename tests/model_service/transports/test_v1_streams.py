"""What real servers send to V1 besides OpenAI's own chunks: nothing is lost, nothing is taken for the end, and an error
is told in the provider's words and never in the model's."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.errors import InvalidRequest, StreamBroken, UpstreamError, UpstreamRefused, UpstreamThrottled
from model_service.fn.invocation import Deadline
from model_service.models import Model
from model_service.openai_api.chat import ChatRequest
from model_service.routing import resolve
from model_service.service import Service
from model_service.transports.call import Call
from model_service.transports.v1 import OCIOpenAIModel

LLAMA = "meta.llama-3.3-70b-instruct"
JSON = "application/json"
SSE = "text/event-stream"
BUSY = "Provider is overloaded"
SAID = "the model's own words"


@pytest.fixture
def model(service: Service) -> Model:
    return Model(LLAMA, service, timeout=30)


def chunk(text: str | None = None, finish: Any = None, index: Any = 0, **more: Any) -> dict[str, Any]:
    delta = {} if text is None else {"content": text}
    return {"id": "c", "choices": [{"index": index, "delta": delta, "finish_reason": finish}], **more}


def event(value: Any) -> bytes:
    return f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode()


def said(chunks: Iterator[dict[str, Any]], index: int = 0) -> str:
    choices = (choice for chunk in chunks for choice in chunk["choices"] or () if choice["index"] == index)
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def script(oci: MockOci, *events: Any, content_type: str = SSE, **more: Any) -> None:
    oci.script.raw([one if isinstance(one, bytes) else event(one) for one in events], content_type=content_type, **more)


USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


# --- a reason to finish is not the end


@pytest.mark.parametrize("reasons", [("stop", "stop", "stop"), ("", "", "stop"), ("stop", None, "")])
def test_what_comes_after_a_reason_to_finish_is_not_lost(model: Model, oci: MockOci, reasons: tuple[Any, ...]) -> None:
    script(oci, *(chunk(text, reason) for text, reason in zip("abc", reasons, strict=True)), "[DONE]", chunk_delay=0.4)
    assert said(model.stream("Hello")) == "abc"


def test_a_tool_call_after_a_reason_to_finish_is_not_lost(model: Model, oci: MockOci) -> None:
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    asks = {"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}
    script(oci, chunk("a", "stop"), asks, "[DONE]", chunk_delay=0.4)
    assert [one["choices"][0]["finish_reason"] for one in model.stream("Hello")] == ["stop", "tool_calls"]


def test_comments_do_not_keep_a_stream_open_after_its_end(model: Model, oci: MockOci) -> None:
    script(oci, chunk("a", "stop"), *[b": ping\n\n"] * 100, chunk_delay=0.3)
    started = time.monotonic()
    assert said(model.stream("Hello")) == "a"
    assert time.monotonic() - started < 15  # of 30 seconds of comments


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([chunk("a", None), "[DONE]"], id="done-without-a-reason"),
        pytest.param([chunk("a", "")], id="an-empty-reason"),
        pytest.param(["[DONE]"], id="nothing-but-done"),
        pytest.param([chunk("a", None, 0), chunk("b", None, 1), chunk("", "stop", 0)], id="a-choice-is-open"),
        pytest.param([chunk("a", None, 0), chunk("b", None, 1), chunk("", "stop", 0), "[DONE]"], id="open-at-done"),
        pytest.param([chunk("a", "stop", 0)], id="a-choice-never-came"),
    ],
)
def test_a_stream_that_ends_with_a_choice_open_is_broken(model: Model, oci: MockOci, events: list[Any]) -> None:
    script(oci, *events)
    with pytest.raises(StreamBroken, match="before the answer was complete"):
        list(model.stream("Hello", n=2))


def test_every_choice_of_n_comes_to_its_end(model: Model, oci: MockOci) -> None:
    script(oci, chunk("a", "stop", 0), chunk("b", None, 1), chunk("c", "stop", 1), chunk_delay=0.4)
    assert said(model.stream("Hello", n=2), index=1) == "bc"


def test_a_connection_that_breaks_after_the_last_word_does_no_harm(model: Model, oci: MockOci) -> None:
    script(oci, chunk("a"), chunk("b", "stop"), "[DONE]", cut_after=2)
    assert said(model.stream("Hello")) == "ab"


# --- events as the standard allows them


FIRST, LAST = json.dumps(chunk("One ")), json.dumps(chunk("two", "stop"))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(f"\ufeffdata: {FIRST}\n\ndata: {LAST}\n\ndata: [DONE]\n\n", id="byte-order-mark"),
        pytest.param(f"data: {FIRST}\r\rdata: {LAST}\r\rdata: [DONE]\r\r", id="carriage-returns"),
        pytest.param(f"data: {FIRST}\r\n\r\ndata: {LAST}\r\n\r\ndata: [DONE]\r\n\r\n", id="both"),
        pytest.param(f"data: {FIRST}\n\ndata:\n\ndata: {LAST}\n\ndata: [DONE] \n\n", id="empty-data"),
        pytest.param(f': hi\n\ndata: {FIRST}\n\nevent: ping\ndata: {{"type": "ping"}}\n\ndata: {LAST}', id="ping"),
        pytest.param(f"data: {FIRST}\n\nevent: ping\ndata: now\n\ndata: {{}}\n\ndata: {LAST}\n\n", id="ping-text"),
        pytest.param(f"data: {{}}\n\ndata: null\n\nevent: x\ndata: {FIRST}\n\ndata: {LAST}\n\n", id="keep-alive"),
        pytest.param(f'data: {{"error": null,\ndata: {FIRST[1:]}\n\ndata: {LAST}\n\n', id="two-lines-of-data"),
        pytest.param(f'data: {{"id": "c", "choices": null}}\n\ndata: {FIRST}\n\ndata: {LAST}\n\n', id="no-choices"),
    ],
)
@pytest.mark.parametrize("content_type", [SSE, "Text/Event-Stream;charset=UTF-8", JSON, "text/plain"])
def test_a_stream_is_read_whatever_its_small_print(model: Model, oci: MockOci, raw: str, content_type: str) -> None:
    octets = raw.encode()
    oci.script.raw([octets[:1], octets[1:30], octets[30:]], content_type=content_type)
    assert said(model.stream("Hello")) == "One two"


@pytest.mark.parametrize("content_type", [SSE, "APPLICATION/JSON", "text/plain"])
def test_json_is_an_answer_whatever_its_label(model: Model, oci: MockOci, content_type: str) -> None:
    answer = {"id": "c", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
    oci.script.raw(json.dumps(answer).encode(), content_type=content_type, times=2)
    assert said(model.stream("Hello")) == "Hi"
    assert model.complete("Hello") == answer


def test_a_stream_that_nobody_asked_for_is_put_together(model: Model, oci: MockOci) -> None:
    script(oci, chunk("One "), chunk("two", "stop"), {"id": "c", "choices": [], "usage": USAGE}, "[DONE]")
    answer = model.complete("Hello")
    assert answer["choices"][0]["message"]["content"] == "One two"
    assert answer["usage"] == USAGE


@pytest.mark.parametrize("choices", [{}, {"choices": None}, {"choices": []}])
def test_a_usage_chunk_without_choices_ends_nothing_and_is_told(
    model: Model, oci: MockOci, choices: dict[str, Any]
) -> None:
    script(oci, {"usage": USAGE, **choices}, chunk("a", "stop"), {"usage": USAGE, **choices}, "[DONE]")
    chunks = list(model.stream("Hello", stream_options={"include_usage": True}))
    assert said(iter(chunks)) == "a"
    assert chunks[-1] == {"choices": [], "usage": USAGE}


@pytest.mark.parametrize(
    "odd", [["text"], [None], {"a": 1}, [{"delta": None}], [{"index": "1", "delta": {"tool_calls": ["x"]}}]]
)
def test_chunks_of_odd_shapes_go_through(model: Model, oci: MockOci, odd: Any) -> None:
    script(oci, {"choices": odd}, chunk("a", "stop"), chunk(finish="stop", index=1), "[DONE]")
    assert next(model.stream("Hello")) == {"choices": odd}


# --- an error inside a success


ERRORS = [
    ({"error": {"message": BUSY, "code": 429}}, UpstreamThrottled, 429),
    ({"error": {"message": BUSY, "code": "server_error"}}, UpstreamError, 502),
    ({"error": {"message": BUSY}, "choices": []}, UpstreamError, 502),
    ([{"error": {"code": 400, "message": BUSY}}], UpstreamRefused, 400),
    ({"code": "500", "message": BUSY}, UpstreamError, 500),
]


@pytest.mark.parametrize(("answer", "kind", "status"), ERRORS)
@pytest.mark.parametrize("content_type", [JSON, SSE])
@pytest.mark.parametrize("stream", [False, True])
def test_an_error_in_the_place_of_an_answer_is_told_in_its_own_words(
    model: Model, oci: MockOci, answer: Any, kind: type[UpstreamError], status: int, content_type: str, stream: bool
) -> None:
    oci.script.raw(json.dumps(answer).encode(), content_type=content_type)
    with pytest.raises(kind, match=BUSY) as caught:
        list(model.stream("Hello")) if stream else model.complete("Hello")
    assert caught.value.status == status


@pytest.mark.parametrize(
    "framed",
    [
        *[event(answer) for answer, _, _ in ERRORS],
        f"event: error\ndata: {BUSY}\n\n".encode(),
        f'event: error\ndata: {{"message": "{BUSY}"}}\n\n'.encode(),
        event({"type": "error", "message": BUSY}),
        event("{'error': {'message': '" + BUSY + "', 'code': 503}}"),
        event({"id": "c", "error": {"message": BUSY}, "choices": [{"index": 0, "delta": {"content": ""}}]}),
    ],
)
def test_an_error_in_a_stream_is_told_in_its_own_words(model: Model, oci: MockOci, framed: bytes) -> None:
    script(oci, chunk("a"), framed, chunk("b", "stop"))
    with pytest.raises(StreamBroken, match=f"^{BUSY}$"):
        list(model.stream("Hello"))


@pytest.mark.parametrize(
    "odd",
    [
        f'{{"choices": [{{"delta": {{"content": "{SAID}',
        f"{{'choices': [{{'delta': {{'content': \"{SAID}\"}}}}]}}",
        f'["{SAID}"]',
        f'"{SAID}"',
        SAID,
        f'{{"error": {{"text": "{SAID}"}}}}',
    ],
)
def test_a_message_never_quotes_the_model(model: Model, oci: MockOci, odd: str) -> None:
    script(oci, chunk("a"), odd)
    with pytest.raises(StreamBroken) as caught:
        list(model.stream("Hello"))
    assert "own words" not in caught.value.message
    oci.script.raw(odd.encode(), content_type=JSON)
    with pytest.raises(UpstreamError) as refused:
        model.complete("Hello")
    assert "own words" not in refused.value.message


# --- JSON that is JSON, of the types that it should have


def test_numbers_that_json_lacks_are_null(model: Model, oci: MockOci) -> None:
    probabilities = '{"content": [{"token": "a", "logprob": -Infinity, "top_logprobs": []}]}'
    answer = f'{{"choices": [{{"index": 0, "message": {{}}, "logprobs": {probabilities}}}]}}'
    oci.script.raw(answer.encode(), content_type=JSON)
    assert model.complete("Hello")["choices"][0]["logprobs"]["content"][0]["logprob"] is None
    script(oci, f'{{"choices": [{{"index": 0, "delta": {{}}, "logprobs": {probabilities}}}]}}', chunk("a", "stop"))
    assert next(model.stream("Hello"))["choices"][0]["logprobs"]["content"][0]["logprob"] is None


@pytest.mark.parametrize(
    "choice", ["text", None, {"message": "text"}, {"message": {"tool_calls": "f"}}, {"message": {"tool_calls": ["f"]}}]
)
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_of_the_wrong_types_is_oci_s_fault(model: Model, oci: MockOci, choice: Any, stream: bool) -> None:
    oci.script.raw(json.dumps({"choices": [choice]}).encode(), content_type=JSON)
    with pytest.raises(UpstreamError, match="other than a chat completion"):
        list(model.stream("Hello")) if stream else model.complete("Hello")


# --- what the model cannot take


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_model_cannot_take_is_left_out_and_said_or_refused(
    service: Service, oci: MockOci, stream: bool
) -> None:
    model = OCIOpenAIModel(resolve("openai.gpt-5.5", aliases={}), service.upstream)
    hello = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "stream": stream}
    request = ChatRequest.parse({**hello, "temperature": 0.2, "top_p": 1, "parallel_tool_calls": False})
    call = Call(Deadline.after(30), service.compartment_id)
    script(oci, chunk("Hi", "stop"), "[DONE]")
    answer = model.stream(request, call) if stream else model.complete(request, call)
    assert set(answer.dropped) == {"temperature", "parallel_tool_calls"}
    assert json.loads(oci.requests[-1].body).keys() == {"model", "messages", "stream"}
    refusing = replace(call, refuses_unsupported=True)
    with pytest.raises(InvalidRequest, match="cannot take this parameter"):
        model.stream(request, refusing) if stream else model.complete(request, refusing)


def test_fields_of_replies_for_responses_stay_here_and_a_caller_s_own_go_out(model: Model, oci: MockOci) -> None:
    history = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "provider_state": {"previous_response_id": "r"}, "mood": "good"},
        {"role": "user", "content": "c"},
    ]
    model.complete(history)
    assert json.loads(oci.requests[-1].body)["messages"][1] == {"role": "assistant", "content": "b", "mood": "good"}
