"""Tool calls that a caller forces, on COHERE, which cannot: JSON by a schema there, a call back."""

from __future__ import annotations

import json

import pytest

from model_service.errors import InvalidRequest, StreamBroken, UpstreamError
from model_service.openai_api.chat import ChatRequest
from model_service.routing import resolve
from model_service.transports.native.formats import FORMATS, Identity, Translation

MODEL = "cohere.command-a-03-2025"
CITY = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}
WEATHER = {"type": "function", "function": {"name": "get-weather", "description": "The weather.", "parameters": CITY}}
NOW = {"type": "function", "function": {"name": "now", "description": "The time."}}
ONE = {"type": "function", "function": {"name": "get-weather"}}
USER = {"role": "user", "content": "Weather in Rome?"}


def translated(**fields):
    """The native request, and the identity with which its answer is read."""
    translation = Translation()
    body = {"model": MODEL, "messages": [USER], "tools": [WEATHER, NOW], **fields}
    sent = FORMATS["COHERE"].request(
        ChatRequest.parse(body), resolve(MODEL, aliases={}), stream=False, translation=translation
    )
    return sent, Identity("chatcmpl-1", 1_790_000_000, "prod", frozenset(), translation.reading)


def answered(identity, text, reason="COMPLETE"):
    response = {"apiFormat": "COHERE", "text": text, "finishReason": reason}
    return FORMATS["COHERE"].completion({"chatResponse": response}, identity)["choices"][0]


def streamed(identity, *pieces, reason="COMPLETE"):
    events = [{"apiFormat": "COHERE", "text": piece} for piece in pieces]
    events.append({"apiFormat": "COHERE", "text": "".join(pieces), "chatHistory": [], "finishReason": reason})
    return list(FORMATS["COHERE"].chunks(map(json.dumps, events), identity, include_usage=False))


def called(choice):
    return [(call["function"]["name"], call["function"]["arguments"]) for call in choice["message"]["tool_calls"]]


def test_a_named_tool_is_asked_for_by_the_schema_of_its_arguments():
    sent, _ = translated(tool_choice=ONE, messages=[{"role": "system", "content": "Be brief."}, USER])

    assert "tools" not in sent
    assert sent["responseFormat"] == {"type": "JSON_OBJECT", "schema": CITY}
    assert sent["preambleOverride"].startswith("Be brief.\n\n")
    assert "JSON" in sent["preambleOverride"] and "get-weather: The weather." in sent["preambleOverride"]
    assert "now" not in sent["preambleOverride"]


def test_the_callers_own_preamble_stays():
    sent, _ = translated(tool_choice=ONE, preambleOverride="Mine.")

    assert sent["preambleOverride"].startswith("Mine.\n\n") and "get-weather" in sent["preambleOverride"]


def test_the_answer_is_the_call_whole_and_streamed():
    _, identity = translated(tool_choice=ONE)

    choice = answered(identity, '{"city": "Rome"}')
    chunks = streamed(identity, '{"ci', 'ty": "Ro', 'me"}')

    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", None)
    assert called(choice) == [("get-weather", '{"city": "Rome"}')]
    deltas = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    assert [delta["function"]["arguments"] for delta in deltas] == ['{"ci', 'ty": "Ro', 'me"}']  # as they come
    assert deltas[0]["function"]["name"] == "get-weather" and deltas[0]["id"].startswith("call_")
    assert not any(chunk["choices"][0]["delta"].get("content") for chunk in chunks)
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


CHOICES = ["required", {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [ONE, {**NOW}]}}]


@pytest.mark.parametrize("choice", CHOICES, ids=["required", "allowed"])
def test_of_several_tools_the_model_chooses_one(choice):
    sent, identity = translated(tool_choice=choice)

    assert sent["responseFormat"]["schema"] == {
        "type": "object",
        "properties": {"get-weather_arguments": CITY, "tool": {"type": "string", "enum": ["get-weather", "now"]}},
        "required": ["tool"],
    }
    text = '{"tool": "get-weather", "get-weather_arguments": {"city": "Rome"}}'
    assert called(answered(identity, text)) == [("get-weather", '{"city": "Rome"}')]
    assert called(answered(identity, '{"tool": "now"}')) == [("now", "{}")]
    (delta,) = [
        call
        for chunk in streamed(identity, text[:20], text[20:])
        for call in chunk["choices"][0]["delta"].get("tool_calls", [])
    ]
    assert delta["function"] == {"name": "get-weather", "arguments": '{"city": "Rome"}'}


def test_a_tool_without_parameters_can_be_forced_too():
    sent, identity = translated(tool_choice={"type": "function", "function": {"name": "now"}})

    assert sent["responseFormat"]["schema"]["required"] == ["tool"]
    assert called(answered(identity, '{"tool": "now"}')) == [("now", "{}")]


