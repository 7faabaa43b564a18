"""The targets of a service: who answers a call of an alias that has several, as ``Service.call`` asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model_service.errors import InvalidRequest
from model_service.light_dataclasses import dataclass
from model_service.service_file.targets import ModelTarget, Resilience, TargetPool
from model_service.targets.choice import within_regions
from model_service.targets.container import Container, TargetService
from model_service.targets.pool_call import PoolCall
from model_service.targets.sharing import SharedHealth
from model_service.targets.tries import TryBudget

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model_service.fn.caller import Origin
    from model_service.fn.invocation import Deadline
    from model_service.openai_api.chat import Answer
    from model_service.service_file.shape import ServiceFile


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
        targets = self.targets_for(pool, request)
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

    def rows(self, pools: Mapping[str, TargetPool]) -> Iterator[dict[str, Any]]:
        """Yield what is shown of each target of each alias, and how it is."""
        for pool in pools.values():
            for target in pool.targets:
                yield {
                    "alias": pool.name,
                    "target": target.name,
                    "model": target.model,
                    "transport": target.transport,
                    "region": self.container.region_of(target),
                    "priority": target.priority,
                    "weight": target.weight,
                    "requests_per_minute": target.requests_per_minute,
                    "tokens_per_minute": target.tokens_per_minute,
                    **self.container.health(target).view(),
                }

    def close(self) -> None:
        """Close the connections."""
        self.container.close()
