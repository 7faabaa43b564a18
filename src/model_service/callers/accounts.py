"""A call on a caller's account: allowed, shaped and reserved for before it is made, written down after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Final

from model_service.callers.admission import AT_LENGTH, Admission, Allowed, owner_of
from model_service.callers.budgets import NOTHING, Budgets, Reservation, Scoped
from model_service.errors import InvalidRequest, ModelServiceError
from model_service.fn.caller import Caller, Origin
from model_service.fn.invocation import Deadline
from model_service.light_dataclasses import dataclass
from model_service.logs import log
from model_service.openai_api.chat import Answer
from model_service.routing import Route
from model_service.service_file.shape import ServiceFile
from model_service.trace import said_by_caller
from model_service.usage.record import Observer, UsageRecord
from model_service.usage.tokens import estimated_tokens

if TYPE_CHECKING:
    from model_service.usage.metrics import Metrics

OPERATION_OF: Final = {
    "ChatRequest": "chat",
    "EmbeddingsRequest": "embeddings",
    "RerankRequest": "rerank",
    "ResourceRequest": "files",
    "SpeechRequest": "audio",
}
"""By the name of a request's type; any other is one of the Responses API."""


@dataclass(frozen=True)
class AccountEntry:
    """A call on an account: the ``request`` as the caller's rules shape it, and the ``owner`` of what is stored.

    ``record`` and ``reservation`` are missing where nothing is paid for. One of its methods ends it.
    """

    request: Any
    owner: str | None
    record: UsageRecord | None = None
    reservation: Reservation | None = None
    dropped: tuple[str, ...] = ()

    def asked(self, ask: Callable[[], Answer]) -> Answer:
        """Return the answer of ``ask``, written down; what it raises ends the entry."""
        return ask() if self.record is None else self._told(self.record.asked(ask))

    def watch(self, answer: Answer) -> Answer:
        """Return an answer, which is written down now, or when its last chunk has gone by."""
        return answer if self.record is None else self._told(self.record.watch(answer))

    def fail(self, error: ModelServiceError | None) -> None:
        """Write down that there is no answer, because of an error of OCI or, without one, of a bug."""
        if self.record is not None:
            self.record.error = error
            self.record.finish(error.code if error is not None else "internal_error")

    def cancel(self) -> None:
        """Give back what was reserved: the same call goes on as another entry."""
        if self.reservation is not None:
            self.reservation.settle(NOTHING)

    def _told(self, answer: Answer) -> Answer:
        """Return the answer, which tells what is left of the limits and what was left out."""
        headers = self.reservation.headers if self.reservation is not None else {}
        if not headers and not self.dropped:
            return answer
        return replace(answer, headers={**answer.headers, **headers}, dropped=(*answer.dropped, *self.dropped))


