"""What Queue keeps: queues, their messages in channels, and each queue's dead letters.

Sources: the docstrings of oci.queue; docs queue/deadletterqueues.htm, queue/publish-messages-channel.htm.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.services.oci_surface import invalid, sealed, unsealed
from mock_oci.services.resources import Resources


@dataclass(frozen=True)
class Message:
    """Times in Unix seconds: it is to be had from ``visible`` on and gone after ``expires``.

    ``channel`` is empty for a message of the queue itself.
    """

    id: int
    content: str
    channel: str
    properties: Mapping[str, str]
    created: float
    expires: float
    visible: float
    deliveries: int = 0

    @property
    def receipt(self) -> str:
        """Return the receipt of its last delivery; an earlier one no longer counts."""
        return sealed({"id": self.id, "delivery": self.deliveries})


@dataclass(frozen=True)
class Settings:
    """Seconds and counts, as oci.queue.models.CreateQueueDetails has them; 0 deliveries: no dead letters."""

    retention: int = 86_400
    visibility: int = 30
    timeout: int = 30
    deliveries: int = 5
    channel_limit: int = 100


@dataclass(frozen=True)
class Queue:
    """``details`` is what else it was created with, such as tags. Times in Unix seconds."""

    id: str
    name: str
    compartment_id: str
    created: float
    updated: float
    settings: Settings = field(default_factory=Settings)
    details: Mapping[str, Any] = field(default_factory=dict)


class Messages:
    """The messages of one queue. Thread-safe; ``settings`` are looked at when they matter.

    ``first`` is the first message's id: another one for each queue, so that no receipt opens two of them.
    """

    def __init__(self, clock: Callable[[], float], settings: Callable[[], Settings], first: int) -> None:
        self._clock = clock
        self._settings = settings
        self._lock = threading.Lock()
        self._serial = itertools.count(first)
        self._kept: dict[int, Message] = {}
        self._dead: dict[int, Message] = {}
        self._served = ""

    def put(self, content: str, channel: str = "", properties: Mapping[str, str] | None = None) -> Message:
        now = self._clock()
        with self._lock:
            id_ = next(self._serial)
            expires = now + self._settings().retention
            self._kept[id_] = Message(id_, content, channel, properties or {}, now, expires, now)
            return self._kept[id_]

    def take(self, limit: int = 1, *, visibility: float | None = None, channel: str | None = None) -> list[Message]:
        """Deliver up to ``limit`` visible messages, all of one channel: ``channel``, or each in turn."""
        now = self._clock()
        hidden = self._settings().visibility if visibility is None else visibility
        with self._lock:
            self._tidy(now)
            visible = [message for message in self._kept.values() if message.visible <= now]
            served = self._next_channel({message.channel for message in visible}) if channel is None else channel
            chosen = [message for message in visible if message.channel == served][:limit]
            return [self._deliver(message, now + hidden) for message in chosen]

    def deliver(self, ids: Iterable[int], visibility: float) -> list[Message]:
        """Deliver these, of whatever channels, as far as they are still visible."""
        now = self._clock()
        with self._lock:
            self._tidy(now)
            found = [self._kept[id_] for id_ in ids if id_ in self._kept]
            return [self._deliver(message, now + visibility) for message in found if message.visible <= now]

    def delete(self, receipt: str) -> bool:
        """Delete a message.

        Return False when the receipt no longer counts, as it was delivered again or is a dead letter.

        What is gone already is deleted again.
        """
        id_, delivery = read_receipt(receipt)
        with self._lock:
            self._tidy(self._clock())
            found = self._kept.get(id_)
            if found is None or found.deliveries != delivery:
                return found is None and id_ not in self._dead
            del self._kept[id_]
            return True

    def update(self, receipt: str, visibility: float) -> Message | None:
        """Hide the message for ``visibility`` seconds from now; return None when the receipt no longer counts."""
        id_, delivery = read_receipt(receipt)
        with self._lock:
            self._tidy(self._clock())
            found = self._kept.get(id_)
            if found is None or found.deliveries != delivery:
                return None
            self._kept[id_] = replace(found, visible=self._clock() + visibility)
            return self._kept[id_]

    def all(self, channel: str | None = None, *, dead: bool = False) -> tuple[Message, ...]:
        """Return what is in the queue, visible or in flight, or among its ``dead`` letters, of all channels or one."""
        with self._lock:
            self._tidy(self._clock())
            kept = (self._dead if dead else self._kept).values()
            return tuple(message for message in kept if channel in (None, message.channel))

    def purge(self, kinds: Iterable[str], channels: Iterable[str] | None = None) -> None:
        """Delete messages. ``kinds``: NORMAL, DLQ or both; of all channels, or of these."""
        with self._lock:
            self._tidy(self._clock())
            for kind in kinds:
                held = self._dead if kind == "DLQ" else self._kept
                for id_ in [id_ for id_, message in held.items() if channels is None or message.channel in channels]:
                    del held[id_]

    def _deliver(self, message: Message, visible: float) -> Message:
        delivered = replace(message, deliveries=message.deliveries + 1, visible=visible)
        self._kept[message.id] = delivered
        return delivered

    def _tidy(self, now: float) -> None:
        """Delete expired messages, and make dead letters of those that came back once too often."""
        most = self._settings().deliveries
        for held in (self._kept, self._dead):
            for id_ in [id_ for id_, message in held.items() if message.expires <= now]:
                del held[id_]
        for message in list(self._kept.values()):
            if most and message.deliveries >= most and message.visible <= now:
                self._dead[message.id] = self._kept.pop(message.id)

    def _next_channel(self, channels: set[str]) -> str:
        """Return the channel after that of the last time; the service takes a random one."""
        ordered = sorted(channels)
        self._served = next((name for name in ordered if name > self._served), ordered[0] if ordered else "")
        return self._served


def read_receipt(receipt: str) -> tuple[int, int]:
    """Return the message's id, and which of its deliveries this belongs to. Raises Refused for any other string."""
    parts = unsealed(receipt) or {}
    id_, delivery = parts.get("id"), parts.get("delivery")
    if not isinstance(id_, int) or not isinstance(delivery, int):
        raise invalid("The message receipt is invalid.")
    return id_, delivery


class Queues(Resources[Queue]):
    """The queues of one tenancy in one region. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud
        self._messages: dict[str, Messages] = {}

    def create(
        self,
        name: str = "queue",
        settings: Settings | None = None,
        *,
        compartment_id: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> Queue:
        """Create a queue, active at once; see ``messages``."""
        now = self._cloud.clock()
        queue = Queue(
            id=ocid("queue", f"{name}/{self._cloud.next_serial()}", self._cloud.region),
            name=name,
            compartment_id=compartment_id or self._cloud.tenancy.compartment_id,
            created=now,
            updated=now,
            settings=settings or Settings(),
            details=details or {},
        )
        with self._lock:
            first = int.from_bytes(hashlib.sha256(queue.id.encode()).digest()[:6], "big")
            self._messages[queue.id] = Messages(
                self._cloud.clock, lambda: (self.find(queue.id) or queue).settings, first
            )
            return self.keep(queue.id, queue)

    def messages(self, queue_id: str) -> Messages:
        with self._lock:
            return self._messages[queue_id]

    def replace(self, queue: Queue) -> None:
        """Keep this queue in place of the one of its OCID, as updated now."""
        self.keep(queue.id, replace(queue, updated=self._cloud.clock()))
