"""What every kind of stored resource does: made, read, listed, changed, deleted, and refused."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import oci as sdk
import pytest
from tests.mock_oci.conftest import Clock

from mock_oci import MockOci, Response
from mock_oci.services.control_planes import StoredResources

ANSWERED = Callable[..., Any]
NETWORK, GATEWAY = "/20160918", "/20190501"
# The SDK's models of a resource and of a row of its list, by the noun of its kind.
MODELS = {
    "vcn": ("core", "Vcn", "Vcn"),
    "subnet": ("core", "Subnet", "Subnet"),
    "route_table": ("core", "RouteTable", "RouteTable"),
    "security_list": ("core", "SecurityList", "SecurityList"),
    "dhcp_options": ("core", "DhcpOptions", "DhcpOptions"),
    "internet_gateway": ("core", "InternetGateway", "InternetGateway"),
    "nat_gateway": ("core", "NatGateway", "NatGateway"),
    "service_gateway": ("core", "ServiceGateway", "ServiceGateway"),
    "network_security_group": ("core", "NetworkSecurityGroup", "NetworkSecurityGroup"),
    "policy": ("identity", "Policy", "Policy"),
    "dynamic_group": ("identity", "DynamicGroup", "DynamicGroup"),
    "gateway": ("apigateway", "Gateway", "GatewaySummary"),
    "deployment": ("apigateway", "Deployment", "DeploymentSummary"),
    "usage_plan": ("apigateway", "UsagePlan", "UsagePlanSummary"),
    "subscriber": ("apigateway", "Subscriber", "SubscriberSummary"),
    "log_group": ("logging", "LogGroup", "LogGroupSummary"),
    "log": ("logging", "Log", "LogSummary"),
    "alarm": ("monitoring", "Alarm", "AlarmSummary"),
    "container_repository": ("artifacts", "ContainerRepository", "ContainerRepositorySummary"),
    "application": ("functions", "Application", "ApplicationSummary"),
    "function": ("functions", "Function", "FunctionSummary"),
}


class Made:
    """One resource of each kind, made in the order in which they need each other; ``paths`` are their collections."""

    def __init__(self, oci: MockOci, signed: Callable[..., Response]) -> None:
        self.oci, self._signed = oci, signed
        self.home = {"compartmentId": oci.tenancy.compartment_id}
        self.ids: dict[str, str] = {}
        self.paths: dict[str, str] = {}

    def make(self, noun: str, path: str, **body: Any) -> str:
        response = self._signed("POST", path, {**self.home, **body})
        assert response.status in (200, 202), (noun, response.body)
        self.paths[noun] = path
        self.ids[noun] = self.oci.state_of(StoredResources).of(noun).all()[-1].id
        return self.ids[noun]


@pytest.fixture
def made(oci: MockOci, signed: Callable[..., Response], answered: ANSWERED) -> Made:
    made = Made(oci, signed)
    vcn = made.make("vcn", f"{NETWORK}/vcns", cidrBlocks=["10.0.0.0/16"], dnsLabel="models")
    inside = {"vcnId": vcn}
    subnet = made.make("subnet", f"{NETWORK}/subnets", **inside, cidrBlock="10.0.1.0/24", dnsLabel="functions")
    made.make("internet_gateway", f"{NETWORK}/internetGateways", **inside)
    made.make("nat_gateway", f"{NETWORK}/natGateways", **inside)
    [_, everything] = answered("GET", f"{NETWORK}/services")
    out = made.make(
        "service_gateway", f"{NETWORK}/serviceGateways", **inside, services=[{"serviceId": everything["id"]}]
    )
    rule = {"destination": everything["cidrBlock"], "destinationType": "SERVICE_CIDR_BLOCK", "networkEntityId": out}
    made.make("route_table", f"{NETWORK}/routeTables", **inside, routeRules=[rule])
    made.make("security_list", f"{NETWORK}/securityLists", **inside)
    made.make("dhcp_options", f"{NETWORK}/dhcps", **inside)
    made.make("network_security_group", f"{NETWORK}/networkSecurityGroups", **inside)
    named = {"name": "models", "description": "of models", "compartmentId": oci.tenancy.tenancy_id}
    made.make("policy", f"{NETWORK}/policies", **named, statements=["Allow any-user to inspect buckets in tenancy"])
    made.make("dynamic_group", f"{NETWORK}/dynamicGroups", **named, matchingRule="ALL {resource.type = 'fnfunc'}")
    gateway = made.make("gateway", f"{GATEWAY}/gateways", subnetId=subnet, endpointType="PUBLIC")
    deployment = made.make(
        "deployment", f"{GATEWAY}/deployments", gatewayId=gateway, pathPrefix="/v1", specification={"routes": []}
    )
    entitlement = {"name": "all", "targets": [{"deploymentId": deployment}]}
    plan = made.make("usage_plan", f"{GATEWAY}/usagePlans", entitlements=[entitlement])
    made.make("subscriber", f"{GATEWAY}/subscribers", clients=[{"name": "a", "token": "t"}], usagePlans=[plan])
    group = made.make("log_group", "/20200531/logGroups", displayName="models")
    made.home = {}
    made.make("log", f"/20200531/logGroups/{group}/logs", displayName="calls", logType="CUSTOM")
    made.home = {"compartmentId": oci.tenancy.compartment_id}
    made.make(
        "alarm", "/20180401/alarms", displayName="late", metricCompartmentId=oci.tenancy.compartment_id,
        namespace="oci_faas", query="FunctionDuration[1m].max() > 1", severity="CRITICAL", destinations=["t"],
        isEnabled=True,
    )  # fmt: skip
    made.make("container_repository", f"{NETWORK}/container/repositories", displayName="models")
    application = made.make("application", "/20260325/applications", displayName="models", subnetIds=[subnet])
    made.home = {}
    source = {"sourceType": "CONTAINER_IMAGE", "image": "ord.ocir.io/x/models:1"}
    made.make(
        "function", "/20260325/functions", displayName="models", applicationId=application, memoryInMBs=128,
        sourceDetails=source,
    )  # fmt: skip
    made.paths["application"], made.paths["function"] = "/20260325/applications", "/20260325/functions"
    return made


def required_of(module: str, model: str) -> set[str]:
    """Return the fields that the SDK says are always there."""
    kind = getattr(getattr(sdk, module).models, model)
    marked = (
        wire
        for attribute, wire in kind().attribute_map.items()
        if "**[Required]**" in (inspect.getattr_static(kind, attribute).__doc__ or "")
    )
    return set(marked)


def rows_of(answered: ANSWERED, made: Made, noun: str) -> list[dict[str, Any]]:
    application = made.ids["application"]
    tenancy = made.oci.tenancy
    home = tenancy.tenancy_id if noun in ("policy", "dynamic_group") else tenancy.compartment_id
    query = f"applicationId={application}" if noun == "function" else f"compartmentId={home}"
    found = answered("GET", made.paths[noun] if noun == "log" else f"{made.paths[noun]}?{query}")
    rows: list[dict[str, Any]] = found["items"] if isinstance(found, dict) else found
    return rows


def test_every_resource_and_every_row_of_a_list_has_the_fields_of_the_sdks_model(
    made: Made, answered: ANSWERED
) -> None:
    assert made.ids.keys() == MODELS.keys()
    for noun, (module, model, summary) in MODELS.items():
        shown = answered("GET", f"{made.paths[noun]}/{made.ids[noun]}")
        [row] = [row for row in rows_of(answered, made, noun) if row["id"] == made.ids[noun]]
        for body, name in ((shown, model), (row, summary)):
            known = set(getattr(getattr(sdk, module).models, name)().attribute_map.values())
            assert body.keys() <= known, (noun, name)
            missing = {field for field in required_of(module, name) if body.get(field) is None}
            assert not missing, (noun, name)


def test_an_etag_changes_with_the_resource_and_guards_it(made: Made, signed: Callable[..., Response]) -> None:
    for noun, path in made.paths.items():
        where = f"{path}/{made.ids[noun]}"
        etag = signed("GET", where).headers["etag"]
        tags = {"freeformTags": {"team": "models"}}
        assert signed("PUT", where, tags, if_match=etag).status in (200, 202), noun
        assert signed("GET", where).headers["etag"] != etag, noun
        assert signed("PUT", where, tags, if_match=etag).status == 412, noun


def test_what_is_in_use_is_not_deleted_and_what_is_not_is_gone(
    oci: MockOci, made: Made, signed: Callable[..., Response]
) -> None:
    in_use = ("vcn", "subnet", "service_gateway", "gateway", "deployment", "usage_plan", "log_group", "application")
    for noun in in_use:
        assert signed("DELETE", f"{made.paths[noun]}/{made.ids[noun]}").status == 409, noun
    order = [
        "function", "application", "subscriber", "usage_plan", "deployment", "gateway", "log", "log_group", "subnet",
        "route_table", "service_gateway",
    ]  # fmt: skip
    rest = [noun for noun in made.ids if noun not in (*order, "vcn")]
    for noun in [*order, *rest, "vcn"]:
        assert signed("DELETE", f"{made.paths[noun]}/{made.ids[noun]}").status in (202, 204), noun
        assert signed("GET", f"{made.paths[noun]}/{made.ids[noun]}").status == 404, noun
    assert oci.state_of(StoredResources).all() == ()


def test_a_work_request_names_what_was_made_and_is_read_by_its_service(
    made: Made, signed: Callable[..., Response], answered: ANSWERED
) -> None:
    for noun, version in (("gateway", "20190501"), ("log_group", "20200531")):
        answer = signed("PUT", f"{made.paths[noun]}/{made.ids[noun]}", {"displayName": "other"})
        assert (answer.status, answer.body) == (202, b"")
        work = answered("GET", f"/{version}/workRequests/{answer.headers['opc-work-request-id']}")
        assert (work["status"], work["resources"][0]["identifier"]) == ("SUCCEEDED", made.ids[noun])


def test_a_resource_that_another_names_has_to_be_there(made: Made, signed: Callable[..., Response]) -> None:
    body = {**made.home, "compartmentId": made.oci.tenancy.compartment_id, "vcnId": "ocid1.vcn.oc1..none"}
    assert signed("POST", f"{NETWORK}/networkSecurityGroups", body).status == 404
    where = f"{NETWORK}/subnets/{made.ids['subnet']}"
    assert signed("PUT", where, {"routeTableId": "ocid1.routetable.oc1..none"}).status == 404


def test_a_field_that_is_missing_is_named(oci: MockOci, signed: Callable[..., Response]) -> None:
    response = signed("POST", f"{NETWORK}/policies", {"compartmentId": oci.tenancy.compartment_id, "name": "models"})
    assert isinstance(response.body, bytes)
    assert (response.status, json.loads(response.body)["code"]) == (400, "MissingParameter")
    assert "statements" in json.loads(response.body)["message"]


def test_times_and_names_are_made(oci: MockOci, clock: Clock, answered: ANSWERED) -> None:
    group = answered("POST", f"{GATEWAY}/usagePlans", {"compartmentId": oci.tenancy.compartment_id, "entitlements": []})
    clock.now += 3600
    assert group["displayName"].startswith("apigatewayusageplan2026")
    assert group["timeCreated"] == group["timeUpdated"]


def test_a_list_is_narrowed_sorted_and_paged(oci: MockOci, answered: ANSWERED) -> None:
    home = oci.tenancy.compartment_id
    for name in ("b", "a", "c"):
        answered("POST", f"{NETWORK}/vcns", {"compartmentId": home, "displayName": name, "cidrBlocks": ["10.0.0.0/16"]})
    listed = f"{NETWORK}/vcns?compartmentId={home}"
    assert [row["displayName"] for row in answered("GET", f"{listed}&sortBy=DISPLAYNAME")] == ["a", "b", "c"]
    assert [row["displayName"] for row in answered("GET", f"{listed}&displayName=b")] == ["b"]
    assert len(answered("GET", f"{listed}&limit=2")) == 2
