"""The pages that people read, their links, their anchors and their snippets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"
OTHERS: Final = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "terraform/README.md")
FENCED: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING: Final = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)
LINK: Final = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
CODE: Final = re.compile(r"`[^`\n]+`")
ELSEWHERE: Final = ("http://", "https://", "mailto:")


def pages() -> list[Path]:
    """Return every page: docs/, and those that lie elsewhere."""
    return sorted([*DOCS.rglob("*.md"), *(ROOT / name for name in OTHERS)])


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site make them."""
    headings = HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> Iterator[str]:
    """Yield the targets of links and pictures that lie in this repository."""
    text = CODE.sub("", FENCED.sub("", page.read_text(encoding="utf-8")))
    for found in LINK.finditer(text):
        target = found.group(1) or found.group(2)
        if not target.startswith(ELSEWHERE):
            yield target
