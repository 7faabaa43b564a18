"""Counters of what was used within a window: in the memory of this container, or shared by all of them.

A counter is told absolute amounts ("this container has used 1,200 so far"), not increments. So a message that is sent
twice counts once, and a shared store that lost its data gets back what this container had counted with its next call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final, Generic, Protocol, TypeVar

from model_service.errors import ModelServiceError
from model_service.light_dataclasses import dataclass

T = TypeVar("T")

PRUNE_SECONDS: Final = 60.0


class CounterUnavailable(ModelServiceError):
    """The shared counter cannot be reached."""

    status = 503
    code = "counter_unavailable"
    hint = "MODEL_SERVICE_COUNTER_FAILURE decides whether calls are let through then."


@dataclass(frozen=True)
class Amount:
    """What is added to the counter ``name``: refused where the sum would exceed ``limit`` (``None``: no limit).

    ``seconds`` is how long the counter is kept after its last use.
    """

    name: str
    amount: int
    limit: int | None
    seconds: int


@dataclass(frozen=True)
class Counted:
    """The totals after an addition, or, where ``refused`` is the index of an amount, the totals without it."""

    totals: tuple[int, ...]
    refused: int | None = None


class Counter(Protocol):
    def add(self, amounts: Sequence[Amount]) -> Counted:
        """Add all of ``amounts``, or none where one would exceed its limit. Raise ``CounterUnavailable``."""


class Kept(Generic[T]):
    """Values by name, each for so many seconds after it was put there; what is over is let go of once in a while."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[T, float]] = {}
        self._next = 0.0

    def get(self, name: str, now: float) -> T | None:
        """Return the value, if there is one that is not over."""
        value, ends = self._rows.get(name, (None, now))
        return value if ends > now else None

    def put(self, name: str, value: T, now: float, seconds: float) -> None:
        """Keep a value for ``seconds``."""
        if now >= self._next:
            self._next = now + PRUNE_SECONDS
            self._rows = {name: row for name, row in self._rows.items() if row[1] > now}
        self._rows[name] = (value, now + seconds)


class MemoryCounter:
    """Count in this container alone: each container has a limit of its own then. Threads share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._totals: Kept[int] = Kept()

    def add(self, amounts: Sequence[Amount]) -> Counted:
        now = self._clock()
        with self._lock:
            before = [self._totals.get(row.name, now) or 0 for row in amounts]
            for index, row in enumerate(amounts):
                if row.limit is not None and row.amount > 0 and before[index] + row.amount > row.limit:
                    return Counted(tuple(before), index)
            totals = [total + row.amount for total, row in zip(before, amounts, strict=True)]
            for total, row in zip(totals, amounts, strict=True):
                self._totals.put(row.name, total, now, row.seconds)
        return Counted(tuple(totals))
