"""What every client is asked, of which models, and what an answer has to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from pydantic import BaseModel

FAMILIES: Final[Mapping[str, str]] = {
    "Llama": "meta.llama-3.3-70b-instruct",
    "gpt-oss": "openai.gpt-oss-120b",
    "gpt-5": "openai.gpt-5",
    "Grok": "xai.grok-4.3",
    "Gemini": "google.gemini-2.5-pro",
    "Cohere": "cohere.command-a-03-2025",
}
HI: Final = "Hi there"
WEATHER: Final = "What is the weather in Paris?"
NOT_ABOUT_WEATHER: Final = "Say hello to Oslo"  # a forced tool is called even so


class City(BaseModel):
    """A city."""

    name: str
    population: int


def tool(name: str = "get_weather") -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    function = {"name": name, "description": "The weather of a city", "parameters": parameters}
    return {"type": "function", "function": function}


def of_each_family(*, but: Mapping[str, str] | None = None, only: tuple[str, ...] = tuple(FAMILIES)) -> Any:
    """Return the mark that runs a test once for each family.

    ``but`` has the reason, which is the client's or the local model's, for each family that has to fail.
    """
    return pytest.mark.parametrize("model", list(_parameters(but or {}, only)))


def _parameters(but: Mapping[str, str], only: tuple[str, ...]) -> Iterator[Any]:
    for family in only:
        marks = [pytest.mark.xfail(strict=True, reason=but[family])] if family in but else []
        yield pytest.param(FAMILIES[family], id=family, marks=marks)
