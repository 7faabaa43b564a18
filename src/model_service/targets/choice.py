"""Which target is asked: by priority, then by weight, of which one that is slow or throttled has a part only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from model_service.errors import InvalidRequest
from model_service.service_file.targets import ModelTarget, TargetPool
from model_service.targets.health import TargetHealth


def choose(
    targets: Sequence[ModelTarget], health: Callable[[ModelTarget], TargetHealth], random: Callable[[], float]
) -> ModelTarget:
    """Return one of ``targets``, which can all be asked; ``random`` gives numbers from 0 to 1."""
    first = min(target.priority for target in targets)
    tier = [target for target in targets if target.priority == first]
    if len(tier) == 1:
        return tier[0]
    weights = [target.weight * health(target).factor for target in tier]
    point = random() * sum(weights)
    for target, weight in zip(tier, weights, strict=True):
        point -= weight
        if point < 0:
            return target
    return tier[-1]


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
