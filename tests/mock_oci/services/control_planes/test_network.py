"""Networks: what OCI makes with one, addresses that fit, and the rules of security groups."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mock_oci import MockOci, Response

ANSWERED = Callable[..., Any]
BASE = "/20160918"
RULE = {"direction": "EGRESS", "protocol": "6", "destination": "0.0.0.0/0", "destinationType": "CIDR_BLOCK"}


@pytest.fixture
def home(oci: MockOci) -> dict[str, str]:
    return {"compartmentId": oci.tenancy.compartment_id}


@pytest.fixture
def vcn(home: dict[str, str], answered: ANSWERED) -> dict[str, Any]:
    made: dict[str, Any] = answered("POST", f"{BASE}/vcns", {**home, "cidrBlocks": ["10.0.0.0/16"]})
    return made


@pytest.fixture
def group(home: dict[str, str], vcn: dict[str, Any], answered: ANSWERED) -> str:
    made = answered("POST", f"{BASE}/networkSecurityGroups", {**home, "vcnId": vcn["id"]})
    return f"{BASE}/networkSecurityGroups/{made['id']}"


def message(response: Response) -> tuple[int, str]:
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body)["message"]


def test_a_network_has_its_default_parts_which_go_with_it(
    vcn: dict[str, Any], answered: ANSWERED, signed: Callable[..., Response]
) -> None:
    parts = {
        "routeTables": "defaultRouteTableId",
        "securityLists": "defaultSecurityListId",
        "dhcps": "defaultDhcpOptionsId",
    }
    for path, name in parts.items():
        assert answered("GET", f"{BASE}/{path}/{vcn[name]}")["vcnId"] == vcn["id"]
    assert signed("DELETE", f"{BASE}/vcns/{vcn['id']}").status == 204
    for path, name in parts.items():
        assert signed("GET", f"{BASE}/{path}/{vcn[name]}").status == 404


def test_a_subnet_takes_the_networks_parts_and_its_first_address_is_the_router(
    home: dict[str, str], vcn: dict[str, Any], answered: ANSWERED
) -> None:
    subnet = answered("POST", f"{BASE}/subnets", {**home, "vcnId": vcn["id"], "cidrBlock": "10.0.8.0/24"})
    assert subnet["routeTableId"] == vcn["defaultRouteTableId"]
    assert subnet["securityListIds"] == [vcn["defaultSecurityListId"]]
    assert subnet["virtualRouterIp"] == "10.0.8.1"


@pytest.mark.parametrize(
    ("block", "said"),
    [("10.1.0.0/24", "not within"), ("10.0.1.128/25", "overlaps"), ("10.0.1.1/24", "CIDR"), ("here", "CIDR")],
)
def test_a_subnet_whose_addresses_do_not_fit_is_refused(
    home: dict[str, str],
    vcn: dict[str, Any],
    answered: ANSWERED,
    signed: Callable[..., Response],
    block: str,
    said: str,
) -> None:
    answered("POST", f"{BASE}/subnets", {**home, "vcnId": vcn["id"], "cidrBlock": "10.0.1.0/24"})
    status, told = message(signed("POST", f"{BASE}/subnets", {**home, "vcnId": vcn["id"], "cidrBlock": block}))
    assert status == 400
    assert said in told


def test_rules_are_added_changed_and_taken_away(
    group: str, answered: ANSWERED, signed: Callable[..., Response]
) -> None:
    [rule] = answered("POST", f"{group}/actions/addSecurityRules", {"securityRules": [RULE]})["securityRules"]
    assert (rule["isStateless"], rule["isValid"], rule["source"]) == (False, True, None)
    changed = {**RULE, "id": rule["id"], "description": "out"}
    answered("POST", f"{group}/actions/updateSecurityRules", {"securityRules": [changed]})
    assert answered("GET", f"{group}/securityRules?direction=EGRESS")[0]["description"] == "out"
    assert answered("GET", f"{group}/securityRules?direction=INGRESS") == []
    assert signed("POST", f"{group}/actions/removeSecurityRules", {"securityRuleIds": [rule["id"]]}).status == 204
    assert answered("GET", f"{group}/securityRules") == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({**RULE, "destination": None}, "destination"),
        ({**RULE, "direction": "UP"}, "direction must be one of"),
        ({**RULE, "colour": "red"}, "colour"),
    ],
)
def test_a_rule_that_is_not_one_is_refused(
    group: str, signed: Callable[..., Response], rule: dict[str, Any], said: str
) -> None:
    status, told = message(signed("POST", f"{group}/actions/addSecurityRules", {"securityRules": [rule]}))
    assert status == 400
    assert said in told


def test_of_many_rules_either_all_are_kept_or_none(
    group: str, answered: ANSWERED, signed: Callable[..., Response]
) -> None:
    for _ in range(4):
        answered("POST", f"{group}/actions/addSecurityRules", {"securityRules": [RULE] * 25})
    assert signed("POST", f"{group}/actions/addSecurityRules", {"securityRules": [RULE] * 25}).status == 400
    assert len(answered("GET", f"{group}/securityRules")) == 100
    assert signed("POST", f"{group}/actions/removeSecurityRules", {"securityRuleIds": ["none"]}).status == 400
