from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mock_oci import MockOci, Response

VISION = "cohere.command-a-vision-07-2025"
IMAGE = {"type": "IMAGE_URL", "imageUrl": {"url": "data:image/png;base64,AAAA", "detail": "AUTO"}}
FUNCTION = {"name": "get_weather", "description": "The weather", "parameters": {"type": "object"}}
TOOLS = [{"type": "FUNCTION", "function": FUNCTION}]
Ask = Callable[..., Response]
Read = Callable[[Response], Any]
Refused = Callable[..., str]


def _user(*parts: Any) -> dict[str, Any]:
    return {"role": "USER", "content": [{"type": "TEXT", "text": "Hi"}, *parts]}


@pytest.fixture
def v2(act: Ask) -> Ask:
    """A COHEREV2 chat that says "Hi", or ``messages``; keywords become the chatRequest's fields."""

    def ask(**fields: Any) -> Response:
        return act("chat", VISION, chatRequest={"apiFormat": "COHEREV2", "messages": [_user()], **fields})

    return ask


def test_a_complete_answer_has_the_documented_shape(v2: Ask, said: Read) -> None:
    response = said(v2(messages=[_user(IMAGE)]))["chatResponse"]
    assert (response["apiFormat"], response["finishReason"]) == ("COHEREV2", "COMPLETE")
    assert response["message"]["role"] == "ASSISTANT"
    assert "I saw 1 image" in response["message"]["content"][0]["text"]
    assert len(response["id"]) == 32


def test_an_image_that_is_no_base64_is_refused(v2: Ask) -> None:
    refused = v2(messages=[_user({"type": "IMAGE_URL", "imageUrl": {"url": "data:image/png;base64,no!"}})])
    assert (refused.status, b"has invalid Base64" in refused.body) == (400, True)


def test_a_stream_says_the_same_and_ends_without_restating_it(v2: Ask, said: Read, streamed: Read) -> None:
    *events, last = streamed(v2(isStream=True))
    text = "".join(event["message"]["content"][0]["text"] for event in events)
    assert text == said(v2())["chatResponse"]["message"]["content"][0]["text"]
    assert last == {"apiFormat": "COHEREV2", "message": {"role": "ASSISTANT"}, "finishReason": "COMPLETE"}
    assert "usage" in streamed(v2(isStream=True, streamOptions={"isIncludeUsage": True}))[-1]


def test_tool_calls_have_ids_and_a_plan(v2: Ask, said: Read, streamed: Read) -> None:
    response = said(v2(tools=TOOLS, toolsChoice="REQUIRED"))["chatResponse"]
    message = response["message"]
    assert (response["finishReason"], message["toolPlan"]) == ("TOOL_CALL", "I will use the tools: get_weather.")
    assert message["toolCalls"][0]["function"] == {"name": "get_weather", "arguments": "{}"}
    events = streamed(v2(tools=TOOLS, toolsChoice="REQUIRED", isStream=True))
    fragments = [call for event in events for call in event["message"].get("toolCalls", ())]
    assert [fragment.get("id") for fragment in fragments] == [message["toolCalls"][0]["id"], None]
    assert "".join(event["message"].get("toolPlan", "") for event in events) == message["toolPlan"]


def test_results_are_answered_by_their_call(v2: Ask, said: Read, refused: Refused) -> None:
    call = {"id": "a", "type": "FUNCTION", "function": {"name": "get_weather", "arguments": "{}"}}
    turns = [_user(), {"role": "ASSISTANT", "toolCalls": [call]}]
    result = {"role": "TOOL", "toolCallId": "a", "content": [{"type": "TEXT", "text": "rain"}]}
    answer = said(v2(messages=[*turns, result], tools=TOOLS))["chatResponse"]["message"]
    assert "The tool says: rain" in answer["content"][0]["text"]
    inside = json.loads(refused(v2(messages=turns)))
    assert inside["message"].endswith("did not have response messages: a")


def test_thinking_stands_before_the_answer(v2: Ask, oci: MockOci, said: Read, streamed: Read) -> None:
    oci.script.chat("yes", reasoning="Let me think", times=2)
    content = said(v2())["chatResponse"]["message"]["content"]
    assert content == [{"type": "THINKING", "thinking": "Let me think"}, {"type": "TEXT", "text": "yes"}]
    kinds = [part["type"] for event in streamed(v2(isStream=True)) for part in event["message"].get("content", ())]
    assert kinds == ["THINKING"] * 3 + ["TEXT"]


def test_log_probabilities_are_given_when_asked_for(v2: Ask, said: Read) -> None:
    assert said(v2(isLogProbsEnabled=True))["chatResponse"]["logProbabilities"][0]["text"] == "You"
    assert "logProbabilities" not in said(v2())["chatResponse"]


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"toolChoice": "REQUIRED"}, "toolChoice is not known"),
        ({"toolsChoice": "AUTO"}, "toolsChoice is not one of REQUIRED, NONE"),
        ({"message": "Hi"}, "message is not known"),
        ({"messages": []}, "messages is empty"),
        ({"messages": [{"role": "CHATBOT", "content": []}]}, "messages[0].role"),
        ({"messages": [{"role": "USER", "content": [{"type": "IMAGE"}]}]}, "content[0].type"),
        ({"tools": [FUNCTION]}, "tools[0].type"),
    ],
)
def test_a_request_of_the_wrong_shape_is_refused(v2: Ask, refused: Refused, fields: Any, where: str) -> None:
    assert where in refused(v2(**fields))


def test_the_reasoning_model_is_dedicated_and_speaks_both_formats(act: Ask, oci: MockOci) -> None:
    model = "cohere.command-a-reasoning-08-2025"
    second = {"apiFormat": "COHEREV2", "messages": [_user()], "thinking": {"type": "ENABLED", "tokenBudget": 9}}
    assert act("chat", model, chatRequest=second).status == 404
    endpoint = oci.catalogue.add_endpoint(model)
    assert act("chat", endpoint, chatRequest=second).status == 200
    assert act("chat", endpoint, chatRequest={"apiFormat": "COHERE", "message": "Hi"}).status == 200
