"""Look at a site that mkdocs has built: ``python tests/docs/built_site.py build/site`` fails where a page fetches
something from elsewhere, or where a link, an anchor or a picture leads nowhere. It needs nothing but Python.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself, by tag.
FETCHED: Final = {"script": "src", "img": "src", "iframe": "src", "source": "srcset", "link": "href"}
NOT_FETCHED: Final = frozenset({"canonical", "prev", "next", "alternate"})  # kinds of <link>


class Page(HTMLParser):
    """The anchors of a page, what it fetches, and where it links to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note what a tag fetches, names or links to."""
        values = {name: value or "" for name, value in attributes}
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        target = values.get(FETCHED.get(tag, ""), "")
        if target and values.get("rel", "") not in NOT_FETCHED:
            self.fetched.append(target)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])


def faults(site: Path) -> Iterator[str]:
    """Yield a sentence for each fault of the site."""
    pages = {path: Page(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}
    for path, page in pages.items():
        name = path.relative_to(site)
        for target in page.fetched:
            if urlsplit(target).netloc:
                yield f"{name} fetches {target}"
        for target in {*page.links, *(one for one in page.fetched if not urlsplit(one).netloc)}:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            place = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = place / "index.html" if place.is_dir() else place
            if not place.exists():
                yield f"{name} links to {target}, which is not there"
            elif parts.fragment and place in pages and unquote(parts.fragment) not in pages[place].anchors:
                yield f"{name} links to {target}, but there is no such anchor"


if __name__ == "__main__":
    found = list(faults(Path(sys.argv[1]).resolve()))
    sys.exit("\n".join(found) or 0)
