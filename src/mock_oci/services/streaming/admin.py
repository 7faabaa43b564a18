"""Streams on the wire, and what else becomes of their pools (client: oci.streaming.StreamAdminClient)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mock_oci.operations import Call, Operation, refusing
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
from mock_oci.services.streaming import pools
from mock_oci.services.streaming.pools import POOLS, StreamPool, StreamPools, pool_of, subject_of
from mock_oci.services.streaming.state import Stream, Streaming
from mock_oci.services.work_requests import Subject, WorkRequests, accepted, work_request
from mock_oci.wire import Response

_MAX_PARTITIONS = 200  # a tenancy's default limit is lower, and can be raised


def create_stream(call: Call) -> Response:
    details = object_in(call.request.body)
    compartment_id, pool_id = optional_text_in(details, "compartmentId"), optional_text_in(details, "streamPoolId")
    if bool(compartment_id) == bool(pool_id):
        raise invalid("Either compartmentId or streamPoolId must be given, and not both")
    home = pool_of(call, pool_id).compartment_id if pool_id else compartment_id
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
    """Change a stream's tags or move it to another pool, by a work request that is done at once. Raises Refused."""
    stream, details = STREAMS.of(call), object_in(call.request.body)
    pool = pool_of(call, optional_text_in(details, "streamPoolId", stream.pool_id))
    if pool.id != stream.pool_id:
        permitted(call, pool.compartment_id, pool.id)
    stream.pool_id = pool.id
    stream.details = {**stream.details, **details_in(details, "freeformTags", "definedTags")}
    work = call.cloud.state_of(WorkRequests).add("UPDATE_STREAM", "UPDATED", _subject(stream))
    return STREAMS.shown(call, stream, {"opc-work-request-id": work.id})


def change_compartment(call: Call) -> Response:
    """Move a stream to another compartment; it stays in its pool. Raises Refused."""
    stream, details = STREAMS.of(call), object_in(call.request.body)
    compartment_id = text_in(details, "compartmentId")
    permitted(call, compartment_id)
    stream.compartment_id = compartment_id
    return accepted(call, "MOVE_STREAM", "UPDATED", _subject(stream))


def change_compartment_of_pool(call: Call) -> Response:
    """Move a pool to another compartment, and its streams with it (unverified; verify: pool-moved). Raises Refused."""
    pool, details = POOLS.of(call), object_in(call.request.body)
    compartment_id = text_in(details, "compartmentId")
    permitted(call, compartment_id)
    if pool.is_default:
        raise invalid("The default pool of a compartment cannot be moved", "IncorrectState", 409)
    moved = call.cloud.state_of(StreamPools).keep(pool.id, replace(pool, compartment_id=compartment_id))
    for stream in _streams_in(call, pool):
        stream.compartment_id = compartment_id
    return accepted(call, "MOVE_STREAM_POOL", "UPDATED", subject_of(moved))


def remove_pool(call: Call) -> Response:
    """Delete a pool with its streams; "the default stream pool of a compartment cannot be deleted". Raises Refused."""
    pool = POOLS.of(call)
    if pool.is_default:
        raise invalid("The default pool of a compartment cannot be deleted", "IncorrectState", 409)
    for stream in _streams_in(call, pool):
        call.cloud.state_of(Streaming).delete(stream.id)
    return POOLS.remove(call)


def _streams_in(call: Call, pool: StreamPool) -> list[Stream]:
    return [stream for stream in call.cloud.state_of(Streaming).all() if stream.pool_id == pool.id]


def _subject(stream: Stream) -> Subject:
    return Subject("stream", f"/streams/{stream.id}", stream.id, stream.compartment_id)


def _listed_compartment(call: Call) -> str:
    query = call.request.query
    if not query.get("compartmentId") and not query.get("streamPoolId"):
        raise invalid("Either compartmentId or streamPoolId must be given", "MissingParameter")
    return query.get("compartmentId") or pool_of(call, query["streamPoolId"]).compartment_id


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
    etag=lambda _call, stream: stream.etag,
)
_ALL = "/20180418/streams"
_ONE = f"{_ALL}/{{stream}}"
OPERATIONS = (
    Operation("POST", _ALL, refusing(create_stream)),
    Operation("GET", _ALL, refusing(STREAMS.list)),
    Operation("GET", _ONE, refusing(STREAMS.read)),
    Operation("PUT", _ONE, refusing(update_stream)),
    Operation("DELETE", _ONE, refusing(STREAMS.remove)),
    Operation("POST", f"{_ONE}/actions/changeCompartment", refusing(change_compartment)),
    Operation("DELETE", pools.ONE, refusing(remove_pool)),
    Operation("POST", f"{pools.ONE}/actions/changeCompartment", refusing(change_compartment_of_pool)),
    Operation("GET", "/20180418/workRequests/{id}", refusing(work_request)),
)
