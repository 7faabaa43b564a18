"""What Streaming keeps: streams, their partitions, and the groups that read them."""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.services.resources import Resources
from mock_oci.services.streaming.groups import Group
from mock_oci.services.streaming.log import Entry, PartitionLog
from mock_oci.services.streaming.pools import StreamPools

_AN_HOUR = 3600.0


@dataclass(frozen=True)
class RefusedEntry:
    """Why one message of a request was not appended (oci.streaming.models.PutMessagesResultEntry)."""

    error: str
    message: str


class Stream:
    """One stream. Thread-safe. ``details`` is what else it was created with.

    ``retention_hours``: 24 to 168 (oci.streaming.models.CreateStreamDetails).
    """

    def __init__(
        self,
        cloud: Cloud,
        name: str,
        partitions: int,
        retention_hours: float,
        *,
        id: str,  # noqa: A002 - the field's own name
        compartment_id: str,
        pool_id: str,
        details: Mapping[str, Any],
    ) -> None:
        self.name = name
        self.id = id
        self.compartment_id = compartment_id
        self.pool_id = pool_id
        self.retention_hours = retention_hours
        self.details = details
        self.created = cloud.clock()
        self._clock = cloud.clock
        self._lock = threading.RLock()
        self._keyless = itertools.count()
        self._failing: list[RefusedEntry] = []
        self._groups: dict[str, Group] = {}
        self.logs = tuple(PartitionLog(cloud.clock, retention_hours * _AN_HOUR) for _ in range(partitions))

    def put(
        self, messages: Iterable[tuple[bytes | None, bytes]], admits: Callable[[int, int], bool] = lambda *_: True
    ) -> list[tuple[int, Entry] | RefusedEntry]:
        """Append (key, value) pairs; return each one's partition and entry.

        ``admits`` tells of a partition and a number of bytes whether there is room for them now.
        """
        with self._lock:
            results: list[tuple[int, Entry] | RefusedEntry] = []
            for key, value in messages:
                if self._failing:
                    results.append(self._failing.pop(0))
                    continue
                partition = self.partition_of(key)
                if not admits(partition, len(key or b"") + len(value)):
                    results.append(RefusedEntry("429", "Too many requests"))
                    continue
                results.append((partition, self.logs[partition].append(key, value)))
            return results

    def fail_next(self, count: int = 1, error: str = "429", message: str = "Too many requests") -> None:
        """Refuse the next ``count`` messages one by one, in an answer that is a 200 all the same."""
        with self._lock:
            self._failing += [RefusedEntry(error, message)] * count

    def read(self, partition: int, offset: int = 0, limit: int = 10_000) -> list[Entry]:
        with self._lock:
            return self.logs[partition].read(offset, limit)

    def entries(self) -> list[Entry]:
        """Return all that is kept, in the order in which it came."""
        with self._lock:
            every = [entry for log in self.logs for entry in log.entries]
        return sorted(every, key=lambda entry: entry.appended)

    def partition_of(self, key: bytes | None) -> int:
        """Choose the partition: the same for the same key; messages without one are spread."""
        if key is None:
            return next(self._keyless) % len(self.logs)
        return int.from_bytes(hashlib.md5(key, usedforsecurity=False).digest()[:4], "big") % len(self.logs)

    def group(self, name: str) -> Group | None:
        with self._lock:
            return self._groups.get(name)

    def join(self, name: str, start: Mapping[int, int]) -> Group:
        """Return the group of this name, begun at ``start`` when there is none yet."""
        with self._lock:
            return self._groups.setdefault(name, Group(name, self._clock, start))

    @property
    def etag(self) -> str:
        """Return its version: another one when its tags, its pool or its compartment have changed."""
        kept = json.dumps([self.id, self.compartment_id, self.pool_id, self.details], sort_keys=True, default=str)
        return hashlib.sha256(kept.encode()).hexdigest()[:16]

    @property
    def lock(self) -> threading.RLock:
        """Return the lock that whoever works on a group or on ``logs`` holds."""
        return self._lock


class Streaming(Resources[Stream]):
    """The streams of one tenancy in one region. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud

    def create(
        self,
        name: str = "stream",
        partitions: int = 1,
        *,
        retention_hours: int = 24,
        compartment_id: str = "",
        pool_id: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> Stream:
        """Create a stream, active at once."""
        compartment_id = compartment_id or self._cloud.tenancy.compartment_id
        stream = Stream(
            self._cloud,
            name,
            partitions,
            retention_hours,
            id=ocid("stream", f"{name}/{self._cloud.next_serial()}", self._cloud.region),
            compartment_id=compartment_id,
            pool_id=pool_id or self._cloud.state_of(StreamPools).default_of(compartment_id).id,
            details=details or {},
        )
        return self.keep(stream.id, stream)
