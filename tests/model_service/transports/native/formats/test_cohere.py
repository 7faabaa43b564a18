"""OCI's COHERE format: what a chat request becomes, and what an answer says."""

from __future__ import annotations

import pytest

from model_service.errors import InvalidRequest, UpstreamError
from model_service.transports.native.formats import FORMATS

SCHEMA = {"type": "object", "properties": {"city": {"type": "string", "description": "Where."}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "get_weather", "description": "The weather.", "parameters": SCHEMA}}
NATIVE_TOOL = {
    "name": "get_weather",
    "description": "The weather.",
    "parameterDefinitions": {"city": {"type": "str", "description": "Where.", "isRequired": True}},
}


ROME = {"name": "get_weather", "parameters": {"city": "Rome"}}
OSLO = {"name": "get_weather", "parameters": {"city": "Oslo"}}

PARAMETERS = [
    ("temperature", 0.2, {"temperature": 0.2}),
    ("top_p", 0.9, {"topP": 0.9}),
    ("seed", 7, {"seed": 7}),
    ("stop", "END", {"stopSequences": ["END"]}),
    ("frequency_penalty", 0.5, {"frequencyPenalty": 0.5}),
    ("presence_penalty", 0, {"presencePenalty": 0}),
    ("max_tokens", 9, {"maxTokens": 9}),
    ("max_completion_tokens", 9, {"maxTokens": 9}),
    ("tools", [TOOL], {"tools": [NATIVE_TOOL]}),
    ("tool_choice", "auto", {}),
    ("response_format", {"type": "text"}, {"responseFormat": {"type": "TEXT"}}),
    ("response_format", {"type": "json_object"}, {"responseFormat": {"type": "JSON_OBJECT"}}),
    (
        "response_format",
        {"type": "json_schema", "json_schema": {"name": "w", "schema": SCHEMA, "strict": True}},
        {"responseFormat": {"type": "JSON_OBJECT", "schema": SCHEMA}},
    ),
    ("documents", [{"title": "t", "snippet": "s"}], {"documents": [{"title": "t", "snippet": "s"}]}),
    ("safetyMode", "STRICT", {"safetyMode": "STRICT"}),
    ("citationQuality", "FAST", {"citationQuality": "FAST"}),
    ("topK", 5, {"topK": 5}),
    ("isForceSingleStep", True, {"isForceSingleStep": True}),
    ("n", 1, {}),
    ("parallel_tool_calls", True, {}),
    ("logprobs", False, {}),
    ("top_logprobs", 0, {}),
    ("logit_bias", {}, {}),
    ("metadata", {"a": "b"}, {}),
    ("service_tier", "auto", {}),
    ("reasoning_effort", "none", {}),
    ("store", False, {}),
    ("user", "u", {}),
    ("top_k", 5, {"topK": 5}),
    ("stop", "", {}),
    ("stop", ["", "a"], {"stopSequences": ["a"]}),
    ("functions", [], {}),
    ("function_call", "none", {}),
    ("parallel_tool_calls", False, {}),
    (
        "response_format",
        {"type": "json_schema", "json_schema": {"name": "w", "description": "D", "schema": SCHEMA}},
        {"responseFormat": {"type": "JSON_OBJECT", "schema": {**SCHEMA, "description": "D"}}},
    ),
]


@pytest.mark.parametrize(("name", "value", "fields"), PARAMETERS, ids=lambda one: str(one)[:30])
def test_a_parameter_becomes_its_native_fields_and_nothing_else(name, value, fields, native):
    assert native("COHERE", **{name: value}) == {**native("COHERE"), **fields}


def test_no_tool_is_offered_where_none_may_be_called(native):
    assert "tools" not in native("COHERE", tools=[TOOL], tool_choice="none")


REFUSED = [
    ({"n": 2}, "n"),
    ({"logit_bias": {"1": 1}}, "logit_bias"),
    ({"tools": [TOOL], "parallel_tool_calls": "no"}, "parallel_tool_calls"),
    ({"web_search_options": {}}, "web_search_options"),
    ({"numGenerations": 2}, "numGenerations"),
    ({"no_such_thing": 0}, "no_such_thing"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"tool_choice": "any"}, "tool_choice"),
    ({"functions": [{}]}, "functions"),
    ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice"),
    ({"response_format": {"type": "regex"}}, "response_format.type"),
]


