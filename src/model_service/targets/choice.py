"""Which target is asked: by priority, then by weight, of which one that is slow or throttled has a part only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from model_service.errors import InvalidRequest
from model_service.service_file.targets import ModelTarget, TargetPool
from model_service.targets.health import TargetHealth

MAX_PRIORITY: Final = sys.maxsize


def choose(candidates: Sequence[tuple[ModelTarget, TargetHealth]], random: Callable[[], float]) -> ModelTarget:
    """Return one of ``candidates``, which can all be asked; ``random`` gives numbers from 0 to 1."""
    first = MAX_PRIORITY
    tier: list[tuple[ModelTarget, float]] = []
    total = 0.0
    for target, health in candidates:  # each call comes here: no comprehension, which is a call of its own
        if target.priority < first:
            first, tier, total = target.priority, [], 0.0
        if target.priority == first:
            tier.append((target, target.weight * health.factor))
            total += tier[-1][1]
    point = random() * total
    for target, weight in tier:
        point -= weight
        if point < 0:
            return target
    return tier[-1][0]


def within_regions(
    pool: TargetPool, wanted: str | None, region_of: Callable[[ModelTarget], str | None]
) -> Iterable[ModelTarget]:
    """Return the targets in regions that the alias may be asked in, and that the request wants, if it wants one.

    ``region_of`` returns ``None`` where nobody knows. Raise ``InvalidRequest`` where there is no such target.
    """
    if wanted is None and not pool.is_restricted:
        return pool.targets
    found = []
    for target in pool.targets:
        region = region_of(target)
        may_ask = not pool.is_restricted or (region is not None and pool.may_ask(region))
        if may_ask and wanted in (None, region):
            found.append(target)
    if not found:
        raise InvalidRequest(
            f"The model `{pool.name}` cannot be asked in {wanted or 'any region that it may be asked in'}.",
            param="region",
            code="region_not_available",
        )
    return found
