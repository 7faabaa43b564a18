"""The destination of a relay, for writing and reading: a channel of a queue or a key of a stream.

Each writer has its reader beside it, CHANNELS at the end.

Sources: https://docs.oracle.com/en-us/iaas/api/#/en/queue/20210201/ and …/#/en/streaming/20180418/
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline
from model_service.oci_services.clients import RegionServices
from model_service.oci_services.messages import (
    MAX_LABEL_BYTES,
    MAX_QUEUE_MESSAGE_BYTES,
    MAX_STREAM_MESSAGE_BYTES,
    as_base64,
    put_in_stream,
    put_on_queue,
    queue_path,
    stream_path,
)
from model_service.upstream.response import read_object, read_value

RelayMessage = dict[str, Any]
"""One message of a relay; its shape is in docs/relay.md."""

POLL_SECONDS: Final = 0.2  # between two looks at a stream, which answers five a second for each partition
HIDDEN_SECONDS: Final = 60  # how long a message that was read is kept from other readers of the queue
LONG_POLL_SECONDS: Final = 10
PAGE: Final = 20  # messages; the most that a queue takes receipts of in one request


class Reader(Protocol):
    def poll(self, deadline: Deadline) -> list[RelayMessage]:
        """Return messages of a relay, in any order, possibly twice; if there are none, wait a short time."""

    def close(self, deadline: Deadline) -> None: ...


class Channel(Protocol):
    """Writes and reads the messages of a relay; a message has at most ``max_bytes``."""

    max_bytes: int

    def put(self, content: bytes, deadline: Deadline) -> None: ...

    def reader(self) -> Reader: ...


@dataclass(frozen=True)
class Destination:
    """A queue and a channel in it, or a stream and a key: ``{"queue", "channel"}`` or ``{"stream", "key"}``.

    Every message bears the ``token``, if there is one, by which a reader knows that it is of his relay.
    """

    kind: str
    ocid: str
    name: str
    token: str | None = None

    @classmethod
    def parse(cls, relay: Mapping[str, Any], allowed: Iterable[str]) -> Destination:
        """Return the destination; raise ``InvalidRequest``, with status 403 if it is not in ``allowed``."""
        known = set(relay) - {"token"}
        kind = next((kind for kind, (naming, _) in CHANNELS.items() if known == {kind, naming}), None)
        if kind is None or not all(isinstance(text, str) and text for text in relay.values()):
            raise InvalidRequest(
                'relay: must be {"queue", "channel"} or {"stream", "key"}, also "token": non-empty strings.',
                param="relay",
            )
        naming = CHANNELS[kind][0]
        for field in set(relay) - {kind}:
            if len(relay[field].encode(errors="replace")) > MAX_LABEL_BYTES or not relay[field].isprintable():
                problem = f"relay.{field}: must be printable, of {MAX_LABEL_BYTES} bytes at most."
                raise InvalidRequest(problem, param="relay")
        if relay[kind] not in set(allowed):
            raise InvalidRequest(
                f"relay.{kind}: answers may not be relayed there.",
                param="relay",
                code="destination_not_allowed",
                status=403,
                hint="MODEL_SERVICE_RELAY_DESTINATIONS lists the queues and streams that may be named.",
            )
        return cls(kind, relay[kind], relay[naming], relay.get("token"))

    def open(self, services: RegionServices) -> Channel:
        """Return the channel of the queue, or the key of the stream."""
        return CHANNELS[self.kind][1](services, self.ocid, self.name)


@dataclass(frozen=True)
class QueueChannel:
    """A channel of a queue; a message's content is the relay's message as JSON."""

    services: RegionServices
    ocid: str
    channel: str
    max_bytes = MAX_QUEUE_MESSAGE_BYTES

    @property
    def path(self) -> str:
        return queue_path(self.ocid)

    def put(self, content: bytes, deadline: Deadline) -> None:
        put_on_queue(self.services, self.ocid, self.channel, content, deadline)

    def reader(self) -> QueueReader:
        return QueueReader(self)


class QueueReader:
    """Reads without deleting: received messages stay hidden while it reads, and become visible when it is closed."""

    def __init__(self, channel: QueueChannel) -> None:
        self._channel = channel
        self._receipts: dict[int, str] = {}

    def poll(self, deadline: Deadline) -> list[RelayMessage]:
        query = {
            "visibilityInSeconds": HIDDEN_SECONDS,
            "timeoutInSeconds": max(0, min(LONG_POLL_SECONDS, int(deadline.require()) - 1)),
            "limit": PAGE,
            "channelFilter": self._channel.channel,
        }
        upstream = self._channel.services.queue(self._channel.ocid, deadline)
        found = read_object(upstream.send("GET", f"{self._channel.path}?{urlencode(query)}", None, {}, deadline))
        messages = found.get("messages") or []
        self._receipts |= {message["id"]: message["receipt"] for message in messages}
        return _relayed(message["content"] for message in messages)

    def close(self, deadline: Deadline) -> None:
        receipts = list(self._receipts.values())
        self._receipts.clear()
        upstream = self._channel.services.queue(self._channel.ocid, deadline)
        for start in range(0, len(receipts), PAGE):
            entries = [{"receipt": receipt, "visibilityInSeconds": 0} for receipt in receipts[start : start + PAGE]]
            path = f"{self._channel.path}/actions/updateMessages"
            upstream.send("POST", path, {"entries": entries}, {}, deadline).read()


@dataclass(frozen=True)
class StreamKey:
    """A key of a stream; a message's value is the relay's message as JSON."""

    services: RegionServices
    ocid: str
    key: str
    max_bytes = MAX_STREAM_MESSAGE_BYTES

    @property
    def path(self) -> str:
        return stream_path(self.ocid)

    def put(self, content: bytes, deadline: Deadline) -> None:
        put_in_stream(self.services, self.ocid, self.key.encode(), content, deadline)

    def reader(self) -> StreamReader:
        return StreamReader(self)


class StreamReader:
    """Reads every partition from its oldest message, because only the service knows the partition of a key."""

    def __init__(self, stream: StreamKey, sleep: Callable[[float], None] = time.sleep) -> None:
        self._stream = stream
        self._key = as_base64(stream.key.encode())
        self._sleep = sleep
        self._cursors: dict[int, str] = {}

    def poll(self, deadline: Deadline) -> list[RelayMessage]:
        if not self._cursors:
            partitions = range(self._stream.services.partitions(self._stream.ocid, deadline))
            self._cursors = {number: self._first_cursor(number, deadline) for number in partitions}
        found = [message for number in self._cursors for message in self._read(number, deadline)]
        if not found:
            self._sleep(min(POLL_SECONDS, deadline.require()))
        return found

    def close(self, deadline: Deadline) -> None:
        """Do nothing, because reading does not change a stream."""

    def _first_cursor(self, partition: int, deadline: Deadline) -> str:
        wanted = {"partition": str(partition), "type": "TRIM_HORIZON"}
        upstream = self._stream.services.stream(self._stream.ocid, deadline)
        made = read_object(upstream.send("POST", f"{self._stream.path}/cursors", wanted, {}, deadline))
        return str(made.get("value"))

    def _read(self, partition: int, deadline: Deadline) -> list[RelayMessage]:
        upstream = self._stream.services.stream(self._stream.ocid, deadline)
        query = urlencode({"cursor": self._cursors[partition]})
        exchange = upstream.send("GET", f"{self._stream.path}/messages?{query}", None, {}, deadline)
        messages = read_value(exchange)
        self._cursors[partition] = exchange.header("opc-next-cursor") or self._cursors[partition]
        return _relayed(base64.b64decode(message["value"]) for message in messages if message.get("key") == self._key)


def _relayed(contents: Iterable[str | bytes]) -> list[RelayMessage]:
    """Return the messages that belong to relays; the queue or stream may have others."""
    read = (_json(content) for content in contents)
    return [value for value in read if isinstance(value, dict) and value.get("object") == "model_service.relay"]


def _json(content: str | bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


# By the kind of destination: what names the channel in it, and the class.
CHANNELS: Final[Mapping[str, tuple[str, Callable[[RegionServices, str, str], Channel]]]] = {
    "queue": ("channel", QueueChannel),
    "stream": ("key", StreamKey),
}
