"""pydantic-ai, through its model for OpenAI's chat completions, and through that for Responses."""

from __future__ import annotations

import pytest
from pydantic_ai import Agent, ModelHTTPError
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider
from questions import FAMILIES, HI, WEATHER, City, of_each_family

CLIENT = "pydantic-ai"
PACKAGE = "pydantic-ai-slim"


@pytest.fixture(scope="module")
def provider(gateway: str) -> OpenAIProvider:
    return OpenAIProvider(base_url=gateway, api_key="not-used-locally")


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


@of_each_family()
def test_chat(provider: OpenAIProvider, model: str) -> None:
    result = Agent(OpenAIChatModel(model, provider=provider)).run_sync(HI)
    assert HI in result.output


@of_each_family()
async def test_stream(provider: OpenAIProvider, model: str) -> None:
    async with Agent(OpenAIChatModel(model, provider=provider)).run_stream(HI) as result:
        assert HI in "".join([piece async for piece in result.stream_text(delta=True)])


@of_each_family()
def test_tools(provider: OpenAIProvider, model: str) -> None:
    agent = Agent(OpenAIChatModel(model, provider=provider), tools=[get_weather])
    assert "rain in Paris" in agent.run_sync(WEATHER).output


@of_each_family()
def test_forced_tool(provider: OpenAIProvider, model: str) -> None:
    """Get structured output as pydantic-ai does by default: by a tool that the model has to call."""
    agent = Agent(OpenAIChatModel(model, provider=provider), output_type=City)
    assert isinstance(agent.run_sync("Paris").output, City)


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_errors(provider: OpenAIProvider, status: int) -> None:
    with pytest.raises(ModelHTTPError) as caught:
        Agent(OpenAIChatModel(FAMILIES["Llama"], provider=provider)).run_sync(f"fail with {status}")
    assert caught.value.status_code == status


@of_each_family()
def test_responses(provider: OpenAIProvider, model: str) -> None:
    agent = Agent(OpenAIResponsesModel(model, provider=provider))
    first = agent.run_sync("My name is Ada.")
    assert HI in agent.run_sync(HI, message_history=first.all_messages()).output


@of_each_family()
async def test_responses_stream(provider: OpenAIProvider, model: str) -> None:
    async with Agent(OpenAIResponsesModel(model, provider=provider)).run_stream(HI) as result:
        assert HI in "".join([piece async for piece in result.stream_text(delta=True)])


@of_each_family()
def test_responses_tools(provider: OpenAIProvider, model: str) -> None:
    agent = Agent(OpenAIResponsesModel(model, provider=provider), tools=[get_weather])
    assert "rain in Paris" in agent.run_sync(WEATHER).output


@of_each_family()
def test_responses_structured(provider: OpenAIProvider, model: str) -> None:
    agent = Agent(OpenAIResponsesModel(model, provider=provider), output_type=City)
    assert isinstance(agent.run_sync("Paris").output, City)
