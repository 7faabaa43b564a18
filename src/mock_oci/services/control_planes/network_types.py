"""What belongs to a virtual cloud network: the kinds of oci.core.VirtualNetworkClient that functions and gateways need.

They are kept, and nothing is routed.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from mock_oci.identity.tenancy import ocid
from mock_oci.operations import Call, Refused, not_found
from mock_oci.services.control_planes.regions import key_of
from mock_oci.services.control_planes.resource_types import ANY_TYPE, ResourceType
from mock_oci.services.control_planes.stored import StoredResources, named
from mock_oci.services.oci_surface import invalid
from mock_oci.wire import Body

CLIENT = "VirtualNetworkClient"
_STATE: Body = {"lifecycleState": "AVAILABLE"}
_TAGGED: Body = {"systemTags": {}}  # not by NAT and service gateways
_OF_A_NETWORK = {"vcnId": "vcn"}
_FILTERS = ("compartmentId", "vcnId", "displayName", "lifecycleState")
_DEFAULT_PARTS = {
    "defaultRouteTableId": "routetable",
    "defaultSecurityListId": "securitylist",
    "defaultDhcpOptionsId": "dhcpoptions",
}


def _vcn_made(call: Call, vcn: Body) -> Body:
    blocks = vcn.get("cidrBlocks") or [vcn.get("cidrBlock")]
    for block in blocks:
        _network_of(block)
    domain = f"{vcn['dnsLabel']}.oraclevcn.com" if vcn.get("dnsLabel") else None
    parts = {name: ocid(type_, vcn["id"], call.region) for name, type_ in _DEFAULT_PARTS.items()}
    return {"cidrBlocks": blocks, "cidrBlock": blocks[0], "vcnDomainName": domain, **parts}


def _subnet_made(call: Call, subnet: Body) -> Body:
    vcn = named(call, "vcn", subnet["vcnId"]).body
    block = _network_of(subnet["cidrBlock"])
    if not any(block.subnet_of(_network_of(of_vcn)) for of_vcn in vcn["cidrBlocks"]):
        raise invalid(f"The CIDR {block} is not within the VCN's CIDR blocks")
    siblings = [item.body for item in call.cloud.state_of(StoredResources).of("subnet").all()]
    for sibling in siblings:
        other = sibling["vcnId"] == subnet["vcnId"] and sibling["id"] != subnet["id"]
        if other and block.overlaps(_network_of(sibling["cidrBlock"])):
            raise invalid(f"The CIDR {block} overlaps with the CIDR of {sibling['id']}")
    label = subnet.get("dnsLabel")
    named_parts = {
        "routeTableId": subnet.get("routeTableId") or vcn["defaultRouteTableId"],
        "securityListIds": subnet.get("securityListIds") or [vcn["defaultSecurityListId"]],
        "dhcpOptionsId": subnet.get("dhcpOptionsId") or vcn["defaultDhcpOptionsId"],
    }
    return {
        **named_parts,
        "ipv4CidrBlocks": [str(block)],
        "virtualRouterIp": str(block[1]),
        "virtualRouterMac": "00:00:17:00:00:01",
        "subnetDomainName": f"{label}.{vcn['vcnDomainName']}" if label and vcn["vcnDomainName"] else None,
    }


def _service_gateway_made(call: Call, gateway: Body) -> Body:
    known = {row["id"]: row["name"] for row in services_in(call)}
    for service in gateway["services"]:
        if service.get("serviceId") not in known:
            raise Refused(not_found())
    services = [item["serviceId"] for item in gateway["services"]]
    return {"services": [{"serviceId": id_, "serviceName": known[id_]} for id_ in services]}


def _route_table_made(_call: Call, table: Body) -> Body:
    filled = {"cidrBlock": None, "description": None, "destinationType": "CIDR_BLOCK", "routeType": "STATIC"}
    return {"routeRules": [{**filled, **rule} for rule in table["routeRules"]]}


def _security_list_made(_call: Call, rules: Body) -> Body:
    filled = {"description": None, "icmpOptions": None, "tcpOptions": None, "udpOptions": None, "isStateless": False}
    out, into = rules["egressSecurityRules"], rules["ingressSecurityRules"]
    return {
        "egressSecurityRules": [{**filled, "destinationType": "CIDR_BLOCK", **rule} for rule in out],
        "ingressSecurityRules": [{**filled, "sourceType": "CIDR_BLOCK", **rule} for rule in into],
    }


def _network_of(block: Any) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(block)
    except ValueError as error:
        raise invalid(f"{block} is not a CIDR block of IPv4 addresses") from error


def _part(noun: str, path: str, type_: str, **more: Any) -> ResourceType:
    """Return a kind that belongs to a network."""
    required = ("compartmentId", "vcnId", *more.pop("required", ()))
    optional = ("displayName", *more.pop("optional", ()))
    defaults = {**_STATE, **more.pop("defaults", {})}
    refers = {**_OF_A_NETWORK, **more.pop("refers", {})}
    fixed = ("vcnId", *more.pop("fixed", ()))
    common: dict[str, Any] = {"filters": _FILTERS, "updated": "", "required": required, "optional": optional}
    return ResourceType(CLIENT, noun, path, type_, defaults=defaults, refers=refers, fixed=fixed, **{**common, **more})


def services_in(call: Call) -> list[Body]:
    """Return what a service gateway leads to, named as in every region (docs: Network/Tasks/servicegateway.htm)."""
    key = key_of(call.region)
    rows = (
        (f"OCI {key} Object Storage", f"oci-{key.lower()}-objectstorage"),
        (f"All {key} Services In Oracle Services Network", f"all-{key.lower()}-services-in-oracle-services-network"),
    )
    return [
        {"id": ocid("service", block, call.region), "name": name, "description": name, "cidrBlock": block}
        for name, block in rows
    ]


VCN = ResourceType(
    client=CLIENT,
    noun="vcn",
    path="/20160918/vcns",
    type="vcn",
    required=("compartmentId",),
    optional=("displayName", "cidrBlock", "cidrBlocks", "dnsLabel", "isIpv6Enabled"),
    fixed=("cidrBlock", "cidrBlocks", "dnsLabel", "isIpv6Enabled"),
    defaults={
        **_STATE,
        **_TAGGED,
        "dnsLabel": None,
        "ipv6CidrBlocks": [],
        "byoipv6CidrBlocks": [],
        "ipv6PrivateCidrBlocks": [],
    },
    made=_vcn_made,
    updated="",
)
SUBNET = _part(
    "subnet",
    "/20160918/subnets",
    "subnet",
    required=("cidrBlock",),
    optional=(
        "availabilityDomain", "dhcpOptionsId", "dnsLabel", "prohibitInternetIngress", "prohibitPublicIpOnVnic",
        "routeTableId", "securityListIds",
    ),
    fixed=("availabilityDomain", "dnsLabel", "prohibitInternetIngress", "prohibitPublicIpOnVnic", "cidrBlock"),
    defaults={
        "availabilityDomain": None, "dnsLabel": None, "prohibitInternetIngress": False, "prohibitPublicIpOnVnic": False,
        "ipv6CidrBlock": None, "ipv6CidrBlocks": [], "ipv6VirtualRouterIp": None,
    },
    made=_subnet_made,
    refers={"routeTableId": "route_table", "securityListIds": "security_list", "dhcpOptionsId": "dhcp_options"},
)  # fmt: skip
ROUTE_TABLE = _part(
    "route_table",
    "/20160918/routeTables",
    "routetable",
    optional=("routeRules",),
    defaults={**_TAGGED, "routeRules": []},
    made=_route_table_made,
    refers={"routeRules.networkEntityId": ANY_TYPE},
)
SECURITY_LIST = _part(
    "security_list",
    "/20160918/securityLists",
    "securitylist",
    optional=("egressSecurityRules", "ingressSecurityRules"),
    defaults={**_TAGGED, "egressSecurityRules": [], "ingressSecurityRules": []},
    made=_security_list_made,
)
DHCP_OPTIONS = _part(
    "dhcp_options",
    "/20160918/dhcps",
    "dhcpoptions",
    plural="dhcp_options",
    optional=("options", "domainNameType"),
    defaults={
        **_TAGGED,
        "options": [{"type": "DomainNameServer", "serverType": "VcnLocalPlusInternet"}],
        "domainNameType": None,
    },
)
INTERNET_GATEWAY = _part(
    "internet_gateway",
    "/20160918/internetGateways",
    "internetgateway",
    optional=("isEnabled", "routeTableId"),
    defaults={**_TAGGED, "isEnabled": True, "routeTableId": None},
    refers={"routeTableId": "route_table"},
)
NAT_GATEWAY = _part(
    "nat_gateway",
    "/20160918/natGateways",
    "natgateway",
    optional=("blockTraffic", "publicIpId", "routeTableId"),
    fixed=("publicIpId",),
    defaults={"blockTraffic": False, "publicIpId": None, "routeTableId": None, "natIp": "192.0.2.1"},
    refers={"routeTableId": "route_table"},
)
SERVICE_GATEWAY = _part(
    "service_gateway",
    "/20160918/serviceGateways",
    "servicegateway",
    required=("services",),
    optional=("routeTableId",),
    later=("blockTraffic",),
    filters=("compartmentId", "vcnId", "lifecycleState"),
    defaults={"blockTraffic": False, "routeTableId": None},
    made=_service_gateway_made,
    refers={"routeTableId": "route_table"},
)
SECURITY_GROUP = _part(
    "network_security_group", "/20160918/networkSecurityGroups", "networksecuritygroup", defaults=_TAGGED
)
PARTS = (
    SUBNET, ROUTE_TABLE, SECURITY_LIST, DHCP_OPTIONS, INTERNET_GATEWAY, NAT_GATEWAY, SERVICE_GATEWAY, SECURITY_GROUP,
)  # fmt: skip
