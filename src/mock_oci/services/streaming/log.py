"""One partition of a stream: an append-only log that forgets what is older than its retention."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

_MAX_BYTES = 1 << 20  # in one answer; the service says only "as many as possible"


@dataclass(frozen=True)
class Entry:
    """``key`` is None when the producer gave none; ``appended`` in Unix seconds."""

    offset: int
    key: bytes | None
    value: bytes
    appended: float


class PartitionLog:
    """Not thread-safe: its stream has the lock. ``retention`` in seconds."""

    def __init__(self, clock: Callable[[], float], retention: float) -> None:
        self._clock = clock
        self._retention = retention
        self._entries: list[Entry] = []
        self.next = 0

    def append(self, key: bytes | None, value: bytes) -> Entry:
        entry = Entry(self.next, key, value, self._clock())
        self._entries.append(entry)
        self.next += 1
        return entry

    def skip(self, count: int) -> None:
        """Leave ``count`` offsets out: "offsets aren't dense" (docs: Streaming/Tasks/using_consumer_groups.htm)."""
        self.next += count

    @property
    def entries(self) -> tuple[Entry, ...]:
        self._trim()
        return tuple(self._entries)

    @property
    def first(self) -> int:
        """Return the offset of the oldest entry still kept; ``next`` when there is none."""
        self._trim()
        return self._entries[0].offset if self._entries else self.next

    def at_time(self, moment: float) -> int:
        """Return the offset of the first entry that was appended then or later."""
        self._trim()
        index = bisect_left(self._entries, moment, key=lambda entry: entry.appended)
        return self._entries[index].offset if index < len(self._entries) else self.next

    def read(self, offset: int, limit: int) -> list[Entry]:
        """Return the entries from ``offset`` on: at most ``limit``, and at most 1 MiB unless one alone is more."""
        self._trim()
        index = bisect_left(self._entries, offset, key=lambda entry: entry.offset)
        entries: list[Entry] = []
        size = 0
        for entry in self._entries[index : index + limit]:
            size += len(entry.value)
            if entries and size > _MAX_BYTES:
                break
            entries.append(entry)
        return entries

    def _trim(self) -> None:
        oldest = self._clock() - self._retention
        kept = bisect_left(self._entries, oldest, key=lambda entry: entry.appended)
        del self._entries[:kept]
