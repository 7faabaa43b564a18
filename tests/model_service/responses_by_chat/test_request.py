"""Whatever a request is made of, it becomes a chat or is refused by name: never a bug."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_service.errors import InvalidRequest
from model_service.openai_api.chat import ChatRequest
from model_service.openai_api.encoding import write_json
from model_service.responses_by_chat.conversation import ITEMS
from model_service.responses_by_chat.kept_items import kept_items
from model_service.responses_by_chat.parameters import PARAMETERS
from model_service.responses_by_chat.request import ItemHistory, input_items, translated
from model_service.responses_by_chat.response_object import ResponseObject
from model_service.responses_by_chat.tools import custom_arguments, custom_input
from model_service.transports.call import DroppedParameters

LLAMA = "meta.llama-3.3-70b-instruct"
values = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["", "a", "\ud800", "function", "required"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "name", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)
fields = (
    "type",
    "role",
    "content",
    "call_id",
    "name",
    "arguments",
    "input",
    "output",
    "id",
    "summary",
    "text",
    "image_url",
)
items = st.dictionaries(st.sampled_from(fields), values | st.sampled_from([*ITEMS, "user", "input_text"]), max_size=5)
tools = st.dictionaries(st.sampled_from(["type", "name", "parameters", "format", "tools", "mode"]), values, max_size=4)
bodies = st.fixed_dictionaries(
    {"input": st.lists(items | values, max_size=4) | values},
    optional={
        **{name: values for name in PARAMETERS if name not in ("model", "input")},
        "tools": st.lists(tools, max_size=2) | values,
        "tool_choice": tools | values,
        "instructions": st.lists(items, max_size=2) | values,
    },
)


def chat_of(body: dict[str, Any]) -> tuple[ChatRequest, tuple[str, ...]]:
    dropped = DroppedParameters()
    asked = translated({"model": LLAMA, **body}, ItemHistory(), input_items(body), dropped)
    return asked.chat, tuple(dropped.names)


@settings(deadline=None, max_examples=200)
@given(bodies)
def test_any_request_becomes_a_chat_or_is_refused_by_name(body: dict[str, Any]) -> None:
    try:
        chat, _ = chat_of(body)
    except InvalidRequest as error:
        assert error.param
        assert error.status == 400
        return
    assert chat.messages
    kept = kept_items(input_items(body), "0" * 32)
    response = ResponseObject(body, LLAMA, store=True).under_way()
    assert json.loads(write_json({"response": response, "input": kept}))


def messages_of(*given_items: Any) -> list[dict[str, Any]]:
    return chat_of({"input": list(given_items)})[0].messages


def call(number: int) -> dict[str, Any]:
    return {"type": "function_call", "call_id": f"call_{number}", "name": "f", "arguments": "{}", "id": f"fc_{number}"}


def result(number: int, output: Any = "done") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": f"call_{number}", "output": output}


def shape(messages: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return [
        (message["role"], message.get("tool_call_id") or [one["id"] for one in message.get("tool_calls", [])])
        for message in messages
    ]


USER, SAYS = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Let me see."}
THINKS = {"type": "reasoning", "id": "rs_1", "summary": []}
TURNS: dict[str, tuple[list[Any], list[tuple[str, Any]]]] = {
    "calls of one turn": (
        [USER, SAYS, call(1), call(2), result(2), result(1)],
        [("user", []), ("assistant", ["call_1", "call_2"]), ("tool", "call_2"), ("tool", "call_1")],
    ),
    "one call after the other": (
        [USER, call(1), result(1), THINKS, call(2), result(2)],
        [("user", []), ("assistant", ["call_1"]), ("tool", "call_1"), ("assistant", ["call_2"]), ("tool", "call_2")],
    ),
    "what is said between a call and its result": (
        [USER, call(1), SAYS, result(1)],
        [("user", []), ("assistant", ["call_1"]), ("tool", "call_1")],
    ),
    "two answers": ([USER, SAYS, USER, SAYS], [("user", []), ("assistant", []), ("user", []), ("assistant", [])]),
}


@pytest.mark.parametrize("name", TURNS)
def test_items_of_a_turn_are_one_message(name: str) -> None:
    given_items, expected = TURNS[name]
    assert shape(messages_of(*given_items)) == expected


def test_what_was_said_in_a_turn_is_kept() -> None:
    assert messages_of(USER, call(1), SAYS, result(1))[1]["content"] == "Let me see."
    assert messages_of(USER, SAYS, call(1), result(1))[1]["content"] == "Let me see."


PARTS: list[tuple[Any, Any]] = [
    ("Hi", "Hi"),
    ([{"type": "input_text", "text": "Hi"}], "Hi"),
    (
        [{"type": "input_text", "text": "Hi"}, {"type": "input_text", "text": "Ho"}],
        [{"type": "text", "text": "Hi"}, {"type": "text", "text": "Ho"}],
    ),
    (
        [{"type": "input_image", "image_url": "https://x/y.png", "detail": "auto"}],
        [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}],
    ),
    (
        [{"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}],
        [{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}}],
    ),
    (
        [{"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}],
        [{"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}],
    ),
]


@pytest.mark.parametrize(("content", "expected"), PARTS)
def test_parts_of_a_message_and_of_a_result(content: Any, expected: Any) -> None:
    assert messages_of({"role": "user", "content": content})[0]["content"] == expected
    assert messages_of(USER, call(1), result(1, content))[2]["content"] == expected


def test_what_the_model_said_is_its_text_and_its_refusals() -> None:
    said = [{"type": "output_text", "text": "Well, ", "annotations": []}, {"type": "refusal", "refusal": "no."}]
    assert messages_of(USER, {"role": "assistant", "content": said})[1]["content"] == "Well, no."


@pytest.mark.parametrize("text", ["", "ls -l", '{"input": "x"}', "é\n😀"])
def test_the_input_of_a_custom_tool_comes_back_as_it_was(text: str) -> None:
    assert custom_input(custom_arguments(text)) == text


@pytest.mark.parametrize("arguments", ["", "ls", "[1]", '{"input": 7}', "[" * 100_000])
def test_arguments_that_are_no_input_are_the_input(arguments: str) -> None:
    assert custom_input(arguments) == arguments


def test_reasoning_may_be_named_where_nothing_is_kept() -> None:
    _, dropped = chat_of({"input": [USER, {"type": "item_reference", "id": "rs_chat_1"}, THINKS]})
    assert dropped == ("input.reasoning",)
