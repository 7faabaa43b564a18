"""Tables and the line that every made page begins with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

MADE: Final = "<!-- Written by `make reference` from the code; a test holds the two equal. -->"


def table(*heading: str, rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown; a bar in a cell is escaped."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |" for cells in lines
    )


def described(known: Iterable[str], texts: dict[str, str], what: str) -> None:
    """Raise ``ValueError`` unless each of ``known`` has its text, and no other has one."""
    if odd := sorted(set(known) ^ texts.keys()):
        raise ValueError(f"{', '.join(odd)}: {what} has to describe each once")
