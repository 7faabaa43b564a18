"""A batch of records, worked on beside each other within one deadline: all are done, or it has to be sent again."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from model_service.batch.context import BatchContext, BatchService, RecordStatus, Throttle
from model_service.batch.ledger import Ledger, MemoryLedger, ObjectLedger
from model_service.batch.record import BatchRequest, Record
from model_service.batch.record_run import RecordRun
from model_service.batch.sinks import Sink, open_sink
from model_service.batch.tasks.file import read_tasks
from model_service.batch.tasks.location import tasks_text
from model_service.batch.tasks.tasks import Tasks
from model_service.errors import BatchUnfinished, InvalidRequest, SettingsError
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.openai_api.chat import Answer, Complete
from model_service.openai_api.operations import DoctorRequest, ModelRequest

RECORDING_SHARE: Final = 0.1  # of the time, kept for writing down what failed
RECORDING_SECONDS: Final = 10.0  # but no more than this
FAIR_SHARE: Final = 0.5  # of a batch's time; what takes longer would not end another time either


@dataclass
class Batches:
    """What a container keeps for all batches: its tasks, and the sinks that they name."""

    service: BatchService
    answer_other: Callable[[ModelRequest | DoctorRequest, Deadline], Answer]
    throttle: Callable[[], Throttle] = Throttle
    _tasks: Tasks | None = None

    def answer(self, request: BatchRequest, deadline: Deadline) -> Answer:
        """``{"object": "model_service.batch", "records", "delivered", "repeated", "ignored", "dead_letters",
        "usage"}``. Raises ``BatchUnfinished`` where it has to be sent again."""
        if request.otherwise is not None and not self._is_wanted(request.records, deadline):
            return self.answer_other(request.otherwise(), deadline)
        if not request.records:
            return Complete(_summary(0, Counter(), Counter()))
        batch = Batch(self._context(deadline))
        # A record that comes twice in one batch is worked on once.
        records = {record.id: record for record in request.records}
        batch.statuses[RecordStatus.REPEATED] = len(request.records) - len(records)
        batch.run(records.values(), self.service.settings.batch_concurrency)
        return _answered(batch, len(request.records))

    def _is_wanted(self, records: tuple[Record, ...], deadline: Deadline) -> bool:
        """Whether a task asks for it, and not only lets it go. Of a record that cannot be read none does."""
        if self.service.settings.tasks is None:
            return False
        tasks = self.tasks(deadline)
        try:
            return not any(tasks.task_for(record.view).ignore for record in records)
        except InvalidRequest:
            return False

    def _context(self, deadline: Deadline) -> BatchContext:
        self.service.open_connections()
        tasks = self.tasks(deadline)
        total = deadline.require()
        asking = replace(deadline, expires=deadline.expires - min(RECORDING_SECONDS, RECORDING_SHARE * total))
        return BatchContext(
            service=self.service,
            tasks=tasks,
            sinks=self._sinks,
            dead_letters=self._dead_letters,
            deadline=deadline,
            asking=asking,
            share=FAIR_SHARE * total,
            throttle=self.throttle(),
        )

    def tasks(self, deadline: Deadline) -> Tasks:
        """Return the tasks; they are read once, and again where that went wrong."""
        if self._tasks is None:
            self._tasks = read_tasks_of(self.service, deadline)
        return self._tasks

    @cached_property
    def _sinks(self) -> Mapping[str, Sink]:
        assert self._tasks is not None  # noqa: S101 - they have been read
        return {name: self._open(name, name) for name in self._tasks.sinks}

    @cached_property
    def _dead_letters(self) -> Sink:
        assert self._tasks is not None  # noqa: S101 - as above
        # Without one every task ignores what it takes, and nobody wants the rest either. In the ledger it has a name of
        # its own: results may go to the same place, and one that was refused there must not stand for its dead letter.
        name = self._tasks.dead_letters or "none"
        return self._open(name, f"dead letters: {name}")

    @cached_property
    def _ledger(self) -> Ledger:
        bucket = self._tasks and self._tasks.ledger
        return ObjectLedger(self.service.object_storage, bucket) if bucket else MemoryLedger()

    def _open(self, name: str, name_in_ledger: str) -> Sink:
        assert self._tasks is not None  # noqa: S101 - as above
        return open_sink(name_in_ledger, self._tasks.sinks[name], self.service, self._ledger)


def read_tasks_of(service: BatchService, deadline: Deadline) -> Tasks:
    """Return the tasks that ``MODEL_SERVICE_TASKS`` names. Raise ``SettingsError`` where there are none, and where a
    record could fail without a place for its dead letter: it would come again for ever."""
    setting = service.settings.tasks
    if setting is None:
        raise SettingsError("MODEL_SERVICE_TASKS", "is not set, and nothing else says what to do with a record")
    name, text = tasks_text(setting, lambda: service.object_storage, deadline)
    tasks = read_tasks(text, name)
    kind = tasks.sinks[tasks.dead_letters].kind if tasks.dead_letters else "none"
    if kind not in ("bucket", "none") and service.settings.overflow_bucket is None:
        raise SettingsError(
            "MODEL_SERVICE_OVERFLOW_BUCKET", f"has to be set: dead letters may be too large for a {kind}"
        )
    return tasks


class Batch:
    """``statuses`` and ``usage`` add up while it runs."""

    def __init__(self, shared: BatchContext) -> None:
        self._shared = shared
        self._lock = threading.Lock()
        self.statuses: Counter[RecordStatus] = Counter()
        self.usage: Counter[str] = Counter()

    @property
    def why(self) -> str:
        """What kept records from an status, if it was not the time."""
        return self._shared.troubles.first

    def run(self, records: Iterable[Record], threads: int) -> None:
        """To its end: every record has an status then."""
        # Each leaves the memory when it is done.
        waiting = deque(records)
        number = min(threads, len(waiting))
        with ThreadPoolExecutor(number, thread_name_prefix="record") as pool:
            running = [pool.submit(copy_context().run, self._work, waiting) for _ in range(number)]
        for one in running:
            one.result()  # raises what it raised: a bug here, since a run does not

    def _work(self, waiting: deque[Record]) -> None:
        while True:
            try:
                record = waiting.popleft()
            except IndexError:
                return
            run = RecordRun(record, self._shared)
            status = run.run()
            with self._lock:
                self.statuses[status] += 1
                self.usage.update(_counts(run.result.usage or {}))


def _answered(batch: Batch, records: int) -> Complete:
    summary = _summary(records, batch.statuses, batch.usage)
    left, unrecorded = batch.statuses[RecordStatus.LEFT], batch.statuses[RecordStatus.UNRECORDED]
    log.write("batch", **{**summary, "object": None}, left=left, unrecorded=unrecorded)
    if left or unrecorded:
        raise BatchUnfinished(
            f"Left over of {records} records: {left}; failures that could not be put on record: {unrecorded}. "
            f"The batch has to be sent again. {batch.why or 'There was not enough time.'}"
        )
    return Complete(summary)


def _summary(records: int, statuses: Counter[RecordStatus], usage: Counter[str]) -> dict[str, Any]:
    ended = {status.value: statuses[status] for status in DONE_STATUSES}
    return {"object": "model_service.batch", "records": records, **ended, "usage": dict(usage) or None}


def _counts(usage: Mapping[str, Any]) -> dict[str, int]:
    return {name: value for name, value in usage.items() if isinstance(value, int) and not isinstance(value, bool)}


DONE_STATUSES: Final = (RecordStatus.DELIVERED, RecordStatus.REPEATED, RecordStatus.IGNORED, RecordStatus.DEAD_LETTER)
