"""Records that share a call: embeddings of one task, as many as a call takes, each with its own part of the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeGuard

from model_service.batch.pacing import is_passing
from model_service.batch.tasks.tasks import Task
from model_service.errors import DeadlineExceeded, ModelServiceError, UpstreamError
from model_service.openai_api.chat import Complete
from model_service.openai_api.embeddings import MAX_CALL_INPUTS, EmbeddingsRequest
from model_service.openai_api.operations import ModelRequest


def may_share(request: ModelRequest) -> TypeGuard[EmbeddingsRequest]:
    """Return whether a request is for embeddings of texts, fewer than a call takes; of images a call takes one."""
    if not isinstance(request, EmbeddingsRequest):
        return False
    return len(request.inputs) < MAX_CALL_INPUTS and not any(one.is_image for one in request.inputs)


class Companion(Protocol):
    """A record that may share a call with another. ``is_alone``: it was refused in company."""

    is_alone: bool

    def join(self, task: Task) -> ModelRequest | None:
        """Return its request if it is new and of this task, ``None`` where it has to go on by itself."""

    def take_part(self, answer: Complete) -> None:
        """Take the answer to its request."""


class RefusedTogether(Exception):
    """The records are asked about one by one: what is wrong with one of them is not the others'."""


@dataclass
class Company:
    """Find company for a record: others that wait for their turn, and ask the same model in the same way.

    ``take`` takes so many records that nobody has begun, and ``put_back`` lets one go on by itself.
    """

    take: Callable[[int], Iterable[Companion]] = lambda _number: ()
    put_back: Callable[[Any], None] = lambda _run: None

    def answer(self, task: Task, request: EmbeddingsRequest, ask: Callable[[EmbeddingsRequest], Complete]) -> Complete:
        """Return the answer to ``request``, and give others theirs out of the same call.

        Raise what ``ask`` raises; ``RefusedTogether`` where that may be another's fault.
        """
        group = self._group(task, request)
        try:
            first, *others = group.parts(ask(group.whole))
            for run, part in zip(group.runs, others, strict=True):
                run.take_part(part)
        except ModelServiceError as error:
            if group.runs and not is_passing(error) and not isinstance(error, DeadlineExceeded):
                for run in group.runs:
                    run.is_alone = True
                raise RefusedTogether from error
            raise
        finally:
            for run in group.runs:
                self.put_back(run)
        return first

    def _group(self, task: Task, request: EmbeddingsRequest) -> Group:
        group = Group(request)
        for run in self.take(MAX_CALL_INPUTS - len(request.inputs)):
            other = run.join(task)
            if not (isinstance(other, EmbeddingsRequest) and group.add(run, other)):
                self.put_back(run)
        return group


@dataclass
class Group:
    """Requests that are one call: that of the record which asks, and those of ``runs``."""

    request: EmbeddingsRequest
    runs: list[Companion] = field(default_factory=list)
    _requests: list[EmbeddingsRequest] = field(default_factory=list)

    def add(self, run: Companion, request: EmbeddingsRequest) -> bool:
        """Add a record, and return whether it fits in."""
        alike = replace(request, inputs=()) == replace(self.request, inputs=())
        if not alike or len(self.whole.inputs) + len(request.inputs) > MAX_CALL_INPUTS:
            return False
        self.runs.append(run)
        self._requests.append(request)
        return True

    @property
    def whole(self) -> EmbeddingsRequest:
        """The one request that is sent."""
        inputs = (one for request in (self.request, *self._requests) for one in request.inputs)
        return replace(self.request, inputs=tuple(inputs))

    def parts(self, answer: Complete) -> list[Complete]:
        """Return the answer to each request, with its share of the tokens by the length of its texts."""
        requests = [self.request, *self._requests]
        entries = answer.completion.get("data")
        if not isinstance(entries, list) or len(entries) != len(self.whole.inputs):
            raise UpstreamError("OCI's answer has not one embedding for each input.", code="no_answer")
        lengths = [sum(len(one.value) for one in request.inputs) for request in requests]
        shares = _shares(answer.completion.get("usage"), lengths)
        parts, at = [], 0
        for request, usage in zip(requests, shares, strict=True):
            mine = entries[at : at + len(request.inputs)]
            at += len(request.inputs)
            numbered = [{**entry, "index": index} for index, entry in enumerate(mine)]
            parts.append(replace(answer, completion={**answer.completion, "data": numbered, "usage": usage}))
        return parts


def _shares(usage: Any, lengths: Sequence[int]) -> list[dict[str, Any] | None]:
    """Return the usage of each, whose sum is that of all."""
    if not isinstance(usage, Mapping):
        return [None] * len(lengths)
    total, so_far, shares = max(1, sum(lengths)), 0, list[dict[str, Any] | None]()
    for length in lengths:
        before, so_far = so_far, so_far + length
        counts = {name: value for name, value in usage.items() if isinstance(value, int)}
        shares.append({name: value * so_far // total - value * before // total for name, value in counts.items()})
    return shares
