"""Streams on the wire: create, read, list and delete (client: oci.streaming.StreamAdminClient)."""

from __future__ import annotations

from typing import Any

from mock_oci.identity.tenancy import ocid
from mock_oci.operations import Call, Operation, Refused, json_response, not_found, refusing
from mock_oci.services.oci_surface import (
    endpoint,
    filtered,
    invalid,
    number_in,
    object_in,
    optional_text_in,
    page_of,
    permitted,
    text_in,
    timestamp,
)
from mock_oci.services.streaming.state import Stream, Streaming
from mock_oci.wire import Response

_MOST_PARTITIONS = 200  # a tenancy's default limit is lower, and can be raised
_TAGS = ("freeformTags", "definedTags")


def stream_of(call: Call) -> Stream:
    """The stream in the path, when the caller may see it."""
    stream = call.cloud.state_of(Streaming).find(call.parameters["stream"])
    if stream is None:
        raise Refused(not_found())
    permitted(call, stream.compartment_id)
    return stream


def _create(call: Call) -> Response:
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
        number_in(details, "partitions", 1, 1, _MOST_PARTITIONS),
        retention_hours=number_in(details, "retentionInHours", 24, 24, 168),
        compartment_id=home,
        pool_id=pool_id,
        details={name: details[name] for name in _TAGS if details.get(name)},
    )
    return _shown(call, stream)


def _list(call: Call) -> Response:
    query = call.request.query
    if not query.get("compartmentId") and not query.get("streamPoolId"):
        raise invalid("Either compartmentId or streamPoolId must be given", "MissingParameter")
    permitted(call, query.get("compartmentId") or _compartment_of_pool(call, query["streamPoolId"]))
    rows = [_summary(call, stream) for stream in call.cloud.state_of(Streaming).all()]
    rows = filtered(rows, query, ("compartmentId", "streamPoolId", "id", "name", "lifecycleState"))
    page, headers = page_of(rows, query)
    return json_response(200, page, headers)


def _get(call: Call) -> Response:
    return _shown(call, stream_of(call))


def _delete(call: Call) -> Response:
    call.cloud.state_of(Streaming).delete(stream_of(call).id)
    return Response(202)


def _compartment_of_pool(call: Call, pool_id: str) -> str:
    """Each compartment has one pool, its default one."""
    tenancy = call.cloud.tenancy
    for compartment_id in (tenancy.compartment_id, tenancy.tenancy_id):
        if pool_id == ocid("streampool", compartment_id, call.cloud.region):
            return compartment_id
    raise Refused(not_found())


def _shown(call: Call, stream: Stream) -> Response:
    return json_response(200, _wire(call, stream), {"etag": stream.id[-8:]})


def _wire(call: Call, stream: Stream) -> dict[str, Any]:
    """As oci.streaming.models.Stream has it."""
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


_ALL = "/20180418/streams"
_ONE = f"{_ALL}/{{stream}}"
OPERATIONS = (
    Operation("POST", _ALL, refusing(_create)),
    Operation("GET", _ALL, refusing(_list)),
    Operation("GET", _ONE, refusing(_get)),
    Operation("DELETE", _ONE, refusing(_delete)),
)
