"""litellm, by its provider for services that are compatible with OpenAI's (its OCI provider: test_litellm.py)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import litellm
import pytest
from questions import FAMILIES, HI, NOT_ABOUT_WEATHER, WEATHER, City, of_each_family, tool

CLIENT = "litellm"
PACKAGE = "litellm"
ERRORS = {
    401: litellm.AuthenticationError,
    404: litellm.NotFoundError,
    429: litellm.RateLimitError,
    500: litellm.InternalServerError,
}
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def ask(gateway: str) -> Ask:
    def ask(model: str, text: str, **more: Any) -> Any:
        messages = [{"role": "user", "content": text}]
        where = {"api_base": gateway, "api_key": "not-used-locally", "max_retries": 0}
        return litellm.completion(f"openai/{model}", messages, **where, **more)

    return ask


@of_each_family()
def test_chat(ask: Ask, model: str) -> None:
    assert HI in ask(model, HI).choices[0].message.content


@of_each_family()
def test_stream(ask: Ask, model: str) -> None:
    chunks = list(ask(model, HI, stream=True))
    assert HI in "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


@of_each_family()
def test_tools(ask: Ask, model: str) -> None:
    (call,) = ask(model, WEATHER, tools=[tool()]).choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Paris"}


NO_TOOL_CHOICE = "litellm takes every model called gpt-5 for OpenAI's own, and knows no tool_choice of openai.gpt-5"


@of_each_family(but={"gpt-5": NO_TOOL_CHOICE})
def test_forced_tool(ask: Ask, model: str) -> None:
    (call,) = ask(model, NOT_ABOUT_WEATHER, tools=[tool()], tool_choice="required").choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Oslo"}


@of_each_family()
def test_structured_output(ask: Ask, model: str) -> None:
    answer = ask(model, "Paris", response_format=City)
    assert City.model_validate_json(answer.choices[0].message.content).name


@pytest.mark.parametrize("status", ERRORS)
def test_errors(ask: Ask, status: int) -> None:
    with pytest.raises(ERRORS[status]):
        ask(FAMILIES["Llama"], f"fail with {status}")
