from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mock_oci import MockOci, Response

COMMAND_R = "cohere.command-r-08-2024"
CITY = {"city": {"type": "str", "description": "A city", "isRequired": True}}
TOOL = {"name": "get_weather", "description": "The weather of a city", "parameterDefinitions": CITY}
CALL = {"name": "get_weather", "parameters": {"city": "Paris"}}
RESULT = {"call": CALL, "outputs": [{"weather": "rain", "degrees": 9}]}
ASKED = {"role": "USER", "message": "What is the weather in Paris?"}
CALLED = {"role": "CHATBOT", "message": "I will look.", "toolCalls": [CALL]}
ANSWERED = {"role": "TOOL", "toolResults": [RESULT]}
Ask = Callable[..., Response]
Read = Callable[[Response], Any]
Refused = Callable[..., str]


def test_a_complete_answer_has_the_documented_shape(cohere: Ask, said: Read) -> None:
    body = said(cohere(chatHistory=[{"role": "SYSTEM", "message": "Be kind."}]))
    assert (body["modelId"], body["modelVersion"]) == ("cohere.command-a-03-2025", "1.0")
    response = body["chatResponse"]
    assert (response["apiFormat"], response["finishReason"]) == ("COHERE", "COMPLETE")
    assert [entry["role"] for entry in response["chatHistory"]] == ["SYSTEM", "USER", "CHATBOT"]
    assert response["chatHistory"][-1]["message"] == response["text"]
    assert response["usage"]["totalTokens"] > 0
    assert not {"toolCalls", "citations", "prompt"} & response.keys()


def test_the_last_event_restates_the_whole_text(cohere: Ask, said: Read, streamed: Read) -> None:
    *pieces, last = streamed(cohere(isStream=True))
    whole = said(cohere())["chatResponse"]
    assert {frozenset(piece) for piece in pieces} == {frozenset({"apiFormat", "text"})}
    assert "".join(piece["text"] for piece in pieces) == last["text"] == whole["text"]
    assert (last["finishReason"], last["chatHistory"]) == ("COMPLETE", whole["chatHistory"])
    assert "usage" not in last


def test_usage_is_in_the_last_event_when_asked_for(cohere: Ask, said: Read, streamed: Read) -> None:
    events = streamed(cohere(isStream=True, streamOptions={"isIncludeUsage": True}))
    assert events[-1]["usage"] == said(cohere())["chatResponse"]["usage"]


def test_tool_calls_come_in_an_event_that_restates_the_text(cohere: Ask, oci: MockOci, streamed: Read) -> None:
    calls = [{"name": "f", "arguments": {"a": 1}}, {"name": "f", "arguments": {"a": 2}}]
    oci.script.chat("I will look.", tool_calls=calls)
    *pieces, tools, last = streamed(cohere(isStream=True))
    assert "".join(piece["text"] for piece in pieces) == tools["text"] == last["text"] == "I will look."
    assert tools["toolCalls"] == [{"name": "f", "parameters": {"a": 1}}, {"name": "f", "parameters": {"a": 2}}]
    assert "finishReason" not in tools
    assert last["finishReason"] == "COMPLETE"


def test_the_local_model_says_what_it_will_do_and_calls_without_ids(cohere: Ask, said: Read) -> None:
    response = said(cohere(message=ASKED["message"], tools=[TOOL]))["chatResponse"]
    assert response["text"] == "I will use the tools: get_weather."
    assert response["toolCalls"] == [CALL]


def test_results_at_the_top_are_answered(cohere: Ask, said: Read) -> None:
    response = said(cohere(message="", chatHistory=[ASKED, CALLED], toolResults=[RESULT], tools=[TOOL]))["chatResponse"]
    assert "The tool says: rain 9" in response["text"]
    assert [entry["role"] for entry in response["chatHistory"]] == ["USER", "CHATBOT", "TOOL", "CHATBOT"]


def test_what_is_broken_stays_text_for_there_is_no_other_way(cohere: Ask, oci: MockOci, said: Read) -> None:
    oci.script.chat(tool_calls=[{"name": "f", "arguments": "{broken"}])
    assert said(cohere())["chatResponse"]["toolCalls"] == [{"name": "f", "parameters": "{broken"}]


@pytest.mark.parametrize(
    ("finish", "word"),
    [("stop", "COMPLETE"), ("length", "MAX_TOKENS"), ("content_filter", "ERROR_TOXIC"), ("user_cancel", "USER_CANCEL")],
)
def test_finish_reasons_are_coheres(cohere: Ask, oci: MockOci, said: Read, finish: str, word: str) -> None:
    oci.script.chat("x", finish_reason=finish)
    assert said(cohere())["chatResponse"]["finishReason"] == word


def test_a_schema_rides_on_json_object(cohere: Ask, said: Read) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    response = said(cohere(message="I have 7.", responseFormat={"type": "JSON_OBJECT", "schema": schema}))
    assert json.loads(response["chatResponse"]["text"]) == {"n": 7}


