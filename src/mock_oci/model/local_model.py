"""The model that answers when no script does: deterministic, and always about the prompt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mock_oci.model.example_values import example_of
from mock_oci.model.replies import Reply, Usage, words_of
from mock_oci.model.tool_choice import calls_for, subjects_of

ChatRequest = Mapping[str, Any]
_PER_MESSAGE = 4
_PER_IMAGE = 85
_QUOTED = 300
_QUOTED_EARLIER = 60


def replies_to(body: ChatRequest) -> tuple[Reply, ...]:
    """Return ``n`` choices for an OpenAI Chat Completions request, each with its own usage.

    Tokens are counted simply: one per word, 4 more per message, 85 per image.
    """
    reply = _reply(body)
    reply = replace(reply, usage=usage_of(body, reply))
    others = []
    for number in range(1, body.get("n") or 1):  # a deterministic model repeats itself, with tool call ids of its own
        calls = tuple(replace(call, id=f"{call.id}_{number}") for call in reply.tool_calls)
        others.append(replace(reply, tool_calls=calls))
    return (reply, *others)


def usage_of(body: ChatRequest, reply: Reply) -> Usage:
    spoken = len(reply.pieces) + len(words_of(reply.refusal) + words_of(reply.reasoning))
    spoken += sum(len(words_of(call.arguments)) + 1 for call in reply.tool_calls)
    asked = sum(
        _PER_MESSAGE + len(words_of(text_of(message))) + _PER_IMAGE * _images(message) for message in body["messages"]
    )
    return Usage(asked, spoken)


def _reply(body: ChatRequest) -> Reply:
    prompt = _Prompt.of(body)
    if not prompt.results:
        calls = calls_for(body, prompt.text)
        if calls:
            return Reply(tool_calls=calls, finish_reason="tool_calls")
    return _limited(_text(body, prompt), body)


@dataclass(frozen=True)
class _Prompt:
    """What a conversation asks: the last user's text and images, the tool results since, what was asked before."""

    text: str
    images: int
    results: tuple[str, ...]
    earlier: tuple[str, ...] = ()

    @classmethod
    def of(cls, body: ChatRequest) -> _Prompt:
        messages = body["messages"]
        asked = next((m for m in reversed(messages) if m.get("role") == "user"), messages[-1])
        results: list[str] = []
        for message in reversed(messages):
            if message.get("role") != "tool":
                break
            results.insert(0, text_of(message))
        earlier = (text_of(m) for m in messages if m.get("role") == "user" and m is not asked)
        return cls(text_of(asked), _images(asked), tuple(results), tuple(earlier))


def text_of(message: ChatRequest) -> str:
    """Return a message's text, whether its content is a string or parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content if part.get("type") == "text")


def _images(message: ChatRequest) -> int:
    content = message.get("content")
    return sum(part.get("type") == "image_url" for part in content) if isinstance(content, list) else 0


def _text(body: ChatRequest, prompt: _Prompt) -> str:
    answer = _prose(str(body.get("model", "")), prompt)
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_object":
        return json.dumps({"answer": answer})
    if wanted.get("type") == "json_schema":
        schema = wanted["json_schema"].get("schema") or {}
        return json.dumps(example_of(schema, subjects_of(prompt.text), prompt.text))
    return answer


def _prose(model: str, prompt: _Prompt) -> str:
    quoted = _quoted(prompt.text, _QUOTED)
    if prompt.results:
        return f'You asked: "{quoted}" The tool says: {"; ".join(prompt.results)}.'
    seen = f" I saw {prompt.images} image{'s' * (prompt.images != 1)}." if prompt.images else ""
    earlier = ", ".join(f'"{_quoted(text, _QUOTED_EARLIER)}"' for text in prompt.earlier)
    before = f" Before that: {earlier}." if earlier else ""
    return f'You asked: "{quoted}"{before}{seen} This answer is {model}, played by mock_oci.'


def _quoted(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"


def _limited(text: str, body: ChatRequest) -> Reply:
    """Cut ``text`` at the first stop sequence, and where the limit ends it."""
    stops = body.get("stop") or ()
    for stop in [stops] if isinstance(stops, str) else stops:
        text = text.partition(stop)[0] if stop else text
    pieces = words_of(text)
    limit = body.get("max_completion_tokens") or body.get("max_tokens") or len(pieces)
    return Reply(pieces[:limit], finish_reason="length" if limit < len(pieces) else "stop")
