"""Policies from a file: statements, documents, and what Terraform says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mock_oci import MockOci
from mock_oci.identity.policies import PolicyError
from mock_oci.identity.tenancy import Tenancy

STATEMENT = "Allow any-user to read objects in tenancy"
OF_GROUP = "Allow dynamic-group f to read objects in tenancy"
MODELS = Tenancy().compartment_id


def from_file(path: Path, content: Any) -> list[str]:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return [statement.text for statement in MockOci(policies=path).iam.statements]


def terraform(**policy: Any) -> dict[str, Any]:
    rule = {"id": "ocid1.dynamicgroup.oc1..one", "name": "one", "matching_rule": "resource.type = 'fnfunc'"}
    resources = [
        {"address": "oci_identity_policy.this[0]", "type": "oci_identity_policy", "mode": "managed", "values": policy},
        {"address": "data.oci_x.y", "type": "oci_identity_policy", "mode": "data", "values": {}},
        {"address": "oci_identity_dynamic_group.this[0]", "type": "oci_identity_dynamic_group", "values": rule},
    ]
    return {"root_module": {"child_modules": [{"resources": resources}]}}


GROUP = f"Allow dynamic-group id ocid1.dynamicgroup.oc1..one to read objects in compartment id {MODELS}"


@pytest.mark.parametrize(
    ("content", "statements"),
    [
        (f"# mine\n\n  {STATEMENT}\n// and no other\n", [STATEMENT]),
        ([STATEMENT], [STATEMENT]),
        ({"statements": [STATEMENT], "groups": {"Readers": ["ada"]}, "compartments": {f"{MODELS}b": "b"}}, [STATEMENT]),
        ({"dynamic_groups": {"f": "resource.type = 'fnfunc'"}, "statements": [OF_GROUP]}, [OF_GROUP]),
        ({"values": terraform(statements=[GROUP], compartment_id=MODELS, id="ocid1.policy.oc1..a")}, [GROUP]),
        ({"planned_values": terraform(statements=[GROUP], compartment_id=MODELS)}, [GROUP]),
        ({"policy_statements": {"value": [STATEMENT], "sensitive": False}}, [STATEMENT]),
    ],
)
def test_policies_are_read_from_a_file(tmp_path: Path, content: Any, statements: list[str]) -> None:
    assert from_file(tmp_path / "policies", content) == statements


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("Allow me", "expected any-user"),
        ("{", "neither JSON nor statements"),
        ({"policies": []}, "policies is not known"),
        ({"statements": "Allow"}, "array"),
        ([1], "array of strings"),
        ({"planned_values": terraform(compartment_id=MODELS)}, "known after apply"),
    ],
)
def test_what_is_no_policy_is_refused(tmp_path: Path, content: Any, says: str) -> None:
    with pytest.raises(PolicyError, match=says):
        from_file(tmp_path / "policies", content)


def test_a_string_is_no_list_of_statements() -> None:
    with pytest.raises(PolicyError, match="array"):
        MockOci(policies=STATEMENT)
