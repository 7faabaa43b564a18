"""llama-index, through its class for services that are like OpenAI's."""

from __future__ import annotations

from collections.abc import Callable

import openai
import pytest
from llama_index.core.llms import ChatMessage
from llama_index.core.program import FunctionCallingProgram
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike
from questions import FAMILIES, HI, NOT_ABOUT_WEATHER, WEATHER, City, of_each_family

CLIENT = "llama-index OpenAILike"
PACKAGE = "llama-index-llms-openai-like"
Make = Callable[[str], OpenAILike]


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


@pytest.fixture(scope="module")
def make(gateway: str) -> Make:
    what = {"is_chat_model": True, "is_function_calling_model": True, "max_retries": 0}
    return lambda model: OpenAILike(model=model, api_base=gateway, api_key="not-used-locally", **what)


@of_each_family()
def test_chat(make: Make, model: str) -> None:
    assert HI in make(model).chat([ChatMessage(HI)]).message.content


@of_each_family()
def test_stream(make: Make, model: str) -> None:
    pieces = [piece.delta or "" for piece in make(model).stream_chat([ChatMessage(HI)])]
    assert HI in "".join(pieces)
    assert len(pieces) > 3


@of_each_family()
def test_tools(make: Make, model: str) -> None:
    llm, tools = make(model), [FunctionTool.from_defaults(get_weather)]
    (call,) = llm.get_tool_calls_from_response(llm.chat_with_tools(tools, WEATHER))
    assert (call.tool_name, call.tool_kwargs) == ("get_weather", {"city": "Paris"})


@of_each_family()
def test_forced_tool(make: Make, model: str) -> None:
    llm, tools = make(model), [FunctionTool.from_defaults(get_weather)]
    (call,) = llm.get_tool_calls_from_response(llm.chat_with_tools(tools, NOT_ABOUT_WEATHER, tool_required=True))
    assert call.tool_kwargs == {"city": "Oslo"}


@of_each_family()
def test_structured_output(make: Make, model: str) -> None:
    program = FunctionCallingProgram.from_defaults(City, "Paris", llm=make(model), tool_required=True)
    assert isinstance(program(), City)


@pytest.mark.parametrize(("status", "error"), [(401, openai.AuthenticationError), (429, openai.RateLimitError)])
def test_errors(make: Make, status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        make(FAMILIES["Llama"]).chat([ChatMessage(f"fail with {status}")])
