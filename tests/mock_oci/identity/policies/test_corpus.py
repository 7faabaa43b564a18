"""A corpus of scenarios in the form of Oracle's oci-policy-analysis, with the statements that each rests on.

Ours says ``denied`` where a variable of an allow is missing, as docs Identity/policysyntax/conditions.htm does; theirs
says ``unknown``, as it does not know what the request would have carried. Theirs compares with case, the page does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from mock_oci import MockOci
from mock_oci.identity.policies import Asked
from mock_oci.identity.policies.required import REQUIRED, needed, operation_name
from mock_oci.identity.policies.variables import request_variables
from mock_oci.identity.principals import Principal
from mock_oci.identity.tenancy import Tenancy, ocid

CORPUS: Final = json.loads(Path(__file__).with_name("corpus.json").read_text())
NEEDED: Final = {operation_name(name): needed(text) for name, text in REQUIRED.items()}
ROOT: Final = Tenancy().tenancy_id


def tenancy_of(snapshot: dict[str, Any], without: int = -1) -> MockOci:
    """Make the snapshot, without one of its statements."""
    oci = MockOci()
    for name, members in snapshot["groups"].items():
        oci.iam.directory.add_group(name, [ocid("user", member) for member in members])
    for path, id_ in snapshot["compartments"].items():
        above, _, name = path.rpartition("/")
        oci.iam.directory.add_compartment(id_, name, snapshot["compartments"].get(above, ""))
    oci.iam.add_policy(text for index, text in enumerate(snapshot["statements"]) if index != without)
    return oci


def result(oci: MockOci, scenario: dict[str, Any]) -> str:
    group, operation = scenario["principal_key"].rpartition("/")[2], scenario["api_operation"].removeprefix("oci:")
    [member] = CORPUS["snapshot"]["groups"][group]
    principal = Principal("user", ocid("user", member), ROOT)
    context = {name: (value,) for name, value in {**CORPUS["shared_context"], **scenario["context"]}.items()}
    variables = {**request_variables(principal, "iad", operation, oci.clock()), **context}
    place = CORPUS["snapshot"]["compartments"][scenario["compartment_path"]]
    return oci.iam.decide(Asked(principal, operation, NEEDED[operation], place, variables)).answer.value


def witnesses(scenario: dict[str, Any]) -> Iterator[int]:
    snapshot = CORPUS["snapshot"]
    for index in range(len(snapshot["statements"])):
        if result(tenancy_of(snapshot, without=index), scenario) != scenario["expected"]:
            yield index


@pytest.mark.parametrize("scenario", CORPUS["scenarios"], ids=lambda scenario: scenario["name"])
def test_a_scenario_has_its_result_and_the_statements_that_it_rests_on(scenario: dict[str, Any]) -> None:
    assert result(tenancy_of(CORPUS["snapshot"]), scenario) == scenario["expected"]
    assert list(witnesses(scenario)) == scenario["witnesses"]


def test_a_statement_that_no_scenario_rests_on_is_one_that_another_covers() -> None:
    rested_on = {index for scenario in CORPUS["scenarios"] for index in scenario["witnesses"]}
    assert set(range(len(CORPUS["snapshot"]["statements"]))) - rested_on == {2}
