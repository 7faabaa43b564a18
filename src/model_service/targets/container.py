"""What all calls of a container share: how its targets are, how often it may try again, and the ways to them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol

from model_service.callers.accounts import AccountEntry, Accounts
from model_service.callers.budgets import OF_TARGETS, BudgetUsedUp, Scoped
from model_service.fn.caller import Origin
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits
from model_service.light_dataclasses import dataclass
from model_service.logs import log
from model_service.openai_api.chat import Answer
from model_service.routing import Route
from model_service.service_file.shape import Limit, SpendingLimits
from model_service.service_file.targets import ModelTarget, Resilience, TargetPool
from model_service.targets.breaker import Breaker
from model_service.targets.connections import TargetConnections
from model_service.targets.failures import Failure, failure_of
from model_service.targets.health import TargetHealth
from model_service.targets.sharing import SharedHealth
from model_service.targets.tries import TryBudget
from model_service.upstream.request_log import LogPolicy, tries
from model_service.upstream.retries import asked_for

if TYPE_CHECKING:
    from model_service.auth import Credential
    from model_service.errors import ModelServiceError
    from model_service.settings import Settings
    from model_service.transports import Connections

LOOK_UP_SECONDS: Final = 10.0


class TargetService(Protocol):
    """What targets use of the service."""

    @property
    def settings(self) -> Settings: ...

    @property
    def credential(self) -> Credential: ...

    @property
    def accounts(self) -> Accounts | None: ...

    @property
    def policies(self) -> tuple[LogPolicy, Limits]: ...

    def ask(
        self,
        route: Route,
        request: Any,
        deadline: Deadline,
        origin: Origin,
        *,
        owner: str | None = None,
        to: Connections | None = None,
    ) -> Answer: ...


@dataclass(eq=False)
class Container:
    """The memory of a container. Threads share it; the clock, the numbers and the sleep are replaced by tests."""

    service: TargetService
    resilience: Resilience
    tries: TryBudget
    shared: SharedHealth | None = None
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    sleep: Callable[[float], None] = time.sleep
    _health: dict[str, TargetHealth] = field(default_factory=dict)
    _connections: dict[str, TargetConnections] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def health(self, target: ModelTarget) -> TargetHealth:
        """Return what is remembered of a target; two aliases that have the same one share it."""
        found = self._health.get(target.place)
        if found is None:
            of = self.resilience
            breaker = Breaker(of.breaker_failures, of.breaker_seconds, of.cooldown_seconds, self.clock, self.random)
            # Two threads may make it at once: the first to be stored is everybody's.
            found = self._health.setdefault(target.place, TargetHealth(breaker, self.clock, self.random))
        return found

    def connections(self, target: ModelTarget) -> TargetConnections:
        """Return the ways to a target."""
        with self._lock:
            if target.place not in self._connections:
                own = TargetConnections(
                    target, self.service.settings, lambda: self.service.credential, *self.service.policies
                )
                self._connections[target.place] = own
            return self._connections[target.place]

    def region_of(self, target: ModelTarget) -> str | None:
        """Return the region of a target; ``None`` for an endpoint of one's own that does not say."""
        if target.region is None and target.url is not None:
            return None
        return self.connections(target).region(Deadline.after(LOOK_UP_SECONDS))

    def route(self, request: Any, pool: TargetPool, target: ModelTarget) -> Route:
        """Return the route of a request to a target: what it names, else what its model needs."""
        names = {pool.name: target.model}
        is_chat = hasattr(request, "messages") or getattr(request, "creates_response", False)
        override = {"override": target.transport or self.service.settings.transport} if is_chat else {}
        route: Route = request.route(names, **override)
        return route

    def enter(
        self, target: ModelTarget, route: Route, request: Any, deadline: Deadline, origin: Origin
    ) -> AccountEntry:
        """Open the account of a try.

        Raise as ``Accounts.enter`` does, and ``RateLimited`` for a throttle of the target that is known beforehand.
        """
        accounts = self.service.accounts
        assert accounts is not None  # noqa: S101 - a service file, which names targets, keeps accounts
        scoped: Scoped = ()
        if target.requests_per_minute is not None or target.tokens_per_minute is not None:
            scoped = [(OF_TARGETS + target.name, throttles_of(target))]
        return accounts.enter(origin, route, request, deadline, scoped)

    def ask(self, target: ModelTarget, route: Route, entry: AccountEntry, deadline: Deadline, origin: Origin) -> Answer:
        """Return what a target answers, counted as a try of the entry."""
        to, request = self.connections(target), self._at(target, entry.request)
        token = tries.set(entry.record.tries if entry.record is not None else None)
        try:
            return self.service.ask(route, request, deadline, origin, owner=entry.owner, to=to)
        finally:
            tries.reset(token)

    def _at(self, target: ModelTarget, request: Any) -> Any:
        """Return the request with the target's compartment and project, where neither caller nor rules name one.

        Another tenancy, whose profile signs, knows its own compartments only.
        """
        changes = {}
        if target.profile is not None:
            changes["compartment_id"] = target.compartment_id or self.connections(target).credential.tenancy_id
        elif target.compartment_id is not None and request.compartment_id is None:
            changes["compartment_id"] = target.compartment_id
        if target.project_id is not None and request.project_id is None:
            changes["project_id"] = target.project_id
        return replace(request, **changes) if changes else request

    def note_failure(
        self, alias: str, target: ModelTarget, error: ModelServiceError, seconds: float, *, probe: bool = False
    ) -> Failure:
        """Remember a try that has failed after so many seconds, and return what its failure means."""
        failure = failure_of(error)
        health, effect = self.health(target), failure.effect
        if failure.kind == "out of time" and not health.is_telling(seconds):
            effect = "none"
        retry_after = asked_for(error.retry_after) if effect == "throttled" else 0.0
        opened = health.note_failure(effect, error.code, probe=probe, retry_after=retry_after)
        named = target.name
        log.write("target_failed", alias=alias, target=named, kind=failure.kind, status=error.status, code=error.code)
        if opened:
            log.write("target_kept_away", alias=alias, target=named, seconds=round(health.wait, 1))
            if self.shared is not None:
                self.shared.publish(target.place)
        return failure

    def note_broken(self, alias: str, target: ModelTarget, error: ModelServiceError) -> None:
        """Remember a stream that broke after its beginning."""
        self.note_failure(alias, target, error, 0.0)

    def note_used_up(self, target: ModelTarget, refusal: ModelServiceError) -> None:
        """Keep calls from a target whose requests of this minute are used up: tokens may be left for a smaller one."""
        if isinstance(refusal, BudgetUsedUp) and refusal.limit == "requests_per_minute":
            self.health(target).rest(asked_for(refusal.retry_after))

    def takes_more(self, other: ModelTarget, than: ModelTarget) -> bool:
        """Return whether a target takes more tokens than another; what nobody knows of does not."""
        return (context_of(other) or 0) > (context_of(than) or 0)

    def learn(self, targets: tuple[ModelTarget, ...]) -> None:
        """Take over what other containers have found of these targets, once in a while."""
        if self.shared is not None:
            self.shared.learn({target.place: self.health(target) for target in targets})

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        for connections in list(self._connections.values()):
            connections.close()


def throttles_of(target: ModelTarget) -> SpendingLimits:
    """Return what is known beforehand of how often OCI lets a target be asked."""
    known = {"requests_per_minute": target.requests_per_minute, "tokens_per_minute": target.tokens_per_minute}
    return {name: Limit(hard=amount) for name, amount in known.items() if amount is not None}


def context_of(target: ModelTarget) -> int | None:
    """Return how many tokens a target takes, from the file, else what is known of its model; ``None``: nobody knows."""
    if target.context is not None:
        return target.context
    from model_service.catalogue.families import family_of  # noqa: PLC0415 - for what was too long only

    return family_of(target.model).context
