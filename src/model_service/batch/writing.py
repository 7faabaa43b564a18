"""How a record ends: its result goes to the sink, or its failure to the dead letters."""

from __future__ import annotations

from dataclasses import dataclass

from model_service.batch.context import BatchContext, RecordStatus
from model_service.batch.faults import TryAgain, WaitForRoom, is_retryable, is_setup
from model_service.batch.pacing import is_passing
from model_service.batch.patience import Patience
from model_service.batch.result import RecordResult, fitted, fitted_letter
from model_service.batch.sinks import Outcome
from model_service.batch.tasks.tasks import Task
from model_service.errors import ModelServiceError
from model_service.logs import log
from model_service.upstream.retries import passes


@dataclass
class Writing:
    """Write down what became of one record. ``refused_by`` is the sink that did not take the answer."""

    record: str
    batch: BatchContext
    result: RecordResult
    patience: Patience
    refused_by: str | None = None

    def deliver(self, task: Task) -> RecordStatus:
        """Deliver the answer; raise ``TryAgain`` for trouble that passes, and what the sink says of the record."""
        batch, error, delivered = self.batch, None, True
        sink, target, view = batch.sinks[task.sink], batch.pacing.target("sink", task.sink), self.result.record.view
        if not target.begin():
            raise WaitForRoom(target)
        try:
            if self.result.is_stored:
                sink.redeliver(self.record, view, batch.deadline)
            else:
                body = fitted(self.result.body(), sink.largest, batch.service.overflow, batch.deadline)
                batch.pacing.note_size(len(body))
                delivered = sink.deliver(Outcome(self.record, view, body), batch.deadline)
        except ModelServiceError as failure:
            error = failure
        finally:
            target.end(self.record, error)
        if error is None:
            return RecordStatus.DELIVERED if delivered else RecordStatus.REPEATED
        self.patience.blame_setup(error, task.sink)
        self.refused_by = task.sink
        if passes(error, repeatable=True) or is_passing(error):
            raise self.patience.after(error, target, batch.deadline) from error
        error.param = error.param or f"sinks.{task.sink}"
        raise error

    def dead_letter(self, error: ModelServiceError) -> RecordStatus:
        """Write the dead letter; raise ``TryAgain`` while trouble passes."""
        batch, record = self.batch, self.result.record
        letter = self.result.dead_letter(error, retryable=is_retryable(error))
        try:
            body = fitted_letter(letter, batch.dead_letters.largest, batch.service.overflow, batch.deadline)
            # Named by what is known without reading it, which may be what failed.
            is_new = batch.dead_letters.deliver(Outcome(self.record, record.outline, body), batch.deadline)
        except ModelServiceError as failure:
            return self._unrecorded(failure)
        if self.refused_by is not None:
            batch.sinks[self.refused_by].mark_dead(self.record, batch.deadline)
        if not is_new and not batch.redriven:
            return RecordStatus.REPEATED
        about = {"record": self.record, "task": self.result.task, "model": self.result.model, "sink": self.refused_by}
        log.write("dead_letter", **about, error=error.code, status=error.status)
        return RecordStatus.DEAD_LETTER

    def _unrecorded(self, error: ModelServiceError) -> RecordStatus:
        target = self.batch.pacing.target("sink", "dead letters")
        target.observe(self.record, error)
        if passes(error, repeatable=True):
            pause = self.patience.after(error, target, self.batch.deadline)
            if isinstance(pause, TryAgain):
                raise pause from error
        self.batch.troubles.note("dead letters", error, halt=is_setup(error))
        log.write("dead_letter_lost", record=self.record, error=error.code, message=error.message)
        return RecordStatus.UNRECORDED
