"""The Responses API through the whole path: OpenAI's own client, unmodified, and functions that call directly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel

from mock_oci.fn.stack import LocalStack
from mock_oci.services.generative_ai.responses.response_store import ResponseStore

GPT = "openai.gpt-oss-120b"
PRO = "openai.gpt-5.5-pro"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
CHAT_WEATHER = {"type": "function", "function": {name: WEATHER[name] for name in ("name", "description", "parameters")}}


@pytest.fixture
def client(scripted: LocalStack) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=scripted.gateway_url, api_key="not-used", max_retries=0) as client:
        yield client


def test_create(client: openai.OpenAI) -> None:
    response = client.responses.create(model=GPT, input="Why do functions sleep?")
    assert response.status == "completed"
    assert "Why do functions sleep?" in response.output_text


def test_stream(client: openai.OpenAI) -> None:
    with client.responses.stream(model=GPT, input="Why do functions sleep?") as stream:
        kinds = [event.type for event in stream]
        response = stream.get_final_response()
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert "Why do functions sleep?" in response.output_text


@pytest.mark.parametrize("model", ["meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025"])
def test_models_that_ocis_responses_does_not_serve(client: openai.OpenAI, model: str) -> None:
    whole = client.responses.create(model=model, input="Why do functions sleep?", instructions="Be brief.")
    with client.responses.stream(model=model, input="Why do functions sleep?", instructions="Be brief.") as stream:
        kinds = [event.type for event in stream]
        response = stream.get_final_response()
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert "Why do functions sleep?" in response.output_text == whole.output_text
    assert client.responses.parse(model=model, input="Lisbon?", text_format=Forecast).output_parsed
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=model, input="And?", previous_response_id=whole.id)
    assert (caught.value.code, caught.value.param) == ("store_disabled", "previous_response_id")


class Forecast(BaseModel):
    city: str
    sky: Literal["clear", "cloudy"]


def test_parse(client: openai.OpenAI) -> None:
    response = client.responses.parse(model=GPT, input="The weather in Lisbon?", text_format=Forecast)
    assert isinstance(response.output_parsed, Forecast)


def test_retrieve_list_and_delete(client: openai.OpenAI) -> None:
    created = client.responses.create(model=GPT, input="Remember me.")
    assert client.responses.retrieve(created.id).output_text == created.output_text
    (item,) = client.responses.input_items.list(created.id).data
    assert item.content[0].text == "Remember me."
    client.responses.delete(created.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(created.id)


def test_background_is_polled_until_it_is_done(client: openai.OpenAI, scripted: LocalStack) -> None:
    runs = scripted.oci.state_of(ResponseStore)
    runs.queued_seconds, runs.running_seconds = 0.02, 0.04
    response = client.responses.create(model=GPT, input="Take your time.", background=True)
    for _ in range(500):
        if response.status not in ("queued", "in_progress"):
            break
        response = client.responses.retrieve(response.id)
    assert response.status == "completed"
    assert "Take your time." in response.output_text


def test_three_turns_by_the_previous_response_id(client: openai.OpenAI, scripted: LocalStack) -> None:
    previous = None
    for turn in ("My name is Ada.", "I live in Lisbon.", "Who am I?"):
        response = client.responses.create(model=GPT, input=turn, previous_response_id=previous)
        assert json.loads(scripted.oci.requests[-1].body)["input"] == turn
        assert response.previous_response_id == previous
        previous = response.id


def test_the_same_three_turns_without_storing_anything(client: openai.OpenAI) -> None:
    history: list[Any] = []
    for turn in ("My name is Ada.", "I live in Lisbon.", "Who am I?"):
        history.append({"type": "message", "role": "user", "content": [{"type": "input_text", "text": turn}]})
        response = client.responses.create(model=GPT, input=history, store=False)
        said = {"type": "output_text", "text": response.output_text}
        history.append({"type": "message", "role": "assistant", "content": [said]})
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=GPT, input="And?", previous_response_id=response.id)
    assert caught.value.code == "previous_response_not_found"


def test_conversations(client: openai.OpenAI) -> None:
    conversation = client.conversations.create(metadata={"topic": "functions"})
    client.responses.create(model=GPT, input="Hello", conversation=conversation.id)
    assert len(client.conversations.items.list(conversation.id).data) == 2
    client.conversations.delete(conversation.id)
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(conversation.id)


@pytest.mark.parametrize("streamed", [False, True])
def test_chat_with_a_responses_only_model_goes_round_its_tools_twice(client: openai.OpenAI, streamed: bool) -> None:
    messages: list[Any] = []
    for city in ("Lisbon", "Oslo"):
        messages.append({"role": "user", "content": f"Call get_weather for {city}, please."})
        asked = ask(client, messages, streamed)
        assert asked.finish_reason == "tool_calls"
        (call,) = asked.message.tool_calls
        assert call.function.name == "get_weather"
        messages += [
            asked.message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"}),
            {"role": "tool", "tool_call_id": call.id, "content": f"31 degrees in {city}"},
        ]
        answer = ask(client, messages, streamed)
        assert f"31 degrees in {city}" in answer.message.content
        messages.append({"role": "assistant", "content": answer.message.content})


def ask(client: openai.OpenAI, messages: list[Any], streamed: bool) -> Any:
    if not streamed:
        return client.chat.completions.create(model=PRO, messages=messages, tools=[CHAT_WEATHER]).choices[0]
    with client.chat.completions.stream(model=PRO, messages=messages, tools=[CHAT_WEATHER]) as stream:
        return stream.get_final_completion().choices[0]


@pytest.mark.parametrize("stream", [False, True])
def test_a_second_function_continues_with_nothing_but_what_the_first_was_given(
    scripted: LocalStack, stream: bool
) -> None:
    state = last_answer(invoke(scripted, chat("My name is Ada.", stream=stream)))["provider_state"]
    said = {**chat("Who am I?", stream=stream), "provider_state": state}
    answer = last_answer(invoke(scripted, said))
    sent = json.loads(scripted.oci.requests[-1].body)
    assert sent["previous_response_id"] == state["previous_response_id"]
    assert answer["provider_state"] != state


def test_plain_json_with_an_input_is_a_responses_request(scripted: LocalStack) -> None:
    for body in ({"model": GPT, "input": "Hello"}, {"operation": "responses", "model": GPT, "input": "Hello"}):
        answer = json.loads(invoke(scripted, body))
        assert (answer["object"], answer["status"]) == ("response", "completed")


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": f"responses:{GPT}", "messages": [{"role": "user", "content": text}], **more}


def invoke(stack: LocalStack, body: dict[str, Any]) -> bytes:
    answered = stack.functions.invoke(stack.function.id, json.dumps(body).encode()).body
    assert isinstance(answered, bytes)
    assert b'"error"' not in answered[:10], answered
    return answered


def last_answer(body: bytes) -> dict[str, Any]:
    """The completion, or the last chunk of its stream."""
    events = [line[6:] for line in body.decode().splitlines() if line.startswith("data: {")]
    answer: dict[str, Any] = json.loads(events[-1] if events else body)
    return answer
