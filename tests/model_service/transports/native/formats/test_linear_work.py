"""Twice the input is at most twice the work, for whatever turns a caller's or a model's JSON into something else."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model_service.errors import DeadlineExceeded, InvalidRequest, UpstreamError
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import ChatRequest
from model_service.routing import resolve
from model_service.transports.native import formats
from model_service.transports.native.formats import FORMATS, Identity, Translation, WorkBudget
from model_service.transports.native.formats.translation import MAX_SCHEMA_BYTES, MAX_STEPS

FOLDER = str(Path(formats.__file__).parent)
IDENTITY = Identity("chatcmpl-1", 1_790_000_000, "prod", frozenset({"f"}))
MODELS = {
    "COHERE": "cohere.command-a",
    "COHEREV2": "cohere.command-a-vision",
    "GENERIC": "a.model",
    "GEMINI": "google.g",
}


def steps_of(work: Callable[[], object]) -> int:
    """The lines of the translators that are run: counted, not timed."""
    count = 0

    def trace(frame: Any, event: str, _argument: object) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(FOLDER):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except (InvalidRequest, UpstreamError):
        pass
    finally:
        sys.settrace(before)
    return count


def translate(target: str, **fields: Any) -> dict[str, Any]:
    body = {"model": MODELS[target], "messages": [{"role": "user", "content": "?"}], **fields}
    form = FORMATS["GENERIC" if target == "GEMINI" else target]
    return form.request(ChatRequest.parse(body), resolve(MODELS[target], aliases={}), stream=False)


def tool(schema: Any, name: str = "f") -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": schema}}


def nested(size: int, around: Callable[[Any], Any]) -> Any:
    schema: Any = {"type": "string"}
    for _ in range(size):
        schema = around(schema)
    return {"properties": {"x": schema}}


def chain(size: int) -> Any:
    definitions = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}", f"k{n}": n} for n in range(size)}
    return {"properties": {"x": {"$ref": "#/$defs/d0"}}, "$defs": {**definitions, f"d{size}": {"type": "string"}}}


def many(size: int, value: Any) -> dict[str, Any]:
    return {f"p{n}": value for n in range(size)}


# A schema for a size; each was, or could be, a way to make one small request work for ever.
SCHEMAS: dict[str, tuple[int, Callable[[int], Any]]] = {
    "lists of types in lists": (20, lambda size: nested(size, lambda one: {"type": ["array", "array"], "items": one})),
    "alternatives in alternatives": (20, lambda size: nested(size, lambda one: {"anyOf": [one, {"type": "null"}]})),
    "objects in objects": (15, lambda size: nested(size, lambda one: {"properties": {"a": one}, "required": ["a"]})),
    "inheritance in inheritance": (15, lambda size: nested(size, lambda one: {"allOf": [one, {"title": "t"}]})),
    "many types": (200, lambda size: {"properties": {"x": {"type": ["string"] * size, **many(size, 1)}}}),
    "required over a list": (
        200,
        lambda size: {"properties": many(size, {}), "required": [f"p{n}" for n in range(size)]},
    ),
    "required twice": (200, lambda size: {"properties": many(size, {}), "required": ["p0"] * size}),
    "many references to one": (
        100,
        lambda size: {
            "properties": many(size, {"$ref": "#/$defs/d"}),
            "$defs": {"d": {"enum": ["a"], "type": "string"}},
        },
    ),
    "references to references": (40, chain),
    "each refers to the next twice": (
        12,
        lambda size: {
            "properties": {"x": {"$ref": "#/$defs/d0"}},
            "$defs": {
                **{f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(size)},
                f"d{size}": {"type": "string"},
            },
        },
    ),
    "a long enum": (300, lambda size: {"properties": {"x": {"enum": [f"e{n}" for n in range(size)]}}}),
    "many alternatives": (
        100,
        lambda size: {"properties": {"x": {"anyOf": [{"type": "string", "title": "t"}] * size}}},
    ),
    "many parts": (
        100,
        lambda size: {"allOf": [{"properties": {f"p{n}": {}}, "required": [f"p{n}"]} for n in range(size)]},
    ),
    "long pointers": (100, lambda size: {"properties": {"x": {"$ref": "#/" + "/".join(["a"] * size)}}}),
}


@pytest.mark.parametrize("target", MODELS)
@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_twice_as_large_is_twice_the_work(name: str, target: str) -> None:
    size, make = SCHEMAS[name]
    once, twice = (steps_of(lambda n=n: translate(target, tools=[tool(make(n))])) for n in (size, 2 * size))

    assert twice <= 2.5 * once


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "f"}}], ids=["any", "one"])
def test_a_forced_tools_schema_twice_as_large_is_twice_the_work(name: str, choice: Any) -> None:
    size, make = SCHEMAS[name]
    once, twice = (
        steps_of(lambda n=n: translate("COHERE", tools=[tool(make(n))], tool_choice=choice)) for n in (size, 2 * size)
    )

    assert twice <= 2.5 * once


def call(number: int) -> dict[str, Any]:
    return {"id": f"c{number}", "type": "function", "function": {"name": "f-g", "arguments": '{"a": [1, 2]}'}}


def loop(size: int) -> list[dict[str, Any]]:
    results = [{"role": "tool", "tool_call_id": f"c{number}", "content": "r"} for number in range(size)]
    return [
        {"role": "user", "content": "?"},
        {"role": "assistant", "tool_calls": [call(number) for number in range(size)]},
        *results,
    ]


REQUESTS: dict[str, tuple[int, Callable[[int], dict[str, Any]]]] = {
    "many messages": (100, lambda size: {"messages": [{"role": "user", "content": "?", "name": "n"}] * size}),
    "many parts": (
        100,
        lambda size: {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}] * size}]},
    ),
    "many calls": (50, lambda size: {"messages": loop(size)}),
    "many tools": (50, lambda size: {"tools": [tool({}, f"f-{number}") for number in range(size)]}),
    "many allowed tools": (
        50,
        lambda size: {
            "tools": [tool({}, f"f{number}") for number in range(size)],
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "auto",
                    "tools": [{"type": "function", "function": {"name": f"f{number}"}} for number in range(size)],
                },
            },
        },
    ),
    "names that collide": (
        50,
        lambda size: {
            "tools": [
                tool({}, name) for n in range(size) for name in (f"a_{n}", f"a{'-' * (n % 7 + 1)}{'.' * (n // 7)}")
            ]
        },
    ),
}


@pytest.mark.parametrize("target", MODELS)
@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_twice_as_large_is_twice_the_work(name: str, target: str) -> None:
    size, make = REQUESTS[name]
    once, twice = (steps_of(lambda n=n: translate(target, **make(n))) for n in (size, 2 * size))

    assert twice <= 2.5 * once


def generic(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"index": 0, "message": message, **more}


def text_event(text: str, **more: Any) -> dict[str, Any]:
    return generic({"content": [{"type": "TEXT", "text": text}]}, **more)


def cohere(text: str, **more: Any) -> dict[str, Any]:
    return {"apiFormat": "COHERE", "text": text, **more}


CITED = {"start": 0, "end": 1, "text": "a", "documentIds": ["d"]}
FRAGMENT = {"type": "FUNCTION", "id": "A", "name": "f", "arguments": '"a":1,'}
STREAMS: dict[str, tuple[str, int, Callable[[int], list[dict[str, Any]]]]] = {
    "signs of a tag in one text": ("GENERIC", 500, lambda size: [text_event("<" * size)]),
    "signs of a tag, one at a time": ("GENERIC", 200, lambda size: [text_event("<")] * size),
    "tags in one text": ("GENERIC", 60, lambda size: [text_event("<tool_call>{" * size)]),
    "tags, one at a time": ("GENERIC", 60, lambda size: [text_event('<tool_call>{"a": "')] * size),
    "tags that fail at the end": ("GENERIC", 60, lambda size: [text_event('<tool_call>{"a":["' * size + "]]}")]),
    "blanks behind a call": (
        "GENERIC",
        200,
        lambda size: [text_event('<tool_call>{"name": "f"}</tool_call>'), *[text_event(" ")] * size],
    ),
    "a call that is not closed": (
        "GENERIC",
        200,
        lambda size: [text_event('<tool_call>{"name": "f", "arguments": {"a": "'), *[text_event("x")] * size],
    ),
    "fragments that repeat id and name": ("GENERIC", 100, lambda size: [generic({"toolCalls": [FRAGMENT]})] * size),
    "calls with ids": (
        "GENERIC",
        100,
        lambda size: [generic({"toolCalls": [{**FRAGMENT, "id": f"c{n}", "arguments": "{}"}]}) for n in range(size)],
    ),
    "events without an index": (
        "GENERIC",
        50,
        lambda size: [text_event("a") | {"index": n} for n in range(size)] + [{"message": {}}] * size,
    ),
    "pieces of a refusal": ("GENERIC", 200, lambda size: [generic({"refusal": "a"})] * size),
    "citations, one at a time": ("COHERE", 100, lambda size: [cohere("", citations=[CITED])] * size),
    "restated texts without text": (
        "COHERE",
        100,
        lambda size: [*[cohere("a")] * size, *[cohere("", toolCalls=[])] * size, cohere("", finishReason="COMPLETE")],
    ),
    "calls, one at a time": (
        "COHERE",
        100,
        lambda size: [cohere("", toolCalls=[{"name": "f", "parameters": {"n": n}}]) for n in range(size)],
    ),
    "a reason to finish on every event": (
        "COHEREV2",
        100,
        lambda size: [{**text_event("a"), "finishReason": "COMPLETE"}] * size,
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_twice_as_long_is_twice_the_work(name: str) -> None:
    api_format, size, make = STREAMS[name]

    def read(events: list[dict[str, Any]]) -> None:
        list(FORMATS[api_format].chunks(map(json.dumps, events), IDENTITY, include_usage=True))

    once, twice = (steps_of(lambda n=n: read(make(n))) for n in (size, 2 * size))

    assert twice <= 2.5 * once


# What nobody may ask for, and where the refusal says that it is.
BOMBS = {
    "a schema of too many values": (
        {"properties": {"x": {"enum": [0] * (MAX_STEPS + 1)}}},
        "tools.1.function.parameters",
    ),
    "a schema that unfolds into too many bytes": (
        {"properties": many(400, {"$ref": "#/$defs/d"}), "$defs": {"d": {"description": "d" * 50_000}}},
        "tools.1.function.parameters",
    ),
    "a schema that is nested too deeply": (
        nested(120, lambda one: {"type": "array", "items": one}),
        "tools.1.function.parameters",
    ),
    "a schema that doubles at every step": (
        SCHEMAS["each refers to the next twice"][1](60),
        "tools.1.function.parameters",
    ),
}


@pytest.mark.parametrize("target", ["COHERE", "GEMINI"])
@pytest.mark.parametrize("name", BOMBS)
def test_what_is_too_much_is_a_400_that_names_the_place(name: str, target: str) -> None:
    schema, place = BOMBS[name]

    with pytest.raises(InvalidRequest) as caught:
        translate(target, tools=[tool({}, "g"), tool(schema)])

    assert caught.value.status == 400
    assert (caught.value.param or "").startswith(place)


def test_the_budget_is_that_of_all_tools_together() -> None:
    half = {"properties": {"x": {"enum": [0] * (MAX_STEPS // 2)}}}

    assert translate("COHERE", tools=[tool(half)])
    with pytest.raises(InvalidRequest, match="values") as caught:
        translate("COHERE", tools=[tool(half, "a"), tool(half, "b")])
    assert caught.value.param == "tools.1.function.parameters"


def test_what_a_schema_says_once_may_be_large() -> None:
    schema = {"properties": {"x": {"type": "string", "description": "d" * (MAX_SCHEMA_BYTES // 4)}}}

    assert translate("GEMINI", tools=[tool(schema)])


def test_a_translation_ends_at_its_deadline() -> None:
    body = {
        "model": "cohere.c",
        "messages": [{"role": "user", "content": "?"}],
        "tools": [tool(BOMBS[next(iter(BOMBS))][0])],
    }
    late = Translation(budget=WorkBudget(Deadline.after(-1)))

    with pytest.raises(DeadlineExceeded):
        FORMATS["COHERE"].request(
            ChatRequest.parse(body), resolve("cohere.c", aliases={}), stream=False, translation=late
        )
