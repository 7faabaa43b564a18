"""What was found, in terminals of every width, with and without colours, and in a pipe."""

from __future__ import annotations

import io
import re
import sys

import pytest
from rich.console import Console

from model_service.cli import findings
from model_service.doctor.checks import Check

CHECKS = [
    Check("credentials", "ok", "api_key"),
    Check("endpoint", "fail", "Cannot connect to a.very.long.host.name.example.com: " + "word " * 30, "Do this. " * 9),
    Check("gateway", "skip", "not asked"),
]
SUMMARY = "FAIL  3 checks, 1 ok, 1 skipped, 1 failed: endpoint"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(monkeypatch: pytest.MonkeyPatch, columns: int, *, colour: bool) -> str:
    # Not the environment: a test that has replaced it while rich was loaded would have given rich its own for good.
    monkeypatch.setattr(Console, "_environ", {"COLUMNS": str(columns), "TERM": "xterm"})
    out = Terminal()
    findings.write_findings(CHECKS, out, colour=colour)
    return out.getvalue()


def test_in_a_pipe_each_check_is_one_whole_line_below_the_summary() -> None:
    out = io.StringIO()
    findings.write_findings(CHECKS, out, colour=True)
    assert out.getvalue().splitlines() == [SUMMARY, *map(str, CHECKS)]


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("colour", [True, False])
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(
    columns: int, colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = drawn(monkeypatch, columns, colour=colour)
    assert ("\x1b[" in shown) is colour
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(map(len, plain.splitlines())) <= columns
    words = " ".join(plain.split())
    assert words.startswith(SUMMARY.replace("  ", " "))
    assert words.count("word") == 30
    assert words.count("Do this.") == 9
    assert "-> Do this." in words


def test_without_rich_a_terminal_gets_the_lines_of_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert drawn(monkeypatch, 80, colour=True).splitlines() == [SUMMARY, *map(str, CHECKS)]


def test_where_nothing_failed_the_summary_says_ok() -> None:
    assert findings.summary(CHECKS[:1]) == "OK    1 check, 1 ok"
