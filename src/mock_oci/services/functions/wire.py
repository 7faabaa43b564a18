"""OCI Functions on the wire: what a function is and where it is invoked, and the invocation itself.

Clients: oci.functions.FunctionsManagementClient and FunctionsInvokeClient.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from mock_oci.operations import Call, Operation, Refused, json_response, not_found, oci_error, refusing
from mock_oci.services.control_planes.stored import StoredResources
from mock_oci.services.functions import admin
from mock_oci.services.functions.admin import FUNCTION, VERSIONS, read_function
from mock_oci.services.functions.state import DETACHED, SYNC, Caller, Destination, FunctionDetails, Functions
from mock_oci.services.oci_surface import endpoint, permitted, timestamp
from mock_oci.wire import Response


def invocation(call: Call) -> Response:
    """Answer one call of ``parameters["function"]``; a dry run checks who calls and what there is, and runs nothing."""
    request, functions = call.request, call.cloud.state_of(Functions)
    invoke_type = request.headers.get("fn-invoke-type", SYNC)
    if invoke_type not in (SYNC, DETACHED):
        return oci_error(400, f"fn-invoke-type is {SYNC} or {DETACHED}", "InvalidParameter")
    if request.headers.get("is-dry-run", "").lower() == "true":
        _found(call)
        return Response(200)
    function_id, caller = unquote(call.parameters["function"]), call.principal
    permitted(call, call.cloud.tenancy.compartment_id, function_id)
    return functions.invoke(
        function_id,
        request.body,
        request.headers,
        intent=request.headers.get("fn-intent"),
        invoke_type=invoke_type,
        caller=Caller(caller.id, caller.kind, caller.tenancy_id),
    )


def get_function(call: Call) -> Response:
    if call.cloud.state_of(StoredResources).of("function").find(unquote(call.parameters["function"])) is not None:
        return read_function(replace(call, parameters={FUNCTION.parameter: call.parameters["function"]}))
    details, created = _found(call)
    return json_response(200, _wire(call, details, created), {"etag": details.id[-8:]})


def _found(call: Call) -> tuple[FunctionDetails, float]:
    function_id = unquote(call.parameters["function"])
    permitted(call, call.cloud.tenancy.compartment_id, function_id)
    found = call.cloud.state_of(Functions).find(function_id)
    if found is None:
        raise Refused(not_found())
    return found


def _wire(call: Call, details: FunctionDetails, created: float) -> dict[str, Any]:
    """Write a function as oci.functions.models.Function has it."""
    cloud = call.cloud
    return {
        "id": details.id,
        "displayName": details.name,
        "lifecycleState": "ACTIVE",
        "applicationId": details.app_id,
        "compartmentId": cloud.tenancy.compartment_id,
        "memoryInMBs": details.memory,
        "timeoutInSeconds": int(details.timeout),
        "detachedModeTimeoutInSeconds": int(details.detached_timeout),
        "config": dict(details.config),
        # Required since the API of 2026; the folder stands for an image.
        "sourceDetails": {"sourceType": "CONTAINER_IMAGE", "image": f"mock_oci/{details.name}:latest"},
        "successDestination": _destination(details.success_destination),
        "failureDestination": _destination(details.failure_destination),
        "invokeEndpoint": endpoint(call, f"mockoci.{cloud.region}.functions.oci.oraclecloud.com"),
        "timeCreated": timestamp(created),
        "timeUpdated": timestamp(created),
        "freeformTags": {},
        "definedTags": {},
    }


def _destination(destination: Destination) -> dict[str, str]:
    """Write a destination as oci.functions.models.SuccessDestinationDetails and its kinds have it."""
    id_ = destination.id
    kind, field = _DESTINATIONS.get(id_.split(".")[1] if "." in id_ else "", ("NONE", ""))
    channel = {"channelId": destination.channel} if destination.channel else {}
    return {"kind": kind, **({field: id_} if field else {}), **channel}


# oci/functions/models/*_destination_details.py, by the type in the OCID
_DESTINATIONS = {
    "stream": ("STREAM", "streamId"),
    "queue": ("QUEUE", "queueId"),
    "onstopic": ("NOTIFICATION", "topicId"),
}
# The version is 20181201 in the API's reference and 20260325 in the clients of oci 2.189; both are served.
OPERATIONS = (
    *(
        operation
        for version in VERSIONS
        for operation in (
            Operation("GET", f"/{version}/functions/{{function}}", refusing(get_function)),
            Operation("POST", f"/{version}/functions/{{function}}/actions/invoke", refusing(invocation)),
        )
    ),
    *admin.OPERATIONS,
)
