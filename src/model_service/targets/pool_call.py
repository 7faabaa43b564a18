"""One call of an alias: a target is tried, and as long as it may be, another one or the same once more."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import field, replace
from functools import partial
from typing import Any, Final

from model_service.callers.accounts import AccountEntry
from model_service.callers.budgets import OF_MODELS, OF_TARGETS, BudgetUsedUp
from model_service.errors import DeadlineExceeded, ModelNotFound, ModelServiceError, UpstreamUnreachable
from model_service.fn.caller import Origin
from model_service.fn.invocation import Deadline
from model_service.light_dataclasses import dataclass
from model_service.logs import log
from model_service.openai_api.chat import Answer, Stream
from model_service.routing import Route, Served
from model_service.service_file.targets import ModelTarget, TargetPool
from model_service.targets.choice import choose
from model_service.targets.container import Container
from model_service.targets.failures import AnswerLate, Failure, FirstTokenLate
from model_service.targets.seam import continued, may_continue
from model_service.targets.waiting import EarlyDeadline
from model_service.upstream.retries import FIRST_PAUSE, MAX_PAUSE, MIN_TRY_SECONDS, asked_for

NO_CODE: Final = re.compile(r"[^\w.-]", re.ASCII)
MAX_CODE_LENGTH: Final = 64


@dataclass(frozen=True)
class NextTry:
    """Which target is asked next, after a pause in seconds."""

    target: ModelTarget
    pause: float = 0.0


@dataclass(eq=False)
class PoolCall:
    """A call while it looks for a target that answers. ``left`` are those that it has not asked.

    ``again`` are those that it has, and may ask once more. ``failed`` is the story of its tries.
    """

    pool: TargetPool
    request: Any
    deadline: Deadline
    origin: Origin
    container: Container
    left: list[ModelTarget]
    again: list[ModelTarget] = field(default_factory=list)
    failed: list[Mapping[str, Any]] = field(default_factory=list)
    failure: Failure | None = None  # of the last try
    error: ModelServiceError | None = None  # that is raised where nobody is left to ask
    step: NextTry | None = None
    began: float = field(default_factory=time.perf_counter)
    eligible: tuple[ModelTarget, ...] = ()

    def answer(self) -> Answer:
        """Return the answer of the first target that gives one; raise the last error, which has the story."""
        self.container.tries.note_call()
        self.eligible = tuple(self.left)
        self.step = self._next_step()
        while self.step is not None:
            if self.step.pause:
                self.container.sleep(self.step.pause)
            answer = self._try(self.step.target)
            if answer is not None:
                return answer
        if self.error is None:
            raise UpstreamUnreachable("No target of this model can be asked.")
        raise self._with_story(self.error)

    def _try(self, target: ModelTarget) -> Answer | None:
        """Return the answer of a target, or ``None``, with the next ``step`` to take, if there is one."""
        entry, route = self._enter(target)
        if entry is None:
            return None
        health = self.container.health(target)
        probe, began = health.begin(), time.perf_counter()
        try:
            answer = self._ask(target, route, entry)
        except ModelServiceError as error:
            self._note_failure(target, error, time.perf_counter() - began, probe=probe)
            self.step = self._next_step()
            entry.cancel() if self.step is not None else entry.fail(self._with_story(error))
            return None
        except BaseException:
            health.end(probe=probe)
            entry.fail(None)
            raise
        health.note_answer((time.perf_counter() - began) * 1000, probe=probe)
        answer = entry.watch(self._told(answer, route, target))
        if isinstance(answer, Stream) and may_continue(self.pool, self.request):
            return continued(answer, self.request, lambda rest: self._go_on(rest, target))
        return answer

    def _go_on(self, rest: Any, broken: ModelTarget) -> Stream:
        """Return the rest of an answer from another target, as a call on an account of its own."""
        others = [target for target in self.eligible if target is not broken]
        answer = PoolCall(self.pool, rest, self.deadline, self.origin, self.container, others).answer()
        assert isinstance(answer, Stream)  # noqa: S101 - the rest of a stream is asked for as one
        return answer

    def _enter(self, target: ModelTarget) -> tuple[AccountEntry | None, Route]:
        """Return the account of a try and its route; no account where this target is none for this call.

        Raise what refuses the call as a whole.
        """
        route = self.container.route(self.request, self.pool, target)
        try:
            entry = self.container.enter(target, route, self.request, self.deadline, self.origin)
        except (ModelNotFound, BudgetUsedUp) as refusal:
            of_target = isinstance(refusal, ModelNotFound) or refusal.scope.startswith((OF_TARGETS, OF_MODELS))
            if not of_target:
                raise self._with_story(refusal) from None
            self.container.note_used_up(target, refusal)
            if self.error is None or (isinstance(self.error, ModelNotFound) and not self.failed):
                self.error = refusal
            self._leave(target)
            self.step = self._next_step(is_new=False)
            return None, route
        if entry.record is not None:
            entry.record.started, entry.record.alias = self.began, self.pool.name
            entry.record.broke = partial(self.container.note_broken, self.pool.name, target)
        return entry, route

    def _ask(self, target: ModelTarget, route: Route, entry: AccountEntry) -> Answer:
        """Return the answer, a stream with its first chunk at hand.

        Raise ``FirstTokenLate`` or ``AnswerLate`` where it takes longer than the alias gives it.
        """
        is_stream = _is_stream(entry.request)
        seconds = self.pool.first_token_seconds if is_stream else self.pool.answer_seconds
        if seconds is None or not self._has_another(target):
            return self.container.ask(target, route, entry, self.deadline, self.origin)
        early = EarlyDeadline.within_seconds(self.deadline, seconds)
        try:
            answer = self.container.ask(target, route, entry, early, self.origin)
        except DeadlineExceeded as error:
            if not early.is_early:
                raise
            late = FirstTokenLate if is_stream else AnswerLate
            raise late(f"{target.name} did not answer within {seconds:g} s.") from error
        early.relax()
        return answer

    def _has_another(self, target: ModelTarget) -> bool:
        """Return whether another target could be asked where this one takes too long."""
        if len(self.failed) + 1 >= self.pool.tries or not self.container.tries.has_one:
            return False
        return any(other is not target and self.container.health(other).can_be_asked for other in self.left)

    def _note_failure(self, target: ModelTarget, error: ModelServiceError, seconds: float, *, probe: bool) -> None:
        """Remember what has come of a try, here and for the target."""
        self.error = error
        self.failure = self.container.note_failure(self.pool.name, target, error, seconds, probe=probe)
        self.failed.append(
            {"target": target.name, "status": error.status, "error": error.code, "seconds": round(seconds, 3)}
        )
        self._leave(target)
        if self.failure.again:
            self.again.append(target)
        if self.failure.larger:
            self.left = [other for other in self.left if self.container.takes_more(other, target)]

    def _leave(self, target: ModelTarget) -> None:
        self.left = [other for other in self.left if other is not target]
        self.again = [other for other in self.again if other is not target]

    def _next_step(self, *, is_new: bool = True) -> NextTry | None:
        """Return what to try next; ``None`` where nothing may be tried any more. ``is_new``: a try has come before."""
        if self.failure is not None and not self._may_go_on(self.failure):
            return None
        step = self._elsewhere() or self._once_more()
        if step is None or not self.failed:
            return step
        if self.deadline.remaining - self.deadline.margin - step.pause < MIN_TRY_SECONDS:
            return None
        if is_new and not self.container.tries.take():
            log.write("tries_used_up", alias=self.pool.name, target=step.target.name)
            return None
        return step

    def _may_go_on(self, failure: Failure) -> bool:
        if len(self.failed) >= self.pool.tries or not (failure.elsewhere or failure.again):
            return False
        if failure.larger and not self.pool.longer_context:
            return False
        return self.pool.repeat_charged or not failure.charged

    def _elsewhere(self) -> NextTry | None:
        """Return a target that has not been asked; the least ill one, where all are and none has been."""
        if self.failure is not None and not self.failure.elsewhere:
            return None
        fit = []
        for target in self.left:
            health = self.container.health(target)
            if health.can_be_asked:
                fit.append((target, health))
        if fit:
            return NextTry(choose(fit, self.container.random))
        if self.left and not self.failed:
            return NextTry(min(self.left, key=lambda target: (self.container.health(target).wait, target.priority)))
        return None

    def _once_more(self) -> NextTry | None:
        """Return a target that has been asked, after a pause with full jitter, or as long as it has asked for."""
        if self.failure is None or not self.failure.again or self.origin.paces_itself:
            return None
        closed = [target for target in self.again if self.container.health(target).breaker.state == "closed"]
        if not closed:
            return None
        target = min(closed, key=lambda target: self.container.health(target).wait)
        jitter = self.container.random() * min(MAX_PAUSE, FIRST_PAUSE * 2 ** (len(self.failed) - 1))
        assert self.error is not None  # noqa: S101 - a try has failed
        own = asked_for(self.error.retry_after) if self.failed[-1]["target"] == target.name else 0.0
        return NextTry(target, max(jitter, own, self.container.health(target).wait))

    def _told(self, answer: Answer, route: Route, target: ModelTarget) -> Answer:
        """Return the answer, which says who has given it and what the earlier tries have come to."""
        served = Served(route, target.name, tuple(self.failed))
        headers = {
            **answer.headers,
            "x-model-service-target": target.name,
            "x-model-service-attempts": str(len(self.failed) + 1),
        }
        if self.failed:
            headers["x-model-service-failed"] = story_in_a_header(self.failed)
        return replace(answer, headers=headers, served=served)

    def _with_story(self, error: ModelServiceError) -> ModelServiceError:
        """Return the error of the call, which says what each try has come to."""
        error.attempts = tuple(self.failed)
        error.headers = {**error.headers, "x-model-service-attempts": str(len(self.failed))}
        return error


def story_in_a_header(failed: list[Mapping[str, Any]]) -> str:
    """Return the tries that have come to nothing, as ``<target>: <status> <code>`` each.

    A code is OCI's or a provider's own, and may hold what no header may.
    """
    codes = (NO_CODE.sub("_", str(one["error"] or ""))[:MAX_CODE_LENGTH] for one in failed)
    return ", ".join(
        f"{one['target']}: {one['status']} {code}".rstrip() for one, code in zip(failed, codes, strict=True)
    )


def _is_stream(request: Any) -> bool:
    if hasattr(request, "stream"):
        return bool(request.stream)
    return bool((getattr(request, "body", None) or {}).get("stream"))
