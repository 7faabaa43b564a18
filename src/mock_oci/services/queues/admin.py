"""Queues on the wire: create, read, list, update, purge and delete, by work requests that are done at once.

Client: oci.queue.QueueAdminClient.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mock_oci.operations import Call, Operation, refusing
from mock_oci.services.oci_surface import (
    endpoint,
    invalid,
    number_in,
    object_in,
    permitted,
    text_in,
    timestamp,
)
from mock_oci.services.queues.state import Queue, Queues, Settings
from mock_oci.services.resources import Collection, details_in
from mock_oci.services.work_requests import Subject, accepted, work_request
from mock_oci.wire import Body, Response

MAX_POLL_SECONDS = 30  # seconds
MAX_VISIBILITY_SECONDS = 43_200  # seconds


def create_queue(call: Call) -> Response:
    details = object_in(call.request.body)
    name, compartment_id = text_in(details, "displayName"), text_in(details, "compartmentId")
    permitted(call, compartment_id)
    tags = details_in(details, "freeformTags", "definedTags")
    settings = _settings(details, Settings())
    queue = call.cloud.state_of(Queues).create(name, settings, compartment_id=compartment_id, details=tags)
    return _accepted(call, "CREATE_QUEUE", "CREATED", queue)


def update_queue(call: Call) -> Response:
    queue, details = QUEUES.of(call), object_in(call.request.body)
    if details.get("retentionInSeconds") is not None:
        raise invalid("retentionInSeconds cannot be changed")
    name = text_in(details, "displayName") if details.get("displayName") is not None else queue.name
    tags = details_in(details, "freeformTags", "definedTags")
    changed = replace(queue, name=name, settings=_settings(details, queue.settings), details={**queue.details, **tags})
    call.cloud.state_of(Queues).replace(changed)
    return _accepted(call, "UPDATE_QUEUE", "UPDATED", changed)


def purge_queue(call: Call) -> Response:
    queue, details = QUEUES.of(call), object_in(call.request.body)
    kind = text_in(details, "purgeType")
    if kind not in _PURGES:
        raise invalid(f"purgeType must be one of {', '.join(_PURGES)}")
    call.cloud.state_of(Queues).messages(queue.id).purge(_PURGES[kind], details.get("channelIds") or None)
    return _accepted(call, "PURGE_QUEUE", "UPDATED", queue)


def _listed_compartment(call: Call) -> str:
    query = call.request.query
    if not query.get("compartmentId") and not query.get("id"):
        raise invalid("compartmentId or id must be given", "MissingParameter")
    return query.get("compartmentId") or call.cloud.tenancy.compartment_id


def _accepted(call: Call, operation: str, action: str, queue: Queue) -> Response:
    return accepted(call, operation, action, Subject("queue", f"/queues/{queue.id}", queue.id, queue.compartment_id))


def _settings(details: Body, before: Settings) -> Settings:
    return Settings(
        retention=number_in(details, "retentionInSeconds", before.retention, 10, 604_800),
        visibility=number_in(details, "visibilityInSeconds", before.visibility, 1, MAX_VISIBILITY_SECONDS),
        timeout=number_in(details, "timeoutInSeconds", before.timeout, 0, MAX_POLL_SECONDS),
        deliveries=number_in(details, "deadLetterQueueDeliveryCount", before.deliveries, 0, 20),
        channel_limit=number_in(details, "channelConsumptionLimit", before.channel_limit, 1, 100),
    )


def _wire(call: Call, queue: Queue) -> dict[str, Any]:
    """Write a queue as oci.queue.models.Queue has it."""
    return {
        **_summary(call, queue),
        "retentionInSeconds": queue.settings.retention,
        "visibilityInSeconds": queue.settings.visibility,
        "timeoutInSeconds": queue.settings.timeout,
        "deadLetterQueueDeliveryCount": queue.settings.deliveries,
        "channelConsumptionLimit": queue.settings.channel_limit,
        "customEncryptionKeyId": None,
        "capabilities": [],
    }


def _summary(call: Call, queue: Queue) -> dict[str, Any]:
    return {
        "freeformTags": {},
        "definedTags": {},
        **queue.details,
        "id": queue.id,
        "displayName": queue.name,
        "compartmentId": queue.compartment_id,
        "timeCreated": timestamp(queue.created),
        "timeUpdated": timestamp(queue.updated),
        "lifecycleState": "ACTIVE",
        "messagesEndpoint": endpoint(call, f"cell-1.queue.messaging.{call.cloud.region}.oci.oraclecloud.com"),
    }


_PURGES = {"NORMAL": ("NORMAL",), "DLQ": ("DLQ",), "BOTH": ("NORMAL", "DLQ")}
QUEUES = Collection(
    parameter="queue",
    resources=lambda cloud: cloud.state_of(Queues),
    wire=_wire,
    summary=_summary,
    filters=("compartmentId", "displayName", "id", "lifecycleState"),
    in_items=True,
    compartment_id=_listed_compartment,
    deleted=lambda call, queue: _accepted(call, "DELETE_QUEUE", "DELETED", queue),
)
_ALL = "/20210201/queues"
_ONE = f"{_ALL}/{{queue}}"
OPERATIONS = (
    Operation("POST", _ALL, refusing(create_queue)),
    Operation("GET", _ALL, refusing(QUEUES.list)),
    Operation("GET", _ONE, refusing(QUEUES.read)),
    Operation("PUT", _ONE, refusing(update_queue)),
    Operation("DELETE", _ONE, refusing(QUEUES.remove)),
    Operation("POST", f"{_ONE}/actions/purge", refusing(purge_queue)),
    Operation("GET", "/20210201/workRequests/{id}", refusing(work_request)),
)
