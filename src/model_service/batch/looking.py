"""What there is of a record already: a dead letter, a result, or an answer that lies ready to go out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model_service.batch.context import BatchContext, RecordStatus
from model_service.batch.faults import OutOfTime, RetryLater
from model_service.batch.patience import Patience
from model_service.batch.result import RecordResult
from model_service.batch.sinks import Found, Sink
from model_service.batch.tasks.tasks import Task
from model_service.errors import DeadlineExceeded, ModelServiceError
from model_service.upstream.retries import passes


@dataclass(frozen=True)
class Looking:
    """Look up one record."""

    record: str
    batch: BatchContext
    result: RecordResult
    patience: Patience

    def look_up(self, task: Task) -> RecordStatus | None:
        """Return how the record has ended before, ``None`` where it is new, or where its answer lies ready.

        Raise ``TryAgain`` or ``RetryLater`` where that cannot be told now.
        """
        record, batch = self.result.record, self.batch
        if batch.memory.is_done(self.record):
            return RecordStatus.REPEATED
        dead = None if batch.redriven else self._find(batch.dead_letters, "dead letters", record.outline)
        if dead is not None and not dead.delivered:
            batch.dead_letters.redeliver(self.record, record.outline, batch.deadline)
            return RecordStatus.DEAD_LETTER
        found = dead or self._find(batch.sinks[task.sink], task.sink, record.view)
        if found is None or found.delivered:
            return RecordStatus.REPEATED if found else None
        self.result.read_stored(found.body)
        return None

    def is_delivered(self, task: Task) -> bool:
        """Return whether the sink has the record's result by now."""
        return self._find(self.batch.sinks[task.sink], task.sink, self.result.record.view, is_fresh=True) is not None

    def _find(self, sink: Sink, name: str, view: Mapping[str, Any], *, is_fresh: bool = False) -> Found | None:
        known = None if is_fresh else self.batch.lookup.knows(sink, self.record, self.result.record.source)
        if known is not None:
            return Found(delivered=True) if known else None
        try:
            return sink.find(self.record, view, self.batch.deadline)
        except ModelServiceError as error:
            self.patience.blame_setup(error, name)
            if isinstance(error, DeadlineExceeded):
                raise OutOfTime from error
            if not passes(error, repeatable=True):
                raise
            target = self.batch.pacing.target("sink", name)
            target.observe(self.record, error)
            pause = self.patience.after(error, target, self.batch.deadline)
            raise (RetryLater() if pause is error else pause) from error
