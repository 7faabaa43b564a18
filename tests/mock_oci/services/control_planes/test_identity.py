"""Policies that are written over the API count at once, as do the dynamic groups that they name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mock_oci import MockOci, Response
from mock_oci.services.control_planes.regions import region_names
from mock_oci.services.object_storage import ObjectStorage

ANSWERED = Callable[..., Any]
BASE = "/20160918"


@pytest.fixture
def as_function(oci: MockOci, sign: Callable[..., Any], another_key: Any) -> Callable[..., int]:
    """Asks as the resource principal of a function; gives the status."""
    principal = oci.principals.resource_principal("ocid1.fnfunc.oc1.us-chicago-1.caller", key=another_key)

    def ask(method: str, target: str) -> int:
        return oci.answer(sign(f"ST${principal.rpst}", principal.private_pem, method, target, b"")).status

    return ask


def test_a_function_may_do_what_a_policy_on_its_group_says_and_no_more(
    oci: MockOci, answered: ANSWERED, signed: Callable[..., Response], as_function: Callable[..., int]
) -> None:
    oci.state_of(ObjectStorage).create_bucket("answers")
    root = {"compartmentId": oci.tenancy.tenancy_id, "description": "of the test"}
    rule = "ALL {resource.type = 'fnfunc'}"
    group = answered("POST", f"{BASE}/dynamicGroups", {**root, "name": "functions", "matchingRule": rule})
    statement = f"Allow dynamic-group id {group['id']} to read buckets in compartment id {oci.tenancy.compartment_id}"
    policy = answered("POST", f"{BASE}/policies", {**root, "name": "buckets", "statements": [statement]})
    bucket = f"/n/{oci.state_of(ObjectStorage).namespace}/b/answers"
    assert as_function("GET", bucket) == 200
    assert as_function("DELETE", bucket) == 404
    weaker = statement.replace("read", "inspect")
    answered("PUT", f"{BASE}/policies/{policy['id']}", {"statements": [weaker]})
    assert as_function("GET", bucket) == 404
    answered("PUT", f"{BASE}/policies/{policy['id']}", {"statements": [statement]})
    assert as_function("GET", bucket) == 200
    assert signed("DELETE", f"{BASE}/dynamicGroups/{group['id']}").status == 204
    assert as_function("GET", bucket) == 404
    assert signed("DELETE", f"{BASE}/policies/{policy['id']}").status == 204


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("policies", {"statements": ["Permit everything"]}, "statements"),
        ("policies", {"statements": ["Allow dynamic-group nobody to read buckets in tenancy"]}, "nobody"),
        ("dynamicGroups", {"matchingRule": "ALL {resource.type ="}, "matchingRule"),
    ],
)
def test_what_is_no_policy_is_refused_and_not_kept(
    oci: MockOci, answered: ANSWERED, signed: Callable[..., Response], path: str, body: dict[str, Any], said: str
) -> None:
    root = {"compartmentId": oci.tenancy.tenancy_id, "name": "x", "description": "x"}
    response = signed("POST", f"{BASE}/{path}", {**root, **body})
    assert isinstance(response.body, bytes)
    assert response.status == 400
    assert said in json.loads(response.body)["message"]
    assert answered("GET", f"{BASE}/{path}?compartmentId={oci.tenancy.tenancy_id}") == []


def test_compartments_regions_and_the_tenancy_are_told(oci: MockOci, answered: ANSWERED) -> None:
    root = oci.tenancy.tenancy_id
    assert answered("GET", f"{BASE}/tenancies/{root}")["homeRegionKey"] == "ORD"
    [below] = answered("GET", f"{BASE}/compartments?compartmentId={root}")
    assert below["id"] == oci.tenancy.compartment_id
    assert answered("GET", f"{BASE}/compartments/{below['id']}")["name"] == below["name"]
    assert {"key": "FRA", "name": "eu-frankfurt-1"} in answered("GET", f"{BASE}/regions")
    [subscription] = answered("GET", f"{BASE}/tenancies/{root}/regionSubscriptions")
    assert (subscription["regionName"], subscription["isHomeRegion"]) == ("us-chicago-1", True)
    assert len(answered("GET", f"{BASE}/availabilityDomains?compartmentId={root}")) == 1
    assert len(region_names()) > 80
