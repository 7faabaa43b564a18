"""The frames of OpenAI's answers, around what a native answer says: completions, chunks and usage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_service.chat import Chunk, Completion

Usage = dict[str, Any]

_HUMP: Final = re.compile(r"(?<=[a-z0-9])([A-Z])")


@dataclass(frozen=True)
class Identity:
    """What OpenAI's objects say and the native ones do not know; made by the caller, so that formats stay pure.

    ``id`` is ``chatcmpl-…``, ``created`` is in unix seconds, ``model`` is the name that the caller used.
    ``tools`` are the names of the tools that were offered: a call that a model writes as text counts only if its
    tool is among them. None where that is not known: then every name counts.
    """

    id: str
    created: int
    model: str
    tools: frozenset[str] | None = None


def completion_of(identity: Identity, choices: list[dict[str, Any]], usage: Usage | None) -> Completion:
    """A ``chat.completion``; without ``usage`` where the service sent none."""
    completion = {**_frame(identity, "chat.completion"), "choices": choices}
    return completion | ({} if usage is None else {"usage": usage})


def chunk_with(identity: Identity, choice: dict[str, Any]) -> Chunk:
    return {**_frame(identity, "chat.completion.chunk"), "choices": [choice]}


def usage_chunk(identity: Identity, usage: Usage) -> Chunk:
    """The last chunk of a stream with ``stream_options.include_usage``."""
    return {**_frame(identity, "chat.completion.chunk"), "choices": [], "usage": usage}


def usage_of(native: Any) -> Usage | None:
    """OpenAI's names for native token counts; a count that is null is 0, one that we do not know is kept."""
    if not isinstance(native, Mapping) or not native:
        return None
    counts = _snake(native)
    prompt, completion = counts.pop("prompt_tokens", 0), counts.pop("completion_tokens", 0)
    total = counts.pop("total_tokens", 0) or prompt + completion
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total, **counts}


def snake_case(name: str) -> str:
    return _HUMP.sub(r"_\1", name).lower()


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects in what should be a list of them: a model's answer is no place to fail over a stray null."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def parts_in(content: Any) -> list[Mapping[str, Any]]:
    """The parts of a message's content, also where it came as a plain text."""
    return [{"type": "TEXT", "text": content}] if isinstance(content, str) else objects(content)


def mapping(value: Any) -> Mapping[str, Any]:
    """An object, or an empty one in place of null (``"message": null`` does arrive)."""
    return value if isinstance(value, Mapping) else {}


def text_in(value: Any) -> str:
    """A text, or an empty one in place of null."""
    return value if isinstance(value, str) else ""


def _frame(identity: Identity, kind: str) -> dict[str, Any]:
    return {"id": identity.id, "object": kind, "created": identity.created, "model": identity.model}


def _snake(native: Mapping[str, Any]) -> dict[str, Any]:
    counts: dict[str, Any] = {}
    for name, value in native.items():
        if isinstance(value, Mapping):
            counts[snake_case(name)] = _snake(value)
        elif value is not None or not name.endswith("Details"):
            counts[snake_case(name)] = value or 0
    return counts
