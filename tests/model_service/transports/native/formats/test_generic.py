"""OCI's GENERIC format: what a chat request becomes, and what an answer says."""

from __future__ import annotations

from contextlib import suppress

import pytest

from model_service.errors import InvalidRequest, UpstreamError
from model_service.transports.native.formats import FORMATS

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "get_weather", "description": "The weather.", "parameters": SCHEMA}}

# OpenAI's parameter, its value, and the native fields that come of it
PARAMETERS = [
    ("temperature", 0.2, {"temperature": 0.2}),
    ("top_p", 0.9, {"topP": 0.9}),
    ("seed", 7, {"seed": 7}),
    ("n", 2, {"numGenerations": 2}),
    ("stop", "END", {"stop": ["END"]}),
    ("stop", ["A", "B"], {"stop": ["A", "B"]}),
    ("stop", [], {}),
    ("frequency_penalty", 0.5, {"frequencyPenalty": 0.5}),
    ("presence_penalty", 0, {"presencePenalty": 0}),
    ("logit_bias", {"6395": 2}, {"logitBias": {"6395": 2}}),
    ("max_tokens", 9, {"maxTokens": 9}),
    ("max_completion_tokens", 9, {"maxTokens": 9}),
    ("logprobs", True, {"logProbs": 1}),
    ("logprobs", False, {}),
    ("reasoning_effort", "minimal", {"reasoningEffort": "MINIMAL"}),
    ("verbosity", "low", {"verbosity": "LOW"}),
    ("service_tier", "priority", {"serviceTier": "PRIORITY"}),
    ("metadata", {"team": "a"}, {"metadata": {"team": "a"}}),
    ("tools", [TOOL], {"tools": [{**TOOL["function"], "type": "FUNCTION"}]}),
    ("tools", [], {}),
    ("tool_choice", "auto", {"toolChoice": {"type": "AUTO"}}),
    ("tool_choice", "none", {"toolChoice": {"type": "NONE"}}),
    ("tool_choice", "required", {"toolChoice": {"type": "REQUIRED"}}),
    (
        "tool_choice",
        {"type": "function", "function": {"name": "get_weather"}},
        {"toolChoice": {"type": "FUNCTION", "name": "get_weather"}},
    ),
    ("response_format", {"type": "text"}, {"responseFormat": {"type": "TEXT"}}),
    ("response_format", {"type": "json_object"}, {"responseFormat": {"type": "JSON_OBJECT"}}),
    (
        "response_format",
        {"type": "json_schema", "json_schema": {"name": "w", "description": "d", "schema": SCHEMA, "strict": True}},
        {
            "responseFormat": {
                "type": "JSON_SCHEMA",
                "jsonSchema": {"name": "w", "description": "d", "schema": SCHEMA, "isStrict": True},
            }
        },
    ),
    (
        "prediction",
        {"type": "content", "content": "likely"},
        {"prediction": {"type": "CONTENT", "content": [{"type": "TEXT", "text": "likely"}]}},
    ),
    (
        "web_search_options",
        {
            "search_context_size": "low",
            "user_location": {"type": "approximate", "approximate": {"city": "Rome", "country": "IT"}},
        },
        {"webSearchOptions": {"searchContextSize": "LOW", "userLocation": {"city": "Rome", "country": "IT"}}},
    ),
    ("topK", 5, {"topK": 5}),
    ("isEcho", True, {"isEcho": True}),
    ("temperature", None, {}),
    ("user", "u-1", {}),
    ("safety_identifier", "u-1", {}),
    ("prompt_cache_key", "k", {}),
    ("store", False, {}),
    ("modalities", ["text"], {}),
    ("top_k", 5, {"topK": 5}),
    ("stop", "", {}),
    ("functions", [], {}),
    ("prompt_cache_options", {"mode": "explicit", "ttl": "30m"}, {}),
]


@pytest.mark.parametrize(("name", "value", "fields"), PARAMETERS, ids=lambda one: str(one)[:30])
def test_a_parameter_becomes_its_native_fields_and_nothing_else(name, value, fields, native):
    plain = native("GENERIC")

    assert native("GENERIC", **{name: value}) == {**plain, **fields}