def test_documents_are_cited(cohere: Ask, said: Read, streamed: Read) -> None:
    response = said(cohere(documents=[{"text": "x"}, {"id": "mine", "text": "y"}]))["chatResponse"]
    citation = {"start": 0, "end": 3, "text": "You", "documentIds": ["doc_0", "mine"]}
    assert response["citations"] == [citation]
    assert streamed(cohere(documents=[{"text": "x"}], isStream=True))[-1]["citations"]


def test_search_queries_only_are_queries_only(cohere: Ask, said: Read, streamed: Read) -> None:
    response = said(cohere(isSearchQueriesOnly=True))["chatResponse"]
    assert (response["text"], response["searchQueries"]) == ("", [{"text": "Hi"}])
    assert [event["searchQueries"] for event in streamed(cohere(isSearchQueriesOnly=True, isStream=True))] == [
        [{"text": "Hi"}]
    ]


def test_preamble_limits_and_stops_are_heeded(cohere: Ask, said: Read) -> None:
    alone = said(cohere())["chatResponse"]["usage"]["promptTokens"]
    assert said(cohere(preambleOverride="Be kind"))["chatResponse"]["usage"]["promptTokens"] == alone + 6
    assert said(cohere(maxTokens=2))["chatResponse"]["text"] == "You asked:"
    stopped = said(cohere(stopSequences=["asked"], isEcho=True))["chatResponse"]
    assert (stopped["text"], stopped["prompt"]) == ("You ", "Hi")


def test_a_new_message_beside_trailing_results_is_refused_in_coheres_words(cohere: Ask, refused: Refused) -> None:
    inside = json.loads(refused(cohere(chatHistory=[ASKED, CALLED, ANSWERED])))
    words = "invalid request: cannot specify message if the last entry in chat history contains tool results"
    assert inside["message"] == words
    assert cohere(message="", chatHistory=[ASKED, CALLED, ANSWERED]).status == 200


def test_a_message_beside_results_needs_the_single_step(cohere: Ask, refused: Refused) -> None:
    fields = {"chatHistory": [ASKED, CALLED], "toolResults": [RESULT]}
    assert "cannot specify both message and tool_results" in refused(cohere(**fields))
    assert cohere(**fields, isForceSingleStep=True).status == 200


def test_without_a_message_there_must_be_results(cohere: Ask, refused: Refused) -> None:
    assert "at least 1 token long" in refused(cohere(message=""))
    assert "at least 1 token long" in refused(cohere(message="", chatHistory=[ASKED]))


def test_command_a_wants_every_call_answered_and_command_r_does_not(cohere: Ask, refused: Refused) -> None:
    inside = json.loads(refused(cohere(chatHistory=[ASKED, CALLED])))
    assert "must be followed by tool messages" in inside["message"]
    assert "must be followed" in refused(cohere(chatHistory=[ASKED, CALLED, {"role": "CHATBOT", "message": "?"}]))
    assert cohere(COMMAND_R, chatHistory=[ASKED, CALLED]).status == 200


@pytest.mark.parametrize("kind", ["List", "Dict", "array", "string", "object", "number"])
def test_the_service_breaks_on_parameter_types_that_are_not_pythons(cohere: Ask, refused: Refused, kind: str) -> None:
    tool = {**TOOL, "parameterDefinitions": {"x": {"type": kind}}}
    assert refused(cohere(tools=[tool]), 500) == "Internal Server Error."


@pytest.mark.parametrize(
    ("kind", "value"),
    [("str", "Hi"), ("int", 0), ("float", 0.0), ("bool", True), ("list", ["Hi"]), ("List[int]", [0]), ("dict", {})],
)
def test_parameters_of_pythons_types_are_filled(cohere: Ask, said: Read, kind: str, value: Any) -> None:
    tool = {**TOOL, "parameterDefinitions": {"x": {"type": kind, "isRequired": True}}}
    call = said(cohere(message="get_weather: Hi", tools=[tool]))["chatResponse"]["toolCalls"][0]
    assert type(call["parameters"]["x"]) is type(value)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"message": None}, "chatRequest.message is missing"),
        ({"messages": []}, "chatRequest.messages is not known"),
        ({"chatHistory": [{"role": "ASSISTANT", "message": "x"}]}, "chatHistory[0].role"),
        ({"chatHistory": [{"role": "USER"}]}, "chatHistory[0].message is missing"),
        ({"tools": [{"name": "f", "description": "x", "parameters": {}}]}, "tools[0].parameters is not known"),
        ({"tools": [{"name": "f"}]}, "tools[0].description is missing"),
        ({"toolResults": [{"call": CALL, "outputs": "rain"}]}, "outputs is not an array"),
        ({"responseFormat": {"type": "JSON_SCHEMA"}}, "responseFormat.type"),
        ({"toolChoice": {"type": "AUTO"}}, "toolChoice is not known"),
        ({"numGenerations": 2}, "numGenerations is not known"),
        ({"topK": 501}, "topK is not between 0 and 500"),
    ],
)
def test_a_request_of_the_wrong_shape_is_refused(cohere: Ask, refused: Refused, fields: Any, where: str) -> None:
    assert where in refused(cohere(**fields))
