"""Answers whose JSON is none, or is of other types than the documents say: in a whole answer, and in each chunk."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from mock_oci.oddities.events import (
    CHAT,
    DONE,
    EMBED,
    NATIVE,
    RERANK,
    RESPONSES,
    EventChange,
    SentEvent,
    SentEvents,
    choices_of,
)

ValueChange = Callable[[Any, str], Any]
"""Changes the JSON of a whole answer or of a chunk of a surface, in place or not, and returns it."""


def in_every_chunk(change: ValueChange) -> EventChange:
    """Make the change of a stream that makes ``change`` of each of its chunks."""

    def changed(events: SentEvents, surface: str) -> Iterator[SentEvent | bytes]:
        for event in events:
            yield event if event.value == DONE else SentEvent(event.name, change(event.value, surface))

    return changed


def number(value: float) -> ValueChange:
    """Put NaN or an infinity where a surface has a number: a log probability, a vector, a rank."""

    def change(body: Any, surface: str) -> Any:
        if surface == EMBED:
            body["embeddings"] = [[value, *vector[1:]] for vector in body["embeddings"]]
        elif surface == RERANK:
            body["documentRanks"][0]["relevanceScore"] = value
        for choice in choices_of(body, surface) if surface in (CHAT, NATIVE) else ():
            choice["logprobs"] = _logprobs(value, surface)
        return body

    return change


def half_surrogate(body: Any, surface: str) -> Any:
    """End every text with one half of an emoji, as it stands in JSON."""
    for holder, name in _texts(body, surface):
        holder[name] = f"{holder[name]}\ud83d"
    return body


def choices_as(value: Any) -> ValueChange:
    """Put ``value`` in the place of the choices."""

    def change(body: Any, surface: str) -> Any:
        if surface == CHAT:
            return {**body, "choices": value}
        inner = body.get("chatResponse")
        return {**body, "chatResponse": {**inner, "choices": value}} if inner else {**body, "choices": value}

    return change


def said_as(value: Any) -> ValueChange:
    """Put ``value`` in the place of a choice's message, or of its delta."""

    def change(body: Any, surface: str) -> Any:
        for choice in choices_of(body, surface):
            choice["delta" if "delta" in choice else "message"] = value
        return body

    return change


def tool_calls_as(value: Any) -> ValueChange:
    """Put ``value`` in the place of the tool calls, or beside the text where there are none."""

    def change(body: Any, surface: str) -> Any:
        for choice in choices_of(body, surface):
            said = choice.get("delta", choice.get("message", choice))
            said["tool_calls" if surface == CHAT else "toolCalls"] = value
        return body

    return change


def content_as(value: Any) -> ValueChange:
    """Put ``value`` in the place of every text."""

    def change(body: Any, surface: str) -> Any:
        for holder, name in _texts(body, surface):
            holder[name] = value
        return body

    return change


def usage_as(value: Any) -> ValueChange:
    """Put ``value`` in the place of each count of tokens, or of all of them when it is ``None``."""

    def change(body: Any, surface: str) -> Any:
        holder = body.get("chatResponse", body)
        if holder.get("usage") or value is not None:
            names = holder.get("usage") or _USAGE[surface]
            holder["usage"] = None if value is None else dict.fromkeys(names, value)
        return body

    return change


def results_as(value: Any) -> ValueChange:
    """Put ``value`` in the place of each vector, or of each rank."""

    def change(body: Any, surface: str) -> Any:
        name = "embeddings" if surface == EMBED else "documentRanks"
        return {**body, name: [value for _ in body[name]]}

    return change


def as_whole(value: Any) -> ValueChange:
    """Put ``value`` in the place of the whole answer."""
    return lambda _body, _surface: value


def _logprobs(value: float, surface: str) -> Any:
    if surface == CHAT:
        return {"content": [{"token": "a", "logprob": value, "bytes": None, "top_logprobs": []}]}
    return {"tokens": ["a"], "tokenLogprobs": [value], "textOffset": [0], "topLogprobs": []}


def _texts(body: Any, surface: str) -> Iterator[tuple[Any, str]]:
    """Yield where the answer's texts stand: an object, and the name in it."""
    if surface == RESPONSES:
        if isinstance(body.get("delta"), str):
            yield body, "delta"
        items = body.get("output") or ()
        yield from ((part, "text") for item in items for part in item.get("content") or () if "text" in part)
        return
    for choice in choices_of(body, surface):
        said = choice.get("delta", choice.get("message", choice))
        parts = said.get("content") if isinstance(said.get("content"), list) else None
        yield from ((part, "text") for part in parts or () if "text" in part)
        if parts is None:
            yield from ((said, name) for name in ("content", "text") if isinstance(said.get(name), str))


_USAGE = {
    CHAT: ("prompt_tokens", "completion_tokens", "total_tokens"),
    NATIVE: ("promptTokens", "completionTokens", "totalTokens"),
}
NOT_A_NUMBER = number(math.nan)
INFINITE = number(-math.inf)