# a field of the request, and the parameter that the refusal names
REFUSED = [
    ({"audio": {"voice": "alloy"}}, "audio"),
    ({"modalities": ["text", "audio"]}, "modalities"),
    ({"functions": [{}]}, "functions"),
    ({"cache_salt": 5}, "cache_salt"),
    ({"safetyMode": "STRICT"}, "safetyMode"),
    ({"no_such_thing": 0}, "no_such_thing"),
    ({"reasoning_effort": 3}, "reasoning_effort"),
    ({"tools": [TOOL], "parallel_tool_calls": "yes"}, "parallel_tool_calls"),
    ({"top_logprobs": 3}, "top_logprobs"),
    ({"tool_choice": "any"}, "tool_choice"),
    ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.allowed_tools"),
    ({"tool_choice": {"type": "custom"}}, "tool_choice.type"),
    ({"tool_choice": {"type": "function"}}, "tool_choice.function"),
    ({"tools": [{"type": "custom", "custom": {}}]}, "tools.0.type"),
    ({"tools": [{"type": "function", "function": {"name": "f", "defer": True}}]}, "tools.0.function.defer"),
    ({"response_format": {"type": "grammar"}}, "response_format.type"),
    ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ({"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}}, "response_format.json_schema.name"),
    ({"prediction": {"type": "content", "content": [{"type": "image_url"}]}}, "prediction.content.0.type"),
    (
        {"web_search_options": {"user_location": {"type": "approximate"}}},
        "web_search_options.user_location.approximate",
    ),
    ({"stream_options": {"every": 3}}, "stream_options.every"),
    ({"messages": [{"role": "function", "content": "x", "name": "f"}]}, "messages.0.role"),
    (
        {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}]},
        "messages.0.content.0.file.file_id",
    ),
    ({"messages": [{"role": "user", "content": [{"type": "refusal"}]}]}, "messages.0.content.0.type"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content.0.text"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages.0.content.0.image_url"),
]


@pytest.mark.parametrize(("fields", "param"), REFUSED, ids=lambda one: one if isinstance(one, str) else "")
def test_what_cannot_be_carried_is_refused_by_name(fields, param, native):
    with pytest.raises(InvalidRequest) as caught:
        native("GENERIC", **fields)

    assert (caught.value.status, caught.value.param) == (400, param)
    assert caught.value.message.startswith(f"{param}: ")


def test_a_parameter_in_the_wrong_spelling_is_refused_with_the_right_one(native):
    with pytest.raises(InvalidRequest) as caught:
        native("GENERIC", num_generations=5)

    assert "numGenerations" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ("openai.gpt-5", "maxCompletionTokens"),
        ("openai.gpt-4.1", "maxCompletionTokens"),
        ("openai.o3", "maxCompletionTokens"),
        ("openai.gpt-oss-120b", "maxTokens"),
        ("meta.llama-4-maverick", "maxTokens"),
        ("ocid1.generativeaiendpoint.oc1.us-chicago-1.aaaa", "maxTokens"),
    ],
)
@pytest.mark.parametrize("asked", ["max_tokens", "max_completion_tokens"])
def test_the_token_limit_has_the_name_that_the_family_wants(model, field, asked, native):
    sent = native("GENERIC", model=model, **{asked: 5})

    assert {key: value for key, value in sent.items() if key.startswith("max")} == {field: 5}


def test_parallel_calls_are_turned_off_where_there_are_tools(native, dropped):
    assert native("GENERIC", tools=[TOOL], parallel_tool_calls=False)["isParallelToolCalls"] is False
    assert dropped("GENERIC", tools=[TOOL], parallel_tool_calls=False) == []
    assert dropped("GENERIC", parallel_tool_calls=False) == ["parallel_tool_calls"]


def test_of_two_token_limits_the_new_one_counts(native):
    assert native("GENERIC", max_tokens=5, max_completion_tokens=9)["maxTokens"] == 9


def test_a_native_field_of_the_caller_counts_more_than_its_translation(native):
    assert native("GENERIC", top_p=0.1, topP=0.9)["topP"] == 0.9


def test_penalties_are_left_out_where_the_family_refuses_them(native, dropped):
    assert "frequencyPenalty" not in native("GENERIC", model="xai.grok-4.3", frequency_penalty=0)
    assert "frequencyPenalty" not in native("GENERIC", model="xai.grok-4.3", frequency_penalty=1)
    assert dropped("GENERIC", model="xai.grok-4.3", frequency_penalty=1, presence_penalty=0) == ["frequency_penalty"]
    assert dropped("GENERIC", frequency_penalty=1) == []


@pytest.mark.parametrize(
    ("fields", "native_fields"),
    [
        ({"stream": True}, {"isStream": True}),
        (
            {"stream": True, "stream_options": {"include_usage": True, "include_obfuscation": False}},
            {"isStream": True, "streamOptions": {"isIncludeUsage": True}},
        ),
        ({"stream_options": {"include_usage": True}}, {"isStream": False}),
    ],
)
def test_a_stream_asks_for_usage_only_where_the_caller_does(fields, native_fields, native):
    sent = native("GENERIC", **fields)

    assert {key: value for key, value in sent.items() if "tream" in key} == native_fields


def test_a_recorded_answer_is_a_chat_completion(recorded, identity):
    assert FORMATS["GENERIC"].completion(recorded("generic"), identity) == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "prod",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello, how are you today?"},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 45,
            "completion_tokens": 8,
            "total_tokens": 53,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


