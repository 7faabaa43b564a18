"""What `make serve` shows of each call: a line for a person in a terminal, the log's own JSON in a pipe."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from mock_oci.demo.call_lines import log_for


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def shown(text: str, *, encoding: str = "utf-8", colour: bool = False) -> str:
    out = Terminal(io.BytesIO(), encoding=encoding)
    log = log_for(out, colour=colour)
    log.write(text)
    log.flush()
    return out.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]


def call(**fields: Any) -> str:
    event = {"event": "invocation", "time": "2026-11-27T16:00:00Z", "trigger": "http", "status": 200, "stream": False}
    return json.dumps({**event, "ms": {"decode": 1.0, "total": 411.6}, **fields}) + "\n"


CHAT = {"model": "meta.llama-3.3", "usage": {"prompt_tokens": 8, "completion_tokens": 13, "total_tokens": 21}}


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (CHAT, "200 meta.llama-3.3 412 ms 8 → 13 tokens"),
        ({**CHAT, "stream": True}, "200 meta.llama-3.3 412 ms 8 → 13 tokens streamed"),
        ({"model": "cohere.embed", "usage": {"prompt_tokens": 8}}, "200 cohere.embed 412 ms 8 tokens"),
        ({"model": None, "usage": None}, "200 http 412 ms"),
        ({"model": "meta.x", "status": 404, "error": "upstream_error"}, "404 meta.x 412 ms upstream_error"),
        ({"model": "meta.x", "ms": None, "status": None}, "None meta.x"),
    ],
)
def test_a_call_is_one_line(fields: dict[str, Any], line: str) -> None:
    assert shown(call(**fields)) == f"{line}\n"


def test_a_terminal_without_unicode_gets_an_arrow_of_ascii() -> None:
    assert shown(call(**CHAT, error="grün"), encoding="ascii") == "200 meta.llama-3.3 412 ms 8 -> 13 tokens gr?n\n"


def test_other_events_show_what_they_say_and_other_lines_stay_as_they_are() -> None:
    event = {"event": "record_left", "time": "x", "call_id": "y", "where": "results", "error": "404", "status": None}
    assert shown(json.dumps(event) + "\nTraceback\n{}\n[1]\n") == (
        "    record_left where=results error=404\nTraceback\n{}\n[1]\n"
    )


def test_colours_tell_success_from_failure_and_may_be_off() -> None:
    assert shown(call(**CHAT), colour=True).startswith("\x1b[32m200\x1b[0m ")
    assert shown(call(status=500), colour=True).startswith("\x1b[1;31m500\x1b[0m ")
    assert "\x1b" not in shown(call(**CHAT))


def test_in_a_pipe_the_log_is_json() -> None:
    out = io.StringIO()
    assert log_for(out, colour=True) is out
