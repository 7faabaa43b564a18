"""The log: one JSON object a line, with nothing in it that does not belong there."""

from __future__ import annotations

import io
import json
import logging
import logging.handlers
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from model_service.logs import log

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """What ``configure`` writes to stderr (such as Python makes it); everything is put back afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("model_service")
    before = root.level, ours.level, ours.propagate, ours.handlers
    written = io.BytesIO()
    stderr = io.TextIOWrapper(written, encoding="utf-8", errors="backslashreplace", write_through=True)
    monkeypatch.setattr(log, "sys", SimpleNamespace(stderr=stderr))  # pytest exchanges the real one at will
    log.configure()
    yield lambda: [json.loads(line) for line in written.getvalue().decode().split("\n") if line]
    root.setLevel(before[0])
    ours.setLevel(before[1])
    ours.propagate, ours.handlers = before[2:]


def test_a_line_is_one_json_object_with_its_time_and_call(lines: Lines) -> None:
    token = log.call_id.set("01EB")
    log.write("invocation", status=200, model="ü\n\u2028", nothing=None)
    log.call_id.reset(token)
    (line,) = lines()
    assert line.pop("time").endswith("Z")
    expected = {"event": "invocation", "call_id": "01EB", "status": 200, "model": "ü\n\u2028", "nothing": None}
    assert line == expected


@pytest.mark.parametrize(
    "field",
    [object(), {1, 2}, b"bytes", float("inf")],
    ids=["object", "set", "bytes", "infinity"],
)
def test_a_field_that_is_no_json_does_not_stop_the_line(lines: Lines, field: object) -> None:
    log.write("odd", field=field)
    (line,) = lines()
    assert line["event"] == "odd"


def test_the_debug_lines_of_libraries_stay_out(lines: Lines) -> None:
    logging.getLogger("httpx").debug("authorization: Bearer sk-secret")
    logging.getLogger("oci.auth").info("token")
    assert lines() == []


def test_a_log_that_nobody_reads_any_more_stops_no_call(lines: Lines) -> None:
    assert lines() == []
    log.sys.stderr.close()  # type: ignore[attr-defined]  # the fixture's
    log.write("after")


def test_other_listeners_get_each_line_too(lines: Lines) -> None:
    kept = logging.handlers.BufferingHandler(10)
    logging.getLogger("model_service").addHandler(kept)
    try:
        log.write("both")
    finally:
        logging.getLogger("model_service").removeHandler(kept)
    assert [json.loads(record.getMessage())["event"] for record in kept.buffer] == ["both"]
    assert [line["event"] for line in lines()] == ["both"]


def test_configuring_twice_does_not_write_twice(lines: Lines) -> None:
    log.configure()
    log.write("once")
    assert len(lines()) == 1


def _fail(prompt: str) -> None:
    raise KeyError(prompt)


def test_a_bug_is_logged_by_its_type_and_place_and_not_by_its_text(lines: Lines) -> None:
    try:
        _fail("my secret prompt")
    except KeyError as bug:
        log.write_bug(bug)
    (line,) = lines()
    assert (line["event"], line["exception"]) == ("bug", "KeyError")
    assert line["where"][-1].endswith(" _fail")
    assert "secret" not in json.dumps(line)


def test_half_a_surrogate_pair_is_escaped_whoever_listens(lines: Lines, caplog: pytest.LogCaptureFixture) -> None:
    log.write("invocation", metadata={"\ud800": "é"})
    assert lines()[-1]["metadata"] == {"\ud800": "é"}
    ours = logging.getLogger("model_service")
    ours.addHandler(caplog.handler)
    log.write("invocation", metadata={"\ud800": "é"})
    assert json.loads(caplog.messages[-1])["metadata"] == {"\ud800": "é"}
    assert caplog.messages[-1].encode()
