"""What is done with one record: a task is found, a model asked, the answer delivered; or it ends as a dead letter."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from model_service.batch.context import BatchContext, RecordStatus
from model_service.batch.record import Record
from model_service.batch.result import Result, fitted
from model_service.batch.sinks import Outcome, Sink
from model_service.batch.tasks.object_content import content_of
from model_service.batch.tasks.tasks import Task, request_of
from model_service.errors import (
    AnswerTooLarge,
    CredentialError,
    DeadlineExceeded,
    InternalError,
    InvalidRequest,
    ModelServiceError,
    SettingsError,
    UpstreamRefused,
)
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.openai_api.chat import Complete
from model_service.openai_api.operations import ModelRequest
from model_service.routing import Route
from model_service.upstream.retries import passes


class OutOfTime(Exception):
    """The record gets another chance, with more time."""


class RetryLater(Exception):
    """Whether the record has an outcome cannot be told, and a second one would be wrong; or what is missing is nothing
    of the record's, and it will do well when an operator has mended it."""


class RecordRun:
    def __init__(self, record: Record, shared: BatchContext) -> None:
        self._record = record
        self._shared = shared
        self._began = time.monotonic()
        self.result = Result(record)

    def run(self) -> RecordStatus:
        """Never raises: whatever goes wrong is on record, or said to be not."""
        try:
            return self._ended()
        except Exception as bug:  # noqa: BLE001 - see above
            log.write_bug(bug)
            return RecordStatus.UNRECORDED

    def _ended(self) -> RecordStatus:
        try:
            return self._work()
        except RetryLater:
            return RecordStatus.LEFT
        except OutOfTime:
            return self._left()
        except ModelServiceError as error:
            return self._dead_letter(error)
        except Exception as bug:  # noqa: BLE001 - one record never takes the others with it
            log.write_bug(bug)
            return self._dead_letter(InternalError("An internal error; the log of the function has more."))

    def _work(self) -> RecordStatus:
        if self._shared.troubles.halted or self._shared.deadline.remaining <= self._shared.deadline.margin:
            raise RetryLater  # nobody can be asked any more, and of thousands that are left each takes its moment
        try:
            task = self._task()
        except InvalidRequest as error:
            return RecordStatus.REPEATED if self._is_dead() else self._dead_letter(error)
        return self._work_on(task) if task and not task.ignore else RecordStatus.IGNORED

    def _task(self) -> Task | None:
        """``None`` for an event about what we have written ourselves. Raises what is wrong with the record."""
        if self._record.fault is not None:
            raise self._record.fault
        tasks, view = self._shared.tasks, self._record.view
        return None if tasks.is_outcome(view) else tasks.task_for(view)

    def _work_on(self, task: Task) -> RecordStatus:
        self.result.task = task.name
        if self._is_dead() or self._is_seen(task):
            return RecordStatus.REPEATED
        try:
            self._ask(task)
        except ModelServiceError as error:
            self._blame_setup(error, "read" if self.result.tries == 0 else "model", task)
            # Another container may have had it, too, and an answer: that counts.
            if self._is_seen(task):
                return RecordStatus.REPEATED
            raise
        return self._deliver(task)

    def _deliver(self, task: Task) -> RecordStatus:
        sink = self._shared.sinks[task.sink]
        try:
            body = self._fitted(self.result.body(), sink)
            delivered = sink.deliver(Outcome(self._record.id, self._record.view, body), self._shared.deadline)
        except ModelServiceError as error:
            self._blame_setup(error, task.sink, task)
            error.param = error.param or f"sinks.{task.sink}"
            status = self._dead_letter(error, sink=task.sink)
            if status is not RecordStatus.UNRECORDED:
                sink.mark_dead(self._record.id, self._shared.deadline)
            return status
        return RecordStatus.DELIVERED if delivered else RecordStatus.REPEATED

    def _ask(self, task: Task) -> None:
        self._began = time.monotonic()  # its time is for the model, and not for what came before
        deadline = self._deadline_of(task)
        self._require_time(deadline)
        try:
            request = self._request(task, deadline)
            route = self._shared.service.resolve(request)  # refuses what is no model's id, which then stands in no log
            self.result.model = getattr(request, "model", None)
            answer = self._answer(route, request, deadline)
        except ModelServiceError as error:
            self._give_up(error, deadline)
            if error.code == "deadline_exceeded" and deadline.expires < self._shared.asking.expires:
                raise DeadlineExceeded(f"OCI did not answer within the {task.timeout:g} s of the task.") from error
            raise
        self.result.response, self.result.opc_request_id = answer.completion, answer.opc_request_id

    def _request(self, task: Task, deadline: Deadline) -> ModelRequest:
        view = self._record.view
        if task.reading is not None:
            view = {**view, "content": content_of(task, view, self._shared.service.object_storage, deadline)}
        return request_of(task.body(view))

    def _answer(self, route: Route | None, request: ModelRequest, deadline: Deadline) -> Complete:
        throttle = self._shared.throttle
        while True:
            self._require_time(deadline)
            try:
                throttle.wait(deadline)
                return self._try(route, request, deadline)
            except ModelServiceError as error:
                if not throttle.pause(self.result.tries, error, deadline):
                    raise

    def _try(self, route: Route | None, request: ModelRequest, deadline: Deadline) -> Complete:
        self.result.tries += 1
        started = time.monotonic()
        try:
            answer = self._shared.service.call(route, request, deadline)
        finally:
            self.result.model_seconds += time.monotonic() - started
        assert isinstance(answer, Complete)  # noqa: S101 - it was not asked for as a stream
        return answer

    def _deadline_of(self, task: Task) -> Deadline:
        asking = self._shared.asking
        return replace(asking, expires=min(asking.expires, self._began + task.timeout + asking.margin))

    def _require_time(self, deadline: Deadline) -> None:
        if deadline.remaining <= deadline.margin and not self._had_its_share(deadline):
            raise OutOfTime

    def _give_up(self, error: ModelServiceError, deadline: Deadline) -> None:
        """Raises ``OutOfTime`` where the batch's end came before the record had its share of it."""
        ran_out = error.code == "deadline_exceeded" or self.result.tries <= self._shared.throttle.retries.more_tries
        if (passes(error) or error.code == "deadline_exceeded") and ran_out and not self._had_its_share(deadline):
            raise OutOfTime from error

    def _had_its_share(self, deadline: Deadline) -> bool:
        return deadline.expires < self._shared.asking.expires or deadline.expires - self._began >= self._shared.share

    def _left(self) -> RecordStatus:
        if self._shared.tasks.unfinished == "retry":
            return RecordStatus.LEFT
        return self._dead_letter(InvalidRequest("The batch had no time left for it.", code="no_time", status=504))

    def _dead_letter(self, error: ModelServiceError, sink: str | None = None) -> RecordStatus:
        """``sink`` is the one that did not take the answer, if there was one."""
        retryable = passes(error) or error.code in RETRYABLE_CODES or error.status == UNKNOWN_KEY
        letter = self.result.dead_letter(error, retryable=retryable)
        about = {"record": self._record.id, "task": self.result.task, "model": self.result.model}
        log.write("dead_letter", **about, sink=sink, error=error.code, status=error.status)
        try:
            body = self._fitted_letter(letter)
            # Named by what is known without reading it, which may be what failed.
            outcome = Outcome(self._record.id, self._record.outline, body)
            delivered = self._shared.dead_letters.deliver(outcome, self._shared.deadline)
        except ModelServiceError as second:
            self._shared.troubles.note("dead letters", second)
            log.write("dead_letter_lost", record=self._record.id, error=second.code, message=second.message)
            return RecordStatus.UNRECORDED
        return RecordStatus.DEAD_LETTER if delivered else RecordStatus.REPEATED

    def _is_dead(self) -> bool:
        return self._is_in(self._shared.dead_letters, "dead letters", self._record.outline)

    def _is_seen(self, task: Task) -> bool:
        return self._is_in(self._shared.sinks[task.sink], task.sink, self._record.view)

    def _is_in(self, sink: Sink, name: str, view: Mapping[str, Any]) -> bool:
        """Raises ``RetryLater`` where that cannot be told now."""
        try:
            return sink.seen(self._record.id, view, self._shared.deadline)
        except ModelServiceError as error:
            if passes(error, repeatable=True) or _is_setup(error):
                self._shared.troubles.note(name, error, halt=_is_setup(error))
                raise RetryLater from error
            raise

    def _blame_setup(self, error: ModelServiceError, where: str, task: Task) -> None:
        """Raises ``RetryLater`` for what is missing or forbidden, unless the record itself has chosen the model: the
        records of hours are not to end as dead letters because of a policy."""
        if _is_setup(error) and (where != "model" or task.decides_model):
            self._shared.troubles.note(where, error, halt=True)
            raise RetryLater from error

    def _fitted(self, result: Mapping[str, Any], sink: Sink) -> bytes:
        return fitted(result, sink.largest, self._shared.service.overflow, self._shared.deadline)

    def _fitted_letter(self, letter: Mapping[str, Any]) -> bytes:
        """What the record was matters more than what was answered, which may be what is too large, or no JSON."""
        try:
            return self._fitted(letter, self._shared.dead_letters)
        except (AnswerTooLarge, ValueError, RecursionError) as error:
            usage = letter["usage"] if isinstance(error, AnswerTooLarge) else None
            return self._fitted({**letter, "response": None, "usage": usage}, self._shared.dead_letters)


def _is_setup(error: ModelServiceError) -> bool:
    """Whether something is missing or forbidden that no record decides on. An object that is gone is one record's."""
    refused = isinstance(error, UpstreamRefused) and error.status in SETUP_STATUSES and error.code != "ObjectNotFound"
    return refused or isinstance(error, CredentialError | SettingsError)


SETUP_STATUSES: Final = frozenset({401, 403, 404})

RETRYABLE_CODES: Final = frozenset({"deadline_exceeded", "no_time", "connection_lost"})
"""What may go better another time, beside what is tried again at once; after ``connection_lost`` it may be charged
twice."""

UNKNOWN_KEY: Final = 401  # says nothing of the record: of a key that was renewed a moment ago, perhaps
