"""docs/reference/ says what the code has."""

from __future__ import annotations

import pytest
from tests.docs.reference.pages import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_reference_is_what_the_code_makes_of_it(name: str) -> None:
    made = PAGES[name]()
    assert (FOLDER / name).read_text() == made, f"docs/reference/{name} is out of date: run `make reference`"


def test_every_page_of_the_reference_is_made_from_the_code() -> None:
    assert {path.name for path in FOLDER.glob("*.md")} == PAGES.keys()
