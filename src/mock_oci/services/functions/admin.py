"""Applications and functions as they are created, listed, updated and deleted.

Client: oci.functions.FunctionsManagementClient. What a function is made of is run by whoever runs functions here: see
``Functions.deployer``. The API of 2018 has an image in a field of its own, that of 2026 in ``sourceDetails``.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

from mock_oci.operations import Call, refusing
from mock_oci.services.control_planes.resource_types import ResourceType
from mock_oci.services.control_planes.stored import (
    StoredResource,
    StoredResources,
    collection_of,
    create,
    delete,
    operations_of,
    update,
)
from mock_oci.services.functions.archives import Archives, archive_of
from mock_oci.services.functions.state import (
    MAX_CONFIG_BYTES,
    MAX_DETACHED_TIMEOUT,
    MAX_TIMEOUT,
    MEMORY_MB,
    MISSING_IMAGE,
    Destination,
    FunctionDetails,
    Functions,
    provisioned_fault,
)
from mock_oci.services.oci_surface import endpoint, invalid, mapping_in, number_in, object_in, text_in
from mock_oci.wire import Body, Response

FIRST_VERSION, VERSIONS = "20181201", ("20181201", "20260325")
_DESTINATIONS = {"NONE": (), "STREAM": ("streamId",), "QUEUE": ("queueId",), "NOTIFICATION": ("topicId",)}
_SOURCES = ("CONTAINER_IMAGE", "ARCHIVE")
_CLIENT = "FunctionsManagementClient"

APPLICATION = ResourceType(
    client=_CLIENT,
    noun="application",
    path="/20260325/applications",
    type="fnapp",
    required=("compartmentId", "displayName", "subnetIds"),
    optional=("config", "shape", "networkSecurityGroupIds", "syslogUrl", "traceConfig", "logging", "imagePolicyConfig"),
    fixed=("displayName", "subnetIds", "shape"),
    defaults={
        "lifecycleState": "ACTIVE",
        "config": {},
        "shape": "GENERIC_X86",
        "networkSecurityGroupIds": [],
        "syslogUrl": None,
        "traceConfig": {"isEnabled": False, "domainId": ""},
        "logging": None,
        "imagePolicyConfig": {"isPolicyEnabled": False, "keyDetails": None},
        "securityAttributes": {},
    },
    refers={"subnetIds": "subnet", "networkSecurityGroupIds": "network_security_group"},
    filters=("compartmentId", "lifecycleState", "displayName", "id"),
    not_listed=("config", "syslogUrl"),
)


def _function_made(call: Call, function: Body) -> Body:
    """Check what OCI Functions would refuse, and add what it makes (docs: functionscustomizing.htm). Raises Refused."""
    if function["memoryInMBs"] not in MEMORY_MB:
        raise invalid(f"memoryInMBs must be one of {', '.join(map(str, MEMORY_MB))}")
    fault = provisioned_fault(function["memoryInMBs"], mapping_in(function, "provisionedConcurrencyConfig"))
    if fault:
        raise invalid(f"provisionedConcurrencyConfig.{fault}")
    number_in(function, "timeoutInSeconds", 30, 5, MAX_TIMEOUT)
    number_in(function, "detachedModeTimeoutInSeconds", 30, 5, MAX_DETACHED_TIMEOUT)
    application = call.cloud.state_of(StoredResources).of("application").find(function["applicationId"])
    shared: dict[str, str] = application.body["config"] if application is not None else {}
    _check_config({**shared, **function["config"]})
    for name in ("successDestination", "failureDestination"):
        _check_destination(function[name], name)
    source = mapping_in(function, "sourceDetails")
    if source.get("sourceType") not in _SOURCES:
        raise invalid(f"mock_oci: sourceType {source.get('sourceType')} is not emulated", "NotImplemented", 501)
    shape = application.body["shape"] if application is not None else "GENERIC_X86"
    host = f"{function['id'][-11:]}.{call.region}.functions.oci.oraclecloud.com"
    return {"shape": shape, "invokeEndpoint": endpoint(call, host)}


FUNCTION = ResourceType(
    client=_CLIENT,
    noun="function",
    path="/20260325/functions",
    type="fnfunc",
    required=("displayName", "applicationId", "sourceDetails", "memoryInMBs"),
    optional=(
        "config",
        "timeoutInSeconds",
        "provisionedConcurrencyConfig",
        "detachedModeTimeoutInSeconds",
        "failureDestination",
        "successDestination",
        "traceConfig",
    ),
    fixed=("displayName",),
    defaults={
        "lifecycleState": "ACTIVE",
        "config": {},
        "timeoutInSeconds": 30,
        "detachedModeTimeoutInSeconds": 30,
        "provisionedConcurrencyConfig": {"strategy": "NONE"},
        "successDestination": {"kind": "NONE"},
        "failureDestination": {"kind": "NONE"},
        "traceConfig": {"isEnabled": False},
    },
    made=_function_made,
    refers={"applicationId": "application"},
    within="applicationId",
    filters=("applicationId", "lifecycleState", "displayName", "id"),
    not_listed=("config",),
)


def create_function(call: Call) -> Response:
    """Make a function of an image or an archive. Raises Refused."""
    asked, archive = _in_new_words(call)
    return _in_its_version(call, create(FUNCTION, asked, accept=partial(_deploy, archive)))


def update_function(call: Call) -> Response:
    """Change a function, whose containers are started anew. Raises Refused."""
    asked, archive = _in_new_words(call)
    return _in_its_version(call, update(FUNCTION, asked, accept=partial(_deploy, archive)))


def delete_function(call: Call) -> Response:
    function = collection_of(FUNCTION).of(call)
    answer = delete(FUNCTION, call)
    call.cloud.state_of(Functions).remove(function.id)
    call.cloud.state_of(Archives).delete(function.id)
    return answer


def read_function(call: Call) -> Response:
    return _in_its_version(call, collection_of(FUNCTION).read(call))


def details_of(call: Call, function: StoredResource) -> FunctionDetails:
    """Return a function as who runs it wants to know it."""
    body = function.body
    application = call.cloud.state_of(StoredResources).of("application").find(body["applicationId"])
    shared: dict[str, str] = application.body["config"] if application is not None else {}
    return FunctionDetails(
        id=function.id,
        name=body["displayName"],
        app_id=body["applicationId"],
        memory=body["memoryInMBs"],
        timeout=body["timeoutInSeconds"],
        detached_timeout=body["detachedModeTimeoutInSeconds"],
        config={**shared, **body["config"]},
        success_destination=_destination(body["successDestination"]),
        failure_destination=_destination(body["failureDestination"]),
    )


def _deploy(archive: bytes, call: Call, function: StoredResource) -> None:
    functions, details = call.cloud.state_of(Functions), details_of(call, function)
    archives = call.cloud.state_of(Archives)
    if archive:
        archives.keep(function.id, archive)
    runner = functions.deployer and functions.deployer.deploy_created(
        details, function.body["sourceDetails"], archives.find(function.id) or b""
    )
    functions.enter(details, runner or MISSING_IMAGE)


def _in_new_words(call: Call) -> tuple[Call, bytes]:
    """Return the call as the API of 2026 has it, and the archive that it brings. Raises Refused."""
    body, archive = object_in(call.request.body), b""
    if call.request.path.startswith(f"/{FIRST_VERSION}/"):
        image = {name: value for name in ("image", "imageDigest") if (value := body.pop(name, None)) is not None}
        if image:
            body["sourceDetails"] = {"sourceType": "CONTAINER_IMAGE", **image}
    source = body.get("sourceDetails")
    if isinstance(source, dict) and source.get("sourceType") == "ARCHIVE":
        body["sourceDetails"], archive = archive_of(call, source)
    elif isinstance(source, dict) and source.get("sourceType") == "CONTAINER_IMAGE":
        text_in(source, "image")
    return replace(call, request=replace(call.request, body=json.dumps(body).encode())), archive


def _in_its_version(call: Call, answer: Response) -> Response:
    if not call.request.path.startswith(f"/{FIRST_VERSION}/") or answer.status != 200:
        return answer
    body = json.loads(bytes(answer.body))  # type: ignore[arg-type]  # a resource is whole
    source = body["sourceDetails"]
    if source["sourceType"] == "CONTAINER_IMAGE":
        body |= {"image": source["image"], "imageDigest": source.get("imageDigest"), "sourceDetails": None}
    return replace(answer, body=json.dumps(body).encode())


def _check_config(config: Body) -> None:
    wrong = [name for name, value in config.items() if not isinstance(value, str)]
    if wrong:
        raise invalid(f"config.{wrong[0]} must be a string")
    size = sum(len(name.encode()) + len(value.encode()) for name, value in config.items())
    if size > MAX_CONFIG_BYTES:
        raise invalid(f"config must be at most {MAX_CONFIG_BYTES} bytes, names and values, not {size}")


def _check_destination(destination: Any, name: str) -> None:
    kind = destination.get("kind") if isinstance(destination, dict) else None
    if kind not in _DESTINATIONS:
        raise invalid(f"{name}.kind must be one of {', '.join(_DESTINATIONS)}")
    for needed in _DESTINATIONS[kind]:
        text_in(destination, needed)
    channel = destination.get("channelId") or ""
    if not isinstance(channel, str):
        raise invalid(f"{name}.channelId must be a string")
    if channel and kind != "QUEUE":
        raise invalid(f"{name}.channelId is of kind QUEUE alone")


def _destination(destination: Body) -> Destination:
    names = _DESTINATIONS[destination["kind"]]
    return Destination(destination[names[0]] if names else "", destination.get("channelId") or "")


_UNDERSTOOD = {**APPLICATION.understood(), **FUNCTION.understood()}
_OF_2018 = {
    f"{_CLIENT}/20181201.{name}": f"{_UNDERSTOOD[f'{_CLIENT}.{name}']} image imageDigest"
    for name in ("create_function", "update_function")
}
UNDERSTOOD = {**_UNDERSTOOD, **_OF_2018}
_BY_METHOD = {"POST": create_function, "PUT": update_function, "DELETE": delete_function}
OPERATIONS = (
    *operations_of(APPLICATION, versions=VERSIONS),
    *(
        replace(operation, answer=refusing(_BY_METHOD[operation.method]))
        if operation.method in _BY_METHOD
        else operation
        for operation in operations_of(FUNCTION, versions=VERSIONS)
        if not (operation.method == "GET" and operation.path.endswith("}"))
    ),
)
