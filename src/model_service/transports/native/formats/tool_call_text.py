"""Tool calls that a model writes into its text, as Qwen does on a dedicated endpoint, told apart from the text.

``<tool_call>{"name": …, "arguments": {…}}</tool_call>``, also ``<tool_calling>``.
Source: https://github.com/oracle/langchain-oracle/issues/207
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_OPENING: Final = re.compile(r"<(tool_call|tool_calling)>")
_JSON_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_OPENINGS: Final = ("<tool_call>", "<tool_calling>")


@dataclass(frozen=True)
class WrittenCall:
    """``arguments`` is JSON as text, as OpenAI wants it."""

    name: str
    arguments: str


class ToolCallText:
    """Takes a text in pieces, cut anywhere, and gives back what is text and what is a call.

    What only looks like a call comes out as the text that it is: a tag that is not closed or not closed by its own
    kind, something inside that is not JSON of that shape, a tool that was not offered. A piece is held back only
    while it can still become a call.
    """

    def __init__(self, tools: frozenset[str] | None) -> None:
        self._tools = tools
        self._held = ""
        self._after_call = False
        self._space = ""  # behind a call: line breaks before the next one or the end are no answer

    def take(self, text: str) -> Iterator[str | WrittenCall]:
        self._held += text
        return self._decided(at_end=False)

    def close(self) -> Iterator[str | WrittenCall]:
        """What was held back: nothing can complete it any more."""
        return self._decided(at_end=True)

    def _decided(self, *, at_end: bool) -> Iterator[str | WrittenCall]:
        while self._held:
            self._set_space_aside()
            found = self._next(at_end)
            if found is None:
                return
            if found:
                yield found if isinstance(found, WrittenCall) else self._space + found
                self._after_call, self._space = isinstance(found, WrittenCall), ""

    def _set_space_aside(self) -> None:
        if self._after_call:
            rest = self._held.lstrip()
            self._space += self._held[: len(self._held) - len(rest)]
            self._held = rest

    def _next(self, at_end: bool) -> str | WrittenCall | None:
        """The next text or call, taken out of what is held; None while that is not decided."""
        opening = self._held.find("<")
        if opening != 0:
            return self._cut(len(self._held) if opening < 0 else opening)
        tag = _OPENING.match(self._held)
        if tag is None:
            could_become = any(one.startswith(self._held) for one in _OPENINGS)
            return None if could_become and not at_end else self._cut(1)
        return self._call(tag.end(), f"</{tag[1]}>", at_end)

    def _call(self, start: int, closing: str, at_end: bool) -> str | WrittenCall | None:
        """The call whose JSON begins at ``start``; its opening tag as text if there is none."""
        body = self._held[start:].lstrip()
        if body and not body.startswith("{"):
            return self._cut(start)
        if not at_end and _may_go_on(body, closing):
            return None
        call, rest = self._read(body)
        if call is None or not rest.startswith(closing):
            return self._cut(start)
        self._held = rest.removeprefix(closing)
        return call

    def _read(self, body: str) -> tuple[WrittenCall | None, str]:
        try:
            value, length = json.JSONDecoder().raw_decode(body)
        except (ValueError, RecursionError):
            return None, ""
        return self._offered(value), body[length:].lstrip()

    def _offered(self, value: Mapping[str, Any]) -> WrittenCall | None:
        name = value.get("name")
        if not isinstance(name, str) or not name or (self._tools is not None and name not in self._tools):
            return None
        arguments = value.get("arguments") or {}
        text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        return WrittenCall(name, text)

    def _cut(self, length: int) -> str:
        text, self._held = self._held[:length], self._held[length:]
        return text


def _may_go_on(body: str, closing: str) -> bool:
    """Whether the closing tag is still to come: one inside a JSON string closes nothing, be the string ended or not."""
    if closing not in body:
        return True
    outside = _JSON_STRING.sub("", body).partition(closing)
    return not outside[1] or '"' in outside[0]
