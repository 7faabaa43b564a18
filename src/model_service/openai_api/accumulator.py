"""The complete answer that the chunks of a stream add up to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from model_service.openai_api.chat import Chunk, Completion

JOINED: Final = frozenset({"content", "refusal", "reasoning", "reasoning_content", "arguments"})
"""The fields of a delta that come in pieces; any other text is whole in the chunk that has it."""


@dataclass
class ChunkAccumulator:
    """Takes chunks one by one. Of what they say of the whole (``id``, ``model``, ``usage``…) the last word counts.

    Source: https://platform.openai.com/docs/api-reference/chat-streaming
    """

    _head: dict[str, Any] = field(default_factory=dict)
    _choices: dict[int, dict[str, Any]] = field(default_factory=dict)

    def add(self, chunk: Chunk) -> None:
        """Take the next chunk in."""
        _merge(self._head, {name: value for name, value in chunk.items() if name not in ("choices", "object")})
        for index, choice in _indexed(chunk.get("choices")):
            _merge(self._choices.setdefault(index, {}), choice)

    def completion(self) -> Completion:
        """Return the ``chat.completion`` so far; a choice without an end has the finish reason ``length``."""
        choices = [_choice(index, _whole(self._choices[index])) for index in sorted(self._choices)]
        return {**_whole(self._head), "object": "chat.completion", "choices": choices}


def _indexed(entries: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield choices or tool calls with their index, which is their position where they name none.

    What is not of OpenAI's shape is passed over: whoever only looks on breaks no answer.
    """
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            index = entry.get("index", position)
            yield (index if isinstance(index, int) else position), entry


def _choice(index: int, merged: dict[str, Any]) -> dict[str, Any]:
    delta = merged.pop("delta", None)
    message = {"role": "assistant", "content": None, **(delta if isinstance(delta, dict) else {})}
    finish_reason = merged.pop("finish_reason", None) or "length"
    return {**merged, "index": index, "message": message, "finish_reason": finish_reason}


def _merge(whole: dict[str, Any], piece: Mapping[str, Any]) -> None:
    for name, value in piece.items():
        if isinstance(value, dict):
            _merge(_under(whole, name, dict), value)
        elif name == "tool_calls" and isinstance(value, list):
            calls = _under(whole, name, _CallsByIndex)
            for index, call in _indexed(value):
                _merge(calls.setdefault(index, {}), call)
        elif isinstance(value, list):
            _under(whole, name, list).extend(value)
        elif name in JOINED and isinstance(value, str):
            _under(whole, name, _Pieces).append(value)
        elif value or name not in whole:  # "" and null take nothing back
            whole[name] = value


class _CallsByIndex(dict[int, dict[str, Any]]):
    """Calls of tools that are still coming, by their index."""


class _Pieces(list[str]):
    """A text that is still coming: joined once, because adding to a long text copies it."""


def _under(whole: dict[str, Any], name: str, kind: type[Any]) -> Any:
    if not isinstance(whole.get(name), kind):
        whole[name] = kind()
    return whole[name]


def _whole(merged: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in merged.items()}


def _value(value: Any) -> Any:
    if isinstance(value, _Pieces):
        return "".join(value)
    if isinstance(value, _CallsByIndex):
        calls = (_whole(value[index]) for index in sorted(value))
        return [{key: part for key, part in call.items() if key != "index"} for call in calls]
    return _whole(value) if isinstance(value, dict) else value
