"""What is done with one record: a task is found, a model asked, the answer delivered; or it ends as a dead letter."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from model_service import logs
from model_service.chat import Answer, ChatRequest, Complete
from model_service.embeddings import EmbeddingsRequest
from model_service.errors import AnswerTooLarge, InternalError, InvalidRequest, ModelServiceError
from model_service.invocation import Deadline
from model_service.operations import Request, operation_of
from model_service.record import Record
from model_service.rerank import RerankRequest
from model_service.result import Result, fitted
from model_service.retries import passes
from model_service.routing import Route
from model_service.sinks import Outcome, Sink
from model_service.task_content import content_of
from model_service.tasks import Task, Tasks
from model_service.throttle import Throttle

if TYPE_CHECKING:
    from model_service.object_storage import ObjectStorage
    from model_service.overflow import Overflow


class Ending(StrEnum):
    """What became of a record. After the last two the batch has to be sent again."""

    DELIVERED = "delivered"
    REPEATED = "repeated"  # it had an ending before
    IGNORED = "ignored"
    DEAD_LETTER = "dead_letters"
    LEFT = "left"  # there was no time for it, or no telling whether it had an ending
    UNRECORDED = "unrecorded"  # it failed, and that could not be written down


class Core(Protocol):
    """What is used of the service."""

    def resolve(self, request: Request) -> Route | None: ...

    def call(self, route: Route | None, request: Request, deadline: Deadline) -> Answer: ...

    @property
    def object_storage(self) -> ObjectStorage: ...

    @property
    def overflow(self) -> Overflow | None: ...


@dataclass(frozen=True)
class Bench:
    """What the records of one batch share. ``deadline`` is the batch's; models may be asked until ``asking``, so that
    what failed can still be written down."""

    core: Core
    tasks: Tasks
    sinks: Mapping[str, Sink]
    dead_letters: Sink
    deadline: Deadline
    asking: Deadline
    share: float  # seconds that a record has to have had before it counts as failed for lack of time
    throttle: Throttle = field(default_factory=Throttle)


class NoTime(Exception):
    """The record gets another chance, with more time."""


class Unknown(Exception):
    """Whether the record has an outcome; a second one would be wrong, so it has to come again."""


class RecordRun:
    def __init__(self, record: Record, bench: Bench) -> None:
        self._record = record
        self._bench = bench
        self._began = time.monotonic()
        self.result = Result(record)

    def run(self) -> Ending:
        """Never raises: whatever goes wrong is on record, or said to be not."""
        try:
            return self._ended()
        except Exception as bug:  # noqa: BLE001 - see above
            logs.write_bug(bug)
            return Ending.UNRECORDED

    def _ended(self) -> Ending:
        try:
            return self._work()
        except Unknown:
            return Ending.LEFT
        except NoTime:
            return self._left()
        except ModelServiceError as error:
            return self._dead_letter(error)
        except Exception as bug:  # noqa: BLE001 - one record never takes the others with it
            logs.write_bug(bug)
            return self._dead_letter(InternalError("An internal error; the log of the function has more."))

    def _work(self) -> Ending:
        if self._bench.deadline.remaining <= self._bench.deadline.margin:
            raise Unknown  # nobody can be asked any more, and of thousands that are left each takes its moment
        if self._record.fault is not None:
            return self._once(self._record.fault)
        try:
            task = self._bench.tasks.task_for(self._record.view)
        except InvalidRequest as error:
            return self._once(error)
        if task.ignore:
            return Ending.IGNORED
        self.result.task = task.name
        sink = self._bench.sinks[task.sink]
        if self._is_seen(self._bench.dead_letters, self._record.outline) or self._is_seen(sink, self._record.view):
            return Ending.REPEATED
        try:
            self._ask(task)
        except ModelServiceError:
            # Another container may have had it, too, and an answer: that counts.
            if self._is_seen(sink, self._record.view):
                return Ending.REPEATED
            raise
        return self._deliver(sink)

    def _deliver(self, sink: Sink) -> Ending:
        try:
            body = self._fitted(self.result.body(), sink)
            delivered = sink.deliver(Outcome(self._record.id, self._record.view, body), self._bench.deadline)
        except ModelServiceError as error:
            ending = self._dead_letter(error)
            if ending is not Ending.UNRECORDED:
                sink.settle(self._record.id, self._bench.deadline)
            return ending
        return Ending.DELIVERED if delivered else Ending.REPEATED

    def _once(self, error: ModelServiceError) -> Ending:
        """The dead letter of a record that no model is asked about."""
        seen = self._is_seen(self._bench.dead_letters, self._record.outline)
        return Ending.REPEATED if seen else self._dead_letter(error)

    def _ask(self, task: Task) -> None:
        self._began = time.monotonic()  # its time is for the model, and not for what came before
        deadline = self._deadline_of(task)
        self._require_time(deadline)
        try:
            request = self._request(task, deadline)
            self.result.model = getattr(request, "model", None)
            answer = self._answer(self._bench.core.resolve(request), request, deadline)
        except ModelServiceError as error:
            self._give_up(error, deadline)
            raise
        self.result.response, self.result.opc_request_id = answer.completion, answer.opc_request_id

    def _request(self, task: Task, deadline: Deadline) -> Request:
        view = self._record.view
        if task.reading is not None:
            view = {**view, "content": content_of(task, view, self._bench.core.object_storage, deadline)}
        # Nobody reads along: an answer is asked for as a whole.
        body = {name: value for name, value in task.body(view).items() if name not in ("stream", "stream_options")}
        operation = operation_of(body)
        request = operation.parse({name: value for name, value in body.items() if name != "operation"})
        if not isinstance(request, ChatRequest | EmbeddingsRequest | RerankRequest):
            raise InvalidRequest(f"operation: {operation.name} is not for records.", param="operation")
        return request

    def _answer(self, route: Route | None, request: Request, deadline: Deadline) -> Complete:
        throttle = self._bench.throttle
        while True:
            self._require_time(deadline)
            try:
                throttle.wait(deadline)
                return self._try(route, request, deadline)
            except ModelServiceError as error:
                if not throttle.pause(self.result.tries, error, deadline):
                    raise

    def _try(self, route: Route | None, request: Request, deadline: Deadline) -> Complete:
        self.result.tries += 1
        started = time.monotonic()
        try:
            answer = self._bench.core.call(route, request, deadline)
        finally:
            self.result.model_seconds += time.monotonic() - started
        assert isinstance(answer, Complete)  # noqa: S101 - it was not asked for as a stream
        return answer

    def _deadline_of(self, task: Task) -> Deadline:
        asking = self._bench.asking
        return replace(asking, expires=min(asking.expires, self._began + task.timeout + asking.margin))

    def _require_time(self, deadline: Deadline) -> None:
        if deadline.remaining <= deadline.margin and not self._had_its_share(deadline):
            raise NoTime

    def _give_up(self, error: ModelServiceError, deadline: Deadline) -> None:
        """Raises ``NoTime`` where the batch's end came before the record had its share of it."""
        ran_out = error.code == "deadline_exceeded" or self.result.tries <= self._bench.throttle.retries.more_tries
        if (passes(error) or error.code == "deadline_exceeded") and ran_out and not self._had_its_share(deadline):
            raise NoTime from error

    def _had_its_share(self, deadline: Deadline) -> bool:
        return deadline.expires < self._bench.asking.expires or deadline.expires - self._began >= self._bench.share

    def _left(self) -> Ending:
        if self._bench.tasks.unfinished == "retry":
            return Ending.LEFT
        return self._dead_letter(InvalidRequest("The batch had no time left for it.", code="no_time", status=504))

    def _dead_letter(self, error: ModelServiceError) -> Ending:
        retryable = passes(error) or error.code in RETRYABLE_CODES or error.status == UNKNOWN_KEY
        letter = self.result.dead_letter(error, retryable=retryable)
        logs.write("dead_letter", record=self._record.id, task=self.result.task, error=error.code, status=error.status)
        try:
            body = self._fitted_letter(letter)
            # Named by what is known without reading it, which may be what failed.
            outcome = Outcome(self._record.id, self._record.outline, body)
            delivered = self._bench.dead_letters.deliver(outcome, self._bench.deadline)
        except ModelServiceError as second:
            logs.write("dead_letter_lost", record=self._record.id, error=second.code, message=second.message)
            return Ending.UNRECORDED
        return Ending.DEAD_LETTER if delivered else Ending.REPEATED

    def _is_seen(self, sink: Sink, view: Mapping[str, Any]) -> bool:
        """Raises ``Unknown`` where that cannot be told now."""
        try:
            return sink.seen(self._record.id, view, self._bench.deadline)
        except ModelServiceError as error:
            if passes(error, repeatable=True):
                raise Unknown from error
            raise

    def _fitted(self, result: Mapping[str, Any], sink: Sink) -> bytes:
        return fitted(result, sink.largest, self._bench.core.overflow, self._bench.deadline)

    def _fitted_letter(self, letter: Mapping[str, Any]) -> bytes:
        """What the record was matters more than what was answered, which may be what is too large, or no JSON."""
        try:
            return self._fitted(letter, self._bench.dead_letters)
        except (AnswerTooLarge, ValueError, RecursionError) as error:
            usage = letter["usage"] if isinstance(error, AnswerTooLarge) else None
            return self._fitted({**letter, "response": None, "usage": usage}, self._bench.dead_letters)


RETRYABLE_CODES: Final = frozenset({"deadline_exceeded", "no_time", "connection_lost"})
"""What may go better another time, beside what is tried again at once; after ``connection_lost`` it may be charged
twice."""

UNKNOWN_KEY: Final = 401  # says nothing of the record: of a key that was renewed a moment ago, perhaps
