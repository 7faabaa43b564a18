"""Streams on the wire: create, read, list and delete (client: oci.streaming.StreamAdminClient)."""

from __future__ import annotations

from typing import Any

from mock_oci.identity.tenancy import ocid
from mock_oci.operations import Call, Operation, Refused, not_found, oci_error, refusing
from mock_oci.services.oci_surface import (
    endpoint,
    invalid,
    number_in,
    object_in,
    optional_text_in,
    permitted,
    text_in,
    timestamp,
)
from mock_oci.services.resources import Collection, details_in
from mock_oci.services.streaming.state import Stream, Streaming
from mock_oci.services.work_requests import Subject, WorkRequests, accepted, work_request
from mock_oci.wire import Response

_MAX_PARTITIONS = 200  # a tenancy's default limit is lower, and can be raised


def create_stream(call: Call) -> Response:
    details = object_in(call.request.body)
    compartment_id, pool_id = optional_text_in(details, "compartmentId"), optional_text_in(details, "streamPoolId")
    if bool(compartment_id) == bool(pool_id):
        raise invalid("Either compartmentId or streamPoolId must be given, and not both")
    home = _compartment_of_pool(call, pool_id) if pool_id else compartment_id
    permitted(call, home)
    name = text_in(details, "name")
    if details.get("partitions") is None:
        raise invalid("partitions must not be null", "MissingParameter")
    stream = call.cloud.state_of(Streaming).create(
        name,
        number_in(details, "partitions", 1, 1, _MAX_PARTITIONS),
        retention_hours=number_in(details, "retentionInHours", 24, 24, 168),
        compartment_id=home,
        pool_id=pool_id,
        details=details_in(details, "freeformTags", "definedTags"),
    )
    work = call.cloud.state_of(WorkRequests).add("CREATE_STREAM", "CREATED", _subject(stream))
    return STREAMS.shown(call, stream, {"opc-work-request-id": work.id})


def update_stream(call: Call) -> Response:
    """Change a stream's tags, by a work request that is done at once; a stream stays in its pool. Raises Refused."""
    stream, details = STREAMS.of(call), object_in(call.request.body)
    if details.get("streamPoolId") not in (None, stream.pool_id):
        _compartment_of_pool(call, text_in(details, "streamPoolId"))
        raise Refused(oci_error(501, "mock_oci: a stream's move to another pool is not emulated", "NotImplemented"))
    stream.details = {**stream.details, **details_in(details, "freeformTags", "definedTags")}
    return accepted(call, "UPDATE_STREAM", "UPDATED", _subject(stream))


def _subject(stream: Stream) -> Subject:
    return Subject("stream", f"/streams/{stream.id}", stream.id, stream.compartment_id)


def _compartment_of_pool(call: Call, pool_id: str) -> str:
    """Return the compartment of a pool: each has one, its default one."""
    tenancy = call.cloud.tenancy
    for compartment_id in (tenancy.compartment_id, tenancy.tenancy_id):
        if pool_id == ocid("streampool", compartment_id, call.cloud.region):
            return compartment_id
    raise Refused(not_found())


def _listed_compartment(call: Call) -> str:
    query = call.request.query
    if not query.get("compartmentId") and not query.get("streamPoolId"):
        raise invalid("Either compartmentId or streamPoolId must be given", "MissingParameter")
    return query.get("compartmentId") or _compartment_of_pool(call, query["streamPoolId"])


def _wire(call: Call, stream: Stream) -> dict[str, Any]:
    """Write a stream as oci.streaming.models.Stream has it."""
    return {**_summary(call, stream), "retentionInHours": stream.retention_hours, "lifecycleStateDetails": None}


def _summary(call: Call, stream: Stream) -> dict[str, Any]:
    return {
        "freeformTags": {},
        "definedTags": {},
        **stream.details,
        "name": stream.name,
        "id": stream.id,
        "partitions": len(stream.logs),
        "compartmentId": stream.compartment_id,
        "streamPoolId": stream.pool_id,
        "lifecycleState": "ACTIVE",
        "timeCreated": timestamp(stream.created),
        "messagesEndpoint": endpoint(call, f"cell-1.streaming.{call.cloud.region}.oci.oraclecloud.com"),
    }


STREAMS = Collection(
    parameter="stream",
    resources=lambda cloud: cloud.state_of(Streaming),
    wire=_wire,
    summary=_summary,
    filters=("compartmentId", "streamPoolId", "id", "name", "lifecycleState"),
    compartment_id=_listed_compartment,
    deleted=lambda call, stream: accepted(call, "DELETE_STREAM", "DELETED", _subject(stream)),
)
_ALL = "/20180418/streams"
_ONE = f"{_ALL}/{{stream}}"
OPERATIONS = (
    Operation("POST", _ALL, refusing(create_stream)),
    Operation("GET", _ALL, refusing(STREAMS.list)),
    Operation("GET", _ONE, refusing(STREAMS.read)),
    Operation("PUT", _ONE, refusing(update_stream)),
    Operation("DELETE", _ONE, refusing(STREAMS.remove)),
    Operation("GET", "/20180418/workRequests/{id}", refusing(work_request)),
)
