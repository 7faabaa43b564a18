"""docs/reference/ says what the code has."""

from __future__ import annotations

import re

from tests.docs.reference.log_lines import TEXTS
from tests.docs.reference.pages import FOLDER, PAGES

import mock_oci
import model_service
from model_service.fn.caller import NOBODY
from model_service.fn.invocation import Deadline
from model_service.routing import resolve
from model_service.trace import said_by_caller
from model_service.usage.metrics import DIMENSIONS, EVENTS, METRICS, OF_TARGETS
from model_service.usage.record import UsageRecord


def test_every_page_of_the_reference_is_made_from_the_code() -> None:
    assert {path.name for path in FOLDER.glob("*.md")} == PAGES.keys()


def test_everything_that_is_exported_is_described() -> None:
    page = (FOLDER / "python-api.md").read_text()
    headings = re.findall(r"^### `([\w.]+)", page, re.MULTILINE)
    assert {*model_service.__all__, *mock_oci.__all__} - {"__version__"} <= set(headings)


def test_the_fields_of_a_usage_record_are_on_both_pages() -> None:
    said = said_by_caller({"user": "u", "metadata": {"a": "b"}})
    record = UsageRecord(
        NOBODY, "chat", resolve("meta.llama-3.3-70b-instruct", aliases={}), Deadline.after(20), said=said
    )
    fields = set(record._line(record._used(charged=False), None))
    usage = (FOLDER.parent / "usage.md").read_text()
    assert fields == set(TEXTS["Calls"]["usage"][1].split(", "))
    assert {name for name in fields if f"`{name}`" not in usage} == set()


def test_every_metric_is_on_the_page_for_operators() -> None:
    page = (FOLDER.parent / "operate.md").read_text()
    names = [*METRICS, *DIMENSIONS, *OF_TARGETS, *(name for metrics in EVENTS.values() for name in metrics)]
    assert [name for name in names if f"`{name}`" not in page] == []
