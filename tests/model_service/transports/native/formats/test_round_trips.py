"""Generated chats, schemas and answers, translated there and back: nothing is lost that a format can carry."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_service.openai_api.chat import ChatRequest
from model_service.routing import resolve
from model_service.transports.native.formats import FORMATS, Identity

bounded = settings(max_examples=60, derandomize=True, deadline=None)

IDENTITY = Identity("chatcmpl-1", 1_790_000_000, "prod", frozenset())
WORDS = st.text(min_size=1, max_size=12).filter(lambda text: text.strip())
NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
ARGUMENTS = st.dictionaries(st.text(max_size=5), JSON, max_size=3).map(json.dumps)


@st.composite
def called(draw):
    """An assistant's parallel calls and their results, in any order."""
    functions = draw(st.lists(st.tuples(NAMES, ARGUMENTS), min_size=1, max_size=3))
    calls = [
        {"id": f"call_{at}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for at, (name, arguments) in enumerate(functions)
    ]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": draw(WORDS)} for call in calls]
    return [
        {"role": "assistant", "content": draw(st.none() | WORDS), "tool_calls": calls},
        *draw(st.permutations(results)),
    ]


@st.composite
def chats(draw):
    system = [{"role": "system", "content": draw(WORDS)}] if draw(st.booleans()) else []
    turns = st.one_of(
        WORDS.map(lambda text: [{"role": "user", "content": text}]),
        WORDS.map(lambda text: [{"role": "assistant", "content": text}]),
        called(),
    )
    middle = [message for turn in draw(st.lists(turns, max_size=4)) for message in turn]
    last = draw(st.one_of(WORDS.map(lambda text: [{"role": "user", "content": text}]), called()))
    return [*system, *middle, *last]


def native(api_format, **fields):
    model = "meta.llama-4-scout"
    request = ChatRequest.parse({"model": model, "messages": [{"role": "user", "content": "?"}], **fields})
    return FORMATS[api_format].request(request, resolve(model, aliases={}), stream=False)


def text_of(content, placeholder):
    text = "".join(part["text"] for part in content or [])
    return None if text == placeholder else text


def from_generic(message):
    role = message["role"].lower()
    if role == "tool":
        return {"role": role, "tool_call_id": message["toolCallId"], "content": text_of(message["content"], None)}
    if "toolCalls" not in message:
        return {"role": role, "content": text_of(message["content"], None)}
    calls = [
        {"id": one["id"], "type": "function", "function": {"name": one["name"], "arguments": one["arguments"]}}
        for one in message["toolCalls"]
    ]
    return {"role": role, "content": text_of(message["content"], "."), "tool_calls": calls}


def from_v2(message):
    role = message["role"].lower()
    if role == "tool":
        return {"role": role, "tool_call_id": message["toolCallId"], "content": text_of(message["content"], None)}
    if "toolCalls" not in message:
        return {"role": role, "content": text_of(message["content"], None)}
    calls = [{"id": one["id"], "type": "function", "function": one["function"]} for one in message["toolCalls"]]
    return {"role": role, "content": message.get("toolPlan"), "tool_calls": calls}


@bounded
@given(chats())
def test_a_chat_goes_through_generic_and_comes_back(messages):
    said = [
        {**one, "content": None if one["content"] == "." and "tool_calls" in one else one["content"]}
        for one in messages
    ]

    assert [from_generic(one) for one in native("GENERIC", messages=messages)["messages"]] == said


@bounded
@given(chats())
def test_a_chat_goes_through_cohere_v2_and_comes_back(messages):
    assert [from_v2(one) for one in native("COHEREV2", messages=messages)["messages"]] == messages


def without_ids(messages):
    """What COHERE can carry of a chat: calls and results by name and arguments, and the results in their order."""
    calls = {}
    for message in messages:
        if message["role"] == "assistant":
            functions = [one["function"] for one in message.get("tool_calls", [])]
            named = [(one["name"], json.loads(one["arguments"])) for one in functions]
            calls = {one["id"]: name for one, name in zip(message.get("tool_calls", []), named, strict=True)}
            yield "assistant", message["content"], named
        elif message["role"] == "tool":
            yield "tool", message["content"], calls[message["tool_call_id"]]
        else:
            yield message["role"], message["content"], None


def from_cohere(sent):
    if "preambleOverride" in sent:
        yield "system", sent["preambleOverride"], None
    history = [*sent.get("chatHistory", [])]
    history.append({"role": "TOOL", **sent} if "toolResults" in sent else {"role": "USER", "message": sent["message"]})
    for before, entry in zip([{"role": ""}, *history], history, strict=False):
        for result in entry.get("toolResults", []):
            yield "tool", result["outputs"][0]["output"], (result["call"]["name"], result["call"]["parameters"])
        is_filler = before["role"] == "TOOL" and entry == {"role": "CHATBOT", "message": " "}
        if entry["role"] == "USER":
            yield "user", entry["message"], None
        elif entry["role"] == "CHATBOT" and not is_filler:
            named = [(one["name"], one["parameters"]) for one in entry.get("toolCalls", [])]
            yield "assistant", None if entry["message"] == " " else entry["message"], named


@bounded
@given(chats())
def test_a_chat_goes_through_cohere_and_comes_back(messages):
    sent = native("COHERE", messages=messages)

    assert list(from_cohere(sent)) == list(without_ids(messages))
    assert not (sent["message"] and sent.get("chatHistory", [{"role": ""}])[-1]["role"] == "TOOL")


SCALARS = st.sampled_from(["string", "integer", "number", "boolean", "object", "array"]).map(
    lambda kind: {"type": kind}
)
SCHEMAS = st.recursive(
    SCALARS
    | st.just({"type": ["string", "null"]})
    | st.just({"type": "string", "enum": ["a", "b"]})
    | st.just({"type": "integer", "minimum": 0, "default": None}),
    lambda inner: st.one_of(
        inner.map(lambda items: {"type": "array", "items": items}),
        st.dictionaries(NAMES, inner, max_size=2).map(lambda properties: {"type": "object", "properties": properties}),
        st.lists(inner, min_size=1, max_size=2).map(lambda branches: {"anyOf": branches}),
    ),
    max_leaves=4,
)
DESCRIBED = st.tuples(SCHEMAS, st.none() | WORDS.map(str.strip)).map(
    lambda pair: {**pair[0], **({"description": pair[1]} if pair[1] else {})}
)
PARAMETERS = st.dictionaries(NAMES, DESCRIBED, max_size=3).flatmap(
    lambda properties: (
        st.sets(st.sampled_from(sorted(properties))).map(lambda some: (properties, some))
        if properties
        else st.just((properties, set()))
    )
)
PYTHON = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "array", "dict": "object"}


