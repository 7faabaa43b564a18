"""Which record is worked on next: those that have paused, those that have waited for room, and then the new ones."""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator
from threading import Condition, Event
from typing import Final

from model_service.batch.pacing import CallTarget
from model_service.batch.record_run import Phase, RecordRun

LONGEST_WAIT: Final = 0.5  # seconds between two looks at what has become possible


class Schedule:
    """Hand out the runs of ``number`` records to the threads that ask for them, each to one at a time.

    With ``one_first`` there is one at a time until ``prove`` is called: what is set up wrongly costs one record.
    """

    def __init__(self, new: Iterable[RecordRun], number: int, *, one_first: bool = False) -> None:
        self.changed = Condition()
        self.over = Event()
        self.at_work: dict[RecordRun, float] = {}  # since when
        self.left = number
        self.is_over = False
        self._new: Iterator[RecordRun] = iter(new)
        self._paused: list[tuple[float, int, RecordRun]] = []
        self._waiting: dict[CallTarget, deque[RecordRun]] = {}
        self._serial = itertools.count()
        self._one_first = one_first

    def next(self) -> RecordRun | None:
        """Wait for a record that can go on, and return it; ``None`` when there is no more to do."""
        with self.changed:
            while not self.is_over:
                now = time.monotonic()
                run = None if self._one_first and self.at_work else self._choose(now)
                if run is not None:
                    self.at_work[run] = now
                    return run
                self.changed.wait(self._longest_wait(now))
        return None

    def take_new(self, number: int) -> list[RecordRun]:
        """Take so many records that nobody has begun out of the schedule; ``pause`` puts one back."""
        with self.changed:
            return [] if self._one_first else list(itertools.islice(self._new, number))

    def pause(self, run: RecordRun, seconds: float) -> None:
        """Take the record back for so long."""
        with self.changed:
            self.at_work.pop(run, None)
            heapq.heappush(self._paused, (time.monotonic() + seconds, next(self._serial), run))
            self.changed.notify()

    def wait_for(self, run: RecordRun, target: CallTarget) -> None:
        """Take the record back until the target has room."""
        with self.changed:
            self.at_work.pop(run, None)
            self._waiting.setdefault(target, deque()).append(run)
            self.changed.notify()

    def end(self, run: RecordRun) -> bool:
        """Note that the record has its status; return ``False`` where that comes too late to count."""
        with self.changed:
            self.at_work.pop(run, None)
            if self.is_over:
                return False
            self.left -= 1
            if self.left == 0:
                self._finish()
            elif self._waiting or self._one_first:  # there may be room for one now
                self.changed.notify()
            return True

    def prove(self) -> None:
        """Let all go on: one record has shown that what was wrong has been mended."""
        with self.changed:
            self._one_first = False
            self.changed.notify_all()

    def hurry(self) -> None:
        """End all pauses and waits."""
        with self.changed:
            for run in self._take_back():
                heapq.heappush(self._paused, (0.0, next(self._serial), run))
            self.changed.notify_all()

    def drop(self) -> list[RecordRun]:
        """Take out the records that have not been answered yet, but for those that somebody works on; return them."""
        with self.changed:
            waiting = self._take_back()
            dropped = [run for run in waiting if run.phase is Phase.WORK]
            for run in waiting:
                if run.phase is not Phase.WORK:
                    heapq.heappush(self._paused, (0.0, next(self._serial), run))
            dropped += self._new
            self.changed.notify_all()
            return dropped

    def stop(self) -> int:
        """Hand out no more, and return how many records have no status."""
        with self.changed:
            left, self.left = self.left, 0
            self._finish()
            return left

    def _finish(self) -> None:
        self.is_over = True
        self.over.set()
        self.changed.notify_all()

    def _choose(self, now: float) -> RecordRun | None:
        if self._paused and self._paused[0][0] <= now:
            return heapq.heappop(self._paused)[2]
        for target, runs in self._waiting.items():
            if runs and target.has_room:
                return runs.popleft()
        return next(self._new, None)

    def _take_back(self) -> list[RecordRun]:
        runs = [run for _, _, run in sorted(self._paused)] + [run for runs in self._waiting.values() for run in runs]
        self._paused.clear()
        self._waiting.clear()
        return runs

    def _longest_wait(self, now: float) -> float:
        moments = [target.resting_until for target, runs in self._waiting.items() if runs]
        moments += [self._paused[0][0]] if self._paused else []
        return min(LONGEST_WAIT, max(0.001, min(moments, default=now + LONGEST_WAIT) - now))
