"""A request is checked where we depend on it, and otherwise goes on as the caller wrote it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_service.errors import InvalidRequest
from model_service.openai_api.chat import ChatRequest, chunk_of, chunk_without_usage, without_usage

COMPARTMENT = "ocid1.compartment.oc1..aaaaaaaaexample"
HELLO = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "hello"}]}
SECRET = "the-callers-own-words"

VISION = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}


def _with(**fields: Any) -> dict[str, Any]:
    return {**HELLO, **fields}


def _with_message(**fields: Any) -> dict[str, Any]:
    return _with(messages=[{"role": "user", **fields}])


@pytest.mark.parametrize(
    "body",
    [
        HELLO,
        _with(stream=True, stream_options={"include_usage": True}),
        _with(temperature=1, top_p=0.5, seed=3, n=1, max_tokens=5, max_completion_tokens=5),
        _with(stop="x"),
        _with(stop=["x", "y"]),
        _with(tools=[TOOL], tool_choice="auto"),
        _with(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "f"}}),
        _with(tools=[{"type": "web_search_of_tomorrow", "depth": 3}]),
        _with(response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": {}, "strict": True}}),
        _with(reasoning_effort="low", a_field_of_tomorrow={"x": [1, None]}),
        _with(stream=None, temperature=None, tools=None, stop=None),
        _with_message(content=[{"type": "text", "text": "what is this?"}, VISION]),
        _with_message(content=[{"type": "a_part_of_tomorrow", "x": 1}]),
        _with_message(content=None, tool_calls=[CALL]),
        _with_message(tool_call_id="call_1", content="42", name="f"),
        _with_message(content="hi", a_key_of_tomorrow=1),
    ],
)
def test_a_request_leaves_as_the_caller_wrote_it(body: dict[str, Any]) -> None:
    assert ChatRequest.parse(body).wire() == body


def test_the_one_that_pays_is_ours_to_know_and_not_the_models() -> None:
    request = ChatRequest.parse(_with(compartment_id=COMPARTMENT))
    assert request.compartment_id == COMPARTMENT
    assert request.wire() == HELLO


def test_what_the_function_reads_is_what_was_sent() -> None:
    request = ChatRequest.parse(_with(stream=True))
    assert (request.model, request.stream) == ("meta.llama-3.3-70b-instruct", True)
    assert not ChatRequest.parse(HELLO).stream


def test_a_change_of_what_is_sent_does_not_change_the_request() -> None:
    request = ChatRequest.parse(HELLO)
    request.wire()["model"] = "another"
    assert request.wire() == HELLO


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "model"),
        ({"messages": HELLO["messages"]}, "model"),
        ({"model": "m"}, "messages"),
        (_with(model=""), "model"),
        (_with(model=None), "model"),
        (_with(model=SECRET * 40), "model"),
        (_with(messages=[]), "messages"),
        (_with(messages=None), "messages"),
        (_with(messages=SECRET), "messages"),
        (_with(messages=[SECRET]), "messages.0"),
        (_with(messages=[{"content": SECRET}]), "messages.0.role"),
        (_with(messages=[{"role": ""}]), "messages.0.role"),
        (_with_message(content=7), "messages.0.content"),
        (_with_message(content=[{"type": "text", "text": [SECRET]}]), "messages.0.content.0.text"),
        (_with_message(content=[{"text": SECRET}]), "messages.0.content.0.type"),
        (_with_message(content=[{"type": "image_url", "image_url": {"url": 3}}]), "messages.0.content.0.image_url.url"),
        (_with_message(tool_calls=[{**CALL, "function": {"name": "f", "arguments": [SECRET]}}]),
         "messages.0.tool_calls.0.function.arguments"),
        (_with(tools=[{"type": "function", "function": {"name": 3}}]), "tools.0.function.name"),
        (_with(tool_choice=4), "tool_choice"),
        (_with(stream="yes"), "stream"),
        (_with(max_tokens="100"), "max_tokens"),
        (_with(max_tokens=1.5), "max_tokens"),
        (_with(temperature=True), "temperature"),
        (_with(temperature="hot"), "temperature"),
        (_with(stop=["x", 1]), "stop.1"),
        (_with(compartment_id=SECRET), "compartment_id"),
        (_with(compartment_id=f"{COMPARTMENT}\n"), "compartment_id"),
        (_with(compartment_id=f"{COMPARTMENT}\r\nx-more: 1"), "compartment_id"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_by_its_place_and_never_quoted(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        ChatRequest.parse(body)
    assert refusal.value.param == param
    assert refusal.value.message.startswith(f"{param}: ")
    assert SECRET not in refusal.value.message
    assert refusal.value.__cause__ is None  # pydantic's own error quotes the input


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["model", "messages", "tools", "stop", "content", "stream_options", "seed"]), _JSON)
def test_no_json_does_more_than_be_accepted_or_refused(field: str, value: Any) -> None:
    for body in (_with(**{field: value}), _with_message(**{field: value})):
        try:
            assert ChatRequest.parse(body).wire() == body
        except InvalidRequest as refusal:
            assert refusal.param


def test_a_complete_answer_becomes_the_one_chunk_of_a_stream() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop", "logprobs": None}
    completion = {"id": "c1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}
    delta = {"index": 0, "delta": {"role": "assistant", "content": "hi"}, "finish_reason": "stop", "logprobs": None}
    expected = {"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [delta], "usage": usage}
    assert chunk_of(completion) == expected
    assert completion["object"] == "chat.completion"


def test_tool_calls_get_the_index_that_a_stream_needs() -> None:
    message = {"role": "assistant", "content": None, "tool_calls": [CALL, {**CALL, "id": "call_2"}]}
    chunk = chunk_of({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]})
    calls = chunk["choices"][0]["delta"]["tool_calls"]
    assert [(call["index"], call["id"]) for call in calls] == [(0, "call_1"), (1, "call_2")]


@pytest.mark.parametrize("completion", [{}, {"choices": []}, {"choices": [{"index": 0, "message": None}]}])
def test_an_answer_with_nothing_in_it_is_still_a_chunk(completion: dict[str, Any]) -> None:
    assert chunk_of(completion)["object"] == "chat.completion.chunk"


@pytest.mark.parametrize(
    ("arguments", "goes_out"),
    [
        ({"arguments": None}, "{}"),
        ({"arguments": ""}, "{}"),
        ({"arguments": "null"}, "{}"),
        ({}, "{}"),
        ({"arguments": {"city": "Köln"}}, '{"city":"Köln"}'),
        ({"arguments": '{"a": 1}'}, '{"a": 1}'),
    ],
)
def test_arguments_as_other_gateways_write_them_go_out_as_openai_wants_them(
    arguments: dict[str, Any], goes_out: str
) -> None:
    body = _with_message(tool_calls=[{"id": "c", "type": "function", "function": {"name": "f", **arguments}}, CALL])
    (message,) = ChatRequest.parse(body).messages
    assert [call["function"]["arguments"] for call in message["tool_calls"]] == [
        goes_out,
        CALL["function"]["arguments"],
    ]


def test_a_call_of_another_kind_than_a_function_stays_as_it_is() -> None:
    call = {"id": "c", "type": "custom", "custom": {"name": "f", "input": ""}}
    (message,) = ChatRequest.parse(_with_message(tool_calls=[call])).messages
    assert message["tool_calls"] == [call]


@pytest.mark.parametrize(
    "body",
    [
        _with(**{"\ud83d": 1}),
        _with_message(**{"\ud83d": 1}),
        _with(model="\ud83d"),
        _with(tools=[{"\udc00": 1, "type": "x"}]),
    ],
)
def test_half_a_surrogate_pair_in_a_name_is_a_400(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        ChatRequest.parse(body)


def test_a_picture_of_responses_names_its_url_and_one_of_chat_has_it_in_an_object() -> None:
    picture = {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"}
    assert ChatRequest.parse(_with_message(content=[picture])).messages[0]["content"] == [picture]
    with pytest.raises(InvalidRequest, match=r"messages.0.content.1.image_url: must be an object"):
        ChatRequest.parse(_with_message(content=[picture, {**picture, "type": "image_url"}]))


@pytest.mark.parametrize(
    ("chunk", "shown"),
    [
        ({"choices": [{"delta": {}}], "usage": None}, {"choices": [{"delta": {}}]}),
        ({"choices": [], "usage": {"total_tokens": 3}}, None),
        ({"choices": None, "usage": {"total_tokens": 3}}, None),
        ({"choices": [{"delta": {}}], "usage": {"total_tokens": 3}}, {"choices": [{"delta": {}}]}),
        ({"choices": [], "usage": None}, {"choices": []}),
        ({"choices": [], "model_service": {}, "usage": {}}, {"choices": [], "model_service": {}}),
        ({"choices": [{"delta": {}}]}, {"choices": [{"delta": {}}]}),
    ],
)
def test_usage_that_nobody_asked_for_is_taken_out_and_nothing_else(
    chunk: dict[str, Any], shown: dict[str, Any] | None
) -> None:
    assert chunk_without_usage(chunk) == shown
    assert list(without_usage(iter([chunk]))) == ([] if shown is None else [shown])


@pytest.mark.parametrize("options", [None, {}, {"include_usage": False}, {"include_obfuscation": False}])
def test_a_stream_always_ends_with_its_usage_for_our_records(options: dict[str, Any] | None) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    asked = ChatRequest.parse(body if options is None else {**body, "stream_options": options}).with_usage()
    assert (asked.include_usage, asked.hides_usage) == (True, True)
    assert asked.body["stream_options"] == {**(options or {}), "include_usage": True}


def test_a_stream_whose_caller_asks_for_usage_keeps_it() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream_options": {"include_usage": True}}
    assert not ChatRequest.parse(body).with_usage().hides_usage
