"""Messages, cursors and consumer groups on the wire.

Client: oci.streaming.StreamClient, whose signature of PutMessages leaves the body out (enforce_content_headers=False).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from mock_oci.identity.signatures import SIGNED_HEAD
from mock_oci.operations import Call, Operation, Refused, json_response, not_found, refusing
from mock_oci.services.oci_surface import (
    invalid,
    new_uuid,
    number_in,
    object_in,
    objects_in,
    optional_text_in,
    text_in,
    timestamp,
)
from mock_oci.services.streaming.admin import STREAMS
from mock_oci.services.streaming.cursors import (
    ANY_TYPE,
    GROUP_TIMEOUT_MS,
    GROUP_TYPES,
    Cursor,
    GroupCursor,
    read_cursor,
    start_in,
)
from mock_oci.services.streaming.groups import Group
from mock_oci.services.streaming.log import Entry
from mock_oci.services.streaming.state import RefusedEntry, Stream
from mock_oci.services.throttles import Throttles, throttle
from mock_oci.wire import Body, Response

_MAX_BYTES = 1 << 20  # of a request's keys and values (oci.streaming.StreamClient.put_messages)
_KEY_BYTES = 256  # oci.streaming.models.PutMessagesDetailsEntry
_MAX_MESSAGES = 10_000  # of an answer
_MAX_TIMEOUT_MS = 3_600_000


def put_messages(call: Call) -> Response:
    stream = STREAMS.of(call)
    items = objects_in(object_in(call.request.body), "messages", _MAX_BYTES)  # their number is unlimited
    messages = [(_key(item), _decoded(item, "value")) for item in items]
    if sum(len(key or b"") + len(value) for key, value in messages) > _MAX_BYTES:
        raise invalid(f"The messages must be at most {_MAX_BYTES} bytes in total", "RequestEntityTooLarge", 413)
    throttles = call.cloud.state_of(Throttles)

    def admits(partition: int, size: int) -> bool:
        return throttles.admit("streaming.put_messages_bytes", f"{stream.id}/{partition}", size)

    entries = [_result(result) for result in stream.put(messages, admits)]
    failures = sum("error" in entry for entry in entries)
    return json_response(200, {"failures": failures, "entries": entries})


def create_cursor(call: Call) -> Response:
    stream, details = STREAMS.of(call), object_in(call.request.body)
    partition = _partition(stream, text_in(details, "partition"))
    with stream.lock:
        offset = start_in(stream.logs[partition], details, ANY_TYPE)
    return json_response(200, {"value": Cursor(stream.id, partition, offset, call.cloud.clock()).token()})


def create_group_cursor(call: Call) -> Response:
    stream, details = STREAMS.of(call), object_in(call.request.body)
    name = text_in(details, "groupName")
    cursor = GroupCursor(
        stream=stream.id,
        group=name,
        instance=optional_text_in(details, "instanceName") or new_uuid(call.cloud, "instance"),
        timeout_ms=number_in(details, "timeoutInMs", GROUP_TIMEOUT_MS, 1, _MAX_TIMEOUT_MS),
        commit_on_get=details.get("commitOnGet") is not False,
        positions={},
        last=-1,
        issued=call.cloud.clock(),
    )
    with stream.lock:
        group = stream.join(name, _starts(stream, details))
        group.join(cursor.instance, cursor.timeout_ms / 1000)
    return json_response(200, {"value": cursor.token()})


def get_messages(call: Call) -> Response:
    stream, query = STREAMS.of(call), call.request.query
    limit = number_in(query, "limit", _MAX_MESSAGES, 1, _MAX_MESSAGES)
    cursor = read_cursor(text_in(query, "cursor"), stream.id, call.cloud.clock())
    with stream.lock:
        partition, entries, following = _read(stream, cursor, limit)
    throttle(call, "streaming.get_messages", f"{stream.id}/{partition}")
    token = replace(following, issued=call.cloud.clock()).token()
    return json_response(200, [_message(stream, partition, entry) for entry in entries], {"opc-next-cursor": token})


def _read(stream: Stream, cursor: Cursor | GroupCursor, limit: int) -> tuple[int, list[Entry], Cursor | GroupCursor]:
    if isinstance(cursor, GroupCursor):
        return _read_of_group(stream, cursor, limit)
    return _read_of_partition(stream, cursor, limit)


def _read_of_partition(stream: Stream, cursor: Cursor, limit: int) -> tuple[int, list[Entry], Cursor]:
    entries = stream.read(_partition(stream, str(cursor.partition)), cursor.offset, limit)
    return cursor.partition, entries, replace(cursor, offset=_after(entries, cursor.offset))


def _read_of_group(stream: Stream, cursor: GroupCursor, limit: int) -> tuple[int, list[Entry], GroupCursor]:
    """Read messages of one of the member's partitions, in turns; what it has read before is committed first."""
    group = _group(stream, cursor.group)
    group.join(cursor.instance, cursor.timeout_ms / 1000)
    if cursor.commit_on_get:
        group.commit(cursor.instance, cursor.positions)
    own = group.partitions_of(cursor.instance)
    for partition in [*(number for number in own if number > cursor.last), *own]:
        offset = group.position(partition, cursor.instance, cursor.positions)
        entries = stream.read(partition, offset, limit)
        if entries:
            read = (_after(entries, offset), group.reservations[partition].epoch)
            positions = {**cursor.positions, partition: read}
            return partition, entries, replace(cursor, positions=positions, last=partition)
    return -1, [], cursor


