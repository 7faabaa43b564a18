"""Which records of a batch have an outcome: by a listing of the bucket where there are many, not by a look at each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Final

from model_service.batch.memory import Memory
from model_service.batch.sinks import Sink
from model_service.errors import ModelServiceError, UpstreamRefused
from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation
from model_service.oci_services.object_storage import ObjectStorage
from model_service.upstream.retries import within

MIN_RECORDS: Final = 16  # fewer are looked up one by one
MAX_AGE: Final = 10.0  # seconds: what another container has delivered since then shows when the place is written to
PAGE: Final = 1000  # names, of a page of ListObjects
TRY_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Listing:
    """Names and sizes of the objects from ``start`` on, up to ``end`` (``None``: all that were asked for)."""

    taken_at: float
    start: str
    end: str | None
    sizes: Mapping[str, int]

    def size(self, name: str) -> int | None:
        """Return the size of an object, -1 where there is none; ``None`` for a name beyond what was listed."""
        is_in = self.start <= name and (self.end is None or name < self.end)
        return self.sizes.get(name, -1) if is_in else None


@dataclass
class Lookup:
    """Know of the records that are ``left`` (sources by id) which have an outcome. Threads share it."""

    storage: ObjectStorage
    memory: Memory
    left: dict[str, str]
    deadline: Deadline
    clock: Callable[[], float] = time.monotonic
    _listings: dict[int, Listing | None] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def knows(self, sink: Sink, record: str, source: str) -> bool | None:
        """Return whether the sink has the record's outcome; ``None`` where the sink itself has to be asked."""
        place = sink.location(record, source)
        if place is None or place.bucket in self.memory.unlistable:
            return None
        listing = self._listing(sink, place)
        size = listing.size(place.name) if listing else None
        if size is None:
            return None
        if size < 0:
            return False
        return True if sink.is_delivered(size) else None

    def _listing(self, sink: Sink, place: ObjectLocation) -> Listing | None:
        with self._lock:
            listing = self._listings.get(id(sink))
            if listing is None or self.clock() - listing.taken_at > MAX_AGE:
                listing = self._listings[id(sink)] = self._taken(sink, place) if len(self.left) >= MIN_RECORDS else None
            return listing

    def _taken(self, sink: Sink, place: ObjectLocation) -> Listing | None:
        names = [found.name for found in map(sink.location, *zip(*list(self.left.items()), strict=True)) if found]
        start, end = min(names), max(names) + "\0"
        sizes: dict[str, int] = {}
        following: str | None = start
        taken_at = self.clock()
        try:
            for _ in range(len(names) // PAGE * 2 + 2):
                page, following = self.storage.list(
                    replace(place, name=following or ""), end, within(self.deadline, TRY_SECONDS)
                )
                sizes |= page
                if following is None:
                    break
        except UpstreamRefused:  # as without OBJECT_INSPECT: then each record is looked up
            self.memory.unlistable.add(place.bucket)
            return None
        except ModelServiceError:
            return Listing(taken_at, start, start, {})  # of nothing, for as long as one lasts
        return Listing(taken_at, start, following, sizes)
