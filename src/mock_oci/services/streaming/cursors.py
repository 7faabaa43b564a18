"""Cursors: opaque to whoever holds one; here, where it points and when it was given out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from mock_oci.services.oci_surface import invalid, sealed, seconds_in, text_in, unsealed
from mock_oci.services.streaming.log import PartitionLog
from mock_oci.wire import Body

EXPIRES_SECONDS = 300.0  # "five minutes after you receive them" (oci.streaming.StreamClient.create_cursor)
# "more than 30 seconds" without a word (docs: Streaming/Tasks/using_consumer_groups.htm)
GROUP_TIMEOUT_MS = 30_000


@dataclass(frozen=True)
class Cursor:
    """A place in one partition; ``issued`` in Unix seconds."""

    stream: str
    partition: int
    offset: int
    issued: float

    def token(self) -> str:
        return sealed({"kind": "partition", **asdict(self)})


@dataclass(frozen=True)
class GroupCursor:
    """What one member of a group has read so far: see streaming_groups.Group for ``positions``."""

    stream: str
    group: str
    instance: str
    timeout_ms: int
    commit_on_get: bool
    positions: Mapping[int, tuple[int, int]]
    last: int
    issued: float

    def token(self) -> str:
        return sealed({"kind": "group", **asdict(self)})


def read_cursor(token: str, stream_id: str, now: float) -> Cursor | GroupCursor:
    """Return the cursor of this stream that ``token`` is. Raises Refused for any other string and after 5 minutes."""
    parts = unsealed(token) or {}
    try:
        cursor = _KINDS[parts.pop("kind", "")](parts)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise invalid("The cursor is invalid.") from error
    if cursor.stream != stream_id:
        raise invalid("The cursor is of another stream.")
    if now > cursor.issued + EXPIRES_SECONDS:
        raise invalid("The cursor has expired.")
    return cursor


def start_in(log: PartitionLog, details: Body, kinds: tuple[str, ...]) -> int:
    """Return the offset that a cursor of ``details["type"]`` begins at; ``kinds`` are the types that are taken."""
    kind = text_in(details, "type")
    if kind not in kinds:
        raise invalid(f"type must be one of {', '.join(kinds)}")
    return _STARTS[kind](log, details)


def _offset(log: PartitionLog, details: Body) -> int:
    """Return an offset between the first and the last message (docs: Streaming/Tasks/using_a_single_consumer.htm)."""
    offset = details.get("offset")
    if not isinstance(offset, int) or isinstance(offset, bool):
        raise invalid("offset must be a number", "InvalidParameter" if offset else "MissingParameter")
    if not log.first <= offset < log.next:
        raise invalid(f"offset must be between {log.first} and {log.next - 1}")
    return offset


def _group(parts: Body) -> GroupCursor:
    return GroupCursor(
        stream=str(parts["stream"]),
        group=str(parts["group"]),
        instance=str(parts["instance"]),
        timeout_ms=int(parts["timeout_ms"]),
        commit_on_get=bool(parts["commit_on_get"]),
        positions={int(number): (int(at[0]), int(at[1])) for number, at in parts["positions"].items()},
        last=int(parts["last"]),
        issued=float(parts["issued"]),
    )


ANY_TYPE = ("AFTER_OFFSET", "AT_OFFSET", "AT_TIME", "LATEST", "TRIM_HORIZON")
GROUP_TYPES = ("AT_TIME", "LATEST", "TRIM_HORIZON")
_STARTS: dict[str, Callable[[PartitionLog, Body], int]] = {
    "AFTER_OFFSET": lambda log, details: _offset(log, details) + 1,
    "AT_OFFSET": _offset,
    "AT_TIME": lambda log, details: log.at_time(seconds_in(details, "time")),
    "LATEST": lambda log, _: log.next,
    "TRIM_HORIZON": lambda log, _: log.first,
}
_KINDS: dict[str, Callable[[Body], Cursor | GroupCursor]] = {
    "partition": lambda parts: Cursor(
        str(parts["stream"]), int(parts["partition"]), int(parts["offset"]), float(parts["issued"])
    ),
    "group": _group,
}
