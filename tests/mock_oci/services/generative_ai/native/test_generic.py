from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mock_oci import MockOci, Response

LLAMA = "meta.llama-3.3-70b-instruct"
GPT_OSS = "openai.gpt-oss-120b"
GPT_5 = "openai.gpt-5"
GROK = "xai.grok-4.3"
GEMINI = "google.gemini-2.5-pro"
FUNCTION = {"type": "FUNCTION", "name": "get_weather", "description": "The weather", "parameters": {"type": "object"}}
CALLS = [{"name": "f", "arguments": {"city": "Oslo, Norway"}}, {"name": "g", "arguments": {}}]
Ask = Callable[..., Response]
Read = Callable[[Response], Any]
Refused = Callable[..., str]


def _user(text: str) -> dict[str, Any]:
    return {"role": "USER", "content": [{"type": "TEXT", "text": text}]}


def _calling(*ids: str, text: str = ".") -> dict[str, Any]:
    calls = [{"type": "FUNCTION", "id": one, "name": "f", "arguments": "{}"} for one in ids]
    return {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": text}], "toolCalls": calls}


def _result(call: str, text: str = "rain") -> dict[str, Any]:
    return {"role": "TOOL", "toolCallId": call, "content": [{"type": "TEXT", "text": text}]}


def _choice(body: Any) -> Any:
    return body["chatResponse"]["choices"][0]


def test_a_complete_answer_has_the_documented_shape(generic: Ask, said: Read) -> None:
    body = said(generic(LLAMA))
    assert (body["modelId"], body["modelVersion"]) == (LLAMA, "1.0.0")
    response = body["chatResponse"]
    assert (response["apiFormat"], response["timeCreated"]) == ("GENERIC", "2026-09-21T14:13:20.000Z")
    assert (response["choices"][0]["index"], response["choices"][0]["finishReason"]) == (0, "stop")
    message = response["choices"][0]["message"]
    assert (message["role"], message["content"][0]["type"], message["toolCalls"]) == ("ASSISTANT", "TEXT", [])
    assert response["usage"]["promptTokensDetails"] == {"cachedTokens": 0}


def test_a_stream_says_the_same_in_pieces_and_names_no_model(generic: Ask, said: Read, streamed: Read) -> None:
    *events, last, done = streamed(generic(LLAMA, isStream=True))
    text = "".join(event["message"]["content"][0]["text"] for event in events)
    assert text == _choice(said(generic(LLAMA)))["message"]["content"][0]["text"]
    assert {frozenset(event) for event in events} == {frozenset({"index", "message"})}
    empty = {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": ""}]}
    assert (last, done) == ({"message": empty, "finishReason": "stop"}, "[DONE]")


@pytest.mark.parametrize("model", [GPT_OSS, GROK, GEMINI])
def test_only_llama_says_done(generic: Ask, streamed: Read, model: str) -> None:
    assert streamed(generic(model, isStream=True))[-1]["finishReason"] == "stop"


def test_usage_is_streamed_only_when_asked_for(generic: Ask, said: Read, streamed: Read) -> None:
    assert not any("usage" in event for event in streamed(generic(GROK, isStream=True)))
    events = streamed(generic(GROK, isStream=True, streamOptions={"isIncludeUsage": True}))
    counted = said(generic(GROK))["chatResponse"]["usage"]
    assert events[-1] == {"usage": {name: counted[name] for name in events[-1]["usage"]}}


def test_pads_look_random_and_are_the_same_in_every_run(generic: Ask) -> None:
    first, second = (list(generic(LLAMA, isStream=True).body) for _ in range(2))
    assert first == second
    assert len({json.loads(piece[6:])["pad"] for piece in first[:-1]}) > 3  # type: ignore[index]


def test_openai_streams_fragments_without_an_id(generic: Ask, oci: MockOci, streamed: Read) -> None:
    oci.script.chat(tool_calls=CALLS)
    *events, last = streamed(generic(GPT_OSS, isStream=True))
    deltas = [delta for event in events for delta in event["message"]["toolCalls"]]
    assert all(len(event["message"]["toolCalls"]) == 1 for event in events)
    assert deltas[0] == {"type": "FUNCTION", "id": "call_0", "name": "f", "arguments": ""}
    assert deltas[1] == {"type": "FUNCTION", "arguments": '{"city": "Os'}
    opened = [number for number, delta in enumerate(deltas) if "id" in delta]
    assert "".join(delta["arguments"] for delta in deltas[: opened[1]]) == '{"city": "Oslo, Norway"}'
    assert last["finishReason"] == "tool_calls"


def test_grok_streams_each_call_whole_at_position_0(generic: Ask, oci: MockOci, streamed: Read) -> None:
    oci.script.chat(tool_calls=CALLS)
    *events, _ = streamed(generic(GROK, isStream=True))
    assert [[delta["id"] for delta in event["message"]["toolCalls"]] for event in events] == [["call_0"], ["call_1"]]
    assert json.loads(events[0]["message"]["toolCalls"][0]["arguments"]) == {"city": "Oslo, Norway"}


def test_llama_streams_fragments_with_an_empty_name(generic: Ask, oci: MockOci, streamed: Read) -> None:
    oci.script.chat(tool_calls=CALLS)
    *events, last, _ = streamed(generic(LLAMA, isStream=True))
    deltas = [event["message"]["toolCalls"][0] for event in events]
    assert [delta["name"] for delta in deltas] == ["f", "", "g"]
    assert [delta["id"] for delta in deltas] == ["chatcmpl-tool-0"] * 2 + ["chatcmpl-tool-1"]
    assert last["finishReason"] == "stop"


def test_gemini_has_no_ids(generic: Ask, oci: MockOci, said: Read, streamed: Read) -> None:
    oci.script.chat(tool_calls=CALLS, times=2)
    *events, _ = streamed(generic(GEMINI, isStream=True))
    assert [[delta.get("id") for delta in event["message"]["toolCalls"]] for event in events] == [[None, None]]
    message = _choice(said(generic(GEMINI)))["message"]
    assert [call.get("id") for call in message["toolCalls"]] == [None, None]
    assert message["content"] == [{"type": "TEXT"}]


def test_a_scripted_id_in_a_style_of_its_own_stays(generic: Ask, oci: MockOci, said: Read) -> None:
    oci.script.chat(tool_calls=[{"name": "f", "id": "mine"}])
    assert _choice(said(generic(LLAMA)))["message"]["toolCalls"][0]["id"] == "mine"


def test_a_complete_tool_call_has_no_content(generic: Ask, oci: MockOci, said: Read) -> None:
    oci.script.chat(tool_calls=[{"name": "f", "arguments": "{broken"}])
    choice = _choice(said(generic(GPT_OSS)))
    assert choice["message"]["content"] is None
    call = {"type": "FUNCTION", "id": "call_0", "name": "f", "arguments": "{broken"}
    assert (choice["message"]["toolCalls"], choice["finishReason"]) == ([call], "tool_calls")


@pytest.mark.parametrize(("model", "finish"), [(LLAMA, "length"), (GEMINI, "max_tokens")])
def test_each_family_has_its_word_for_the_limit(generic: Ask, said: Read, model: str, finish: str) -> None:
    assert _choice(said(generic(model, maxTokens=2)))["finishReason"] == finish


def test_gemini_may_have_no_message_when_thinking_ate_the_budget(generic: Ask, oci: MockOci, said: Read) -> None:
    oci.script.chat("", finish_reason="length")
    assert "message" not in _choice(said(generic(GEMINI, maxTokens=1)))


def test_the_local_model_calls_a_tool_and_reads_its_results(generic: Ask, said: Read) -> None:
    city = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools = [{**FUNCTION, "parameters": city}]
    asked = _user("What is the weather in Paris and London?")
    message = _choice(said(generic(GROK, messages=[asked], tools=tools)))["message"]
    assert [json.loads(call["arguments"]) for call in message["toolCalls"]] == [{"city": "Paris"}, {"city": "London"}]
    answered = [asked, message, *(_result(call["id"]) for call in message["toolCalls"])]
    assert "rain; rain" in _choice(said(generic(GROK, messages=answered, tools=tools)))["message"]["content"][0]["text"]


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ({"type": "NONE"}, []),
        ({"type": "AUTO"}, []),
        ({"type": "REQUIRED"}, ["get_weather"]),
        ({"type": "FUNCTION", "name": "get_weather"}, ["get_weather"]),
    ],
)
def test_tool_choice_is_followed(generic: Ask, said: Read, choice: Any, called: list[str]) -> None:
    message = _choice(said(generic(GROK, tools=[FUNCTION], toolChoice=choice)))["message"]
    assert [call["name"] for call in message["toolCalls"]] == called


