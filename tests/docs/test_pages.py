"""What holds of every page: its links lead somewhere, and the site has it in its navigation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from tests.docs.built_site import faults
from tests.docs.pages import DOCS, FENCED, ROOT, anchors, links, pages

# Pages of the site that lie elsewhere in the repository.
ELSEWHERE = re.findall(r'"([\w./]+\.md)": "([a-z-]+\.md)"', (DOCS / "site/hooks.py").read_text())[:4]
OF_PICTURES = {"only-light", "only-dark"}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), f"{page.name} links to {target}"
        if anchor and anchor not in OF_PICTURES:
            assert anchor in anchors(place), f"{page.name} links to {target}: there is no such heading"


def navigation() -> list[str]:
    """Return the pages of the site, where they lie in the repository."""

    class Loader(yaml.SafeLoader):
        """Reads mkdocs.yml; the one tag of it, a Python object, says nothing of the navigation."""

    Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
    nav = yaml.load((ROOT / "mkdocs.yml").read_text(), Loader)["nav"]
    elsewhere = {page: source for source, page in ELSEWHERE}
    return [elsewhere.get(page, f"docs/{page}") for page in re.findall(r"[\w/.-]+\.md", str(nav))]


def test_every_page_is_in_the_navigation_once() -> None:
    known = [str(page.relative_to(ROOT)) for page in pages() if page != ROOT / "README.md"]
    assert sorted(navigation()) == sorted(known), "a new page has its place in mkdocs.yml and in llms.txt"


def test_llms_txt_has_every_page_in_that_order() -> None:
    assert re.findall(r"\]\(([^)]+)\)", (ROOT / "llms.txt").read_text()) == navigation()


def test_lists_and_tables_stand_behind_an_empty_line() -> None:
    """GitHub does without, the site does not."""
    wrong = re.compile(r"^(?![-*|>#\s]|\d+\. )\S.*\n(?:[-*] |\d+\. |\|)", re.MULTILINE)
    found = [
        f"{page.name}: {match.group()}"
        for page in pages()
        for match in wrong.finditer(FENCED.sub("", page.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_both_variants_of_a_picture_differ_in_their_colours_alone() -> None:
    pictures = sorted((DOCS / "images").glob("*-light.svg"))
    assert pictures
    style = re.compile(r"<style>.*?</style>", re.DOTALL)
    for light in pictures:
        dark = light.with_name(light.name.replace("-light", "-dark"))
        assert style.sub("", light.read_text()) == style.sub("", dark.read_text())
        assert style.search(light.read_text()) != style.search(dark.read_text())


def test_a_built_site_that_fetches_or_links_to_nothing_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<link rel="stylesheet" href="https://fonts.example/x.css"><a href="b.html#there">b</a>'
        '<a href="b.html#not">b</a><a href="c.html">c</a><a href="https://example.com/">e</a><img src="x.png">'
    )
    (tmp_path / "b.html").write_text('<h2 id="there">There</h2>')
    assert sorted(faults(tmp_path)) == [
        "a.html fetches https://fonts.example/x.css",
        "a.html links to b.html#not, but there is no such anchor",
        "a.html links to c.html, which is not there",
        "a.html links to x.png, which is not there",
    ]
