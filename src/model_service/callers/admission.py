"""Whether a caller may make a call, with which limits, and at whose cost; decided before OCI is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from model_service.callers.budgets import Budgets, Cost, Reservation
from model_service.errors import InvalidRequest, ModelNotFound
from model_service.fn.caller import Caller
from model_service.openai_api.chat import ChatRequest
from model_service.routing import Route
from model_service.service_file.shape import Limits, Rights, ServiceFile

TOKEN_CAPS: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")
DEFAULT_OUTPUT_TOKENS: Final = 1000  # assumed for an answer whose length nobody has limited


@dataclass(frozen=True)
class Allowed:
    """What holds for one caller: the narrowest rule that says something counts."""

    models: tuple[str, ...] | None
    operations: tuple[str, ...] | None
    max_tokens: int | None
    compartment_id: str | None
    limits: Sequence[tuple[str, Limits]]

    def allows(self, names: Sequence[str]) -> bool:
        """Whether one of a model's names (what was asked for, and its id) matches a pattern."""
        return _matches(names, self.models)


@dataclass(frozen=True)
class Admission:
    """The rules of a service file, applied to one call after another."""

    file: ServiceFile
    budgets: Budgets

    def allowed(self, caller: Caller) -> Allowed:
        """Return what ``caller`` may do, from its own rule, its team's and everyone's."""
        own = self.file.callers.get(caller.id or "", Rights())
        team_name = caller.team or own.team
        team = self.file.teams.get(team_name or "", Rights())
        rules = (own, team, self.file.everyone)

        def first(name: str) -> Any:
            return next((value for rule in rules if (value := getattr(rule, name)) is not None), None)

        limits = []
        if caller.id is not None:
            limits.append((f"caller:{caller.id}", own.limits or self.file.everyone.limits))
        if team_name is not None:
            limits.append((f"team:{team_name}", team.limits))
        return Allowed(first("models"), first("operations"), first("max_tokens"), first("compartment_id"), limits)

    def named(self, caller: Caller) -> Caller:
        """Return the caller with the team and the labels that the file gives it."""
        own = self.file.callers.get(caller.id or "", Rights())
        team = caller.team or own.team
        of_team = self.file.teams.get(team or "", Rights())
        return replace(caller, team=team, labels={**of_team.labels, **own.labels})

    def check(self, caller: Caller, operation: str, asked: str, route: Route) -> Allowed:
        """Return what holds for the caller; raise ``ModelNotFound`` or ``InvalidRequest`` for what it may not do."""
        allowed = self.allowed(caller)
        if allowed.operations is not None and operation not in allowed.operations:
            raise InvalidRequest(
                f"This caller may not use the operation {operation}.", status=403, code="operation_not_allowed"
            )
        names = (asked, route.model)
        if not route.model:  # what is stored has no model any more
            return allowed
        if not self.may_call(caller, names, allowed):
            raise ModelNotFound(asked)
        return allowed

    def may_call(self, caller: Caller, names: Sequence[str], allowed: Allowed) -> bool:
        """Return whether a model is for this caller; ``names`` are what it is asked for under, and its id."""
        return _matches(names, self.file.allowed) and allowed.allows(names) and _matches(names, caller.models)

    def shaped(self, request: ChatRequest, route: Route, allowed: Allowed) -> tuple[ChatRequest, tuple[str, ...]]:
        """Return the request with the model's defaults and caps, and the names of what was left out.

        Raise ``InvalidRequest`` where the caller asks for more tokens than it may.
        """
        rule = self.file.rule_for(route.model)
        caps = [cap for cap in (allowed.max_tokens, rule.max_tokens if rule else None) if cap is not None]
        body = dict(request.body)
        dropped = tuple(name for name in (rule.drop if rule else ()) if body.pop(name, None) is not None)
        for name, value in (rule.defaults if rule else {}).items():
            body.setdefault(name, value)
        if caps:
            check_cap(body, min(caps))
            if not any(body.get(name) for name in TOKEN_CAPS):
                body["max_tokens"] = min(caps)
        return replace(request, body=body), dropped

    def reserve(self, allowed: Allowed, route: Route, input_tokens: int, body: Mapping[str, Any]) -> Reservation:
        """Reserve an estimate of what the call takes; raise as ``Budgets.reserve`` does."""
        rule = self.file.rule_for(route.model)
        limits = [*allowed.limits, *([(f"model:{rule.match}", rule.limits)] if rule and rule.limits else [])]
        output = next((value for name in TOKEN_CAPS if isinstance(value := body.get(name), int)), DEFAULT_OUTPUT_TOKENS)
        output = output if "messages" in body or ("input" in body and "max_output_tokens" in body) else 0
        price = self.file.prices.of(route.model)
        money = (input_tokens * price.input + output * price.output) / 1e6 if price else 0.0
        return self.budgets.reserve(limits, Cost(input_tokens + output, money))


def _matches(names: Sequence[str], patterns: tuple[str, ...] | None) -> bool:
    return patterns is None or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def check_cap(body: Mapping[str, Any], cap: int) -> None:
    """Raise ``InvalidRequest`` where a request asks for more tokens than ``cap``."""
    for name in TOKEN_CAPS:
        value = body.get(name)
        if isinstance(value, int) and value > cap:
            raise InvalidRequest(f"{name}: must be at most {cap} for this caller and model.", param=name)
