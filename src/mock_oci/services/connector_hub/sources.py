"""What a connector reads from: each source's records as they stand in a batch, and where reading goes on.

Payloads: docs connector-hub/create-service-connector-streaming-source.htm (and its siblings for the other sources);
fnproject/fdk-java, fn-events, ConnectorHubFunctionTest.java, and examples/connectorhub-queue/README.md.
"""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.policies.required import NOTHING
from mock_oci.operations import Refused, not_found
from mock_oci.services.connector_hub.feeds import Feed, Logs, Metrics
from mock_oci.services.oci_surface import invalid, objects_in, optional_text_in, text_in, timestamp
from mock_oci.services.queues.state import Message, Messages, Queues
from mock_oci.services.streaming.log import Entry
from mock_oci.services.streaming.state import Stream, Streaming
from mock_oci.wire import Body

_READ = 500  # entries of a stream at a time
# Longer than a function may run, so that no message comes back while its batch is still being worked on. What
# Connector Hub asks for is not published (verify: connector-settings).
_HELD_SECONDS = 330.0


class SourceGone(Exception):
    """What the connector reads from has been deleted."""


@dataclass
class PayloadStyle:
    """``iso_timestamps``: Streaming's ``timestamp`` as text, as older captures have it, in place of a number."""

    iso_timestamps: bool = False


@dataclass(frozen=True)
class Piece:
    """One record: its ``text`` as it stands in the batch's array, and the ``mark`` by which its source knows it.

    ``since``: when it has been there, in Unix seconds.
    """

    text: bytes = field(repr=False)
    since: float
    mark: Any


class Source(ABC):
    """Where a connector has got to. Used by one thread at a time.

    ``needs``: the permissions to read here, and ``id`` what is read; that metrics ask for one is unverified
    (verify: who-reads-metrics).
    """

    needs = NOTHING
    id = ""

    @abstractmethod
    def waiting(self) -> Iterator[Piece]:
        """Yield what there is to move, in order, read as far as it is asked for. Raises SourceGone."""

    @abstractmethod
    def commit(self, pieces: Sequence[Piece]) -> None:
        """Record that these have arrived: they do not come again."""

    def take(self, pieces: Sequence[Piece]) -> Sequence[Piece]:
        """Take these, which are about to be sent; return those that still can be."""
        return pieces

    def give_back(self, pieces: Sequence[Piece]) -> None:  # noqa: B027 - a source that keeps its place has nothing to do
        """Give back these, which have not arrived: they come again."""


