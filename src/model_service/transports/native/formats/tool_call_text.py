"""Tool calls that a model writes into its text, as Qwen does on a dedicated endpoint, told apart from the text.

``<tool_call>{"name": …, "arguments": {…}}</tool_call>``, also ``<tool_calling>``.
Source: https://github.com/oracle/langchain-oracle/issues/207
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from model_service.transports.native.formats.json_scanner import JsonScanner

OPENINGS: Final = ("<tool_call>", "<tool_calling>")
MAX_REREAD: Final = 65_536  # characters, and four times what came in: who writes more than that writes no calls


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
        self._tag = ""  # the beginning of what may become an opening tag
        self._candidate: _Candidate | None = None
        self._after_call = False
        self._space: list[str] = []  # behind a call: line breaks before the next one or the end are no answer
        self._left = MAX_REREAD  # characters that may be read once more

    def lets_pass(self, text: str) -> bool:
        """Return whether a text is only text, whatever comes after it, as most are."""
        return "<" not in text and not self._tag and not self._after_call and self._candidate is None

    def take(self, text: str) -> Iterator[str | WrittenCall]:
        """Yield texts and calls as far as they are decided."""
        self._left += 4 * len(text)
        return self._read(text, at_end=False)

    def close(self) -> Iterator[str | WrittenCall]:
        """Yield what was held back: nothing can complete it any more."""
        return self._read("", at_end=True)

    def _read(self, text: str, *, at_end: bool) -> Iterator[str | WrittenCall]:
        place = 0
        while self._candidate is not None or place < len(text):
            candidate = self._candidate
            if candidate is None:
                place = yield from self._read_plain(text, place)
                continue
            place = candidate.feed(text, place)
            if candidate.state == "open" and not at_end:
                candidate.earlier.append(text[candidate.start :])
                candidate.start = 0
                return
            self._candidate = None
            call = self._offered(candidate, text[:place])
            if call is not None:
                self._after_call, self._space = True, []
                yield call
                continue
            yield from self._said(candidate.opening)
            self._left -= sum(map(len, candidate.earlier)) + place - candidate.start
            text, place = "".join(candidate.earlier) + text[candidate.start :], 0
        if at_end:
            yield from self._said(self._tag)

    def _read_plain(self, text: str, place: int) -> Generator[str, None, int]:
        """Yield what is no tag, and return where reading goes on: behind an opening tag, or at the end."""
        if self._left < 0:
            yield from self._said(self._tag + text[place:])
            self._tag = ""
            return len(text)
        while place < len(text):
            if not self._tag:
                found = TAG_START.search(text, place)
                end = len(text) if found is None else found.start()
                yield from self._said(text[place:end])
                self._tag, place = text[end : end + 1], end + 1
                continue
            tag = self._tag + text[place]
            if tag in OPENINGS:
                self._tag, self._candidate = "", _Candidate(tag, place + 1)
                return place + 1
            if any(opening.startswith(tag) for opening in OPENINGS):
                self._tag, place = tag, place + 1
            else:
                yield from self._said(self._tag)
                self._tag = ""
        return place

    def _said(self, text: str) -> Iterator[str]:
        if self._after_call:
            rest = text.lstrip()
            self._space.append(text[: len(text) - len(rest)])
            if not rest:
                return
            text, self._after_call, self._space = "".join(self._space) + rest, False, []
        if text:
            yield text

    def _offered(self, candidate: _Candidate, text: str) -> WrittenCall | None:
        if candidate.state != "call":
            return None
        body = "".join(candidate.earlier) + text[candidate.start :]
        try:
            value = json.loads(body[: -len(candidate.closing)])
        except (ValueError, RecursionError):
            return None
        name = value.get("name")
        if not isinstance(name, str) or not name or (self._tools is not None and name not in self._tools):
            return None
        arguments = value.get("arguments") or {}
        written = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        return WrittenCall(name, written)


class _Candidate:
    """What stands behind an opening tag: an open question, a call (if its JSON is one), or only text.

    ``start`` is where it begins in the text that is being read, ``earlier`` what came of it in texts before that.
    """

    def __init__(self, opening: str, start: int) -> None:
        self.opening = opening
        self.closing = f"</{opening[1:]}"
        self.start = start
        self.earlier: list[str] = []
        self.state: Literal["open", "call", "text"] = "open"
        self._scanner: JsonScanner | None = None  # once the JSON has begun
        self._closed = ""  # as much of the closing tag as has come

    def feed(self, text: str, place: int) -> int:
        """Read on until it is decided, and return where that was."""
        if self._scanner is None:
            place = _behind_space(text, place)
            if place == len(text):
                return place
            if text[place] != "{":
                self.state = "text"
                return place
            self._scanner = JsonScanner(breaks_at_tags=True)
        if not self._scanner.ended:
            place = self._scanner.feed(text, place)
            if self._scanner.broken:
                self.state = "text"
        return self._feed_closing(text, place) if self._scanner.ended else place

    def _feed_closing(self, text: str, place: int) -> int:
        if not self._closed:
            place = _behind_space(text, place)
        while self.state == "open" and place < len(text):
            self._closed += text[place]
            place += 1
            if self._closed == self.closing:
                self.state = "call"
            elif not self.closing.startswith(self._closed):
                self.state = "text"
        return place


def _behind_space(text: str, place: int) -> int:
    found = NOT_SPACE.search(text, place)
    return len(text) if found is None else found.start()


TAG_START: Final = re.compile(r"<(?=t|\Z)")
NOT_SPACE: Final = re.compile(r"\S")
