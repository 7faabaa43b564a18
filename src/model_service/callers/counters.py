"""Counters of what was used within a window: in the memory of this container, or shared by all of them.

A counter is told absolute amounts ("this container has used 1,200 so far"), not increments. So a message that is sent
twice counts once, and a shared store that lost its data gets back what this container had counted with its next call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from model_service.errors import ModelServiceError


class CounterUnavailable(ModelServiceError):
    """The shared counter cannot be reached."""

    status = 503
    code = "counter_unavailable"


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


class MemoryCounter:
    """Count in this container alone: each container has a limit of its own then. Threads share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._totals: dict[str, tuple[int, float]] = {}

    def add(self, amounts: Sequence[Amount]) -> Counted:
        now = self._clock()
        with self._lock:
            self._totals = {name: row for name, row in self._totals.items() if row[1] > now}
            before = tuple(self._totals.get(row.name, (0, 0.0))[0] for row in amounts)
            for index, row in enumerate(amounts):
                if row.limit is not None and row.amount > 0 and before[index] + row.amount > row.limit:
                    return Counted(before, index)
            totals = tuple(total + row.amount for total, row in zip(before, amounts, strict=True))
            for total, row in zip(totals, amounts, strict=True):
                self._totals[row.name] = (total, now + row.seconds)
        return Counted(totals)