@dataclass(frozen=True)
class Accounts:
    """What a container keeps for the accounts of all callers. ``file`` returns the service file of now."""

    file: Callable[[], ServiceFile]
    budgets: Budgets
    isolates: bool = False  # only a service file keeps callers apart
    observers: tuple[Observer, ...] = ()
    metrics: Metrics | None = None
    _rules: list[Admission] = field(default_factory=list)

    def begin(self, origin: Origin) -> Origin:
        """Return the origin with what the file says of its caller; metrics hear what is logged from here on."""
        if self.metrics is not None:
            log.listener.set(self.metrics.hear)
        return replace(origin, caller=self._admission.named(origin.caller))

    def end(self, deadline: Deadline) -> None:
        """Send what was measured, where it is time to."""
        if self.metrics is not None:
            self.metrics.send_due(deadline)

    def call(
        self,
        origin: Origin,
        route: Route,
        request: Any,
        deadline: Deadline,
        ask: Callable[[Any, str | None], Answer],
    ) -> Answer:
        """Return the answer of ``ask``, written down and counted.

        It takes the request as the caller's rules shape it, and the owner of what is stored. Raise ``ModelNotFound``,
        ``InvalidRequest``, ``RateLimited`` or ``QuotaExceeded`` before anything is asked.
        """
        entry = self.enter(origin, route, request, deadline)
        return entry.asked(lambda: ask(entry.request, entry.owner))

    def enter(
        self, origin: Origin, route: Route, request: Any, deadline: Deadline, limits: Scoped = ()
    ) -> AccountEntry:
        """Open the account of a call: what the caller may do is checked, and what the call takes is reserved.

        ``limits`` hold besides the caller's own. Raise as ``call`` does.
        """
        admission = self._admission
        caller = admission.named(origin.caller)
        owner = owner_of(caller, admission.file.isolation) if self.isolates else None
        operation = origin.operation or OPERATION_OF.get(type(request).__name__, "responses")
        allowed = admission.check(caller, operation, str(_body_of(request).get("model") or route.model), route)
        request = _paid_by(request, allowed)
        # What is stored is read or deleted, or tokens are counted: nothing is paid for.
        if not route.model or getattr(request, "counts_tokens", False):
            return AccountEntry(request, owner)
        dropped: tuple[str, ...] = ()
        if operation in AT_LENGTH:
            shaped, dropped = admission.shaped(request.body or {}, operation, route, allowed)
            request = replace(request, body=shaped)
        record = UsageRecord(caller, operation, route, deadline, origin, admission.file.prices)
        reservation = self._reserve(record, admission, allowed, request, limits)
        return AccountEntry(request, owner, record, reservation, dropped)

    def _reserve(
        self, record: UsageRecord, admission: Admission, allowed: Allowed, request: Any, limits: Scoped
    ) -> Reservation:
        """Reserve what a call may take, and let its record settle it."""
        body = _body_of(request)
        record.estimate = estimated_tokens([body[name] for name in PROMPT_FIELDS if name in body])
        try:
            reservation = admission.reserve(allowed, record.operation, record.route, record.estimate, body, more=limits)
        except ModelServiceError:
            self.end(record.deadline)
            raise
        record.said, record.settle = said_by_caller(body), reservation.settle_used
        record.observers = self.observers if self.metrics is None else (self.metrics.add, *self.observers)
        return reservation

    def may_call(self, caller: Caller, asked: str, route: Route) -> bool:
        """Return whether a model is there for this caller, who would ask for it as ``asked``."""
        admission = self._admission
        named = admission.named(caller)
        return admission.may_call(named, (asked, route.model), admission.allowed(named))

    def check_operation(self, caller: Caller, operation: str) -> None:
        """Raise ``InvalidRequest`` where a caller may not use an operation that no model answers."""
        admission = self._admission
        admission.check_operation(admission.allowed(admission.named(caller)), operation)

    @property
    def _admission(self) -> Admission:
        """Return the rules of now, with what they have been found to say of each caller before."""
        file = self.file()
        if not self._rules or self._rules[0].file is not file:
            self._rules[:] = [Admission(file, self.budgets)]
        return self._rules[0]


PROMPT_FIELDS: Final = ("messages", "input", "instructions", "tools", "prompt", "query", "documents")


def _paid_by(request: Any, allowed: Allowed) -> Any:
    """Return the request with the compartment that pays for its caller; raise ``InvalidRequest`` for another one."""
    if allowed.compartment_id is None or request.compartment_id == allowed.compartment_id:
        return request
    if request.compartment_id is not None:
        raise InvalidRequest(
            "compartment_id: another compartment pays for this caller.",
            param="compartment_id",
            code="compartment_not_allowed",
            status=403,
            hint="The operator decides who pays; leave it out.",
        )
    return replace(request, compartment_id=allowed.compartment_id)


def _body_of(request: Any) -> Mapping[str, Any]:
    """Return the fields of a request as its caller wrote them, of every type of request."""
    name = type(request).__name__  # by their names: neither is loaded where nobody asks for it
    if name == "EmbeddingsRequest":
        return {"model": request.model, "input": [item.value for item in request.inputs], "user": request.user}
    if name == "RerankRequest":
        documents = list(request.documents)
        return {"model": request.model, "query": request.query, "documents": documents, "user": request.user}
    return request.body or {}