def from_definition(definition):
    description, marker, schema = definition["description"].rpartition("JSON schema: ")
    if marker:
        found = json.loads(schema)
    elif definition["type"].startswith("List["):
        description = definition["description"]
        found = {"type": "array", "items": {"type": PYTHON[definition["type"][5:-1]]}}
    else:
        description, found = definition["description"], {"type": PYTHON[definition["type"]]}
    return {**found, **({"description": description.strip()} if description.strip() else {})}


@bounded
@given(PARAMETERS)
def test_a_tools_schema_goes_through_every_format_and_comes_back(parameters):
    properties, required = parameters
    schema = {"type": "object", "properties": properties, "required": sorted(required)}
    tools = [{"type": "function", "function": {"name": "f", "description": "d", "parameters": schema}}]

    assert native("GENERIC", tools=tools)["tools"] == [{"type": "FUNCTION", **tools[0]["function"]}]
    assert native("COHEREV2", tools=tools)["tools"] == [{"type": "FUNCTION", "function": tools[0]["function"]}]
    definitions = native("COHERE", tools=tools)["tools"][0]["parameterDefinitions"]
    assert {name: from_definition(one) for name, one in definitions.items()} == properties
    assert {name for name, one in definitions.items() if one["isRequired"]} == required


def pieces(draw, text):
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def generic_events(draw, text, thought, calls):
    for piece in pieces(draw, thought):
        yield {"index": 0, "message": {"role": "ASSISTANT", "reasoningContent": piece}}
    for piece in pieces(draw, text):
        yield {"index": 0, "message": {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": piece}]}}
    for at, (name, arguments) in enumerate(calls):
        first, *rest = pieces(draw, arguments)
        opening = {"type": "FUNCTION", "id": f"call_{at}", "name": name, "arguments": first}
        for call in [opening, *({"type": "FUNCTION", "arguments": piece} for piece in rest)]:
            yield {"index": 0, "message": {"role": "ASSISTANT", "toolCalls": [call]}}
    yield {"finishReason": "stop"}


def cohere_events(draw, text, _, calls):
    native_calls = [{"name": name, "parameters": json.loads(arguments)} for name, arguments in calls]
    for piece in pieces(draw, text):
        yield {"apiFormat": "COHERE", "text": piece}
    if calls:
        yield {"apiFormat": "COHERE", "text": text, "toolCalls": native_calls}
    yield {"apiFormat": "COHERE", "text": text, "toolCalls": native_calls or None, "finishReason": "COMPLETE"}


def generic_answer(text, thought, calls):
    native_calls = [{"id": f"call_{at}", "name": name, "arguments": one} for at, (name, one) in enumerate(calls)]
    message = {"content": [{"type": "TEXT", "text": text}], "reasoningContent": thought, "toolCalls": native_calls}
    return {"chatResponse": {"choices": [{"index": 0, "message": message, "finishReason": "stop"}]}}


def cohere_answer(text, _, calls):
    native_calls = [{"name": name, "parameters": json.loads(one)} for name, one in calls]
    return {"chatResponse": {"text": text, "toolCalls": native_calls, "finishReason": "COMPLETE"}}


WAYS = {"GENERIC": (generic_events, generic_answer), "COHERE": (cohere_events, cohere_answer)}


@pytest.mark.parametrize("api_format", WAYS)
@bounded
@given(
    draw=st.data(),
    text=st.text(max_size=20),
    thought=st.text(max_size=9),
    calls=st.lists(st.tuples(NAMES, ARGUMENTS), max_size=3),
)
def test_the_chunks_of_any_answer_add_up_to_the_complete_one(api_format, draw, text, thought, calls):
    events, whole = WAYS[api_format]
    data = (json.dumps(event) for event in events(draw.draw, text, thought, calls))

    chunks = list(FORMATS[api_format].chunks(data, IDENTITY, include_usage=False))

    message = FORMATS[api_format].completion(whole(text, thought, calls), IDENTITY)["choices"][0]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    arguments: dict[int, str] = {}
    for call in (call for delta in deltas for call in delta.get("tool_calls", [])):
        arguments[call["index"]] = arguments.get(call["index"], "") + call["function"]["arguments"]
    opened = [call for delta in deltas for call in delta.get("tool_calls", []) if "id" in call]
    complete = message["message"].get("tool_calls", [])
    assert "".join(delta.get("content") or "" for delta in deltas) == (message["message"]["content"] or "") == text
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == message["message"].get(
        "reasoning_content", ""
    )
    assert [(one["id"], one["function"]["name"]) for one in opened] == [
        (one["id"], one["function"]["name"]) for one in complete
    ]
    assert list(arguments.values()) == [one["function"]["arguments"] for one in complete]
    assert chunks[-1]["choices"][0]["finish_reason"] == message["finish_reason"]
