"""Whether a caller may make a call, with which limits, and at whose cost; decided before OCI is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from fnmatch import fnmatchcase
from itertools import product, starmap
from typing import Any, Final

from model_service.callers.budgets import Budgets, Cost, Reservation, Scoped
from model_service.errors import InvalidRequest, ModelNotFound
from model_service.fn.caller import Caller
from model_service.light_dataclasses import dataclass
from model_service.routing import Route
from model_service.service_file.shape import ModelRule, Rights, ServiceFile, SpendingLimits

MAX_KNOWN: Final = 1000  # callers whose rules are kept put together
OF_CHATS: Final = ("max_tokens", "max_completion_tokens")  # what limits an answer: what another API says limits nothing
OF_RESPONSES: Final = ("max_output_tokens",)
DEFAULT_OUTPUT_TOKENS: Final = 1000  # assumed for an answer whose length nobody has limited
MAX_OUTPUT_TOKENS: Final = 10_000_000  # more than any model writes: what is reserved stays a number that counters take
AT_LENGTH: Final = frozenset({"chat", "completions", "responses"})  # operations whose answer is text
# What a response and the chat that is asked in its place call by the same name.
OF_BOTH_APIS: Final = frozenset(
    {"temperature", "top_p", "seed", "stop", "frequency_penalty", "presence_penalty", "logit_bias", "user"}
)
NO_RULE: Final = ModelRule(match="*")


@dataclass(frozen=True)
class Allowed:
    """What holds for one caller: the narrowest rule that says something counts."""

    models: tuple[str, ...] | None
    operations: tuple[str, ...] | None
    max_tokens: int | None
    compartment_id: str | None
    limits: Sequence[tuple[str, SpendingLimits]]

    def allows(self, names: Sequence[str]) -> bool:
        """Whether one of a model's names (what was asked for, and its id) matches a pattern."""
        return _matches(names, self.models)


