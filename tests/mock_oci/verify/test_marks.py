"""Whatever is marked unverified, in the code or in its document, names the question that would settle it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_oci.verify.table import QUESTIONS
from mock_oci.verify.unaskable import UNASKABLE

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "src/mock_oci"
MARK = re.compile(
    r"\bunverified\b|\bnot documented\b|\bnot published\b|\bno page (?:has|says|of Oracle's (?:says|has))"
    r"|\bnobody has said\b",
    re.IGNORECASE,
)
NAMED = re.compile(r"verify:\s*((?:[a-z][a-z-]+[a-z])(?:,\s*(?:#\s*)?[a-z][a-z-]+[a-z])*)")
QUESTION_IDS = {one.id for one in (*QUESTIONS, *UNASKABLE)}
LINES_AFTER = 3  # within which a mark names its question


def files() -> list[Path]:
    """Return all that may have a mark; what asks the questions, and records, has the word for another reason."""
    found = [path for path in SOURCES.rglob("*.py") if path.parts[len(SOURCES.parts)] not in ("verify", "recording")]
    return [*sorted(found), ROOT / "docs/mock_oci.md"]


def marks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each line with a mark, and the questions that it or the next lines name."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if MARK.search(line):
            place = "\n".join(lines[number : number + 1 + LINES_AFTER])
            yield line.strip(), [name for found in NAMED.findall(place) for name in re.split(r"[,\s#]+", found)]


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_mark_names_its_question(path: Path) -> None:
    for line, named in marks(path.read_text()):
        assert named, (
            f"{line!r} is not verified, and says not how it could be: write `(verify: ID)` beside it, and ask it in"
            " src/mock_oci/verify/questions, or say in src/mock_oci/verify/unaskable.py why no request can"
        )


def test_a_name_is_that_of_a_question() -> None:
    named = {
        name for path in files() for found in NAMED.findall(path.read_text()) for name in re.split(r"[,\s#]+", found)
    }
    assert named - QUESTION_IDS == set()


@pytest.mark.parametrize(
    "text",
    [
        "# unverified",
        "# The code is unverified: it was never seen.",
        "how long is not documented here",
        "# (Unverified)",
    ],
)
def test_a_new_mark_without_a_question_is_found(text: str) -> None:
    [(_, named)] = marks(f"x = 1\n{text}\ny = 2\n")
    assert named == []


def test_a_mark_with_its_question_is_read() -> None:
    [(_, named)] = marks("# unverified (verify: stream-key,\n# stream-cursor): so it is\n")
    assert named == ["stream-key", "stream-cursor"]
