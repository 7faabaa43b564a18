"""How far a batch has come, in terminals of every width and in a pipe."""

from __future__ import annotations

import io
import sys

import pytest

from mock_oci.demo.progress import Seen, bar, drawing, lines

HALF = Seen(done=500, count=1000, seconds=10.0, tokens=12_345, dead_letters=5)
FACTS = ["50 records/s", "10 s left", "12,345 tokens", "5 dead letters"]


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_every_fact_is_there_and_no_line_is_wider_than_the_terminal(width: int, encoding: str) -> None:
    rows = lines(HALF, width, encoding)
    assert max(map(len, rows)) < width
    assert all(any(fact in row for row in rows) for fact in [*FACTS, "500 of 1000"])
    assert "\n".join(rows).isascii() is (encoding == "ascii")


def test_a_wide_terminal_has_all_of_it_in_one_line() -> None:
    assert lines(HALF, 200) == [f"{bar(500, 1000)}  {'  '.join(FACTS)}"]


@pytest.mark.parametrize(
    ("seen", "facts"),
    [
        (Seen(0, 10, 0.0, 0, 0), ["0 records/s", "0 s", "0 tokens", "0 dead letters"]),
        (Seen(10, 10, 75.0, 9, 1), ["0 records/s", "1 min 15 s", "9 tokens", "1 dead letter"]),
        (Seen(1, 100_001, 1.0, 9, 1), ["1 records/s", "27 h 46 min left", "9 tokens", "1 dead letter"]),
    ],
)
def test_the_facts_are_in_the_units_of_a_person(seen: Seen, facts: list[str]) -> None:
    assert seen.facts == facts


@pytest.mark.parametrize("colour", [True, False])
def test_a_terminal_sees_each_state_in_colours_if_it_wants_them(colour: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    with drawing(out, colour=colour) as draw:
        draw(HALF)
        draw(Seen(1000, 1000, 20.0, 24_000, 10))
    shown = out.getvalue()
    assert "500 of 1000" in shown
    assert "1000 of 1000" in shown
    assert ("\x1b[32m" in shown) is colour


def test_without_rich_a_terminal_sees_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    out = Terminal()
    with drawing(out, colour=True) as draw:
        draw(HALF)
    assert out.getvalue() == f"\r{bar(500, 1000)}\n"


def test_a_pipe_gets_the_last_state_alone() -> None:
    out = io.StringIO()
    with drawing(out, colour=True) as draw:
        draw(HALF)
        draw(Seen(1000, 1000, 20.0, 24_000, 10))
    assert out.getvalue() == f"{bar(1000, 1000, None)}\n"


def test_what_is_interrupted_leaves_no_bar_in_a_pipe() -> None:
    out = io.StringIO()
    with pytest.raises(KeyboardInterrupt), drawing(out, colour=True) as draw:
        draw(HALF)
        raise KeyboardInterrupt
    assert out.getvalue() == ""


def test_the_bar_is_as_long_as_what_is_done() -> None:
    assert bar(0, 4, "ascii") == f"  {'.' * 40}  0 of 4"
    assert bar(3, 4, None) == f"  {'#' * 30}{'.' * 10}  3 of 4"
    assert bar(5, 4) == f"  {'█' * 40}  5 of 4"
