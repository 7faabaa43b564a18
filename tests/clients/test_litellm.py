"""litellm's OCI provider, as it is published."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import litellm
import pytest

OF_MOCK_OCI = "litellm, provider `oci/`"
PACKAGE = "litellm"
LLAMA = "meta.llama-3.3-70b-instruct"
GPT_OSS = "openai.gpt-oss-120b"
GROK = "xai.grok-4.3"
GEMINI = "google.gemini-2.5-pro"
COMMAND = "cohere.command-a-03-2025"
HI = [{"role": "user", "content": "Hi there"}]
WEATHER = [{"role": "user", "content": "What is the weather in Paris?"}]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [
    {
        "type": "function",
        "function": {"name": "get_weather", "description": "The weather of a city", "parameters": CITY},
    }
]
Ask = Callable[..., Any]

no_gemini_tools = pytest.mark.xfail(
    strict=True, reason="BerriAI/litellm#18654: it cannot read Gemini's text part without a text"
)
no_llama_results = pytest.mark.xfail(
    strict=True,
    reason="it sends no text beside a call, which Llama's models answer with a 500; langchain-oci sends a dot",
)
no_cohere_results = pytest.mark.xfail(
    strict=True, reason="BerriAI/litellm#30780: it sends the question again beside the tool's results"
)


@pytest.fixture
def credentials(emulator: Any) -> dict[str, str]:
    profile = emulator.profile
    return {
        "api_base": emulator.url,
        "oci_region": profile["region"],
        "oci_user": profile["user"],
        "oci_fingerprint": profile["fingerprint"],
        "oci_tenancy": profile["tenancy"],
        "oci_key_file": profile["key_file"],
        "oci_compartment_id": emulator.compartment_id,
    }


@pytest.fixture
def ask(credentials: dict[str, str]) -> Ask:
    return lambda model, **request: litellm.completion(model=f"oci/{model}", **credentials, **request)


@pytest.mark.parametrize("model", [LLAMA, GPT_OSS, GROK, GEMINI, COMMAND])
def test_it_completes(ask: Ask, model: str) -> None:
    answer = ask(model, messages=HI)
    assert "Hi there" in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens > answer.usage.prompt_tokens > 0


@pytest.mark.parametrize("model", [LLAMA, GPT_OSS, GROK, GEMINI, COMMAND])
def test_it_streams_the_same_and_nothing_twice(ask: Ask, model: str) -> None:
    chunks = list(ask(model, messages=HI, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == ask(model, messages=HI).choices[0].message.content
    assert len(chunks) > 3


@pytest.mark.parametrize("model", [LLAMA, GPT_OSS, GROK, pytest.param(GEMINI, marks=no_gemini_tools), COMMAND])
def test_it_calls_a_tool(ask: Ask, model: str) -> None:
    calls = ask(model, messages=WEATHER, tools=TOOLS).choices[0].message.tool_calls
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == [
        ("get_weather", {"city": "Paris"})
    ]


# One call only: litellm adds up the fragments of parallel calls as if they were one (BerriAI/litellm#40040).
@pytest.mark.parametrize("model", [LLAMA, GPT_OSS, GROK, GEMINI, COMMAND])
def test_it_streams_a_tool_call(ask: Ask, model: str) -> None:
    whole = litellm.stream_chunk_builder(list(ask(model, messages=WEATHER, tools=TOOLS, stream=True)))
    calls = whole.choices[0].message.tool_calls
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == [
        ("get_weather", {"city": "Paris"})
    ]


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(LLAMA, marks=no_llama_results),
        GPT_OSS,
        GROK,
        pytest.param(GEMINI, marks=no_gemini_tools),
        pytest.param(COMMAND, marks=no_cohere_results),
    ],
)
def test_it_brings_the_tools_result_back(ask: Ask, model: str) -> None:
    called = ask(model, messages=WEATHER, tools=TOOLS).choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "rain"} for call in called.tool_calls]
    answer = ask(model, messages=[*WEATHER, called.model_dump(), *results], tools=TOOLS)
    assert "rain" in answer.choices[0].message.content


@pytest.mark.parametrize("model", [LLAMA, GPT_OSS, GROK, COMMAND])
def test_it_asks_for_a_json_schema(ask: Ask, model: str) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}}
    assert json.loads(ask(model, messages=HI, response_format=wanted).choices[0].message.content) == {"n": 3}


def test_it_embeds(credentials: dict[str, str]) -> None:
    answer = litellm.embedding(model="oci/cohere.embed-v4.0", input=["one", "two words"], **credentials)
    assert [len(item["embedding"]) for item in answer.data] == [1536, 1536]
    assert answer.usage.prompt_tokens == 3


def test_an_unknown_model_is_an_error(ask: Ask) -> None:
    with pytest.raises(litellm.NotFoundError, match="Authorization failed or requested resource not found"):
        ask("nobody.nothing", messages=HI)
