"""Read chat chunks. A chunk is untrusted and may have any shape.

Source: https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Final

from model_service.openai_api.chat import Chunk
from model_service.openai_api.encoding import write_json


def first_choice(chunk: Chunk) -> Mapping[str, Any]:
    """Return the first choice of a chunk, or an empty object; the last chunk may have only the usage."""
    choices = chunk.get("choices")
    found = choices[0] if isinstance(choices, list) and choices else None
    return found if isinstance(found, dict) else {}


def delta_of_choice(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the delta of a choice, or an empty object."""
    delta = choice.get("delta")
    return delta if isinstance(delta, dict) else {}


def string_of(holder: Mapping[str, Any], *names: str) -> str:
    """Return the first of these fields that is a non-empty string, or an empty string."""
    found = (holder.get(name) for name in names)
    return next((value for value in found if isinstance(value, str) and value), "")


def text_of_content(delta: Mapping[str, Any]) -> str:
    """Return the text of a delta; some backends send the content as an array of parts."""
    content = delta.get("content")
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return content if isinstance(content, str) else "".join(string_of(part, "text") for part in parts)


def calls_in(delta: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the pieces of tool calls with their index, or their position if they have no index."""
    calls = delta.get("tool_calls")
    for position, call in enumerate(calls if isinstance(calls, list) else ()):
        if isinstance(call, dict):
            index = call.get("index")
            yield (index if isinstance(index, int) else position), call


def called(call: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the name, the arguments (or the input) and the type in a piece of a tool call."""
    kind = "custom" if isinstance(call.get("custom"), dict) else "function"
    what = call.get(kind)
    what = what if isinstance(what, dict) else {}
    arguments = what.get("input" if kind == "custom" else "arguments")
    text = write_json(arguments).decode() if isinstance(arguments, dict) else arguments
    return string_of(what, "name"), text if isinstance(text, str) else "", kind


def logprobs_in(choice: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the log probabilities of a choice in the format of a response, with bytes."""
    logprobs = choice.get("logprobs")
    return [_logprob(token, tops=True) for token in _tokens(logprobs, "content")]


def _logprob(token: Mapping[str, Any], *, tops: bool) -> dict[str, Any]:
    text, given = string_of(token, "token"), token.get("bytes")
    value = {
        "token": text,
        "bytes": given if isinstance(given, list) else list(text.encode("utf-8", "replace")),
        "logprob": token.get("logprob") if isinstance(token.get("logprob"), int | float) else 0.0,
    }
    return value | (
        {"top_logprobs": [_logprob(top, tops=False) for top in _tokens(token, "top_logprobs")]} if tops else {}
    )


def _tokens(holder: Any, name: str) -> list[Mapping[str, Any]]:
    value = holder.get(name) if isinstance(holder, dict) else None
    return [token for token in value if isinstance(token, dict)] if isinstance(value, list) else []


def annotations_in(delta: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the citations of a delta in the flat format of a response."""
    notes = delta.get("annotations")
    for note in notes if isinstance(notes, list) else ():
        cited = note.get("url_citation") if isinstance(note, dict) else None
        if isinstance(cited, dict):
            yield {"type": "url_citation", "start_index": 0, "end_index": 0, "title": "", "url": "", **cited}


def beside(delta: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a delta that a response does not have, for example citations of documents."""
    return {name: value for name, value in delta.items() if name not in PLACED and value not in (None, "", [], {})}


def usage_in(chunk: Chunk) -> dict[str, Any] | None:
    """Return the usage with the field names of a response and all required counts; ``None`` if there is none."""
    usage = chunk.get("usage")
    if not isinstance(usage, dict) or not usage:
        return None
    told, thought = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    count_in, count_out = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    return {
        "input_tokens": count_in,
        "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": 0, **_counts(told)},
        "output_tokens": count_out,
        "output_tokens_details": {"reasoning_tokens": 0, **_counts(thought)},
        "total_tokens": _count(usage, "total_tokens") or count_in + count_out,
    }


def _counts(details: Any) -> dict[str, int]:
    return (
        {name: _count(details, name) for name in details if _count(details, name)} if isinstance(details, dict) else {}
    )


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    return int(value) if isinstance(value, int | float) and isfinite(value) and value > 0 else 0


PLACED: Final = frozenset(
    ("role", "content", "refusal", "reasoning_content", "reasoning", "tool_calls", "function_call", "annotations")
)
