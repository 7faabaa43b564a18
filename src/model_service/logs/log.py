"""The log: one JSON object a line, which an application with the log line format JSON makes searchable."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from contextvars import ContextVar
from typing import Any

call_id: ContextVar[str] = ContextVar("call_id", default="")
"""The id of the invocation that is running; every line bears it."""

_logger = logging.getLogger("model_service")


def configure() -> None:
    """Take the log over from the FDK, which sends every library's DEBUG lines to stderr (``fdk/log.py``)."""
    logging.getLogger().setLevel(logging.WARNING)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _logger.handlers = [handler]
    _logger.setLevel(logging.INFO)
    _logger.propagate = False


def write(event: str, **fields: Any) -> None:
    """Write one line. ``fields`` are for facts: no prompt, no answer, no credential belongs in them."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = {"event": event, "time": now, "call_id": call_id.get(), **fields}
    _logger.info("%s", json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str))


def write_bug(error: BaseException) -> None:
    """Write the type of an unexpected exception and where it came from, not its text, which may quote a prompt."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    write("bug", exception=type(error).__qualname__, where=where)
