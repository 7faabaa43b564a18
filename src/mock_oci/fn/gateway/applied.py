"""A deployment that was made over the API, with its usage plans, as the local gateway takes one."""

from __future__ import annotations

from mock_oci.backend import MockOci
from mock_oci.fn.gateway.from_terraform import GatewayDeployment
from mock_oci.services.control_planes import StoredResources


def applied_deployment(oci: MockOci, deployment_id: str = "") -> GatewayDeployment:
    """Return the deployment of this OCID, or the only one. Raises ValueError where there is not one."""
    stored = oci.state_of(StoredResources)
    found = [item for item in stored.of("deployment").all() if deployment_id in ("", item.id)]
    if len(found) != 1:
        raise ValueError(f"there must be one deployment, not {len(found)}")
    [deployment] = found
    plans = []
    for plan in stored.of("usage_plan").all():
        entitlements = plan.body["entitlements"]
        if any(target["deploymentId"] == deployment.id for item in entitlements for target in item["targets"]):
            clients = [item.body for item in stored.of("subscriber").all() if plan.id in item.body["usagePlans"]]
            subscribers = [{name: body[name] for name in ("displayName", "clients")} for body in clients]
            name = plan.body["displayName"]
            plans.append({"displayName": name, "entitlements": entitlements, "subscribers": subscribers})
    return GatewayDeployment(deployment.body["pathPrefix"], deployment.body["specification"], tuple(plans))
