"""What `make serve` shows of each call in a terminal: a line for a person, in place of the JSON of a log."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any, TextIO

from mock_oci.demo.outcomes import is_unicode, printable

_SHOWN = 3  # facts of an event that is no call
_COMMON = frozenset({"event", "time", "call_id", "doorway", "caller", "team", "key"})
_GREEN, _RED, _DIM, _PLAIN = "\x1b[32m", "\x1b[1;31m", "\x1b[2m", "\x1b[0m"


class CallLines(io.TextIOBase):
    """A log to write to: JSON lines go to ``out`` as lines for a person, and whatever else as it is."""

    def __init__(self, out: TextIO, *, colour: bool) -> None:
        super().__init__()
        self._out = out
        self._colour = colour
        self._is_unicode = is_unicode(out.encoding)

    def write(self, text: str) -> int:
        for line in text.splitlines():
            self._out.write(f"{printable(self._readable(line), self._out.encoding)}\n")
        return len(text)

    def flush(self) -> None:
        self._out.flush()

    def _readable(self, line: str) -> str:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            return line
        if not isinstance(event, dict) or "event" not in event:
            return line
        return self._call(event) if event["event"] == "invocation" else self._other(event)

    def _call(self, event: Mapping[str, Any]) -> str:
        """Return ``200 meta.llama-3.3 412 ms 8 → 13 tokens``; a failure has its code, no model a trigger."""
        status, spent = event.get("status"), (event.get("ms") or {}).get("total")
        words = [str(event.get("model") or event.get("trigger") or "")]
        words += [f"{spent:.0f} ms"] if isinstance(spent, int | float) else []
        words += [self._tokens(event.get("usage") or {}), "streamed" if event.get("stream") else ""]
        words += [str(event.get("error") or ""), str(event.get("message") or "")]
        colour = _GREEN if isinstance(status, int) and status < 400 else _RED
        return " ".join([self._in(colour, str(status)), *filter(None, words)])

    def _tokens(self, usage: Mapping[str, Any]) -> str:
        sent, received = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if sent is None:
            return ""
        arrow = "\N{RIGHTWARDS ARROW}" if self._is_unicode else "->"
        return f"{sent} tokens" if received is None else f"{sent} {arrow} {received} tokens"

    def _other(self, event: Mapping[str, Any]) -> str:
        facts = {name: value for name, value in event.items() if name not in _COMMON and value not in (None, "")}
        words = (f"{name}={value}" for name, value in list(facts.items())[:_SHOWN])
        return self._in(_DIM, " ".join(["   ", str(event["event"]), *words]))

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colour else text


def log_for(out: TextIO, *, colour: bool) -> TextIO:
    """Return what a function's log is to be written to: ``out`` itself where it is no terminal."""
    return CallLines(out, colour=colour) if out.isatty() else out  # type: ignore[return-value] # it is written to only
