"""docs/batches-promises.md is true: what it quotes stands on the page, its tests exist, and no sentence is left out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "batches.md").read_text()
ROWS = re.findall(r"^\| (.+?) \| (-|`[^`]+`) \|$", (ROOT / "docs" / "batches-promises.md").read_text(), re.MULTILINE)
SECTIONS = ("What can arrive", "Sinks", "What happens to a record", "Once")


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"^\d\. ", "", text, flags=re.MULTILINE)).strip()


def sentences() -> Iterator[str]:
    """Yield the sentences of the sections that promise something, but for what stands in tables and in code."""
    for section in SECTIONS:
        text = re.sub(r"```.*?```", "", PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0], flags=re.DOTALL)
        for paragraph in re.split(r"\n\s*\n", text):
            if paragraph.strip() and not paragraph.lstrip().startswith("|"):
                yield from re.split(r"(?<=[.;]) (?=[A-Z`])", flat(paragraph))


def names_in(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def test_what_it_quotes_stands_on_the_page_in_this_order() -> None:
    page, at = flat(PAGE), 0
    for words, _ in ROWS:
        assert words in page[at:], words
        at = page.index(words, at)


def test_its_tests_exist() -> None:
    named = {test.strip("`") for _, test in ROWS if test != "-"}
    assert len(named) > 50
    for test in named:
        file, _, name = test.partition("::")
        assert name in names_in(ROOT / "tests" / "model_service" / file), test


def test_no_sentence_is_left_out() -> None:
    assert [said for said in sentences() if not any(words in said for words, _ in ROWS)] == []
