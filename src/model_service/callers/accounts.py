"""A call on a caller's account: allowed, shaped and reserved for before it is made, written down after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from model_service.callers.admission import AT_LENGTH, Admission, Allowed
from model_service.callers.budgets import Budgets, Cost
from model_service.errors import InvalidRequest, ModelServiceError
from model_service.fn.caller import Caller, Origin
from model_service.openai_api.chat import Answer
from model_service.routing import Route
from model_service.service_file.shape import ServiceFile
from model_service.trace import said_by_caller
from model_service.transports.responses.ownership import owner_of
from model_service.upstream.request_log import Tries, tries
from model_service.usage.record import Observer, UsageRecord, Used
from model_service.usage.tokens import estimated_tokens

OPERATION_OF: Final = {
    "ChatRequest": "chat",
    "EmbeddingsRequest": "embeddings",
    "RerankRequest": "rerank",
}
"""By the name of a request's type; any other is one of the Responses API."""


@dataclass(frozen=True)
class Accounts:
    """What a container keeps for the accounts of all callers. ``file`` returns the service file of now."""

    file: Callable[[], ServiceFile]
    budgets: Budgets
    isolates: bool = False  # only a service file keeps callers apart
    observers: tuple[Observer, ...] = ()

    def named(self, origin: Origin) -> Origin:
        """Return the origin with the team and the labels that the file gives its caller."""
        return replace(origin, caller=self._admission.named(origin.caller))

    def call(self, origin: Origin, route: Route, request: Any, ask: Callable[[Any, str | None], Answer]) -> Answer:
        """Return the answer of ``ask``: it takes the request as the caller's rules shape it, and the owner of what is
        stored.

        Raise ``ModelNotFound``, ``InvalidRequest``, ``RateLimited`` or ``QuotaExceeded`` before anything is asked.
        """
        admission = self._admission
        caller = admission.named(origin.caller)
        owner = owner_of(caller, admission.file.isolation) if self.isolates else None
        operation = origin.operation or OPERATION_OF.get(type(request).__name__, "responses")
        allowed = admission.check(caller, operation, str(_body_of(request).get("model") or route.model), route)
        # What is stored is read or deleted, or tokens are counted: nothing is paid for.
        if not route.model or getattr(request, "counts_tokens", False):
            return ask(_paid_by(request, allowed), owner)
        request, dropped = self._shaped(admission, operation, request, route, allowed)
        body = _body_of(request)
        tokens = estimated_tokens([body.get(name) for name in PROMPT_FIELDS])
        reservation = admission.reserve(allowed, operation, route, tokens, body)

        def settle(used: Used) -> None:
            reservation.settle(Cost(used.tokens.total, used.cost or 0.0))

        said, prices, counted = said_by_caller(body), admission.file.prices, Tries()
        record = UsageRecord(
            caller, operation, route, prices, tokens, origin, self.observers, counted, said=said, settle=settle
        )
        token = tries.set(counted)
        try:
            answer = ask(request, owner)
        except ModelServiceError as error:
            record.finish(error.code)
            raise
        except BaseException:
            record.finish("internal_error")
            raise
        finally:
            tries.reset(token)
        answer = replace(answer, headers={**answer.headers, **reservation.headers}, dropped=(*answer.dropped, *dropped))
        return record.watch(answer)

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
        return Admission(self.file(), self.budgets)

    @staticmethod
    def _shaped(
        admission: Admission, operation: str, request: Any, route: Route, allowed: Allowed
    ) -> tuple[Any, tuple[str, ...]]:
        """Return the request with its caller's compartment and its model's defaults and caps."""
        request = _paid_by(request, allowed)
        if operation not in AT_LENGTH:
            return request, ()
        body, dropped = admission.shaped(request.body or {}, operation, route, allowed)
        return replace(request, body=body), dropped


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