def _answer_to_member(call: Call, *, commits: bool) -> Response:
    stream = STREAMS.of(call)
    cursor = read_cursor(text_in(call.request.query, "cursor"), stream.id, call.cloud.clock())
    if not isinstance(cursor, GroupCursor):
        raise invalid("The cursor is not a group cursor.")
    with stream.lock:
        group = _group(stream, cursor.group)
        group.join(cursor.instance, cursor.timeout_ms / 1000)
        if commits:
            group.commit(cursor.instance, cursor.positions)
    return json_response(200, {"value": replace(cursor, issued=call.cloud.clock()).token()})


def get_group(call: Call) -> Response:
    stream = STREAMS.of(call)
    with stream.lock:
        group = _group(stream, unquote(call.parameters["group"]))
        reservations = [_reservation(group, partition) for partition in sorted(group.committed)]
    return json_response(200, {"streamId": stream.id, "groupName": group.name, "reservations": reservations})


def update_group(call: Call) -> Response:
    stream, details = STREAMS.of(call), object_in(call.request.body)
    with stream.lock:
        _group(stream, unquote(call.parameters["group"])).reset(_starts(stream, details))
    return Response(200)


def _group(stream: Stream, name: str) -> Group:
    group = stream.group(name)
    if group is None:
        raise Refused(not_found())
    return group


def _starts(stream: Stream, details: Body) -> dict[int, int]:
    return {number: start_in(log, details, GROUP_TYPES) for number, log in enumerate(stream.logs)}


def _partition(stream: Stream, text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:9]) >= len(stream.logs):
        raise invalid(f"partition must be between 0 and {len(stream.logs) - 1}")
    return int(text)


def _key(item: Body) -> bytes | None:
    if item.get("key") is None:
        return None
    key = _decoded(item, "key")
    if len(key) > _KEY_BYTES:
        raise invalid(f"A key must be at most {_KEY_BYTES} bytes")
    return key


def _decoded(item: Body, name: str) -> bytes:
    value = item.get(name)
    if not isinstance(value, str):
        raise invalid(f"{name} must be a string in Base64", "InvalidParameter" if value else "MissingParameter")
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise invalid(f"{name} must be in Base64") from error


def _result(result: tuple[int, Entry] | RefusedEntry) -> dict[str, Any]:
    if isinstance(result, RefusedEntry):
        return {"error": result.error, "errorMessage": result.message}
    partition, entry = result
    return {"partition": str(partition), "offset": entry.offset, "timestamp": timestamp(entry.appended)}


def _message(stream: Stream, partition: int, entry: Entry) -> dict[str, Any]:
    """Write a message as oci.streaming.models.Message has it; a key is null when the producer gave none."""
    return {
        "stream": stream.name,
        "partition": str(partition),
        "key": None if entry.key is None else base64.b64encode(entry.key).decode(),
        "value": base64.b64encode(entry.value).decode(),
        "offset": entry.offset,
        "timestamp": timestamp(entry.appended),
    }


def _reservation(group: Group, partition: int) -> dict[str, Any]:
    """Write a reservation as oci.streaming.models.PartitionReservation has it."""
    held = group.reservations.get(partition)
    return {
        "partition": str(partition),
        "committedOffset": group.committed_offset(partition),
        "reservedInstance": held and held.instance,
        "timeReservedUntil": held and timestamp(held.until),
    }


def _after(entries: list[Entry], offset: int) -> int:
    return entries[-1].offset + 1 if entries else offset


_ONE = "/20180418/streams/{stream}"
OPERATIONS = (
    Operation("POST", f"{_ONE}/messages", refusing(put_messages), (SIGNED_HEAD,)),
    Operation("GET", f"{_ONE}/messages", refusing(get_messages)),
    Operation("POST", f"{_ONE}/cursors", refusing(create_cursor)),
    Operation("POST", f"{_ONE}/groupCursors", refusing(create_group_cursor)),
    Operation("POST", f"{_ONE}/commit", refusing(lambda call: _answer_to_member(call, commits=True))),
    Operation("POST", f"{_ONE}/heartbeat", refusing(lambda call: _answer_to_member(call, commits=False))),
    Operation("GET", f"{_ONE}/groups/{{group}}", refusing(get_group)),
    Operation("PUT", f"{_ONE}/groups/{{group}}", refusing(update_group)),
)
