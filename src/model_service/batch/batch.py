"""A batch of records, worked on beside each other within one deadline: all are done, or it has to be sent again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from model_service.batch.context import BatchContext, BatchService, RecordStatus
from model_service.batch.crew import Crew
from model_service.batch.ledger import Ledger, MemoryLedger, ObjectLedger
from model_service.batch.letters import Letter
from model_service.batch.lookup import Lookup
from model_service.batch.memory import Memory
from model_service.batch.pacing import Pacing, Pauses
from model_service.batch.record import BatchRequest, outlines
from model_service.batch.sinks import Sink, open_sink
from model_service.batch.tasks.file import read_tasks
from model_service.batch.tasks.location import tasks_text
from model_service.batch.tasks.tasks import Tasks
from model_service.errors import BatchUnfinished, InvalidRequest, SettingsError
from model_service.fn.caller import NOWHERE, Origin
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.openai_api.chat import Answer, Complete
from model_service.openai_api.operations import AnyRequest
from model_service.upstream.retries import Retries

RECORDING_SHARE: Final = 0.1  # of the time, kept for writing down what failed
RECORDING_SECONDS: Final = 10.0  # but no more than this
FAIR_SHARE: Final = 0.5  # of a batch's time; what takes longer would not end another time either
# A thread is not to sleep for long: the record goes on later, and others meanwhile.
BRIEF: Final = Retries(more_tries=2, first_pause=0.1, longest_pause=0.5, repeatable=True)


@dataclass
class Batches:
    """What a container keeps for all batches: its tasks, the sinks that they name, and what it remembers."""

    service: BatchService
    answer_other: Callable[[AnyRequest, Deadline, Origin], Answer]
    pauses: Pauses = field(default_factory=Pauses)
    memory: Memory = field(default_factory=Memory)
    _tasks: Tasks | None = None

    def answer(self, request: BatchRequest, deadline: Deadline, origin: Origin = NOWHERE) -> Answer:
        """Return what became of the records; raise ``BatchUnfinished`` where the batch has to be sent again.

        ``{"object": "model_service.batch", "records", "delivered", "repeated", "ignored", "dead_letters", "usage"}``.
        """
        if request.otherwise is not None and not self._is_wanted(request, deadline):
            return self.answer_other(request.otherwise(), deadline, origin)
        if not request.records:
            return Complete(_summary(0, Counter(), Counter()))
        # A record that comes twice in one batch is worked on once.
        places = {record: (index, source) for index, (record, source) in enumerate(outlines(request.records))}
        left = {record: source for record, (_, source) in places.items()}
        context = self._context(left, deadline, request)
        crew = Crew(context, request.records, {record: index for record, (index, _) in places.items()})
        crew.statuses[RecordStatus.REPEATED] = len(request.records) - len(places)
        crew.run(self.service.settings.batch_concurrency)
        return self._answered(crew, context, len(request.records), places)

    def _answered(self, crew: Crew, context: BatchContext, records: int, ids: Mapping[str, Any]) -> Complete:
        summary = _summary(records, crew.statuses, crew.usage)
        left, unrecorded = crew.statuses[RecordStatus.LEFT], crew.statuses[RecordStatus.UNRECORDED]
        log.write("batch", **{**summary, "object": None}, left=left, unrecorded=unrecorded)
        self.service.end(context.deadline)
        self.memory.halted = context.troubles.halted
        if left or unrecorded:
            raise BatchUnfinished(
                f"Left over of {records} records: {left}; failures that could not be put on record: {unrecorded}. "
                f"The batch has to be sent again. {context.troubles.first or 'There was not enough time.'}"
            )
        self.memory.forget_done(ids)
        return Complete(summary)

    def _is_wanted(self, request: BatchRequest, deadline: Deadline) -> bool:
        """Return whether a task asks for it, and not only lets it go. Of a record that cannot be read none does."""
        if self.service.settings.tasks is None:
            return False
        tasks = self.tasks(deadline)
        try:
            return not any(
                not tasks.is_outcome(record.view) and tasks.task_for(record.view).ignore for record in request.records
            )
        except InvalidRequest:
            return False

    def _context(self, left: dict[str, str], deadline: Deadline, request: BatchRequest) -> BatchContext:
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
            lookup=Lookup(self.service.object_storage, self.memory, left, deadline),
            pacing=self._pacing,
            memory=self.memory,
            redriven=request.redriven,
            on_end=request.on_end,
        )

    def tasks(self, deadline: Deadline) -> Tasks:
        """Return the tasks; they are read once, and again where that went wrong."""
        if self._tasks is None:
            self._tasks = read_tasks_of(self.service, deadline)
        return self._tasks

    def redrive(self, letters: Sequence[Letter], deadline: Deadline, on_end: Callable[[str, str], None]) -> Answer:
        """Try the records of dead letters again, as ``answer`` does; ``on_end`` hears how each has ended.

        Their own tasks are found anew. An answer that its sink had refused goes out without another call of the model.
        """
        self.tasks(deadline)
        for letter in letters:
            self._dead_letters.reopen(letter.record.id, deadline)
            if letter.answer is not None:
                self.memory.keep(letter.record.id, letter.answer)
        records = tuple(letter.record for letter in letters)
        return self.answer(BatchRequest(records, redriven=True, on_end=on_end), deadline)

    @cached_property
    def _pacing(self) -> Pacing:
        settings = self.service.settings
        return Pacing(settings.batch_concurrency, self.pauses, settings.limits.json_bytes)

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
        return self._open(name, f"dead letters: {name}", takes_all=True)

    @cached_property
    def _ledger(self) -> Ledger:
        bucket = self._tasks and self._tasks.ledger
        return ObjectLedger(self.service.object_storage, bucket, BRIEF) if bucket else MemoryLedger()

    def _open(self, name: str, name_in_ledger: str, *, takes_all: bool = False) -> Sink:
        assert self._tasks is not None  # noqa: S101 - as above
        return open_sink(
            name_in_ledger, self._tasks.sinks[name], self.service, self._ledger, BRIEF, takes_all=takes_all
        )


def read_tasks_of(service: BatchService, deadline: Deadline) -> Tasks:
    """Return the tasks that ``MODEL_SERVICE_TASKS`` names.

    Raise ``SettingsError`` where there are none, and where a record could fail without a place for its dead letter: it
    would come again for ever.
    """
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


def _summary(records: int, statuses: Counter[RecordStatus], usage: Counter[str]) -> dict[str, Any]:
    ended = {status.value: statuses[status] for status in DONE_STATUSES}
    return {"object": "model_service.batch", "records": records, **ended, "usage": dict(usage) or None}


DONE_STATUSES: Final = (
    RecordStatus.DELIVERED,
    RecordStatus.REPEATED,
    RecordStatus.IGNORED,
    RecordStatus.DEAD_LETTER,
)
