"""What an attack found, and what every reply has to be whatever was attacked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pytest

from model_service.fn.reply import Reply
from model_service.logs import log
from model_service.openai_api.encoding import DONE
from model_service.openai_api.event_stream import read_events

MAX_SHOWN = 12
TERMINAL = {"response.completed", "response.failed", "response.incomplete", "error"}


@dataclass
class Report:
    """``figures`` say what was done, ``faults`` how often each thing was seen that must not be, with an example.

    ``rows`` are those of a table.
    """

    figures: dict[str, Any] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)

    def fault(self, kind: str, example: object = "") -> None:
        self.faults[kind] += 1
        self.examples.setdefault(kind, str(example)[:600])

    def text(self, name: str, seconds: float) -> str:
        figures = ", ".join(f"{key} {value}" for key, value in self.figures.items())
        lines = [f"{'FAIL' if self.faults else 'ok':5} {name:10} {seconds:6.1f} s  {figures}"]
        lines += [
            f"      {count} x {kind}: {self.examples[kind]}" for kind, count in self.faults.most_common(MAX_SHOWN)
        ]
        return "\n".join([*lines, *(f"      {row}" for row in self.rows)])


@contextmanager
def watched(report: Report) -> Iterator[Counter[str]]:
    """Count the bugs that are logged as faults; yield how often each trigger was recognised."""
    triggers: Counter[str] = Counter()

    def write(event: str, **fields: Any) -> None:
        triggers[fields.get("trigger", "") if event == "invocation" else ""] += 1

    def write_bug(bug: BaseException) -> None:
        report.fault("a bug", f"{type(bug).__name__}: {bug} {frames_of(bug)}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "write", write)
        patch.setattr(log, "write_bug", write_bug)
        yield triggers


def frames_of(bug: BaseException) -> list[str]:
    frames = []
    traceback = bug.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/')[2]}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return frames[-4:]


def check_reply(report: Report, reply: Reply, what: object) -> None:
    """Note what no reply may be: an internal error, no JSON, a stream without an end, a broken header."""
    body = reply.whole()
    if any(not (value.isascii() and value.isprintable()) for value in reply.headers.values()):
        report.fault("a header that is not printable ASCII", dict(reply.headers))
    try:
        if reply.headers.get("content-type", "").startswith("text/event-stream"):
            check_stream(report, body, what)
        elif body:
            check_value(report, strict(body.decode()), what)
    except ValueError as error:
        report.fault("invalid JSON", f"{error} {body[-300:]!r} {what}")


def check_stream(report: Report, body: bytes, what: object) -> None:
    events = list(read_events([body]))
    values = [strict(event) for event in events if event != DONE]
    for value in values:
        check_value(report, value, what)
    last = values[-1] if values else {}
    ended = events[-1:] == [DONE] or "error" in last or last.get("type") in TERMINAL
    if not ended:
        report.fault("a stream without an end", f"{events[-2:]} {what}")


def check_value(report: Report, value: Any, what: object) -> None:
    error = value.get("error") if isinstance(value, dict) else None
    if isinstance(error, dict) and error.get("code") == "internal_error":
        report.fault("internal_error", what)


def strict(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
