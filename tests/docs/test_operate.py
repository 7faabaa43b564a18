"""The sums of docs/operate.md are right."""

from __future__ import annotations

import re

import pytest
from tests.docs.pages import DOCS

PAGE = (DOCS / "operate.md").read_text()
POOL_MB = 60 * 1024
INVOCATION, GB_SECOND, GATEWAY_CALL = 0.20e-6, 0.00001417, 3e-6
FREE_INVOCATIONS, FREE_GB_SECONDS = 2_000_000, 400_000


@pytest.mark.parametrize("memory", [256, 512, 1024, 2048])
def test_as_many_calls_fit_as_the_page_says(memory: int) -> None:
    (row,) = re.findall(rf"^\| {memory} MB \|(.*)\|$", PAGE, re.MULTILINE)
    containers = POOL_MB // memory
    assert [int(cell) for cell in row.split("|")] == [
        containers,
        *(containers // seconds for seconds in (1, 3, 10, 30)),
    ]


@pytest.mark.parametrize(("column", "gigabytes", "calls"), [(0, 0.5, 10**6), (1, 0.25, 10**6), (2, 0.5, 10**7)])
def test_it_costs_what_the_page_says(column: int, gigabytes: float, calls: int) -> None:
    gb_seconds = calls * 3 * gigabytes
    execution = (gb_seconds - FREE_GB_SECONDS) * GB_SECOND
    invocations = max(0, calls - FREE_INVOCATIONS) * INVOCATION
    gateway = calls * GATEWAY_CALL
    tokens = calls * 700 * 0.72e-6
    for name, value in (
        ("GB-seconds", f"{gb_seconds:,.0f}"),
        ("execution", f"${execution:,.2f}"),
        ("invocations", f"${invocations:,.2f}"),
        ("API Gateway", f"${gateway:,.2f}"),
        (r"\*\*together\*\*", f"**${execution + invocations + gateway:,.2f}**"),
        ("the model: .*?", f"${tokens:,.2f}"),
    ):
        (row,) = re.findall(rf"^\| {name} \|(.*)\|$", PAGE, re.MULTILINE)
        assert row.split("|")[column].strip() == value
