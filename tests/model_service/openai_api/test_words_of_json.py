"""What is wrong with a chat is said in JSON's words, not in those of the library that found it."""

from __future__ import annotations

from typing import Any

import pytest

from model_service.errors import InvalidRequest
from model_service.openai_api.chat import ChatRequest

CHAT = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("messages", [], "messages: must be an array of at least 1 item"),
        ("messages", "Hello", "messages: must be an array"),
        ("messages", ["Hello"], "messages.0: must be an object"),
        ("messages", [{"content": "Hello"}], "messages.0.role: is required"),
        ("model", 1, "model: must be a string"),
        ("model", "", "model: must be a non-empty string"),
        ("temperature", "hot", "temperature: must be a number"),
        ("max_tokens", 1.5, "max_tokens: must be an integer"),
        ("stream", "yes", "stream: must be a boolean"),
        ("unsupported", "ask", "unsupported: must be one of drop, refuse"),
    ],
)
def test_a_wrong_field_is_told_in_the_words_of_json(field: str, value: Any, message: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        ChatRequest.parse({**CHAT, field: value})
    assert str(raised.value) == message
