from pathlib import Path

from mock_oci.oddities.table import as_markdown

PAGE = Path(__file__).parents[3] / "docs" / "mock_oci_oddities.md"


def test_the_page_has_the_table_as_it_is() -> None:
    assert PAGE.read_text().endswith(as_markdown())
