"""langchain-oci, Oracle's own integration, as it is published."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_oci import ChatOCIGenAI, OCIGenAIEmbeddings, OCIGenAIRerank
from oci.exceptions import ServiceError
from oci.retry import NoneRetryStrategy

OF_MOCK_OCI = "langchain-oci"
PACKAGE = "langchain-oci"
LLAMA = "meta.llama-3.3-70b-instruct"
GPT_OSS = "openai.gpt-oss-120b"
GPT_5 = "openai.gpt-5"
GROK = "xai.grok-4.3"
GEMINI = "google.gemini-2.5-pro"
COMMAND = "cohere.command-a-03-2025"
FAMILIES = [LLAMA, GPT_OSS, GPT_5, GROK, GEMINI, COMMAND]
WEATHER = "What is the weather in Paris and London?"
CITIES = [{"city": "Paris"}, {"city": "London"}]
PNG = "data:image/png;base64,AAAA"


@tool
def get_weather(city: str) -> str:
    """The weather of a city"""
    return f"rain in {city}"


@tool
def add_up(numbers: list[int]) -> int:
    """Add numbers up"""
    return sum(numbers)


@pytest.fixture
def settings(emulator: Any) -> dict[str, Any]:
    return {
        "service_endpoint": emulator.url,
        "compartment_id": emulator.compartment_id,
        "auth_file_location": str(emulator.config),
    }


@pytest.fixture
def chat(settings: dict[str, Any]) -> Callable[..., Any]:
    return lambda model, **more: ChatOCIGenAI(model_id=model, **settings, **more)


@pytest.mark.parametrize("model", FAMILIES)
def test_it_completes(chat: Callable[..., Any], model: str) -> None:
    answer = chat(model).invoke("Hi there")
    assert "Hi there" in answer.content
    assert answer.usage_metadata["total_tokens"] > 0


def test_it_renames_the_limit_that_gpt_5_refuses(chat: Callable[..., Any]) -> None:
    assert chat(GPT_5, model_kwargs={"max_tokens": 2}).invoke("Hi there").content == "You asked:"


@pytest.mark.parametrize("model", FAMILIES)
def test_it_streams_the_same_and_nothing_twice(chat: Callable[..., Any], model: str) -> None:
    chunks = [chunk.content for chunk in chat(model).stream("Hi there")]
    assert "".join(chunks) == chat(model).invoke("Hi there").content
    assert len(chunks) > 3


@pytest.mark.parametrize("model", FAMILIES)
def test_it_calls_tools_in_parallel(chat: Callable[..., Any], model: str) -> None:
    calls = chat(model).bind_tools([get_weather]).invoke(WEATHER).tool_calls
    assert [call["args"] for call in calls] == CITIES
    assert len({call["id"] for call in calls}) == 2


@pytest.mark.parametrize("model", FAMILIES)
def test_it_streams_tool_calls(chat: Callable[..., Any], model: str) -> None:
    calls = reduce(add, chat(model).bind_tools([get_weather]).stream(WEATHER)).tool_calls
    assert [call["args"] for call in calls] == CITIES
    assert len({call["id"] for call in calls}) == 2


@pytest.mark.parametrize("model", FAMILIES)
def test_it_brings_the_tools_results_back(chat: Callable[..., Any], model: str) -> None:
    bound = chat(model).bind_tools([get_weather])
    called = bound.invoke(WEATHER)
    assert "rain in London" in bound.invoke([HumanMessage(WEATHER), called, *_results(called)]).content


def _results(called: AIMessage) -> list[ToolMessage]:
    return [get_weather.invoke(call) for call in called.tool_calls]


def test_a_list_parameter_breaks_cohere_as_it_does_in_the_service(
    chat: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends the bare type ``List`` (BerriAI/litellm#30646 found what that does); other families take the schema."""
    monkeypatch.setattr("oci.retry.DEFAULT_RETRY_STRATEGY", NoneRetryStrategy())  # eight attempts, a minute and a half
    with pytest.raises(ServiceError) as error:
        chat(COMMAND).bind_tools([add_up]).invoke("Add up 1")
    assert error.value.status == 500
    assert chat(GROK).bind_tools([add_up]).invoke("Add up 1").tool_calls[0]["args"] == {"numbers": [1]}


def test_it_shows_an_image_to_coheres_vision_model(chat: Callable[..., Any]) -> None:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PNG}}]
    assert "I saw 1 image" in chat("cohere.command-a-vision-07-2025").invoke([HumanMessage(parts)]).content


def test_it_embeds_more_than_one_request_takes(settings: dict[str, Any]) -> None:
    embeddings = OCIGenAIEmbeddings(model_id="cohere.embed-v4.0", **settings)
    vectors = embeddings.embed_documents([str(number) for number in range(100)])
    assert len(vectors) == 100
    assert vectors[99] == pytest.approx(embeddings.embed_query("99"))


def test_it_reranks(settings: dict[str, Any]) -> None:
    rerank = OCIGenAIRerank(model_id="cohere.rerank-v4.0-fast", **settings)
    ranks = rerank.rerank(["Bananas are yellow", "Oslo is the capital of Norway"], "capital of Norway")
    assert ranks[0]["index"] == 1
