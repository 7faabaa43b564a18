"""OCI's COHEREV2 format: what a chat request becomes, and what an answer says."""

from __future__ import annotations

from contextlib import suppress

import pytest

from model_service.errors import InvalidRequest, UpstreamError
from model_service.transports.native.formats import FORMATS

SCHEMA = {"type": "object", "properties": {}}
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA}}
OTHER = {"type": "function", "function": {"name": "g"}}
NATIVE_TOOL = {"type": "FUNCTION", "function": TOOL["function"]}
NATIVE_OTHER = {"type": "FUNCTION", "function": {"name": "g", "parameters": SCHEMA}}
IMAGE = "data:image/png;base64,AAAA"

MESSAGES = [
    ({"role": "system", "content": "S"}, {"role": "SYSTEM", "content": [{"type": "TEXT", "text": "S"}]}),
    ({"role": "developer", "content": "S"}, {"role": "SYSTEM", "content": [{"type": "TEXT", "text": "S"}]}),
    (
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "?"},
                {"type": "image_url", "image_url": {"url": IMAGE, "detail": "high"}},
                {"type": "document", "document": {"text": "d"}},
            ],
        },
        {
            "role": "USER",
            "content": [
                {"type": "TEXT", "text": "?"},
                {"type": "IMAGE_URL", "imageUrl": {"url": IMAGE, "detail": "HIGH"}},
                {"type": "DOCUMENT", "document": {"text": "d"}},
            ],
        },
    ),
    (
        {"role": "assistant", "content": "So.", "reasoning_content": "Hm.", "citations": [{"start": 0}]},
        {
            "role": "ASSISTANT",
            "content": [{"type": "THINKING", "thinking": "Hm."}, {"type": "TEXT", "text": "So."}],
            "citations": [{"start": 0}],
        },
    ),
    ({"role": "assistant", "content": None}, {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": " "}]}),
]


@pytest.mark.parametrize(("message", "expected"), MESSAGES, ids=lambda one: one["role"])
def test_a_message_becomes_its_native_message(message, expected, native):
    assert native("COHEREV2", messages=[message])["messages"] == [expected]


def test_calls_and_results_keep_their_ids(native):
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "Look.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "r"},
    ]

    assert native("COHEREV2", messages=messages)["messages"][1:] == [
        {
            "role": "ASSISTANT",
            "toolPlan": "Look.",
            "toolCalls": [{"id": "c1", "type": "FUNCTION", "function": {"name": "f", "arguments": '{"a": 1}'}}],
        },
        {"role": "TOOL", "toolCallId": "c1", "content": [{"type": "TEXT", "text": "r"}]},
    ]


TOOLS = {"tools": [TOOL, OTHER]}
PARAMETERS = [
    ({"max_tokens": 3}, {"maxTokens": 3}),
    ({"stop": ["a"]}, {"stopSequences": ["a"]}),
    ({"seed": 1, "top_p": 0.5, "topK": 3}, {"seed": 1, "topP": 0.5, "topK": 3}),
    ({"frequency_penalty": 1, "presence_penalty": 1}, {"frequencyPenalty": 1, "presencePenalty": 1}),
    ({"logprobs": True}, {"isLogProbsEnabled": True}),
    ({"logprobs": False, "top_logprobs": 0}, {}),
    ({"reasoning_effort": "none"}, {"thinking": {"type": "DISABLED"}}),
    ({"reasoning_effort": "high"}, {"thinking": {"type": "ENABLED"}}),
    ({"thinking": {"type": "ENABLED", "tokenBudget": 9}}, {"thinking": {"type": "ENABLED", "tokenBudget": 9}}),
    ({"citationOptions": {"mode": "OFF"}}, {"citationOptions": {"mode": "OFF"}}),
    ({"documents": [{"text": "d"}]}, {"documents": [{"text": "d"}]}),
    (TOOLS, {"tools": [NATIVE_TOOL, NATIVE_OTHER]}),
    ({**TOOLS, "tool_choice": "auto"}, {"tools": [NATIVE_TOOL, NATIVE_OTHER]}),
    ({**TOOLS, "tool_choice": "none"}, {"tools": [NATIVE_TOOL, NATIVE_OTHER], "toolsChoice": "NONE"}),
    ({**TOOLS, "tool_choice": "required"}, {"tools": [NATIVE_TOOL, NATIVE_OTHER], "toolsChoice": "REQUIRED"}),
    (
        {**TOOLS, "tool_choice": {"type": "function", "function": {"name": "g"}}},
        {"tools": [NATIVE_OTHER], "toolsChoice": "REQUIRED"},
    ),
    (
        {"tools": [{"type": "function", "function": {**TOOL["function"], "strict": True}}]},
        {"tools": [NATIVE_TOOL], "isStrictToolsEnabled": True},
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}},
        {"responseFormat": {"type": "JSON_OBJECT", "schema": SCHEMA}},
    ),
    ({"n": 1, "parallel_tool_calls": True, "user": "u", "store": False}, {}),
    ({"parallel_tool_calls": False, "top_k": 3, "stop": ""}, {"topK": 3}),
    (
        {
            **TOOLS,
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "g"}}]},
            },
        },
        {"tools": [NATIVE_OTHER], "toolsChoice": "REQUIRED"},
    ),
]