class StreamSource(Source):
    """``LATEST`` begins with what comes after the connector, ``TRIM_HORIZON`` with the oldest that is kept.

    What retention has removed is left out. Partitions take turns at coming first in a batch.
    """

    needs = "STREAM_READ + STREAM_CONSUME"

    def __init__(self, cloud: Cloud, details: Body, style: PayloadStyle) -> None:
        self._cloud = cloud
        self._style = style
        self.id = text_in(details, "streamId")
        cursor = (details.get("cursor") or {}).get("kind") or "LATEST"
        if cursor not in _CURSORS:
            raise invalid(f"cursor.kind must be one of {', '.join(_CURSORS)}")
        stream = cloud.state_of(Streaming).find(self.id)
        if stream is None:
            raise Refused(not_found())
        with stream.lock:
            self._positions = [log.next if cursor == "LATEST" else log.first for log in stream.logs]
        self._first = 0

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the offset to read next, by partition."""
        return tuple(self._positions)

    def waiting(self) -> Iterator[Piece]:
        stream = self._cloud.state_of(Streaming).find(self.id)
        if stream is None:
            raise SourceGone(self.id)
        partitions = [*range(self._first, len(self._positions)), *range(self._first)]
        for partition in partitions:
            yield from self._of_partition(stream, partition)

    def commit(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            partition, offset = piece.mark
            self._positions[partition] = offset + 1
        self._first = (pieces[-1].mark[0] + 1) % len(self._positions)

    def _of_partition(self, stream: Stream, partition: int) -> Iterator[Piece]:
        offset = self._positions[partition]
        while entries := stream.read(partition, offset, _READ):
            for entry in entries:
                yield Piece(self._text(stream, partition, entry), entry.appended, (partition, entry.offset))
            offset = entries[-1].offset + 1

    def _text(self, stream: Stream, partition: int, entry: Entry) -> bytes:
        when = entry.appended
        return _json(
            {
                "stream": stream.name,
                "partition": str(partition),
                "key": None if entry.key is None else base64.b64encode(entry.key).decode(),
                "value": base64.b64encode(entry.value).decode(),
                "offset": entry.offset,
                "timestamp": timestamp(when) if self._style.iso_timestamps else round(when * 1000),
            }
        )


class QueueSource(Source):
    """Nothing but the messages' contents, as they are: one that is not JSON makes the whole batch no JSON.

    A message that did not arrive is visible again at once, and each time counts as a delivery.
    """

    needs = "QUEUE_READ + QUEUE_CONSUME"

    def __init__(self, cloud: Cloud, details: Body, style: PayloadStyle) -> None:
        del style
        self._cloud = cloud
        plugin, config = text_in(details, "pluginName"), details.get("configMap")
        if plugin != "QueueSource":
            raise invalid(f"The plugin {plugin} is not known here; known: QueueSource")
        if not isinstance(config, dict):
            raise invalid("configMap must be an object")
        self.id = text_in(config, "queueId")
        # Named as GetMessages names it (oci.queue.QueueClient.get_messages); the plugin's schema is not published
        # (verify: connector-settings).
        self._channel = optional_text_in(config, "channelFilter") or None
        if cloud.state_of(Queues).find(self.id) is None:
            raise Refused(not_found())

    def waiting(self) -> Iterator[Piece]:
        if self._cloud.state_of(Queues).find(self.id) is None:
            raise SourceGone(self.id)
        now = self._cloud.clock()
        for message in self._messages().all(self._channel):
            if message.visible <= now:
                yield _piece(message)

    def take(self, pieces: Sequence[Piece]) -> Sequence[Piece]:
        ids = [piece.mark.id for piece in pieces]
        return [_piece(message) for message in self._messages().deliver(ids, _HELD_SECONDS)]

    def commit(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            self._messages().delete(piece.mark.receipt)

    def give_back(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            self._messages().update(piece.mark.receipt, 0)

    def _messages(self) -> Messages:
        return self._cloud.state_of(Queues).messages(self.id)


class FeedSource(Source):
    """What is added to a feed after the connector, as far as it is ``wanted``."""

    def __init__(self, feed: Feed, wanted: Callable[[Body], bool], needs: str = NOTHING, feed_id: str = "") -> None:
        self.needs, self.id = needs, feed_id
        self._feed = feed
        self._wanted = wanted
        self._position = len(feed)

    def waiting(self) -> Iterator[Piece]:
        for after, added, entry in self._feed.from_position(self._position):
            if self._wanted(entry):
                yield Piece(_json(entry), added, after)

    def commit(self, pieces: Sequence[Piece]) -> None:
        self._position = pieces[-1].mark


def source_of(cloud: Cloud, details: Any, style: PayloadStyle) -> Source:
    """Make the source that ``details`` describe, as oci.sch.models.SourceDetails has it. Raises Refused."""
    kind = text_in(details if isinstance(details, dict) else {}, "kind")
    if kind not in SOURCES:
        raise invalid(f"The source {kind} is not known here; known: {', '.join(SOURCES)}")
    return SOURCES[kind](cloud, details, style)


def _logging(cloud: Cloud, details: Body, style: PayloadStyle) -> Source:
    del style
    groups = [(text_in(log, "logGroupId"), log.get("logId")) for log in objects_in(details, "logSources", 100)]

    def wanted(entry: Body) -> bool:
        place = entry["oracle"]
        return any(place["loggroupid"] == group and log in (None, place["logid"]) for group, log in groups)

    # Of several groups the first is asked about (docs: connector-hub/policies.htm).
    return FeedSource(cloud.state_of(Logs), wanted, "LOG_CONTENT_READ", groups[0][0])


def _monitoring(cloud: Cloud, details: Body, style: PayloadStyle) -> Source:
    del style
    wanted: set[tuple[str, str]] = set()
    for source in objects_in(details, "monitoringSources", 100):
        namespaces = source.get("namespaceDetails")
        if not isinstance(namespaces, dict) or namespaces.get("kind") != "selected":
            raise invalid("namespaceDetails.kind must be selected")
        names = [text_in(chosen, "namespace") for chosen in objects_in(namespaces, "namespaces", 100)]
        wanted |= {(text_in(source, "compartmentId"), name) for name in names}
    return FeedSource(cloud.state_of(Metrics), lambda entry: (entry["compartmentId"], entry["namespace"]) in wanted)


def _piece(message: Message) -> Piece:
    return Piece(message.content.encode(), message.created, message)


def _json(entry: Body) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode()


_CURSORS = ("LATEST", "TRIM_HORIZON")
SOURCES: dict[str, Callable[[Cloud, Body, PayloadStyle], Source]] = {
    "streaming": StreamSource,
    "plugin": QueueSource,
    "logging": _logging,
    "monitoring": _monitoring,
}