def test_recorded_tool_calls_are_openais(recorded, identity):
    choice = FORMATS["GENERIC"].completion(recorded("generic_tools"), identity)["choices"][0]

    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "chatcmpl-tool-a52781794a76726d",
                "type": "function",
                "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'},
            }
        ],
    }


def answer(*choices, **fields):
    return {"chatResponse": {"apiFormat": "GENERIC", "choices": list(choices), **fields}}


def test_everything_that_an_answer_says_is_kept(identity):
    message = {
        "role": "ASSISTANT",
        "content": [{"type": "TEXT", "text": "a"}, {"type": "TEXT", "text": "b"}, {"type": "HOLOGRAM", "url": "u"}],
        "reasoningContent": "Hm.",
        "refusal": "No.",
        "annotations": [{"type": "URL_CITATION", "urlCitation": {"startIndex": 1, "url": "u"}}],
    }
    choice = {
        "index": 0,
        "message": message,
        "finishReason": "SOMETHING_NEW",
        "logprobs": {"tokens": ["a"], "tokenLogprobs": [-0.5], "topLogprobs": [{"a": "-0.5", "b": "NaN"}]},
        "groundingMetadata": {"webSearchQueries": ["q"]},
        "usage": {"promptTokens": 1, "completionTokens": 2},
    }

    whole = FORMATS["GENERIC"].completion(answer(choice, serviceTier="PRIORITY"), identity)

    assert whole["choices"][0] == {
        "index": 0,
        "message": {
            "role": "assistant",
            "content": "ab",
            "reasoning_content": "Hm.",
            "refusal": "No.",
            "annotations": [{"type": "url_citation", "url_citation": {"start_index": 1, "url": "u"}}],
            "grounding_metadata": {"webSearchQueries": ["q"]},
            "content_parts": [{"type": "HOLOGRAM", "url": "u"}],
            "native_finish_reason": "SOMETHING_NEW",
        },
        "logprobs": {
            "content": [
                {
                    "token": "a",
                    "logprob": -0.5,
                    "bytes": [97],
                    "top_logprobs": [
                        {"token": "a", "logprob": -0.5, "bytes": [97]},
                        {"token": "b", "logprob": -9999.0, "bytes": [98]},
                    ],
                }
            ]
        },
        "finish_reason": "stop",
    }
    assert whole["service_tier"] == "priority"
    assert whole["usage"] == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def test_several_answers_keep_their_order_and_index(identity):
    def choice(index, text):
        return {"index": index, "message": {"content": [{"type": "TEXT", "text": text}]}, "finishReason": "stop"}

    whole = FORMATS["GENERIC"].completion(answer(choice(0, "a"), choice(1, "b")), identity)

    assert [(one["index"], one["message"]["content"]) for one in whole["choices"]] == [(0, "a"), (1, "b")]
    assert "usage" not in whole


def test_written_tool_calls_become_real_ones_only_for_tools_that_were_offered(identity):
    text = 'Now. <tool_call>{"name": "f", "arguments": {"a": 1}}</tool_call>'
    said = answer({"message": {"content": [{"type": "TEXT", "text": text}]}, "finishReason": "stop"})

    def choice(tools):
        one = type(identity)(identity.id, identity.created, identity.model, tools)
        return FORMATS["GENERIC"].completion(said, one)["choices"][0]

    assert choice(frozenset({"g"}))["message"] == {"role": "assistant", "content": text}
    for tools in (None, frozenset({"f"})):
        assert choice(tools)["finish_reason"] == "tool_calls"
        assert choice(tools)["message"]["content"] == "Now. "
        assert choice(tools)["message"]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a": 1}'}


@pytest.mark.parametrize("broken", [{}, {"chatResponse": None}, answer(), {"chatResponse": {"choices": None}}])
def test_an_answer_without_a_choice_is_an_error(broken, identity):
    with pytest.raises(UpstreamError):
        FORMATS["GENERIC"].completion(broken, identity)


@pytest.mark.parametrize("junk", [None, 3, "x", [], [None], {}])
def test_junk_in_an_answer_is_no_crash(junk, identity):
    parts = {"content": junk, "toolCalls": junk, "annotations": junk, "refusal": junk, "reasoningContent": junk}
    whole = answer({"index": junk, "message": parts, "logprobs": junk, "finishReason": junk}, usage=junk)
    deeper = answer({"logprobs": {"tokens": junk, "tokenLogprobs": [junk], "topLogprobs": [junk]}, "message": junk})

    for said in (whole, deeper):
        with suppress(UpstreamError):  # OCI's fault, where an answer without its text would be a false one
            message = FORMATS["GENERIC"].completion(said, identity)["choices"][0]["message"]
            assert message["role"] == "assistant"
