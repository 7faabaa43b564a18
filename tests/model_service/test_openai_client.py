"""OpenAI's own Python client, unmodified, against the whole path: ``base_url`` is all that it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Literal

import openai
import pytest
from pydantic import BaseModel

from mock_oci.fn.stack import LocalStack

LLAMA = "meta.llama-3.3-70b-instruct"
QUESTION = [{"role": "user", "content": "Why do functions sleep?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture
def client(scripted: LocalStack) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=scripted.gateway_url, api_key="not-used", max_retries=0) as client:
        yield client


def test_complete(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(model=LLAMA, messages=QUESTION)
    assert "Why do functions sleep?" in completion.choices[0].message.content
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens


def test_stream(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model=LLAMA, messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    *chunks, last = stream
    assert "Why do functions sleep?" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert last.usage.completion_tokens > 0


def test_async_complete_and_stream(scripted: LocalStack) -> None:
    async def both() -> tuple[str, str]:
        async with openai.AsyncOpenAI(base_url=scripted.gateway_url, api_key="not-used") as client:
            completion = await client.chat.completions.create(model=LLAMA, messages=QUESTION)
            stream = await client.chat.completions.create(model=LLAMA, messages=QUESTION, stream=True)
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
            return completion.choices[0].message.content, "".join(pieces)

    whole, streamed = asyncio.run(both())
    assert whole == streamed


def test_the_stream_helper_accumulates(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model=LLAMA, messages=QUESTION) as stream:
        final = stream.get_final_completion()
    assert "Why do functions sleep?" in final.choices[0].message.content


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_loop_of_two_turns(client: openai.OpenAI, streamed: bool) -> None:
    messages = [{"role": "user", "content": "Call get_weather for Lisbon, please."}]
    if streamed:
        with client.chat.completions.stream(model=LLAMA, messages=messages, tools=[WEATHER]) as stream:
            asked = stream.get_final_completion().choices[0]
    else:
        asked = client.chat.completions.create(model=LLAMA, messages=messages, tools=[WEATHER]).choices[0]
    assert asked.finish_reason == "tool_calls"
    (call,) = asked.message.tool_calls
    assert call.function.name == "get_weather"
    messages += [
        asked.message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"}),
        {"role": "tool", "tool_call_id": call.id, "content": "31 degrees"},
    ]
    answer = client.chat.completions.create(model=LLAMA, messages=messages, tools=[WEATHER])
    assert "31 degrees" in answer.choices[0].message.content


class Forecast(BaseModel):
    city: str
    sky: Literal["clear", "cloudy"]
    degrees: int


def test_a_structured_answer_is_parsed(client: openai.OpenAI) -> None:
    completion = client.chat.completions.parse(model=LLAMA, messages=QUESTION, response_format=Forecast)
    assert isinstance(completion.choices[0].message.parsed, Forecast)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (404, openai.NotFoundError),
        (429, openai.RateLimitError),
        (502, openai.InternalServerError),
        (504, openai.InternalServerError),
    ],
)
def test_errors_are_the_clients_own(
    client: openai.OpenAI, scripted: LocalStack, status: int, error: type[openai.APIStatusError]
) -> None:
    scripted.oci.script.error(status, message="as scripted", times=2)
    with pytest.raises(error, match="as scripted") as caught:
        client.chat.completions.create(model=LLAMA, messages=QUESTION)
    assert caught.value.body["status"] == status


def test_an_error_inside_a_stream_is_raised(client: openai.OpenAI, scripted: LocalStack) -> None:
    scripted.oci.script.chat("one two three", cut_after=3)
    with pytest.raises(openai.APIError, match="connection"):
        list(client.chat.completions.create(model=LLAMA, messages=QUESTION, stream=True))


def test_its_retries_reach_a_model_that_recovers(scripted: LocalStack) -> None:
    scripted.oci.script.error(429, message="slow down", headers={"retry-after": "0.01"})
    with openai.OpenAI(base_url=scripted.gateway_url, api_key="not-used", max_retries=1) as client:
        assert client.chat.completions.create(model=LLAMA, messages=QUESTION).choices
