"""API Gateway's control plane: gateways, deployments, usage plans and subscribers.

Clients: oci.apigateway.GatewayClient, DeploymentClient, UsagePlansClient, SubscribersClient, WorkRequestsClient.
"""

from __future__ import annotations

from mock_oci.operations import Call
from mock_oci.services.control_planes.resource_types import ResourceType
from mock_oci.services.control_planes.stored import named, operations_of, work_requests_of
from mock_oci.wire import Body

_KEPT: Body = {"lifecycleState": "ACTIVE", "lifecycleDetails": None, "locks": [], "systemTags": {}}


def _gateway_made(call: Call, gateway: Body) -> Body:
    return {"hostname": f"{gateway['id'][-26:]}.apigateway.{call.region}.oci.customer-oci.com"}


def _deployment_made(call: Call, deployment: Body) -> Body:
    hostname = named(call, "gateway", deployment["gatewayId"]).body["hostname"]
    return {"endpoint": f"https://{hostname}{deployment['pathPrefix']}"}


GATEWAY = ResourceType(
    client="GatewayClient",
    noun="gateway",
    path="/20190501/gateways",
    type="apigateway",
    required=("compartmentId", "endpointType", "subnetId"),
    optional=("displayName", "networkSecurityGroupIds", "ipMode"),
    fixed=("endpointType", "subnetId", "ipMode"),
    defaults={
        **_KEPT,
        "networkSecurityGroupIds": [],
        "certificateId": None,
        "ipAddresses": [{"ipAddress": "10.0.0.2"}],
        "responseCacheDetails": {"type": "NONE"},
        "caBundles": [],
        "ipMode": "IPV4",
        "ipv6AddressConfiguration": None,
        "ipv4AddressConfiguration": None,
    },
    made=_gateway_made,
    refers={"subnetId": "subnet", "networkSecurityGroupIds": "network_security_group"},
    in_items=True,
    not_listed=(
        "ipAddresses",
        "responseCacheDetails",
        "caBundles",
        "ipv6AddressConfiguration",
        "ipv4AddressConfiguration",
    ),
    work="gateway",
)
DEPLOYMENT = ResourceType(
    client="DeploymentClient",
    noun="deployment",
    path="/20190501/deployments",
    type="apideployment",
    required=("compartmentId", "gatewayId", "pathPrefix", "specification"),
    optional=("displayName",),
    fixed=("gatewayId", "pathPrefix"),
    defaults=_KEPT,
    made=_deployment_made,
    refers={"gatewayId": "gateway"},
    filters=("compartmentId", "gatewayId", "displayName", "lifecycleState"),
    in_items=True,
    not_listed=("specification",),
    work="deployment",
)
USAGE_PLAN = ResourceType(
    client="UsagePlansClient",
    noun="usage_plan",
    path="/20190501/usagePlans",
    type="apigatewayusageplan",
    required=("compartmentId", "entitlements"),
    optional=("displayName",),
    defaults=_KEPT,
    refers={"entitlements.targets.deploymentId": "deployment"},
    in_items=True,
    not_listed=("entitlements.targets",),
    work="usagePlan",
)
SUBSCRIBER = ResourceType(
    client="SubscribersClient",
    noun="subscriber",
    path="/20190501/subscribers",
    type="apigatewaysubscriber",
    required=("compartmentId", "clients", "usagePlans"),
    optional=("displayName",),
    defaults=_KEPT,
    refers={"usagePlans": "usage_plan"},
    in_items=True,
    not_listed=("clients.token",),
    work="subscriber",
)
_KINDS = (GATEWAY, DEPLOYMENT, USAGE_PLAN, SUBSCRIBER)
UNDERSTOOD = {
    **{name: names for kind in _KINDS for name, names in kind.understood().items()},
    "WorkRequestsClient.get_work_request": "",
}
OPERATIONS = (
    *(operation for kind in _KINDS for operation in operations_of(kind)),
    work_requests_of("20190501"),
)
