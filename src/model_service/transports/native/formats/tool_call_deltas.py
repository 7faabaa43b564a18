"""Tool calls as they come in, in any of the native dialects, as OpenAI's deltas: one index and one id for each.

gpt-oss opens a call with its id and sends fragments without one; Grok sends whole calls, each with an id of its own;
Llama repeats ``"name": ""`` on its fragments; Gemini sends whole calls without any id. All of them always at
toolCalls[0]. Cohere sends whole calls without ids, and restates them.
Source: https://github.com/oracle/langchain-oracle/blob/main/libs/oci/tests/unit_tests/chat_models/test_openai_streaming_fix.py
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import UpstreamError
from model_service.transports.native.formats.json_scanner import JsonScanner

ToolCallDelta = dict[str, Any]

MAX_CALLS: Final = 10_000  # in one answer


@dataclass(frozen=True)
class CallPiece:
    """A call or a fragment of one: ``position`` is its place in the event's list, empty is what is not there."""

    position: int = 0
    id: str = ""
    name: str = ""
    arguments: str = ""


class _Call:
    """``name`` is the tool's native name, ``caller_name`` the one that the caller gave it."""

    def __init__(self, index: int, call_id: str, name: str, caller_name: str) -> None:
        self.index = index
        self.id = call_id
        self.name = name
        self.caller_name = caller_name
        self.pieces: list[str] = []
        self._scanner = JsonScanner()
        self._scanned = 0  # pieces
        self._value: Any = None
        self._is_read = False

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)

    def value(self) -> Any:
        """Return the arguments; None while they are not whole. Each piece is looked at once, however often asked."""
        while self._scanned < len(self.pieces) and not self._scanner.ended:
            self._scanner.feed(self.pieces[self._scanned])
            self._scanned += 1
        if self._scanner.ended and not self._is_read:
            self._is_read, self._value = True, _read(self.arguments)
        return self._value

    def is_restated_by(self, piece: CallPiece) -> bool:
        """Whether a piece that names a tool says the whole call once more; only an id can tell."""
        if piece.id != self.id or piece.name != self.name or self.value() is None:
            return False
        return bool(self.value() == _read(piece.arguments))

    def is_another_than(self, piece: CallPiece) -> bool:
        """Whether a piece that names a tool belongs to another call than this one, which came before it."""
        if piece.name != self.name or piece.id not in ("", self.id):
            return True
        is_whole = self.value() is not None
        return is_whole and bool(piece.arguments) if piece.id else is_whole or not piece.arguments

    def add(self, arguments: str) -> Iterator[ToolCallDelta]:
        if arguments:
            self.pieces.append(arguments)
            yield {"index": self.index, "function": {"arguments": arguments}}


class ToolCalls:
    """The calls of one choice.

    ``seed`` tells the ids that are made up here from those of any other answer; ``names`` are the caller's names of
    tools whose native names differ.
    """

    def __init__(self, seed: str, names: Mapping[str, str] | None = None) -> None:
        self._seed = seed
        self._names = names or {}
        self._calls: list[_Call] = []
        self._by_id: dict[str, _Call] = {}
        self._by_position: dict[int, _Call] = {}
        self._whole: list[tuple[str, str]] = []  # name and arguments of calls that came whole

    def __bool__(self) -> bool:
        return bool(self._calls)

    def take(self, piece: CallPiece) -> Iterator[ToolCallDelta]:
        """Yield what is new.

        Raise ``UpstreamError`` for a fragment of no call: its call would run with half its arguments.
        """
        call = self._by_id.get(piece.id) or self._by_position.get(piece.position)
        if call is not None and call.is_restated_by(piece):
            return
        if piece.name and (call is None or call.is_another_than(piece)):
            self._by_position[piece.position] = self._open(piece)
            yield _opening(self._by_position[piece.position])
        elif call is None:
            raise UpstreamError("OCI sent a fragment of a tool call before its beginning.")
        else:
            self._by_position[piece.position] = call
            yield from call.add(piece.arguments)

    def take_whole(self, calls: Sequence[CallPiece]) -> Iterator[ToolCallDelta]:
        """Yield those of the whole calls that are new: they may restate some or all that came before."""
        said = [(call.name, call.arguments) for call in calls]
        if not said or self._whole[-len(said) :] == said:
            return
        restated = len(self._whole) if said[: len(self._whole)] == self._whole else 0
        for call in calls[restated:]:
            self._whole.append((call.name, call.arguments))
            yield _opening(self._open(call))

    def add(self, name: str, arguments: str) -> Iterator[ToolCallDelta]:
        """Yield a whole call that is surely a new one."""
        yield _opening(self._open(CallPiece(name=name, arguments=arguments)))

    def close(self) -> Iterator[ToolCallDelta]:
        """Yield ``{}`` for each call without arguments: clients parse them as JSON."""
        for call in self._calls:
            if not call.pieces:
                yield from call.add("{}")

    def whole(self) -> list[dict[str, Any]]:
        """Return ``tool_calls`` of a complete message."""
        return [
            {"id": call.id, "type": "function", "function": {"name": call.caller_name, "arguments": call.arguments}}
            for call in self._calls
        ]

    def _open(self, piece: CallPiece) -> _Call:
        index = len(self._calls)
        if index >= MAX_CALLS:
            raise UpstreamError(f"OCI answered with more than {MAX_CALLS:,} tool calls.")
        call_id = piece.id
        if not call_id or call_id in self._by_id:
            digest = hashlib.sha256(f"{self._seed}/{index}".encode()).hexdigest()
            call_id = f"call_{digest[:24]}"
        call = _Call(index, call_id, piece.name, self._names.get(piece.name, piece.name))
        if piece.arguments:
            call.pieces.append(piece.arguments)
        self._calls.append(call)
        self._by_id[call_id] = call
        return call


def _opening(call: _Call) -> ToolCallDelta:
    function = {"name": call.caller_name, "arguments": call.arguments}
    return {"index": call.index, "id": call.id, "type": "function", "function": function}


def _read(arguments: str) -> Any:
    """Return the JSON value; ``None`` for JSON that is not whole, or not yet."""
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return None
