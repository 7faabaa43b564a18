"""The log: one JSON object a line, which an application with the log line format JSON makes searchable."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final, TextIO

call_id: ContextVar[str] = ContextVar("call_id", default="")
"""The id of the invocation that is running; every line bears it."""

caller: ContextVar[Mapping[str, str]] = ContextVar("caller", default=MappingProxyType({}))
"""Who made it (``caller``, ``team``, ``user``), as far as that is known; every line bears it that names no other."""

listener: ContextVar[Callable[[str, Mapping[str, Any]], None] | None] = ContextVar("listener", default=None)
"""What counts the lines of this invocation; it neither raises nor waits."""

_logger = logging.getLogger("model_service")
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


class _Lines(logging.StreamHandler[TextIO]):
    """Take whole lines too: to make a record of each, with its caller's frame, takes longer than all else of a line."""

    def write(self, line: str) -> None:
        self.acquire()
        try:
            self.stream.write(line + self.terminator)
            self.stream.flush()
        except (OSError, ValueError):  # a log that nobody reads any more is no reason to fail a call
            pass
        finally:
            self.release()


def begin(invocation: str) -> None:
    """Begin the lines of an invocation, of whose caller nothing is known yet."""
    call_id.set(invocation)
    caller.set({})
    listener.set(None)


def configure() -> None:
    """Take the log over from the FDK, which sends every library's DEBUG lines to stderr (``fdk/log.py``)."""
    logging.getLogger().setLevel(logging.WARNING)
    handler = _Lines(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _logger.handlers = [handler]
    _logger.setLevel(logging.INFO)
    _logger.propagate = False


def write(event: str, **fields: Any) -> None:
    """Write one line. ``fields`` are for facts: no prompt, no answer, no credential belongs in them."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = {"event": event, "time": now, "call_id": call_id.get(), **caller.get(), **fields}
    if (hear := listener.get()) is not None:
        hear(event, line)
    text = _ENCODER.encode(line)
    handlers = _logger.handlers
    if len(handlers) == 1 and isinstance(handlers[0], _Lines):
        handlers[0].write(text)
    else:  # somebody else listens, and half a surrogate pair is escaped as stderr does it
        _logger.info("%s", text.encode(errors="backslashreplace").decode())


def write_bug(error: BaseException) -> None:
    """Write the type of an unexpected exception and where it came from, not its text, which may quote a prompt."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    write("bug", exception=type(error).__qualname__, where=where)