@pytest.mark.parametrize(("given", "fields"), PARAMETERS, ids=str)
def test_parameters_become_their_native_fields_and_nothing_else(given, fields, native):
    assert native("COHEREV2", **given) == {**native("COHEREV2"), **fields}


REFUSED = [
    ({"n": 2}, "n"),
    ({"reasoning_effort": ["low"]}, "reasoning_effort"),
    ({**TOOLS, "parallel_tool_calls": "no"}, "parallel_tool_calls"),
    ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.allowed_tools"),
    (
        {**TOOLS, "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "none", "tools": []}}},
        "tool_choice.allowed_tools.mode",
    ),
    (
        {**TOOLS, "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}},
        "tool_choice.allowed_tools.tools",
    ),
    ({"citationQuality": "FAST"}, "citationQuality"),
    ({"tool_choice": "any"}, "tool_choice"),
    ({**TOOLS, "tool_choice": {"type": "function", "function": {"name": "h"}}}, "tool_choice"),
    ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages.0.content.0.type"),
    ({"messages": [{"role": "function", "content": "x"}]}, "messages.0.role"),
    ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "c"}]}, "messages.0.tool_call_id"),
]


@pytest.mark.parametrize(("fields", "param"), REFUSED, ids=lambda one: one if isinstance(one, str) else "")
def test_what_cannot_be_carried_is_refused_by_name(fields, param, native):
    with pytest.raises(InvalidRequest) as caught:
        native("COHEREV2", **fields)

    assert (caught.value.status, caught.value.param) == (400, param)


DROPPED = [
    ({"top_logprobs": 2, "logprobs": True}, ["top_logprobs"], {"isLogProbsEnabled": True}),
    ({"reasoning_effort": "low"}, ["reasoning_effort"], {}),
    ({"verbosity": "low", "store": True}, ["store", "verbosity"], {}),
    ({"messages": [{"role": "user", "content": "Hi", "name": "n"}]}, ["messages.name"], {}),
    (
        {"tools": [{"type": "function", "function": {**TOOL["function"], "strict": True}}, OTHER]},
        ["tools.function.strict"],
        {"tools": [NATIVE_TOOL, NATIVE_OTHER]},
    ),
]


@pytest.mark.parametrize(("given", "names", "fields"), DROPPED, ids=str)
def test_what_no_caller_would_miss_is_left_out_and_said(given, names, fields, native, dropped):
    assert native("COHEREV2", **given) == {**native("COHEREV2"), **fields}
    assert dropped("COHEREV2", **given) == names


def answer(message, **fields):
    return {
        "chatResponse": {"apiFormat": "COHEREV2", "id": "r", "message": message, "finishReason": "COMPLETE", **fields}
    }


def test_an_answer_is_a_chat_completion(identity):
    message = {
        "role": "ASSISTANT",
        "content": [{"type": "THINKING", "thinking": "Hm."}, {"type": "TEXT", "text": "Hi"}, {"type": "NEW", "x": 1}],
        "citations": [{"start": 0, "end": 2, "text": "Hi", "sources": [{"type": "DOCUMENT"}]}],
    }
    said = answer(message, logProbabilities=[{"text": "Hi", "logProbabilities": [-0.5, -0.25], "tokenIds": [1, 2]}])

    assert FORMATS["COHEREV2"].completion(said, identity)["choices"] == [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hi",
                "reasoning_content": "Hm.",
                "citations": [{"start": 0, "end": 2, "text": "Hi", "sources": [{"type": "DOCUMENT"}]}],
                "content_parts": [{"type": "NEW", "x": 1}],
            },
            "logprobs": {"content": [{"token": "Hi", "logprob": -0.75, "bytes": [72, 105], "top_logprobs": []}]},
            "finish_reason": "stop",
        }
    ]


def test_the_plan_behind_tool_calls_is_the_content(identity):
    call = {"id": "f_1", "type": "FUNCTION", "function": {"name": "f", "arguments": {"a": 1}}}

    said = answer({"toolPlan": "Look.", "toolCalls": [call]}, finishReason="TOOL_CALL")
    choice = FORMATS["COHEREV2"].completion(said, identity)["choices"][0]

    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {
        "role": "assistant",
        "content": "Look.",
        "tool_calls": [{"id": "f_1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}],
    }


def test_a_failure_told_in_an_answer_is_an_error(identity):
    with pytest.raises(UpstreamError, match="Out of luck"):
        FORMATS["COHEREV2"].completion(answer(None, finishReason="ERROR", errorMessage="Out of luck"), identity)


@pytest.mark.parametrize("junk", [None, 3, "x", [], [None], {}])
def test_junk_in_an_answer_is_no_crash(junk, identity):
    parts = {"content": junk, "toolCalls": junk, "citations": junk, "toolPlan": junk}
    for said in (
        answer(parts, logProbabilities=junk),
        answer(junk),
        answer({"toolCalls": [{"function": junk}]} if not junk else None),
    ):
        with suppress(UpstreamError):  # an error, where there is nothing in the answer
            FORMATS["COHEREV2"].completion(said, identity)
