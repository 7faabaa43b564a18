"""Forced tools on COHERE through the whole service, against a local OCI: with OpenAI's own client's defaults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.models import Model
from model_service.service import Service
from model_service.settings import Settings

COMMAND = "cohere.command-a-03-2025"
TOOL = {
    "type": "function",
    "function": {
        "name": "get-weather",
        "description": "The weather of a city.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
CHOICES = [{"type": "function", "function": {"name": "get-weather"}}, "required"]


@pytest.fixture
def model(environment: dict[str, str]) -> Iterator[Model]:
    with closing(Service(Settings.load(environment))) as service:
        yield Model(COMMAND, service)


@pytest.mark.parametrize("choice", CHOICES, ids=["named", "required"])
def test_a_forced_tool_is_called_whole_and_streamed(model: Model, oci: MockOci, choice: Any) -> None:
    options: dict[str, Any] = {"tools": [TOOL], "tool_choice": choice, "parallel_tool_calls": False}

    (whole,) = model.complete("Weather in Rome?", **options)["choices"]
    chunks = list(model.stream("Weather in Rome?", **options))

    (call,) = whole["message"]["tool_calls"]
    assert call["function"]["name"] == "get-weather"
    assert json.loads(call["function"]["arguments"]).keys() == {"city"}
    assert (whole["finish_reason"], whole["message"]["content"]) == ("tool_calls", None)
    deltas = [delta for chunk in chunks for one in chunk["choices"] for delta in one["delta"].get("tool_calls", [])]
    assert deltas[0]["function"]["name"] == "get-weather"
    assert json.loads("".join(delta["function"]["arguments"] for delta in deltas)).keys() == {"city"}
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
