"""The variables that conditions and matching rules can name, as far as mock_oci's requests carry them.

Source: docs Identity/policyreference/policyreference_topic-General_Variables_for_All_Requests.htm, and the page of each
service for those that begin with ``target.``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from mock_oci.identity.policies.conditions import Variables
from mock_oci.identity.principals import Principal

# Which variable names a resource, by the type in its OCID. That fn-function and fn-invocation have one, Oracle's
# samples say and its reference does not; topics have none.
_TARGETS = {
    "apideployment": "target.deployment.id",
    "fnapp": "target.app.id",
    "fnfunc": "target.function.id",
    "generativeaiendpoint": "target.endpoint.id",
    "generativeaimodel": "target.model.id",
    "loggroup": "target.loggroup.id",
    "queue": "target.queue.id",
    "stream": "target.stream.id",
    "streampool": "target.streampool.id",
    "vault": "target.vault.id",
    "vaultsecret": "target.secret.id",
}


def target_variable(resource_id: str) -> Variables:
    """Return the variable that names this resource; nothing for a type that has none."""
    kind = resource_id.split(".")[1] if resource_id.count(".") >= 2 else ""
    return {_TARGETS[kind]: (resource_id,)} if kind in _TARGETS else {}


def request_variables(principal: Principal, region_key: str, operation: str, now: float) -> Variables:
    """Return the variables that every request carries. ``now`` in Unix seconds."""
    kind = principal.resource_type or principal.kind
    variables = {
        "request.principal.type": (kind,),
        "request.principal.id": (principal.id,),
        "request.operation": (operation,),
        "request.region": (region_key,),
        **dict(_of_time(now)),
    }
    if principal.compartment_id:
        variables["request.principal.compartment.id"] = (principal.compartment_id,)
    if kind == "apigateway":  # Oracle's statement for gateways names their compartment so
        variables["request.resource.compartment.id"] = (principal.compartment_id,)
    if principal.kind == "user":
        variables["request.user.id"] = (principal.id,)
    return variables


def rule_variables(principal: Principal) -> Variables:
    """Return what the matching rules of dynamic groups are asked about."""
    if principal.kind == "instance":
        return {"instance.id": (principal.id,), "instance.compartment.id": (principal.compartment_id,)}
    return {
        "resource.id": (principal.id,),
        "resource.type": (principal.resource_type,),
        "resource.compartment.id": (principal.compartment_id,),
    }


def _of_time(now: float) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the variables of a request's time.

    How OCI writes the day of the week is unverified (verify: day-of-the-week): both forms hold.
    """
    moment, name = datetime.fromtimestamp(now, UTC), "request.utc-timestamp"
    yield name, (moment.isoformat(),)
    yield f"{name}.month-of-year", (str(moment.month),)
    yield f"{name}.day-of-month", (str(moment.day),)
    yield f"{name}.day-of-week", (moment.strftime("%A"), moment.strftime("%a"))
    yield f"{name}.time-of-day", (moment.strftime("%H:%M:%S"),)