@pytest.mark.parametrize("choice", [ONE, "required"], ids=["one", "any"])
@pytest.mark.parametrize("text", ["", "I would rather not.", "[1]", '"x"', '{"city": '])
def test_an_answer_that_is_no_call_is_an_upstream_error(choice, text):
    _, identity = translated(tool_choice=choice)

    with pytest.raises(UpstreamError):
        answered(identity, text)
    with pytest.raises(UpstreamError):
        streamed(identity, text)


def test_a_call_that_is_cut_off_is_handed_on_as_far_as_it_goes():
    _, identity = translated(tool_choice=ONE)

    choice = answered(identity, '{"city": "Ro', reason="MAX_TOKENS")

    assert (choice["finish_reason"], called(choice)) == ("length", [("get-weather", '{"city": "Ro')])
    assert streamed(identity, '{"city": "Ro', reason="MAX_TOKENS")[-1]["choices"][0]["finish_reason"] == "length"


def test_a_stream_of_a_forced_call_that_breaks_is_broken():
    _, identity = translated(tool_choice=ONE)

    with pytest.raises(StreamBroken):
        list(FORMATS["COHERE"].chunks(iter([json.dumps({"text": "{"})]), identity, include_usage=False))


def test_earlier_calls_and_results_are_told_as_text():
    call = {"id": "c1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    messages = [
        USER,
        {"role": "assistant", "content": "Let me see.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "noon"},
    ]

    sent, _ = translated(tool_choice=ONE, messages=messages)

    assert sent["message"] == "Tool results:\nnow: noon"
    assert sent["chatHistory"] == [
        {"role": "USER", "message": "Weather in Rome?"},
        {"role": "CHATBOT", "message": 'Let me see.\nTool calls: [{"name": "now", "parameters": {}}]'},
    ]
    assert "toolResults" not in sent


def test_the_schema_has_only_what_cohere_takes_in_an_answer():
    schema = {
        "type": "object",
        "properties": {
            "day": {"$ref": "#/$defs/Day"},
            "count": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}], "description": "How many."},
            "name": {"type": ["string", "null"], "maxLength": 9},
            "at": {"type": "string", "format": "date-time"},
            "site": {"type": "string", "format": "uri"},
            "where": {"type": "object", "properties": {"x": {"type": "number"}}, "additionalProperties": False},
        },
        "required": ["day"],
        "additionalProperties": False,
        "$defs": {"Day": {"type": "string", "enum": ["mon", "tue"]}},
    }
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}

    sent, _ = translated(tools=[tool], tool_choice="required")

    assert sent["responseFormat"]["schema"] == {
        "type": "object",
        "properties": {
            "day": {"type": "string", "enum": ["mon", "tue"]},
            "count": {"type": "integer", "description": "How many."},
            "name": {"type": "string"},
            "at": {"type": "string", "format": "date-time"},
            "site": {"type": "string"},
            "where": {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]},
        },
        "required": ["day"],
    }


REFUSED = [
    ({"tool_choice": "required", "tools": []}, "tool_choice"),
    ({"tool_choice": {"type": "function", "function": {"name": "h"}}}, "tool_choice"),
    ({"tool_choice": ONE, "response_format": {"type": "json_object"}}, "response_format"),
    ({"tool_choice": ONE, "responseFormat": {"type": "JSON_OBJECT"}}, "response_format"),
]


@pytest.mark.parametrize(("fields", "param"), REFUSED)
def test_what_cannot_be_forced_is_refused_by_name(fields, param):
    with pytest.raises(InvalidRequest) as caught:
        translated(**fields)

    assert caught.value.param == param


def test_of_parallel_calls_only_the_first_is_kept_where_the_caller_wants_one(read):
    _, identity = translated(parallel_tool_calls=False)
    calls = [{"name": "get_weather", "parameters": {"city": city}} for city in ("Rome", "Oslo")]
    response = {"apiFormat": "COHERE", "text": "", "toolCalls": calls, "finishReason": "COMPLETE"}

    whole = FORMATS["COHERE"].completion({"chatResponse": response}, identity)["choices"][0]
    chunks = FORMATS["COHERE"].chunks(iter([json.dumps(response)]), identity, include_usage=False)

    assert called(whole) == [("get-weather", '{"city": "Rome"}')]  # by the caller's own name
    deltas = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    assert [(delta["index"], delta["function"]["arguments"]) for delta in deltas] == [(0, '{"city": "Rome"}')]
    _, unlimited = translated()
    assert len(called(FORMATS["COHERE"].completion({"chatResponse": response}, unlimited)["choices"][0])) == 2
