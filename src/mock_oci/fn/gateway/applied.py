"""A deployment that was made over the API, with its usage plans, as the local gateway takes one."""

from __future__ import annotations

from mock_oci.backend import MockOci
from mock_oci.fn.gateway.from_terraform import GatewayDeployment
from mock_oci.services.control_planes import StoredResources
from mock_oci.wire import Body


def applied_deployment(oci: MockOci, deployment_id: str = "") -> GatewayDeployment:
    """Return the deployment of this OCID, or the only one. Raises ValueError where there is not one."""
    stored = oci.state_of(StoredResources)
    found = [item for item in stored.of("deployment").all() if deployment_id in ("", item.id)]
    if len(found) != 1:
        raise ValueError(f"there must be one deployment, not {len(found)}")
    [deployment] = found
    plans = [item for item in stored.of("usage_plan").all() if deployment.id in _targets(item.body)]
    return GatewayDeployment(
        deployment.body["pathPrefix"],
        deployment.body["specification"],
        tuple({**_named(plan.body), "subscribers": _subscribers(stored, plan.id)} for plan in plans),
    )


def _targets(plan: Body) -> set[str]:
    return {target["deploymentId"] for entitlement in plan["entitlements"] for target in entitlement["targets"]}


def _named(plan: Body) -> Body:
    return {"displayName": plan["displayName"], "entitlements": plan["entitlements"]}


def _subscribers(stored: StoredResources, plan_id: str) -> list[Body]:
    bodies = [item.body for item in stored.of("subscriber").all() if plan_id in item.body["usagePlans"]]
    return [{"displayName": body["displayName"], "clients": body["clients"]} for body in bodies]
