"""A call on a caller's account: allowed, shaped and reserved for before it is made, written down after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from model_service.callers.admission import Admission, Allowed, check_cap
from model_service.callers.budgets import Budgets, Cost
from model_service.errors import ModelServiceError
from model_service.fn.caller import Caller, Origin
from model_service.openai_api.chat import Answer, ChatRequest
from model_service.openai_api.embeddings import EmbeddingsRequest
from model_service.openai_api.rerank import RerankRequest
from model_service.routing import Route
from model_service.service_file.shape import ServiceFile
from model_service.transports.responses.ownership import owner_of
from model_service.usage.record import Observer, UsageRecord, Used, said_by_caller
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

    def call(self, origin: Origin, route: Route, request: Any, ask: Callable[[Any, str | None], Answer]) -> Answer:
        """Return the answer of ``ask``: it takes the request as the caller's rules shape it, and the owner of what is
        stored.

        Raise ``ModelNotFound``, ``InvalidRequest``, ``RateLimited`` or ``QuotaExceeded`` before anything is asked.
        """
        admission = Admission(self.file(), self.budgets)
        caller = admission.named(origin.caller)
        owner = owner_of(caller, admission.file.isolation) if self.isolates else None
        operation = OPERATION_OF.get(type(request).__name__, "responses")
        body = _body_of(request)
        allowed = admission.check(caller, operation, str(body.get("model") or route.model), route)
        # What is stored is read or deleted, or tokens are counted: nothing is paid for.
        if not route.model or getattr(request, "counts_tokens", False):
            return ask(request, owner)
        request, dropped = self._shaped(admission, request, route, allowed)
        body = _body_of(request)
        tokens = estimated_tokens([body.get(name) for name in PROMPT_FIELDS])
        reservation = admission.reserve(allowed, route, tokens, body)

        def settle(used: Used) -> None:
            reservation.settle(Cost(used.tokens.total, used.cost or 0.0))

        said = said_by_caller(body)
        prices = admission.file.prices
        record = UsageRecord(caller, operation, route, prices, tokens, origin, self.observers, said=said, settle=settle)
        try:
            answer = ask(request, owner)
        except ModelServiceError as error:
            record.finish(error.code)
            raise
        except BaseException:
            record.finish("internal_error")
            raise
        answer = replace(answer, headers={**answer.headers, **reservation.headers}, dropped=(*answer.dropped, *dropped))
        return record.watch(answer)

    def may_call(self, caller: Caller, asked: str, route: Route) -> bool:
        """Return whether a model is there for this caller, who would ask for it as ``asked``."""
        admission = Admission(self.file(), self.budgets)
        named = admission.named(caller)
        return admission.may_call(named, (asked, route.model), admission.allowed(named))

    @staticmethod
    def _shaped(admission: Admission, request: Any, route: Route, allowed: Allowed) -> tuple[Any, tuple[str, ...]]:
        """Return the request with its caller's compartment and its model's defaults and caps."""
        dropped: tuple[str, ...] = ()
        if isinstance(request, ChatRequest):
            request, dropped = admission.shaped(request, route, allowed)
        elif allowed.max_tokens is not None:
            check_cap(_body_of(request), allowed.max_tokens)
        if allowed.compartment_id is not None and request.compartment_id is None:
            request = replace(request, compartment_id=allowed.compartment_id)
        return request, dropped


PROMPT_FIELDS: Final = ("messages", "input", "instructions", "tools", "prompt", "query", "documents")


def _body_of(request: Any) -> Mapping[str, Any]:
    """Return the fields of a request as its caller wrote them, of every type of request."""
    if isinstance(request, EmbeddingsRequest):
        return {"model": request.model, "input": [item.value for item in request.inputs]}
    if isinstance(request, RerankRequest):
        return {"model": request.model, "query": request.query, "documents": list(request.documents)}
    return request.body or {}
