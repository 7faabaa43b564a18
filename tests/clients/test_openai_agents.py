"""openai-agents: its default model, which is Responses, and its model for chat completions."""

from __future__ import annotations

from collections.abc import AsyncIterator

import openai
import pytest
from agents import (
    Agent,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIConversationsSession,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from questions import FAMILIES, HI, NOT_ABOUT_WEATHER, WEATHER, City, of_each_family

CLIENT = "openai-agents"
PACKAGE = "openai-agents"
set_tracing_disabled(disabled=True)  # traces go to OpenAI


@pytest.fixture
async def client(gateway: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=gateway, api_key="not-used-locally", max_retries=0) as client:
        yield client


@function_tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


@of_each_family()
async def test_chat(client: openai.AsyncOpenAI, model: str) -> None:
    agent = Agent("a", model=OpenAIChatCompletionsModel(model, client))
    assert HI in (await Runner.run(agent, HI)).final_output


@of_each_family()
async def test_stream(client: openai.AsyncOpenAI, model: str) -> None:
    result = Runner.run_streamed(Agent("a", model=OpenAIChatCompletionsModel(model, client)), HI)
    assert len([event async for event in result.stream_events()]) > 3
    assert HI in result.final_output


@of_each_family()
async def test_tools(client: openai.AsyncOpenAI, model: str) -> None:
    agent = Agent("a", model=OpenAIChatCompletionsModel(model, client), tools=[get_weather])
    assert "rain in Paris" in (await Runner.run(agent, WEATHER)).final_output


@of_each_family()
async def test_forced_tool(client: openai.AsyncOpenAI, model: str) -> None:
    settings = ModelSettings(tool_choice="required")
    agent = Agent("a", model=OpenAIChatCompletionsModel(model, client), tools=[get_weather], model_settings=settings)
    assert "rain in Oslo" in (await Runner.run(agent, NOT_ABOUT_WEATHER)).final_output


@of_each_family()
async def test_structured_output(client: openai.AsyncOpenAI, model: str) -> None:
    agent = Agent("a", model=OpenAIChatCompletionsModel(model, client), output_type=City)
    assert isinstance((await Runner.run(agent, "Paris")).final_output, City)


@pytest.mark.parametrize(("status", "error"), [(401, openai.AuthenticationError), (429, openai.RateLimitError)])
async def test_errors(client: openai.AsyncOpenAI, status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        await Runner.run(Agent("a", model=OpenAIChatCompletionsModel(FAMILIES["Llama"], client)), f"fail with {status}")


@of_each_family()
async def test_responses(client: openai.AsyncOpenAI, model: str) -> None:
    agent = Agent("a", model=OpenAIResponsesModel(model, client), tools=[get_weather])
    result = await Runner.run(agent, WEATHER)
    assert "rain in Paris" in result.final_output
    again = await Runner.run(agent, [*result.to_input_list(), {"role": "user", "content": HI}])
    assert HI in again.final_output


@of_each_family()
async def test_responses_session(client: openai.AsyncOpenAI, model: str) -> None:
    conversation = await client.conversations.create(extra_body={"model": model})
    session = OpenAIConversationsSession(conversation_id=conversation.id, openai_client=client)
    agent = Agent("a", model=OpenAIResponsesModel(model, client), tools=[get_weather])
    await Runner.run(agent, WEATHER, session=session)
    assert HI in (await Runner.run(agent, HI, session=session)).final_output
    assert len(await session.get_items()) >= 4


@of_each_family()
async def test_responses_stream(client: openai.AsyncOpenAI, model: str) -> None:
    run = Runner.run_streamed(Agent("a", model=OpenAIResponsesModel(model, client)), HI)
    events = [event async for event in run.stream_events()]
    deltas = [event.data for event in events if event.type == "raw_response_event"]
    assert HI in "".join(event.delta for event in deltas if event.type == "response.output_text.delta")
    assert HI in run.final_output


@of_each_family()
async def test_responses_tools(client: openai.AsyncOpenAI, model: str) -> None:
    agent = Agent("a", instructions="Be brief.", model=OpenAIResponsesModel(model, client), tools=[get_weather])
    run = Runner.run_streamed(agent, WEATHER)
    async for _ in run.stream_events():
        pass
    assert "rain in Paris" in run.final_output


@of_each_family()
async def test_responses_structured(client: openai.AsyncOpenAI, model: str) -> None:
    agent = Agent("a", model=OpenAIResponsesModel(model, client), output_type=City)
    assert isinstance((await Runner.run(agent, "Paris")).final_output, City)
