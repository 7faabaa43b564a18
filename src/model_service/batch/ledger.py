"""The ledger: which outcomes are on their way, have arrived or were refused, for sinks that cannot be asked.

An entry has the outcome until it has arrived, and nothing after that: so it is written twice, and all that has to be
atomic is that only one of two containers writes it first, or takes it over. What was refused keeps its outcome, which
was paid for: it goes out when the record is sent again after its dead letter has been taken away.
"""

from __future__ import annotations

import itertools
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from threading import Lock
from typing import Final, Protocol
from uuid import uuid4

from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation
from model_service.oci_services.object_storage import ObjectStorage, StoredObject
from model_service.upstream.retries import PERSISTENT, Retries

LEDGER_FOLDER: Final = "model-service/ledger"
MAX_ENTRY_BYTES: Final = 32 * 1024 * 1024  # no sink that needs a ledger takes as much
MAX_ENTRIES_IN_MEMORY: Final = 10_000
TRY_SECONDS: Final = 10.0
WRITER: Final = "model-service-writer"
STATE: Final = "model-service-state"


class EntryState(StrEnum):
    """What is known of an outcome."""

    PENDING = "pending"  # on its way
    DELIVERED = "delivered"
    DEAD = "dead"  # refused; the record has a dead letter


@dataclass(frozen=True)
class Entry:
    """``body`` is the outcome, empty when it has arrived; ``age`` seconds ago the entry was written."""

    version: str
    body: bytes = field(repr=False)
    age: float = 0.0
    state: EntryState = EntryState.PENDING


class Ledger(Protocol):
    """Keep entries by keys that can stand in an object's name. Threads may share it."""

    def find(self, key: str, deadline: Deadline) -> Entry | None: ...

    def keep(
        self,
        key: str,
        body: bytes,
        deadline: Deadline,
        *,
        over: Entry | None = None,
        state: EntryState = EntryState.PENDING,
    ) -> Entry | None:
        """Write the entry where there is none yet, or over just this one; return ``None`` where somebody was first."""

    def mark_delivered(self, key: str, deadline: Deadline) -> None:
        """Note that there is nothing to be delivered any more."""

    def forget(self, key: str, deadline: Deadline) -> None:
        """Remove the entry: what it stands for may happen again."""

    def location(self, key: str) -> ObjectLocation | None:
        """Return the object of an entry, which is empty once it is delivered; ``None`` where there are no objects."""


@dataclass(frozen=True)
class ObjectLedger:
    """Keep one object for each entry, ``model-service/ledger/<key>.json``, until a lifecycle rule takes it away.

    It needs OBJECT_CREATE, OBJECT_READ and OBJECT_OVERWRITE, and a bucket without retention rules.
    """

    storage: ObjectStorage
    bucket: ObjectLocation
    retries: Retries = PERSISTENT

    def find(self, key: str, deadline: Deadline) -> Entry | None:
        found = self._find(key, deadline)
        return _entry(found) if found else None

    def keep(
        self,
        key: str,
        body: bytes,
        deadline: Deadline,
        *,
        over: Entry | None = None,
        state: EntryState = EntryState.PENDING,
    ) -> Entry | None:
        writer, before = uuid4().hex, over.version if over else ""
        metadata = {WRITER: writer, STATE: state.value}

        def put(deadline: Deadline) -> str | None:
            return self.storage.put_once(self.location(key), body, metadata, deadline, over=before)

        version = self.retries.call(put, deadline, TRY_SECONDS)
        if version is not None:
            return Entry(version, body, 0.0, state)
        # Who was first may be us: a try whose answer was lost on the way.
        found = self._find(key, deadline)
        return _entry(found) if found and found.metadata.get(WRITER) == writer else None

    def mark_delivered(self, key: str, deadline: Deadline) -> None:
        def put(deadline: Deadline) -> None:
            self.storage.put(self.location(key), b"", "application/json", deadline)

        self.retries.call(put, deadline, TRY_SECONDS)

    def forget(self, key: str, deadline: Deadline) -> None:
        """Remove the entry. It needs OBJECT_DELETE, which the function itself never does."""
        self.storage.delete(self.location(key), deadline)

    def location(self, key: str) -> ObjectLocation:
        return replace(self.bucket, name=f"{LEDGER_FOLDER}/{key}.json")

    def _find(self, key: str, deadline: Deadline) -> StoredObject | None:
        def find(deadline: Deadline) -> StoredObject | None:
            return self.storage.find(self.location(key), deadline, largest=MAX_ENTRY_BYTES)

        return self.retries.call(find, deadline, TRY_SECONDS)


def _entry(found: StoredObject) -> Entry:
    dead = found.metadata.get(STATE) == EntryState.DEAD
    state = EntryState.DELIVERED if not found.content else EntryState.DEAD if dead else EntryState.PENDING
    return Entry(found.version, found.content, found.age, state)


class MemoryLedger:
    """Keep entries as long as the container lives, for development; it knows nothing of other containers.

    It forgets its oldest entry when there are too many. ``clock`` gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._versions = itertools.count(1)
        self._entries: OrderedDict[str, tuple[Entry, float]] = OrderedDict()

    def find(self, key: str, deadline: Deadline) -> Entry | None:  # noqa: ARG002 - nothing to wait for
        with self._lock:
            entry, written = self._entries.get(key, (None, 0.0))
            return entry and replace(entry, age=self._clock() - written)

    def keep(
        self,
        key: str,
        body: bytes,
        deadline: Deadline,  # noqa: ARG002 - nothing to wait for
        *,
        over: Entry | None = None,
        state: EntryState = EntryState.PENDING,
    ) -> Entry | None:
        with self._lock:
            held, _ = self._entries.get(key, (None, 0.0))
            if (held and held.version) != (over and over.version):
                return None
            return self._write(key, body, state if body else EntryState.DELIVERED)

    def mark_delivered(self, key: str, deadline: Deadline) -> None:  # noqa: ARG002 - nothing to wait for
        with self._lock:
            self._write(key, b"", EntryState.DELIVERED)

    def forget(self, key: str, deadline: Deadline) -> None:  # noqa: ARG002 - nothing to wait for
        with self._lock:
            self._entries.pop(key, None)

    def location(self, key: str) -> None:  # noqa: ARG002 - there are no objects
        return None

    def _write(self, key: str, body: bytes, state: EntryState) -> Entry:
        entry = Entry(str(next(self._versions)), body, 0.0, state)
        self._entries[key] = entry, self._clock()
        self._entries.move_to_end(key)
        if len(self._entries) > MAX_ENTRIES_IN_MEMORY:
            self._entries.popitem(last=False)
        return entry