@dataclass(frozen=True)
class Admission:
    """The rules of a service file, applied to one call after another."""

    file: ServiceFile
    budgets: Budgets
    _known: dict[tuple[Any, ...], Allowed] = field(default_factory=dict)
    _named: dict[tuple[Any, ...], Caller] = field(default_factory=dict)

    def allowed(self, caller: Caller) -> Allowed:
        """Return what ``caller`` may do, from its key's rule, its own, its team's and everyone's."""
        name = (caller.id, caller.team, caller.key_id)
        found = self._known.get(name)
        if found is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            found = self._known[name] = self._allowed(caller)
        return found

    def _allowed(self, caller: Caller) -> Allowed:
        key = self.file.keys.get(caller.key_id or "", Rights())
        own = self.file.callers.get(caller.id or "", Rights())
        team_name = caller.team or own.team
        team = self.file.teams.get(team_name or "", Rights())
        rules = (key, own, team, self.file.everyone)

        def first(name: str) -> Any:
            return next((value for rule in rules if (value := getattr(rule, name)) is not None), None)

        # Those of whom nobody knows anything share one account.
        name = "nobody" if caller.id is None else f"caller:{caller.id}"
        limits = [(name, own.limits or self.file.everyone.limits)]
        if caller.key_id is not None:
            limits.append((f"key:{caller.key_id}", key.limits))
        if team_name is not None:
            limits.append((f"team:{team_name}", team.limits))
        return Allowed(first("models"), first("operations"), first("max_tokens"), first("compartment_id"), limits)

    def named(self, caller: Caller) -> Caller:
        """Return the caller with the team and the labels that the file gives it."""
        name = (caller.id, caller.team, caller.key_id, caller.models)
        named = self._named.get(name)
        if named is None:
            own = self.file.callers.get(caller.id or "", Rights())
            team = caller.team or own.team
            of_team = self.file.teams.get(team or "", Rights())
            named = replace(caller, team=team, labels={**of_team.labels, **own.labels})
            if len(self._named) >= MAX_KNOWN:
                self._named.clear()
            self._named[name] = named
        return named

    def check(self, caller: Caller, operation: str, asked: str, route: Route) -> Allowed:
        """Return what holds for the caller; raise ``ModelNotFound`` or ``InvalidRequest`` for what it may not do."""
        allowed = self.allowed(caller)
        self.check_operation(allowed, operation)
        names = (asked, route.model)
        if not route.model:  # what is stored has no model any more
            return allowed
        if not self.may_call(caller, names, allowed):
            raise ModelNotFound(asked)
        return allowed

    @staticmethod
    def check_operation(allowed: Allowed, operation: str) -> None:
        """Raise ``InvalidRequest`` (403) where a caller may not use an operation."""
        if allowed.operations is not None and operation not in allowed.operations:
            raise InvalidRequest(
                f"This caller may not use the operation {operation}.", status=403, code="operation_not_allowed"
            )

    def may_call(self, caller: Caller, names: Sequence[str], allowed: Allowed) -> bool:
        """Return whether a model is for this caller; ``names`` are what it is asked for under, and its id."""
        return _matches(names, self.file.allowed) and allowed.allows(names) and _matches(names, caller.models)

    def shaped(
        self, body: Mapping[str, Any], operation: str, route: Route, allowed: Allowed
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the body of a request with the model's defaults and caps, and the names of what was left out.

        Defaults are those of a chat, as far as the request is one or becomes one. Raise ``InvalidRequest`` where the
        caller asks for more tokens than it may.
        """
        rule = self.file.rule_for(route.model) or NO_RULE
        caps = [cap for cap in (allowed.max_tokens, rule.max_tokens) if cap is not None]
        shaped = dict(body)
        dropped = tuple(name for name in rule.drop if shaped.pop(name, None) is not None)
        is_chat = operation != "responses"
        is_by_chat = not (is_chat or route.transport == "responses" or route.has_responses)
        for name, value in rule.defaults.items():
            if is_chat or (is_by_chat and name in OF_BOTH_APIS):
                shaped.setdefault(name, value)
        if caps:
            check_cap(shaped, min(caps))
            names = OF_CHATS if is_chat else OF_RESPONSES
            if not any(map(shaped.get, names)):
                shaped[names[0]] = min(caps)
        return shaped, dropped

    def reserve(
        self,
        allowed: Allowed,
        operation: str,
        route: Route,
        input_tokens: int,
        body: Mapping[str, Any],
        *,
        more: Scoped = (),
    ) -> Reservation:
        """Reserve an estimate of what the call takes, of ``more`` limits too; raise as ``Budgets.reserve`` does."""
        rule = self.file.rule_for(route.model)
        limits = [*allowed.limits, *([(f"model:{rule.match}", rule.limits)] if rule and rule.limits else []), *more]
        names = OF_RESPONSES if operation == "responses" else OF_CHATS
        output = _output_tokens(body, names) if operation in AT_LENGTH else 0
        price = self.file.prices.of(route.model)
        money = (input_tokens * price.input + output * price.output) / 1e6 if price else 0.0
        return self.budgets.reserve(limits, Cost(input_tokens + output, money))


def _output_tokens(body: Mapping[str, Any], names: Sequence[str]) -> int:
    """Return the most that may come of a request, as far as it can be known and is no nonsense."""
    named = (value for name in names if type(value := body.get(name)) is int and value > 0)
    choices = body.get("n")
    several = choices if type(choices) is int and choices > 1 else 1
    return min(MAX_OUTPUT_TOKENS, next(named, DEFAULT_OUTPUT_TOKENS) * several)


def _matches(names: Sequence[str], patterns: tuple[str, ...] | None) -> bool:
    return patterns is None or any(starmap(fnmatchcase, product(names, patterns)))


def owner_of(caller: Caller, isolation: str) -> str | None:
    """Return the name that stands for the caller's team (or the caller); ``None`` where all share everything.

    It is a digest: the names of teams are not for OCI's metadata, and may be longer than a value there.
    """
    if isolation == "none":
        return None
    name = caller.team if isolation == "team" and caller.team else caller.id
    kind = "team" if isolation == "team" and caller.team else "caller"
    return hashlib.sha256(f"{kind}:{name or ''}".encode()).hexdigest()[:32]


def check_cap(body: Mapping[str, Any], cap: int) -> None:
    """Raise ``InvalidRequest`` where a request asks for more tokens than ``cap``."""
    for name in (*OF_CHATS, *OF_RESPONSES):
        value = body.get(name)
        if value is not None and type(value) is not int:  # which whoever answers may take for one: 99.0, "99"
            raise InvalidRequest(f"{name}: must be an integer.", param=name)
        if value is not None and value > cap:
            raise InvalidRequest(f"{name}: must be at most {cap} for this caller and model.", param=name)