def test_an_answer_follows_a_json_schema(generic: Ask, said: Read) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]}
    wanted = {"type": "JSON_SCHEMA", "jsonSchema": {"name": "x", "schema": schema, "isStrict": True}}
    text = _choice(said(generic(GPT_OSS, responseFormat=wanted)))["message"]["content"][0]["text"]
    assert json.loads(text) == {"n": 3}


def test_generations_are_told_apart_by_index(generic: Ask, said: Read, streamed: Read) -> None:
    assert [choice["index"] for choice in said(generic(GROK, numGenerations=2))["chatResponse"]["choices"]] == [0, 1]
    events = streamed(generic(GROK, numGenerations=2, isStream=True))
    assert [event["index"] for event in events if "finishReason" in event] == [0, 1]


def test_images_are_seen_and_stop_sequences_stop(generic: Ask, said: Read) -> None:
    image = {"type": "IMAGE", "imageUrl": {"url": "data:image/png;base64,AAAA", "detail": "LOW"}}
    seen = {"role": "USER", "content": [{"type": "TEXT", "text": "What is this?"}, image]}
    text = _choice(said(generic(GROK, messages=[seen], stop=["This answer"])))["message"]["content"][0]["text"]
    assert text == 'You asked: "What is this?" I saw 1 image. '


