"""The threads that work on a batch, and who watches them: the batch answers in time whatever one of them does."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextvars import copy_context
from typing import Final

from model_service.batch.context import BatchContext, RecordStatus
from model_service.batch.faults import Abandoned, TryAgain, WaitForRoom, no_time
from model_service.batch.record import Record
from model_service.batch.record_run import RecordRun
from model_service.batch.schedule import Schedule
from model_service.errors import DeadlineExceeded
from model_service.logs import log

WATCH_SECONDS: Final = 0.1
GRACE_SECONDS: Final = 1.0  # for a call to see by itself that its time is over
MIN_TO_SEARCH: Final = 64  # records; fewer are looked up one after the other


class Crew:
    """Run the records of one batch; ``statuses`` and ``usage`` add up while it does.

    ``order`` has the place of each record in ``records`` by its id.
    """

    def __init__(self, context: BatchContext, records: Sequence[Record], order: Mapping[str, int]) -> None:
        self._context = context
        self._records = records
        self._order = order
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._asks = True
        self._given_up = False
        self._first = 0
        self.statuses: Counter[RecordStatus] = Counter()
        self.usage: Counter[str] = Counter()
        self._schedule = Schedule(self._runs(), len(order), one_first=context.memory.halted)
        context.company.take = self._schedule.take_new
        context.company.put_back = lambda run: self._schedule.pause(run, 0.0)

    def run(self, threads: int) -> None:
        """Work until every record has a status: at the latest shortly before the deadline."""
        self._first = self._first_without_outcome(list(self._order))
        for _ in range(min(threads, len(self._order))):
            if not self._start():
                break
        if not self._threads:
            self._work()  # the platform gives us not even one: then nobody watches
        schedule = self._schedule
        while not schedule.is_over:
            if not schedule.over.wait(WATCH_SECONDS):
                self._watch()
        for thread in self._threads if not self._given_up else ():
            thread.join(max(0.0, min(0.5, self._context.deadline.remaining - self._context.deadline.margin)))

    def _runs(self) -> Iterator[RecordRun]:
        """Yield a run for each record, beginning where an earlier try has stopped."""
        ids = list(self._order)
        for record in (*ids[self._first :], *ids[: self._first]):
            yield self._run_of(record)

    def _run_of(self, record: str) -> RecordRun:
        index = self._order[record]
        return RecordRun(record, lambda: self._records[index], self._context)

    def _first_without_outcome(self, ids: list[str]) -> int:
        """Return where to begin, found by bisection.

        A container that knows nothing of the tries before it, and may not list the bucket, is not to spend its time on
        looking up what is done.
        """
        context = self._context
        source = context.lookup.left.get(ids[0], "") if ids else ""
        if len(ids) < MIN_TO_SEARCH or context.lookup.knows(context.dead_letters, ids[0], source) is not None:
            return 0
        low, high = 0, len(ids)
        while low < high and context.deadline.remaining > context.deadline.margin:
            middle = (low + high) // 2
            if self._run_of(ids[middle]).has_outcome():
                low = middle + 1
            else:
                high = middle
        return low % len(ids)

    def _start(self) -> bool:
        thread = threading.Thread(target=copy_context().run, args=(self._work,), name="record", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # there are no more: those that there are do the work
            log.write("threads_limited", threads=len(self._threads))
            return False
        self._threads.append(thread)
        return True

    def _work(self) -> None:
        schedule = self._schedule
        while run := schedule.next():
            try:
                self._end(run, run.advance())
            except TryAgain as pause:
                schedule.pause(run, pause.seconds)
            except WaitForRoom as wait:
                schedule.wait_for(run, wait.target)
            except Abandoned:
                return  # another thread has its place

    def _end(self, run: RecordRun, status: RecordStatus) -> None:
        context = self._context
        with self._lock:
            if not self._schedule.end(run):
                return
            self.statuses[status] += 1
            usage = run.result.usage or {}
            self.usage.update({name: value for name, value in usage.items() if type(value) is int})  # True is no count
        if status in (RecordStatus.DELIVERED, RecordStatus.REPEATED):
            context.memory.remember_done(run.id)
        context.lookup.left.pop(run.id, None)
        context.undecided.discard(run.id)
        if context.on_end is not None:
            context.on_end(run.id, status)
        if status in (RecordStatus.DELIVERED, RecordStatus.DEAD_LETTER):
            self._schedule.prove()

    def _watch(self) -> None:
        context, schedule, now = self._context, self._schedule, time.monotonic()
        if context.deadline.remaining <= context.deadline.margin:
            self._given_up = True
            self.statuses[RecordStatus.LEFT] += schedule.stop()
            return
        for run, since in list(schedule.at_work.items()):
            latest = min(run.asking.expires, since + context.share + context.deadline.margin)
            if now > latest + GRACE_SECONDS and run.give_up(DeadlineExceeded("The record's time is over.")):
                self._replace(run)
        if self._asks and context.asking.remaining <= context.asking.margin:
            self._asks = False
            self._stop_asking()

    def _stop_asking(self) -> None:
        """Give up what is not answered yet: it comes again, or is handed on while there is time."""
        schedule = self._schedule
        if self._context.tasks.unfinished == "retry":
            for run in schedule.drop():
                self._end(run, RecordStatus.LEFT)
            for run in list(schedule.at_work):
                if run.give_up(None):
                    self._given_up = True
                    self._end(run, RecordStatus.LEFT)
            return
        for run in list(schedule.at_work):
            if run.give_up(no_time()):
                self._replace(run)
        schedule.hurry()

    def _replace(self, run: RecordRun) -> None:
        """Put a record that was given up back, and a thread into the place of the one that still works on it."""
        self._given_up = True
        self._schedule.pause(run, 0.0)
        self._start()
