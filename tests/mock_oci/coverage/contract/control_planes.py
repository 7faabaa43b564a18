"""Stories of what Terraform makes: identities, networks, gateways, logs, alarms, repositories and dashboards."""

from __future__ import annotations

from typing import Any

from tests.mock_oci.coverage.contract.asking import Asking
from tests.mock_oci.coverage.contract.models import required_of

from mock_oci.services.control_planes import StoredResources

_TAGS = {"freeformTags": {"a": "b"}, "definedTags": {}}


def each(ask: Asking, client: str, noun: str, *, plural: str = "", home: str = "", **body: Any) -> str:
    """Make a resource, read, list and change it; return its OCID."""
    where = {} if noun == "log" else {"compartmentId": home or ask.home}
    inside = (body.pop("within"),) if "within" in body else ()
    changes = body.pop("changes", {"freeformTags": {"c": "d"}})
    ask(f"{client}.create_{noun}", *inside, body={**where, **body, **_TAGS})
    made = ask.oci.state_of(StoredResources).of(noun).all()[-1].id
    ask(f"{client}.get_{noun}", *inside, made)
    ask(f"{client}.list_{plural or f'{noun}s'}", *inside, query=where)
    ask(f"{client}.update_{noun}", *inside, made, body=changes)
    return made


def identity(ask: Asking) -> None:
    client, about = "IdentityClient", {"name": "models", "description": "of models"}
    statements = ["Allow any-user to inspect buckets in tenancy"]
    policy = each(ask, client, "policy", plural="policies", home=ask.root, **about, statements=statements)
    rule = "ALL {resource.type = 'fnfunc'}"
    group = each(ask, client, "dynamic_group", home=ask.root, **about, matchingRule=rule)
    ask(f"{client}.delete_policy", policy)
    ask(f"{client}.delete_dynamic_group", group)
    ask(f"{client}.get_compartment", ask.home)
    ask(f"{client}.list_compartments", query={"compartmentId": ask.root})
    ask(f"{client}.get_tenancy", ask.root)
    ask(f"{client}.list_regions")
    ask(f"{client}.list_region_subscriptions", ask.root)
    ask(f"{client}.list_availability_domains", query={"compartmentId": ask.root})


def network(ask: Asking) -> None:
    client = "VirtualNetworkClient"
    vcn = each(ask, client, "vcn", cidrBlocks=["10.0.0.0/16"], dnsLabel="models")
    inside = {"vcnId": vcn}
    made = {"subnet": each(ask, client, "subnet", **inside, cidrBlock="10.0.1.0/24", dnsLabel="functions")}
    for noun in ("internet_gateway", "nat_gateway"):
        made[noun] = each(ask, client, noun, **inside)
    everything = ask(f"{client}.list_services").body[1]
    ask(f"{client}.get_service", everything["id"])
    services = [{"serviceId": everything["id"]}]
    made["service_gateway"] = each(ask, client, "service_gateway", **inside, services=services)
    out = {"destination": everything["cidrBlock"], "destinationType": "SERVICE_CIDR_BLOCK"}
    routes = [{**out, "networkEntityId": made["service_gateway"]}]
    made["route_table"] = each(ask, client, "route_table", **inside, routeRules=routes)
    made["security_list"] = each(
        ask, client, "security_list", **inside, egressSecurityRules=[], ingressSecurityRules=[]
    )
    made["dhcp_options"] = each(
        ask, client, "dhcp_options", plural="dhcp_options", **inside,
        options=[{"type": "DomainNameServer", "serverType": "VcnLocalPlusInternet"}],
    )  # fmt: skip
    group = made["network_security_group"] = each(ask, client, "network_security_group", **inside)
    rules = f"{client}.{{}}_network_security_group_security_rules"
    rule = {"direction": "EGRESS", "protocol": "6", "destination": "0.0.0.0/0", "destinationType": "CIDR_BLOCK"}
    added = ask(rules.format("add"), group, body={"securityRules": [rule]}).body["securityRules"][0]
    ask(rules.format("list"), group)
    changed = {**rule, "id": added["id"], "description": "out"}
    ask(rules.format("update"), group, body={"securityRules": [changed]})
    ask(rules.format("remove"), group, body={"securityRuleIds": [added["id"]]})
    for noun in ("subnet", "route_table", *(noun for noun in made if noun not in ("subnet", "route_table"))):
        ask(f"{client}.delete_{noun}", made[noun])
    ask(f"{client}.delete_vcn", vcn)


def gateways(ask: Asking) -> None:
    vcn = ask("VirtualNetworkClient.create_vcn", body={"compartmentId": ask.home, "cidrBlocks": ["10.0.0.0/16"]}).id
    inside = {"compartmentId": ask.home, "vcnId": vcn, "cidrBlock": "10.0.1.0/24"}
    subnet = ask("VirtualNetworkClient.create_subnet", body=inside).id
    gateway = each(ask, "GatewayClient", "gateway", subnetId=subnet, endpointType="PUBLIC", displayName="g")
    specification = {"routes": []}
    deployment = each(
        ask, "DeploymentClient", "deployment", gatewayId=gateway, pathPrefix="/v1", specification=specification
    )
    entitlement = {"name": "all", "targets": [{"deploymentId": deployment}]}
    plan = each(ask, "UsagePlansClient", "usage_plan", entitlements=[entitlement])
    person = each(ask, "SubscribersClient", "subscriber", clients=[{"name": "a", "token": "t"}], usagePlans=[plan])
    ask("SubscribersClient.delete_subscriber", person)
    ask("UsagePlansClient.delete_usage_plan", plan)
    gone = ask("DeploymentClient.delete_deployment", deployment)
    for client in ("WorkRequestsClient", "WorkRequestClient"):
        ask(f"{client}.get_work_request", gone.headers["opc-work-request-id"])
    ask("GatewayClient.delete_gateway", gateway)


def logs(ask: Asking) -> None:
    client = "LoggingManagementClient"
    group = each(ask, client, "log_group", displayName="models", description="d")
    log = each(ask, client, "log", within=group, displayName="calls", logType="CUSTOM")
    entry = {"id": "1", "data": "{}", "time": "2026-09-21T14:13:20Z"}
    batch = {"entries": [entry], "source": "app", "type": "calls", "defaultlogentrytime": "2026-09-21T14:13:20Z"}
    ask("LoggingClient.put_logs", log, body={"specversion": "1.0", "logEntryBatches": [batch]})
    gone = ask(f"{client}.delete_log", group, log)
    ask(f"{client}.get_work_request", gone.headers["opc-work-request-id"])
    ask(f"{client}.delete_log_group", group)


def alarms(ask: Asking) -> None:
    client = "MonitoringClient"
    alarm = each(
        ask, client, "alarm", displayName="late", metricCompartmentId=ask.home, namespace="oci_faas",
        query="FunctionDuration[1m].max() > 1", severity="CRITICAL", destinations=["t"], isEnabled=True,
    )  # fmt: skip
    ask(f"{client}.delete_alarm", alarm)


def repositories(ask: Asking) -> None:
    client, noun = "ArtifactsClient", "container_repository"
    repository = each(ask, client, noun, plural="container_repositories", displayName="models")
    ask(f"{client}.delete_{noun}", repository)


def dashboards(ask: Asking) -> None:
    required = required_of("management_dashboard", "ManagementDashboardForImportExportDetails")
    document = {**dict.fromkeys(required, "x"), "compartmentId": ask.home}
    ask("DashxApisClient.import_dashboard", body={"dashboards": [document]})
