"""Tool calls as they come in, in any of the native dialects, as OpenAI's deltas: one index and one id for each.

gpt-oss opens a call with its id and sends fragments without one; Grok sends whole calls, each with an id of its own;
Llama repeats ``"name": ""`` on its fragments; Gemini sends whole calls without any id. All of them always at
toolCalls[0]. Cohere sends whole calls without ids, and restates them.
Source: https://github.com/oracle/langchain-oracle/blob/main/libs/oci/tests/unit_tests/chat_models/test_openai_streaming_fix.py
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from model_service.errors import UpstreamError

ToolCallDelta = dict[str, Any]


@dataclass(frozen=True)
class CallPiece:
    """A call or a fragment of one: ``position`` is its place in the event's list, empty is what is not there."""

    position: int = 0
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass
class _Call:
    index: int
    id: str
    name: str
    pieces: list[str] = field(default_factory=list)

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)

    def is_restated_by(self, piece: CallPiece) -> bool:
        """Whether a piece that names a tool says the whole call once more; only an id can tell."""
        own = _read(self.arguments)
        return piece.id == self.id and piece.name == self.name and own is not None and own == _read(piece.arguments)

    def is_another_than(self, piece: CallPiece) -> bool:
        """Whether a piece that names a tool belongs to another call than this one, which came before it."""
        if piece.name != self.name or piece.id not in ("", self.id):
            return True
        is_whole = _read(self.arguments) is not None
        return is_whole and bool(piece.arguments) if piece.id else is_whole or not piece.arguments

    def add(self, arguments: str) -> Iterator[ToolCallDelta]:
        if arguments:
            self.pieces.append(arguments)
            yield {"index": self.index, "function": {"arguments": arguments}}


class ToolCalls:
    """The calls of one choice; ``seed`` tells the ids that are made up here from those of any other answer."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._calls: list[_Call] = []
        self._at: dict[int, _Call] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def take(self, piece: CallPiece) -> Iterator[ToolCallDelta]:
        """Raises ``UpstreamError`` for a fragment of no call: its call would run with half its arguments."""
        call = self._by_id(piece.id) or self._at.get(piece.position)
        if call is not None and call.is_restated_by(piece):
            return
        if piece.name and (call is None or call.is_another_than(piece)):
            self._at[piece.position] = self._open(piece)
            yield _opening(self._at[piece.position])
        elif call is None:
            raise UpstreamError("OCI sent a fragment of a tool call before its beginning.")
        else:
            self._at[piece.position] = call
            yield from call.add(piece.arguments)

    def take_whole(self, calls: Sequence[CallPiece]) -> Iterator[ToolCallDelta]:
        """Whole calls, which may restate some or all of those that came before."""
        known = [(call.name, call.arguments) for call in self._calls]
        said = [(call.name, call.arguments) for call in calls]
        if not said or known[-len(said) :] == said:
            return
        restated = len(known) if said[: len(known)] == known else 0
        for call in calls[restated:]:
            yield _opening(self._open(call))

    def add(self, name: str, arguments: str) -> Iterator[ToolCallDelta]:
        """A whole call that is surely a new one."""
        yield _opening(self._open(CallPiece(name=name, arguments=arguments)))

    def close(self) -> Iterator[ToolCallDelta]:
        """A call without arguments has ``{}``: clients parse them as JSON."""
        for call in self._calls:
            if not call.arguments:
                yield from call.add("{}")

    def whole(self) -> list[dict[str, Any]]:
        """``tool_calls`` of a complete message."""
        return [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in self._calls
        ]

    def _by_id(self, call_id: str) -> _Call | None:
        return next((call for call in reversed(self._calls) if call_id and call.id == call_id), None)

    def _open(self, piece: CallPiece) -> _Call:
        index = len(self._calls)
        unique = piece.id if piece.id and self._by_id(piece.id) is None else self._made_up(index)
        call = _Call(index, unique, piece.name, [piece.arguments] if piece.arguments else [])
        self._calls.append(call)
        return call

    def _made_up(self, index: int) -> str:
        digest = hashlib.sha256(f"{self._seed}/{index}".encode()).hexdigest()
        return f"call_{digest[:24]}"


def _opening(call: _Call) -> ToolCallDelta:
    function = {"name": call.name, "arguments": call.arguments}
    return {"index": call.index, "id": call.id, "type": "function", "function": function}


def _read(arguments: str) -> Any:
    """None for JSON that is not whole, or not yet."""
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return None