@pytest.mark.parametrize("model", [GROK, LLAMA])
def test_an_image_that_is_no_base64_is_refused(generic: Ask, said: Read, model: str) -> None:
    image = {"type": "IMAGE", "imageUrl": {"url": "data:image/png;base64,no_base64!!!"}}
    seen = {"role": "USER", "content": [{"type": "TEXT", "text": "What is this?"}, image]}
    refused = generic(model, messages=[seen])
    assert (refused.status, b"has invalid Base64" in refused.body) == (400, True)
    image["imageUrl"] = {"url": "https://example.com/;base64,no!"}
    said(generic(model, messages=[seen]))


def test_log_probabilities_stand_beside_each_piece(generic: Ask, said: Read, streamed: Read) -> None:
    logprobs = _choice(said(generic(LLAMA, logProbs=1)))["logprobs"]
    assert len(logprobs["tokens"]) == len(logprobs["tokenLogprobs"]) == len(logprobs["textOffset"])
    assert streamed(generic(LLAMA, logProbs=1, isStream=True))[0]["logprobs"]["tokens"] == logprobs["tokens"][:1]


def test_scripted_reasoning_and_refusals_have_places_of_their_own(
    generic: Ask, oci: MockOci, said: Read, streamed: Read
) -> None:
    oci.script.chat("yes", reasoning="Let me think", refusal="No more", times=2)
    message = _choice(said(generic(GROK)))["message"]
    assert (message["reasoningContent"], message["refusal"]) == ("Let me think", "No more")
    events = streamed(generic(GROK, isStream=True))
    thought = "".join(event["message"].get("reasoningContent", "") for event in events)
    assert (thought, events[0]["message"]) == ("Let me think", {"role": "ASSISTANT", "reasoningContent": "Let"})


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"responseFormat": {"type": "JSON_SCHEMA", "jsonSchema": {"name": "x", "strict": True}}}, "jsonSchema.strict"),
        ({"toolChoice": "auto"}, "toolChoice is not an object"),
        ({"toolChoice": {"type": "function", "function": {"name": "f"}}}, "toolChoice.type"),
        ({"tools": [{"type": "FUNCTION", "function": {"name": "f"}}]}, "tools[0].name"),
        ({"messages": []}, "messages is empty"),
        ({"messages": "Hi"}, "messages is not an array"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].role"),
        ({"messages": [{"role": "USER", "content": "Hi"}]}, "content is not an array"),
        ({"messages": [{"role": "USER", "content": [{"text": "Hi"}]}]}, "content[0].type"),
        ({"max_tokens": 3}, "max_tokens is not known"),
        ({"maxTokens": True}, "maxTokens is not a whole number"),
        ({"maxTokens": 0}, "maxTokens is not between"),
        ({"numGenerations": 1.5}, "numGenerations is not a whole number"),
        ({"temperature": 2.1}, "temperature"),
        ({"stop": "x"}, "stop is not an array"),
        ({"isStream": "yes"}, "isStream is not a boolean"),
        ({"reasoningEffort": "low"}, "reasoningEffort"),
    ],
)
def test_a_request_of_the_wrong_shape_is_refused(generic: Ask, refused: Refused, fields: Any, where: str) -> None:
    message = refused(generic(LLAMA, **fields))
    assert message.startswith("Please pass in correct format of request.")
    assert where in message


