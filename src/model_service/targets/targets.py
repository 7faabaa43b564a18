"""The targets of a service: who answers a call of an alias that has several, as ``Service.call`` asks for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from model_service.callers.accounts import AccountEntry
from model_service.errors import InvalidRequest, ModelServiceError
from model_service.fn.caller import NOWHERE
from model_service.light_dataclasses import dataclass
from model_service.openai_api.chat import ChatRequest
from model_service.service_file.targets import ModelTarget, Resilience, TargetPool
from model_service.targets.choice import within_regions
from model_service.targets.container import Container, TargetService
from model_service.targets.pool_call import PoolCall
from model_service.targets.sharing import SharedHealth
from model_service.targets.tries import TryBudget

if TYPE_CHECKING:
    from model_service.fn.caller import Origin
    from model_service.fn.invocation import Deadline
    from model_service.openai_api.chat import Answer
    from model_service.service_file.shape import ServiceFile

SMALL: Final = {"messages": [{"role": "user", "content": "Say OK."}], "max_tokens": 16}


def open_targets(service: TargetService, file: ServiceFile) -> Targets:
    """Return the targets of a service, with nothing remembered of them yet."""
    resilience = file.resilience or Resilience()
    shared = None
    if service.settings.counter is not None and service.accounts is not None:
        shared = SharedHealth(service.accounts.budgets.counter)
    tries = TryBudget(resilience.retry_share, float(resilience.spare_tries))
    return Targets(Container(service, resilience, tries, shared))


@dataclass(eq=False)
class Targets:
    """Answer calls of aliases that have targets. Threads share it."""

    container: Container

    def call(self, pool: TargetPool, request: Any, deadline: Deadline, origin: Origin) -> Answer:
        """Return the answer of one of the pool's targets; raise the last error, with the story of the tries."""
        if getattr(request, "relay", None) is not None:
            raise InvalidRequest("relay: an alias of several targets relays chat requests alone.", param="relay")
        targets = self.targets_for(pool, request)
        if self.container.shared is not None:
            self.container.learn(pool.targets)
        return PoolCall(pool, request, deadline, origin, self.container, list(targets)).answer()

    def targets_for(self, pool: TargetPool, request: Any) -> tuple[ModelTarget, ...]:
        """Return the targets that may be asked for a request; raise ``InvalidRequest`` where there is none."""
        wanted = getattr(request, "region", None)
        if wanted is not None:
            wanted = self.container.service.settings.regions.identifier(wanted)
            if wanted is None:
                raise InvalidRequest("region: must be a region such as us-chicago-1.", param="region")
        return tuple(within_regions(pool, wanted, self.container.region_of))

    def row(self, target: ModelTarget) -> dict[str, Any]:
        """Return what is shown of a target, and how it is."""
        try:
            region = self.container.region_of(target)
        except ModelServiceError:
            region = None  # a credential is missing: the row of its errors says so
        return {
            "target": target.name,
            "model": target.model,
            "transport": target.transport,
            "region": region,
            "priority": target.priority,
            "weight": target.weight,
            "requests_per_minute": target.requests_per_minute,
            "tokens_per_minute": target.tokens_per_minute,
            **self.container.health(target).view(),
        }

    def ask_once(
        self, pool: TargetPool, target: ModelTarget, deadline: Deadline
    ) -> tuple[ModelServiceError | None, float]:
        """Ask a target something very small, on nobody's account; return its error, if any, and the seconds it took."""
        request, began = ChatRequest.parse({**SMALL, "model": pool.name}), time.perf_counter()
        health = self.container.health(target)
        probe = health.begin()
        try:
            route = self.container.route(request, pool, target)
            self.container.ask(target, route, AccountEntry(request, None), deadline, NOWHERE)
        except ModelServiceError as error:
            seconds = time.perf_counter() - began
            self.container.note_failure(pool.name, target, error, seconds, probe=probe)
            return error, seconds
        seconds = time.perf_counter() - began
        health.note_answer(seconds * 1000, probe=probe)
        return None, seconds

    def close(self) -> None:
        """Close the connections."""
        self.container.close()
