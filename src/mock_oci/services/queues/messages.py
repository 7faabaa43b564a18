"""Messages on the wire: put, get with long polling, update, delete, channels and statistics.

Client: oci.queue.QueueClient. Limits: docs queue/overview.htm; the command line's help on get-messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from mock_oci.operations import Call, Operation, Refused, json_response, not_found, refusing
from mock_oci.services.oci_surface import (
    invalid,
    number_in,
    object_in,
    objects_in,
    page_of,
    text_in,
    timestamp,
)
from mock_oci.services.queues.admin import MAX_POLL_SECONDS, MAX_VISIBILITY_SECONDS, QUEUES
from mock_oci.services.queues.state import Message, Messages, Queue, Queues
from mock_oci.wire import Body, Response

POLL_SECONDS = 0.01  # how long a long poll sleeps between two looks
_MAX_TAKEN = 32
_MAX_PUT = 20
_MESSAGE_BYTES = 256 << 10
_REQUEST_BYTES = 512 << 10


def put_messages(call: Call) -> Response:
    messages = _messages_of(call, QUEUES.of(call))
    entries = [_entry(item) for item in objects_in(object_in(call.request.body), "messages", _MAX_PUT)]
    sizes = [len(content.encode()) for content, _, _ in entries]
    if max(sizes) > _MESSAGE_BYTES or sum(sizes) > _REQUEST_BYTES:
        limits = f"{_MESSAGE_BYTES} bytes each and {_REQUEST_BYTES} together"
        raise invalid(f"Messages must be at most {limits}", "RequestEntityTooLarge", 413)
    messages_put = [messages.put(*entry) for entry in entries]
    return json_response(200, {"messages": [{"id": m.id, "expireAfter": timestamp(m.expires)} for m in messages_put]})


def get_messages(call: Call) -> Response:
    queue, query = QUEUES.of(call), call.request.query
    settings, messages = queue.settings, _messages_of(call, queue)
    limit = number_in(query, "limit", 1, 1, _MAX_TAKEN)
    visibility = number_in(query, "visibilityInSeconds", settings.visibility, 0, MAX_VISIBILITY_SECONDS)
    patience = number_in(query, "timeoutInSeconds", settings.timeout, 0, MAX_POLL_SECONDS)
    channel = query.get("channelFilter")
    waited = 0.0
    while not (taken := messages.take(limit, visibility=visibility, channel=channel)) and waited < patience:
        # Counted, not read off the clock: where time stands still, a poll has to end all the same.
        call.cloud.sleep(POLL_SECONDS)
        waited += POLL_SECONDS
    return json_response(200, {"messages": [_delivered(message) for message in taken]})


def delete_message(call: Call) -> Response:
    messages = _messages_of(call, QUEUES.of(call))
    if not messages.delete(unquote(call.parameters["receipt"])):
        raise Refused(not_found())
    return Response(204)


def update_message(call: Call) -> Response:
    messages, details = _messages_of(call, QUEUES.of(call)), object_in(call.request.body)
    updated = messages.update(unquote(call.parameters["receipt"]), _visibility(details))
    if updated is None:
        raise Refused(not_found())
    return json_response(200, _updated(updated))


def delete_messages(call: Call) -> Response:
    messages = _messages_of(call, QUEUES.of(call))
    receipts = [text_in(item, "receipt") for item in _entries(call)]
    return _results({} if messages.delete(receipt) else dict(_GONE) for receipt in receipts)


def update_messages(call: Call) -> Response:
    messages = _messages_of(call, QUEUES.of(call))
    changes = [(text_in(item, "receipt"), _visibility(item)) for item in _entries(call)]
    updated = [messages.update(receipt, visibility) for receipt, visibility in changes]
    return _results(dict(_GONE) if message is None else _updated(message) for message in updated)


def get_stats(call: Call) -> Response:
    messages, channel = _messages_of(call, QUEUES.of(call)), call.request.query.get("channelId")
    now = call.cloud.clock()
    counts = {
        "queue": _counted(messages.all(channel), now),
        "dlq": _counted(messages.all(channel, dead=True), now),
    }
    return json_response(200, counts if channel is None else {**counts, "channelId": channel})


def list_channels(call: Call) -> Response:
    messages, query = _messages_of(call, QUEUES.of(call)), call.request.query
    names = sorted({message.channel for message in messages.all()} - {""})
    page, headers = page_of([name for name in names if query.get("channelFilter", name) == name], query)
    return json_response(200, {"items": page}, headers)


def _messages_of(call: Call, queue: Queue) -> Messages:
    return call.cloud.state_of(Queues).messages(queue.id)


def _entry(item: Body) -> tuple[str, str, dict[str, str]]:
    """Return what to put: the content, the channel, which may be empty, and the custom properties."""
    metadata = item.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise invalid("metadata must be an object")
    channel, properties = metadata.get("channelId") or "", metadata.get("customProperties") or {}
    if not isinstance(channel, str) or not isinstance(properties, dict):
        raise invalid("metadata has a channelId, a string, and customProperties, an object")
    return text_in(item, "content"), channel, properties


def _entries(call: Call) -> list[Body]:
    return objects_in(object_in(call.request.body), "entries", _MAX_PUT)


def _visibility(details: Body) -> int:
    if details.get("visibilityInSeconds") is None:
        raise invalid("visibilityInSeconds must not be null", "MissingParameter")
    return number_in(details, "visibilityInSeconds", 0, 0, MAX_VISIBILITY_SECONDS)


def _delivered(message: Message) -> dict[str, Any]:
    """Write a message as oci.queue.models.GetMessage has it."""
    metadata = {"channelId": message.channel or None, "customProperties": dict(message.properties)}
    return {
        "id": message.id,
        "content": message.content,
        "receipt": message.receipt,
        "deliveryCount": message.deliveries,
        "visibleAfter": timestamp(message.visible),
        "expireAfter": timestamp(message.expires),
        "createdAt": timestamp(message.created),
        "metadata": metadata if message.channel or message.properties else None,
    }


def _updated(message: Message) -> dict[str, Any]:
    return {"id": message.id, "visibleAfter": timestamp(message.visible)}


def _results(entries: Iterable[dict[str, Any]]) -> Response:
    results = list(entries)
    failures = sum("errorCode" in entry for entry in results)
    return json_response(200, {"serverFailures": 0, "clientFailures": failures, "entries": results})


def _counted(messages: tuple[Message, ...], now: float) -> dict[str, int]:
    """Count messages as oci.queue.models.Stats has it."""
    visible = sum(message.visible <= now for message in messages)
    return {
        "visibleMessages": visible,
        "inFlightMessages": len(messages) - visible,
        "sizeInBytes": sum(len(message.content.encode()) for message in messages),
    }


_GONE = {"errorCode": 404, "errorMessage": "The message receipt is not that of the last delivery."}
_ONE = "/20210201/queues/{queue}"
OPERATIONS = (
    Operation("POST", f"{_ONE}/messages", refusing(put_messages)),
    Operation("GET", f"{_ONE}/messages", refusing(get_messages)),
    Operation("DELETE", f"{_ONE}/messages/{{receipt}}", refusing(delete_message)),
    Operation("PUT", f"{_ONE}/messages/{{receipt}}", refusing(update_message)),
    Operation("POST", f"{_ONE}/messages/actions/deleteMessages", refusing(delete_messages)),
    Operation("POST", f"{_ONE}/messages/actions/updateMessages", refusing(update_messages)),
    Operation("GET", f"{_ONE}/stats", refusing(get_stats)),
    Operation("GET", f"{_ONE}/channels", refusing(list_channels)),
)
