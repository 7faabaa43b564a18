"""What Terraform grants and no feature uses, and the statements that no feature needs: ``python -m tests.iam.report``.

``--without-each`` runs each feature again without each of its statements, which has to fail: some minutes.
"""

from __future__ import annotations

import argparse
import inspect
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.iam.explained import EXPLAINED, NOT_NEEDED, USED_BY
from tests.iam.scenarios import SCENARIOS
from tests.iam.site import MADE, Site

from mock_oci.identity.policies import Statement
from mock_oci.identity.policies.iam import Iam
from mock_oci.identity.policies.permission_sets import permissions_of

Pair = tuple[str, str]
"""What a statement lets whom do, and one permission of it."""


@dataclass(frozen=True)
class Report:
    """Of one feature: what was granted, what was used, and what could be left out."""

    granted: frozenset[Pair]
    used: frozenset[Pair]
    unneeded: tuple[str, ...]

    @property
    def unused(self) -> frozenset[Pair]:
        return self.granted - self.used


def run(feature: str, folder: Path, without: str = "") -> Site:
    """Run a feature's scenario, perhaps without one of its statements, and return its site. Nothing may be refused."""
    site, scenario = Site(feature, without=without), SCENARIOS[feature]
    scenario(site, *([folder] if "folder" in inspect.signature(scenario).parameters else []))
    assert [item.reason for item in site.decisions if not item.is_allowed] == []
    return site


def report_on(site: Site) -> Report:
    """Return the report on a scenario that has run.

    A statement without which every question has the answer that it had is not needed: the run would be the same.
    """
    granted = {(words(statement), name) for statement in site.oci.iam.statements for name in _permissions(statement)}
    used = {
        (words(verdict.statement), verdict.permission)
        for decision in site.decisions
        for verdict in decision.verdicts
        if verdict.statement is not None
    }
    unneeded = [statement.text for statement in site.oci.iam.statements if not _changes(site, statement)]
    return Report(frozenset(granted), frozenset(used), tuple(map(short, unneeded)))


def granted_by_all() -> frozenset[Pair]:
    """Return every pair that some feature grants, without running anything."""
    statements = (statement for feature in MADE for statement in Site(feature).oci.iam.statements)
    return frozenset((words(statement), name) for statement in statements for name in _permissions(statement))


def words(statement: Statement) -> str:
    """Return who may do what by a statement: ``fnfunc: use metrics``."""
    return short(statement.text)


def short(text: str) -> str:
    """Return a statement's text as who may do what: the kind of principal that it names, and the grant."""
    _, _, rest = text.partition("Allow ")
    subject, _, rest = rest.partition(" to ")
    grant = rest.partition(" in ")[0]
    kind = text.partition("request.principal.type = '")[2].partition("'")[0]
    return f"{kind or subject.split(' id ')[0]}: {grant}"


def _permissions(statement: Statement) -> frozenset[str]:
    return permissions_of(statement.grant) or frozenset()


def _changes(site: Site, left_out: Statement) -> bool:
    kept = Iam(site.oci.tenancy)
    kept.directory = site.oci.iam.directory
    kept.add_policy(statement.text for statement in site.oci.iam.statements if statement is not left_out)
    return any(kept.decide(decision.asked).answer is not decision.answer for decision in site.decisions)


def _failing_without(features: Iterable[str]) -> Iterator[tuple[str, str, bool]]:
    """Yield each statement of each feature, and whether the feature fails without it."""
    for feature in features:
        for statement in Site(feature).statements:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    run(feature, Path(folder), without=statement)
                except Exception:  # noqa: BLE001 - however it fails
                    yield feature, short(statement), True
                else:
                    yield feature, short(statement), False


def unexplained(report: Report) -> list[str]:
    """Return what a report has and nobody has explained."""
    pairs = sorted(report.unused - EXPLAINED.keys() - USED_BY.keys())
    return [*map(str, pairs), *(words for words in report.unneeded if words not in NOT_NEEDED)]


def main() -> int:
    """Print the report; return 1 when something in it has no explanation."""
    parser = argparse.ArgumentParser(description="permissions granted, used, and why for each that is not")
    parser.add_argument("--without-each", action="store_true", help="run each feature without each of its statements")
    parser.add_argument("features", nargs="*", default=sorted(MADE))
    options = parser.parse_args()
    if options.without_each:
        found = list(_failing_without(options.features))
        for feature, statement, fails in found:
            print(f"{'fails' if fails else 'WORKS'} without  {feature:24} {statement}", flush=True)
        return int(any(not fails and statement not in NOT_NEEDED for _, statement, fails in found))
    left: list[str] = []
    for feature in options.features:
        with tempfile.TemporaryDirectory() as folder:
            report = report_on(run(feature, Path(folder)))
        print(f"{feature}: {len(report.used)} of {len(report.granted)} permissions used")
        for pair in sorted(report.unused):
            elsewhere = f"used by {USED_BY[pair]}" if pair in USED_BY else "NO EXPLANATION"
            print(f"  not used    {pair[1]:32} {pair[0]}: {EXPLAINED.get(pair, elsewhere)}")
        for statement in report.unneeded:
            print(f"  not needed  {statement}: {NOT_NEEDED.get(statement, 'NO EXPLANATION')}")
        left += unexplained(report)
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
