"""What is done with one record, from top to bottom.

Its task is found, its outcome is looked up, a model is asked, the answer is delivered; or it ends as a dead letter.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from threading import Lock

from model_service.batch.asking import Asking
from model_service.batch.bulk import RefusedTogether, may_share
from model_service.batch.context import BatchContext, RecordStatus
from model_service.batch.faults import (
    Abandoned,
    OutOfTime,
    RetryLater,
    TryAgain,
    WaitForRoom,
    no_time,
)
from model_service.batch.looking import Looking
from model_service.batch.pacing import CallTarget, is_passing
from model_service.batch.patience import Patience
from model_service.batch.record import Record
from model_service.batch.result import RecordResult
from model_service.batch.tasks.tasks import Task
from model_service.batch.writing import Writing
from model_service.errors import DeadlineExceeded, InternalError, ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.openai_api.chat import Complete
from model_service.openai_api.operations import ModelRequest


class Phase(Enum):
    """How far a record is. Only what has not been answered yet can be given up."""

    WORK = "work"
    ANSWERED = "answered"
    FAILED = "failed"  # it ends as a dead letter
    LEFT = "left"


class RecordRun:
    """Work on one record, in one go or with pauses; ``advance`` is called again after each.

    ``make`` gives the record, whose content is not kept while it waits for its turn.
    """

    def __init__(self, record: str, make: Callable[[], Record], batch: BatchContext) -> None:
        self.id = record
        self.result = RecordResult(make)
        self.phase = Phase.WORK
        self.is_alone = False  # it was refused in company
        self.asking = Asking(record, batch, self.result)
        self._batch = batch
        self._patience = Patience(record, batch)
        self._looking = Looking(record, batch, self.result, self._patience)
        self._writing = Writing(record, batch, self.result, self._patience)
        self._task: Task | None = None
        self._error: ModelServiceError | None = None  # for which it ends as a dead letter
        self._turn = 0  # of whoever works on it; of one who was given up it is an older one
        self._lock = Lock()

    def advance(self) -> RecordStatus:
        """Work until the record has an outcome, and return which.

        Raise ``TryAgain`` or ``WaitForRoom`` where it has to wait for that, and ``Abandoned`` where it was given up
        meanwhile. Whatever else goes wrong is put on record.
        """
        turn = self._turn
        try:
            return self._step(turn)
        except (TryAgain, WaitForRoom):
            self._require(turn)
            self.result.release()
            raise
        except Abandoned:
            raise
        except Exception as bug:  # noqa: BLE001 - one record never takes the others with it
            log.write_bug(bug)
            return RecordStatus.UNRECORDED

    def _step(self, turn: int) -> RecordStatus:
        try:
            return self._dead_letter() if self.phase is Phase.FAILED else self._work(turn)
        except (TryAgain, WaitForRoom, Abandoned):
            raise
        except RetryLater:
            return self._left()
        except OutOfTime:
            if self._batch.tasks.unfinished == "retry":
                return self._left()
            error = self._patience.trouble or no_time()
        except ModelServiceError as failure:
            error = failure
        except Exception as bug:  # noqa: BLE001 - as above
            log.write_bug(bug)
            error = InternalError("An internal error; the log of the function has more.")
        self._fail(turn, error)
        return self._dead_letter()

    def _work(self, turn: int) -> RecordStatus:
        if self._batch.troubles.halted or self._batch.deadline.remaining <= self._batch.deadline.margin:
            raise RetryLater  # nobody can be asked any more, and of thousands that are left each takes its moment
        if self.phase is Phase.WORK:
            if self._patience.undecided is not None:
                raise self._patience.decision()
            task = self._find_task()
            if task is None or task.ignore:
                return RecordStatus.IGNORED
            self._task, self.result.task = task, task.name
            target = self._room_for(task)
            status = self._looking.look_up(task) or self._ask(task, target, turn)
            if status is not None:
                return status
        assert self._task is not None  # noqa: S101 - it has been answered
        self._require(turn)
        return self._writing.deliver(self._task)

    def _find_task(self) -> Task | None:
        """Return the task, ``None`` for an outcome of our own that came back. Raise what is wrong with the record."""
        record = self.result.record
        if record.fault is not None:
            raise record.fault
        if self._batch.tasks.is_outcome(record.view):
            return None
        task = self._batch.tasks.task_for(record.view)
        if not task.ignore:
            record.require_text()
        return task

    def _room_for(self, task: Task) -> CallTarget:
        """Return the model's target; raise ``WaitForRoom`` where nothing may be asked of it, or put into the sink."""
        target = self._batch.pacing.target("model", task.model_of(self.result.record.view) or task.name)
        if self._batch.asking.remaining > self._batch.asking.margin:
            for one in (self._batch.pacing.target("sink", task.sink), target):
                if not one.has_room:
                    raise WaitForRoom(one)
        return target

    def _ask(self, task: Task, target: CallTarget, turn: int) -> RecordStatus | None:
        """Ask the model; return ``REPEATED`` where it refuses, and another container has an answer meanwhile."""
        if self.result.is_stored or self.result.read_kept(self._batch.memory.take(self.id)):
            self.phase = Phase.ANSWERED
            return None
        if self._batch.memory.is_under_way(self.id):
            raise TryAgain(0.2)
        deadline, view = self.asking.deadline(task), self.result.record.view
        if self._patience.trouble is not None and deadline.remaining <= deadline.margin:
            raise self._patience.give_in(target)
        self._batch.memory.begin(self.id, deadline.expires)
        try:
            request = self.asking.request(task, view, deadline)
            self._take(self._answer(task, request, target, deadline), turn)
        except ModelServiceError as error:
            self._require(turn)
            return self._refused(error, task, target)
        finally:
            self._batch.memory.end(self.id)
        return None

    def _answer(self, task: Task, request: ModelRequest, target: CallTarget, deadline: Deadline) -> Complete:
        """Return the model's answer, for which others may be asked in the same call."""
        if self.is_alone or not may_share(request):
            return self.asking.answer(request, target, deadline)
        try:
            return self._batch.company.answer(task, request, lambda whole: self.asking.answer(whole, target, deadline))
        except RefusedTogether as refused:
            self.is_alone = True
            raise TryAgain(0.0) from refused

    def join(self, task: Task) -> ModelRequest | None:
        """Return the request of a new record of this task, ``None`` where it has to go on by itself."""
        try:
            if self.phase is not Phase.WORK or self.is_alone or self._find_task() is not task:
                return None
            self._task, self.result.task = task, task.name
            if self._looking.look_up(task) is not None or self.result.is_stored:
                return None
            return self.asking.request(task, self.result.record.view, self.asking.deadline(task))
        except (ModelServiceError, TryAgain, RetryLater, OutOfTime):
            return None

    def take_part(self, answer: Complete) -> None:
        """Take the answer to a request that was joined with another's."""
        with self.result.one_try():
            self._take(answer, self._turn)

    def _refused(self, error: ModelServiceError, task: Task, target: CallTarget) -> RecordStatus:
        """Raise what comes of a call that failed."""
        if is_passing(error):
            raise self._patience.after(error, target, self.asking.deadline(task)) from error
        is_late = isinstance(error, DeadlineExceeded)
        if is_late and self._patience.trouble is not None:
            raise self._patience.give_in(target) from error
        if self.result.tries == 0 or task.decides_model:
            self._patience.blame_setup(error, "model" if self.result.tries else "read")
        if self._looking.is_delivered(task):
            return RecordStatus.REPEATED
        raise (self.asking.took_too_long(task) if is_late else error) from error

    def _take(self, answer: Complete, turn: int) -> None:
        """Take the model's answer. One that comes after its record was given up is kept for the next try."""
        with self._lock:
            if turn == self._turn:
                self.result.take(answer)
                self.phase = Phase.ANSWERED
                return
        if self.phase is Phase.LEFT:
            self.result.take(answer)
            self._left()
        raise Abandoned

    def _dead_letter(self) -> RecordStatus:
        assert self._error is not None  # noqa: S101 - it has failed
        status = self._writing.dead_letter(self._error)
        if status is RecordStatus.UNRECORDED:
            self._left()
        return status

    def _left(self) -> RecordStatus:
        """Keep the answer, if there is one that was paid for, for when the record comes again."""
        kept = self.result.kept()
        if kept is not None:
            self._batch.memory.keep(self.id, kept)
        return RecordStatus.LEFT

    def has_outcome(self) -> bool:
        """Return whether the record has ended before, as far as that can be told now."""
        try:
            task = self._find_task()
            return task is not None and not task.ignore and self._looking.look_up(task) is not None
        except (ModelServiceError, TryAgain, RetryLater, OutOfTime):
            return False

    def give_up(self, error: ModelServiceError | None) -> bool:
        """Take the record from whoever works on it: it ends with ``error``, or is left over.

        Return ``False`` where it has been answered, and is being written down.
        """
        with self._lock:
            if self.phase is not Phase.WORK:
                return False
            self._turn += 1
            self.asking.release()
            self.phase, self._error = (Phase.LEFT, None) if error is None else (Phase.FAILED, error)
            return True

    def _fail(self, turn: int, error: ModelServiceError) -> None:
        with self._lock:
            self._require(turn)
            self.phase, self._error = Phase.FAILED, error

    def _require(self, turn: int) -> None:
        """Raise ``Abandoned`` where the record was given up meanwhile."""
        if turn != self._turn:
            raise Abandoned
