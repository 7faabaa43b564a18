"""What mkdocs does not do by itself: pages from outside of docs/, and links to files that no site has."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any, Final

from mkdocs.structure.files import File, Files

ROOT: Final = Path(__file__).resolve().parents[2]
# Files of the repository that are pages of the site, too.
PAGES: Final = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "terraform/README.md": "terraform.md",
    "README.md": "index.md",
}
LINK: Final = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s:#]+)(#[^)\s]*)?\)")
FENCE: Final = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that lie elsewhere."""
    for source, page in PAGES.items():
        if page != "index.md":
            text = linked((ROOT / source).read_text(encoding="utf-8"), source, page)
            files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point the links of a page at pages of the site."""
    return linked(markdown, f"docs/{page.file.src_uri}", page.file.src_uri)


def linked(text: str, source: str, page: str) -> str:
    """Return the page with links that a site has; ``source`` is where the text lies in the repository.

    A link to a file that is no page keeps its words and is no link any more.
    """

    def link(found: re.Match[str]) -> str:
        words, target, anchor = found.group(1), found.group(2), found.group(3) or ""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if not (ROOT / path).exists():
            return found.group()  # mkdocs says what is wrong with it
        place = PAGES.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else None)
        if place is None or not (ROOT / path).is_file():
            return words
        return f"[{words}]({posixpath.relpath(place, posixpath.dirname(page) or '.')}{anchor})"

    parts = FENCE.split(text)
    return "".join(part if part.startswith("```") else LINK.sub(link, part) for part in parts)


def on_post_build(config: Any) -> None:
    """Write llms.txt, the list of pages for language models (https://llmstxt.org), with the links of the site."""
    text = linked((ROOT / "llms.txt").read_text(encoding="utf-8"), "llms.txt", "llms.txt")
    (Path(config.site_dir) / "llms.txt").write_text(text.replace(".md)", ".html)"), encoding="utf-8")