def test_null_stands_for_an_absent_field(generic: Ask, said: Read) -> None:
    assert said(generic(GPT_5, maxTokens=None, stop=None, toolChoice=None, tools=None, temperature=1))


ABOVE_0 = {"type": "object", "properties": {"n": {"type": "integer", "exclusiveMinimum": 0}}}
PNG = {"type": "IMAGE", "imageUrl": {"url": "data:image/png;base64,AAAA"}}


@pytest.mark.parametrize(
    ("model", "fields", "words"),
    [
        (GPT_5, {"maxTokens": 9}, "Use 'maxCompletionTokens' instead."),
        ("xai.grok-4.3", {"frequencyPenalty": 0}, "does not support parameter frequencyPenalty"),
        ("xai.grok-4.20-reasoning", {"reasoningEffort": "LOW"}, "does not support parameter reasoningEffort"),
        (GROK, {"tools": [{"type": "FUNCTION", "name": "f"}]}, "tools[0]: missing field `parameters`"),
        (GEMINI, {"reasoningEffort": "LOW"}, "thinking_level is not supported"),
        (GEMINI, {"tools": [{**FUNCTION, "parameters": ABOVE_0}]}, 'Unknown name "exclusiveMinimum"'),
        (GEMINI, {"messages": [_user("?"), _calling("a", "b"), _result("a"), _result("b")]}, "function response parts"),
        (GPT_OSS, {"messages": [_user("")]}, "Message content cannot be empty"),
        (GPT_OSS, {"messages": [{"role": "USER", "content": [PNG]}]}, "does not support image input"),
        ("meta.llama-3.2-90b-vision-instruct", {"messages": [{"role": "USER", "content": [PNG, PNG]}]}, "At most 1"),
    ],
)
def test_each_family_refuses_in_its_own_words(
    generic: Ask, refused: Refused, model: str, fields: Any, words: str
) -> None:
    assert words in refused(generic(model, **fields))


@pytest.mark.parametrize(("fields", "param"), [({"temperature": 0.2}, "temperature"), ({"stop": ["x"]}, "stop")])
def test_openais_refusals_are_json_inside_the_message(generic: Ask, refused: Refused, fields: Any, param: str) -> None:
    inside = json.loads(refused(generic(GPT_5, **fields)))["error"]
    assert (inside["type"], inside["param"]) == ("invalid_request_error", param)


def test_a_property_may_be_named_like_a_keyword_that_gemini_does_not_know(generic: Ask, said: Read) -> None:
    schema = {"type": "object", "properties": {"$ref": {"type": "string"}}}
    assert said(generic(GEMINI, tools=[{**FUNCTION, "parameters": schema}]))


def test_gemini_breaks_on_a_tool_call_without_words(generic: Ask, refused: Refused) -> None:
    conversation = [_user("?"), _calling("a", text=""), _result("a")]
    assert refused(generic(GEMINI, messages=conversation), 500) == "Internal Server Error."
    assert generic(GROK, messages=conversation).status == 200


@pytest.mark.parametrize("rest", [[], [_result("a")], [_user("?")], [_result("a"), _user("?")]])
def test_every_tool_call_needs_its_result(generic: Ask, refused: Refused, rest: list[Any]) -> None:
    message = refused(generic(GROK, messages=[_user("?"), _calling("a", "b"), *rest]))
    assert "must be followed by tool messages" in message
    assert "b" in message.rpartition(":")[2]


def test_a_schema_that_no_value_satisfies_is_refused(generic: Ask, refused: Refused) -> None:
    wanted = {"type": "JSON_SCHEMA", "jsonSchema": {"name": "x", "schema": {"properties": 1}}}
    assert "Invalid schema" in refused(generic(GROK, responseFormat=wanted))
