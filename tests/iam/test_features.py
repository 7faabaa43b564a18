"""Each feature works from end to end with the statements that Terraform makes for it, and needs every one of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.iam.explained import EXPLAINED, NOT_NEEDED, USED_BY
from tests.iam.report import granted_by_all, report_on, run, short, unexplained
from tests.iam.scenarios import SCENARIOS
from tests.iam.site import MADE


@pytest.mark.parametrize("feature", sorted(MADE))
def test_a_feature_works_with_its_own_statements_and_uses_them_all(feature: str, tmp_path: Path) -> None:
    report = report_on(run(feature, tmp_path))
    assert unexplained(report) == []
    assert EXPLAINED.keys() & report.used == set(), "what is used needs no explanation"
    assert {pair for pair, user in USED_BY.items() if user == feature} <= report.used


@pytest.mark.parametrize(
    "feature",
    [
        "chat",
        pytest.param("requests from objects", marks=pytest.mark.wide),
        pytest.param("large answers", marks=pytest.mark.wide),
    ],
)
def test_a_feature_fails_without_a_statement_of_its_own(feature: str, tmp_path: Path) -> None:
    for statement in MADE[feature]["statements"]:
        if short(statement) not in NOT_NEEDED:
            with pytest.raises((AssertionError, KeyError, ValueError)):
                run(feature, tmp_path, without=statement)


def test_every_feature_has_its_scenario_and_every_explanation_is_of_what_is_granted() -> None:
    assert SCENARIOS.keys() == MADE.keys()
    granted = granted_by_all()
    assert EXPLAINED.keys() | USED_BY.keys() <= granted
    assert NOT_NEEDED.keys() <= {words for words, _ in granted}