@pytest.mark.parametrize(("fields", "param"), REFUSED, ids=lambda one: one if isinstance(one, str) else "")
def test_what_cannot_be_carried_is_refused_by_name(fields, param, native):
    with pytest.raises(InvalidRequest) as caught:
        native("COHERE", **fields)

    assert (caught.value.status, caught.value.param) == (400, param)


DROPPED = [
    {"logprobs": True},
    {"logprobs": True, "top_logprobs": 2},
    {"reasoning_effort": "high"},
    {"verbosity": "low"},
    {"service_tier": "priority"},
    {"prediction": {"type": "content", "content": "x"}},
    {"store": True},
    {"metadata": {"a": "b"}},
    {"user": "u", "safety_identifier": "s", "prompt_cache_key": "k", "prompt_cache_retention": "24h"},
    {"prompt_cache_options": {"mode": "explicit"}},
    {"parallel_tool_calls": False},
]


@pytest.mark.parametrize("fields", DROPPED, ids=",".join)
def test_what_no_caller_would_miss_is_left_out_and_said(fields, native, dropped):
    assert native("COHERE", **fields) == native("COHERE")
    assert dropped("COHERE", **fields) == list(fields)


def test_strict_is_said_to_be_left_out(native, dropped):
    tool = {"type": "function", "function": {**TOOL["function"], "strict": True}}

    assert native("COHERE", tools=[tool]) == native("COHERE", tools=[TOOL])
    assert dropped("COHERE", tools=[tool]) == ["tools.function.strict"]


def test_a_recorded_answer_is_a_chat_completion_with_its_citations(recorded, identity):
    whole = FORMATS["COHERE"].completion(recorded("cohere"), identity)

    assert whole["choices"] == [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hello, how are you?",
                "citations": [{"start": 0, "end": 5, "text": "Hello", "documentIds": ["doc_0"]}],
            },
            "logprobs": None,
            "finish_reason": "stop",
        }
    ]
    assert whole["usage"] == {"prompt_tokens": 13, "completion_tokens": 6, "total_tokens": 19}


def answer(**fields):
    return {"chatResponse": {"apiFormat": "COHERE", "text": "", "finishReason": "COMPLETE", **fields}}


def test_parallel_calls_of_one_tool_have_ids_of_their_own(identity):
    whole = FORMATS["COHERE"].completion(answer(toolCalls=[ROME, ROME, OSLO]), identity)

    choice = whole["choices"][0]
    assert choice["finish_reason"] == "tool_calls" and choice["message"]["content"] is None
    assert len({call["id"] for call in choice["message"]["tool_calls"]}) == 3
    assert [call["function"]["arguments"] for call in choice["message"]["tool_calls"]] == [
        '{"city": "Rome"}',
        '{"city": "Rome"}',
        '{"city": "Oslo"}',
    ]
    assert FORMATS["COHERE"].completion(answer(toolCalls=[ROME, ROME, OSLO]), identity) == whole


def test_search_queries_and_documents_are_kept(identity):
    said = answer(searchQueries=[{"text": "q"}], isSearchRequired=True, documents=[{"id": "d"}], prompt="P")

    message = FORMATS["COHERE"].completion(said, identity)["choices"][0]["message"]

    assert message == {
        "role": "assistant",
        "content": "",
        "search_queries": [{"text": "q"}],
        "is_search_required": True,
        "documents": [{"id": "d"}],
        "prompt": "P",
    }


@pytest.mark.parametrize(("native_reason", "reason"), [("MAX_TOKENS", "length"), ("ERROR_TOXIC", "content_filter")])
def test_an_answer_says_why_it_ended(native_reason, reason, identity):
    whole = FORMATS["COHERE"].completion(answer(finishReason=native_reason), identity)

    assert whole["choices"][0]["finish_reason"] == reason


def test_a_failure_told_in_an_answer_is_an_error(identity):
    with pytest.raises(UpstreamError, match="Out of luck") as caught:
        FORMATS["COHERE"].completion(answer(finishReason="ERROR", errorMessage="Out of luck"), identity)

    assert caught.value.code == "error"


@pytest.mark.parametrize("broken", [{}, {"chatResponse": None}])
def test_an_answer_without_an_answer_is_an_error(broken, identity):
    with pytest.raises(UpstreamError):
        FORMATS["COHERE"].completion(broken, identity)
