"""The model's part of a record: its request is made, and asked within the record's own time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from model_service.batch.context import BatchContext
from model_service.batch.faults import OutOfTime, WaitForRoom, require_answer
from model_service.batch.pacing import CallTarget
from model_service.batch.result import RecordResult
from model_service.batch.tasks.object_content import content_of
from model_service.batch.tasks.tasks import Task, request_of
from model_service.errors import DeadlineExceeded, InternalError, ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import Complete
from model_service.openai_api.operations import ModelRequest

UNKNOWN: Final = InternalError("It has not ended.")  # says nothing of the model


@dataclass
class Asking:
    """Ask for one record, as often as it takes. ``began`` is when its time began, and ``expires`` when it is over.

    The time is its own, and may be longer than the batch's: an answer that comes late is kept for the next try.
    """

    record: str
    batch: BatchContext
    result: RecordResult
    began: float | None = None
    expires: float = float("inf")
    _held: list[CallTarget] = field(default_factory=list)

    def deadline(self, task: Task) -> Deadline:
        """Return until when the model may take; raise ``OutOfTime`` where the batch's time for asking is over."""
        if self.batch.asking.remaining <= self.batch.asking.margin:
            raise OutOfTime
        self.began = self.began or time.monotonic()  # not before: its time is for the model alone
        self.expires = self.began + min(task.timeout, self.batch.share) + self.batch.deadline.margin
        return replace(self.batch.deadline, expires=self.expires)

    def request(self, task: Task, view: Mapping[str, Any], deadline: Deadline) -> ModelRequest:
        """Return the request; raise ``InvalidRequest`` where the record makes none, or what a bucket says."""
        if task.reading is not None:
            view = {**view, "content": content_of(task, view, self.batch.service.object_storage, deadline)}
        return request_of(task.body(view))

    def answer(self, request: ModelRequest, target: CallTarget, deadline: Deadline) -> Complete:
        """Return the model's answer, or raise why there is none; ``WaitForRoom`` where it may not be asked now."""
        service = self.batch.service
        error: ModelServiceError | None = UNKNOWN
        route = service.resolve(request)  # refuses what is no model's id, which then stands in no log
        self.result.model = getattr(request, "model", None)
        deadline.require()
        if not target.begin():
            self.began = self.began if self.result.tries else None  # waiting for others is not the record's time
            raise WaitForRoom(target)
        self._held.append(target)
        try:
            with self.result.one_try():
                answer = service.call(route, request, deadline, self.result.record.origin)
            answer, error = require_answer(request, answer), None
        except ModelServiceError as failure:
            error = failure
            raise
        finally:
            self.release(error)
        return answer

    def release(self, error: ModelServiceError | None = UNKNOWN) -> None:
        """Give the place of a call back, once: one that never ends is not to take it from the others."""
        with suppress(IndexError):  # it has been given back
            self._held.pop().end(self.record, error)

    def took_too_long(self, task: Task) -> DeadlineExceeded:
        """Return the error of a record that had all of its time."""
        if task.timeout <= self.batch.share:
            return DeadlineExceeded(f"OCI did not answer within the {task.timeout:g} s of the task.")
        return DeadlineExceeded(f"OCI did not answer within {self.batch.share:.3g} s, half of the time of the batch.")
