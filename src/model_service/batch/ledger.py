"""The ledger: which outcomes are on their way and which have arrived, for sinks that cannot be asked.

An entry has the outcome until it has arrived, and nothing after that: so it is written twice, and all that has to be
atomic is that only one of two containers writes it first, or takes it over.
"""

from __future__ import annotations

import itertools
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Final, Protocol
from uuid import uuid4

from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation
from model_service.oci_services.object_storage import ObjectStorage, StoredObject
from model_service.upstream.retries import PERSISTENT, Retries

FOLDER: Final = "model-service/ledger"
MAX_ENTRY_BYTES: Final = 32 * 1024 * 1024  # bytes of an entry; no sink that needs a ledger takes as much
MAX_ENTRIES_IN_MEMORY: Final = 10_000  # entries
TRY_SECONDS: Final = 10.0
WRITER: Final = "model-service-writer"


@dataclass(frozen=True)
class Entry:
    """``body`` is the outcome, empty when it has arrived; ``age`` seconds ago the entry was written."""

    version: str
    body: bytes = field(repr=False)
    age: float = 0.0

    @property
    def delivered(self) -> bool:
        return not self.body


class Ledger(Protocol):
    """By keys that can stand in an object's name. Threads may share it. Raises ``ModelServiceError``."""

    def find(self, key: str, deadline: Deadline) -> Entry | None: ...

    def keep(self, key: str, body: bytes, deadline: Deadline, *, over: Entry | None = None) -> Entry | None:
        """Writes the entry where there is none yet, or over just this one; ``None`` where somebody was first."""

    def mark_delivered(self, key: str, deadline: Deadline) -> None:
        """There is nothing to be delivered any more."""


@dataclass(frozen=True)
class ObjectLedger:
    """One object for each entry, ``model-service/ledger/<key>.json``, which stays until a lifecycle rule of the bucket
    takes it away. It needs OBJECT_CREATE, OBJECT_READ and OBJECT_OVERWRITE, and a bucket without retention rules."""

    storage: ObjectStorage
    bucket: ObjectLocation
    retries: Retries = PERSISTENT

    def find(self, key: str, deadline: Deadline) -> Entry | None:
        found = self._find(key, deadline)
        return _entry(found) if found else None

    def keep(self, key: str, body: bytes, deadline: Deadline, *, over: Entry | None = None) -> Entry | None:
        writer, before = uuid4().hex, over.version if over else ""

        def put(deadline: Deadline) -> str | None:
            return self.storage.put_once(self._place(key), body, {WRITER: writer}, deadline, over=before)

        version = self.retries.call(put, deadline, TRY_SECONDS)
        if version is not None:
            return Entry(version, body)
        # Who was first may be us: a try whose answer was lost on the way.
        found = self._find(key, deadline)
        return _entry(found) if found and found.metadata.get(WRITER) == writer else None

    def mark_delivered(self, key: str, deadline: Deadline) -> None:
        def put(deadline: Deadline) -> None:
            self.storage.put(self._place(key), b"", "application/json", deadline)

        self.retries.call(put, deadline, TRY_SECONDS)

    def _find(self, key: str, deadline: Deadline) -> StoredObject | None:
        def find(deadline: Deadline) -> StoredObject | None:
            return self.storage.find(self._place(key), deadline, largest=MAX_ENTRY_BYTES)

        return self.retries.call(find, deadline, TRY_SECONDS)

    def _place(self, key: str) -> ObjectLocation:
        return replace(self.bucket, name=f"{FOLDER}/{key}.json")


def _entry(found: StoredObject) -> Entry:
    return Entry(found.version, found.content, found.age)


class MemoryLedger:
    """For development: it lives as long as its container, knows nothing of others, and forgets its oldest entry when
    there are too many. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._versions = itertools.count(1)
        self._entries: OrderedDict[str, tuple[Entry, float]] = OrderedDict()

    def find(self, key: str, deadline: Deadline) -> Entry | None:  # noqa: ARG002 - nothing to wait for
        with self._lock:
            entry, written = self._entries.get(key, (None, 0.0))
            return entry and replace(entry, age=self._clock() - written)

    def keep(self, key: str, body: bytes, deadline: Deadline, *, over: Entry | None = None) -> Entry | None:  # noqa: ARG002 - nothing to wait for
        with self._lock:
            held, _ = self._entries.get(key, (None, 0.0))
            if (held and held.version) != (over and over.version):
                return None
            return self._write(key, body)

    def mark_delivered(self, key: str, deadline: Deadline) -> None:  # noqa: ARG002 - nothing to wait for
        with self._lock:
            self._write(key, b"")

    def _write(self, key: str, body: bytes) -> Entry:
        entry = Entry(str(next(self._versions)), body)
        self._entries[key] = entry, self._clock()
        self._entries.move_to_end(key)
        if len(self._entries) > MAX_ENTRIES_IN_MEMORY:
            self._entries.popitem(last=False)
        return entry
