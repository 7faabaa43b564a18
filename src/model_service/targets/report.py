"""``{"operation": "targets"}``: which targets each alias has, and how they are; ``dispatch.ANSWERERS`` names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from model_service.fn.caller import NOWHERE, Origin
from model_service.openai_api.chat import Complete
from model_service.service_file.targets import ModelTarget, TargetPool

if TYPE_CHECKING:
    from model_service.fn.invocation import Deadline
    from model_service.openai_api.own_requests import TargetsRequest
    from model_service.targets.targets import Targets


class ReportedService(Protocol):
    """What the report uses of the service."""

    @property
    def pools(self) -> Mapping[str, TargetPool]: ...

    @property
    def targets(self) -> Targets: ...


@dataclass(frozen=True)
class TargetsReport:
    """Answer how the targets are, as this container sees them."""

    service: ReportedService
    answer_other: object = None

    def answer(self, request: TargetsRequest, deadline: Deadline, _origin: Origin = NOWHERE) -> Complete:
        """Return a row for each target of each alias; each is asked once before, where the request says so."""
        pools = self.service.pools
        rows = list(self._rows(pools, deadline, asks=request.asks)) if pools else []
        return Complete({"object": "list", "data": rows})

    def _rows(self, pools: Mapping[str, TargetPool], deadline: Deadline, *, asks: bool) -> Iterator[dict[str, Any]]:
        for pool in pools.values():
            for target in pool.targets:
                asked = self._asked(pool, target, deadline) if asks else {}
                yield {"alias": pool.name, **self.service.targets.row(target), **asked}

    def _asked(self, pool: TargetPool, target: ModelTarget, deadline: Deadline) -> dict[str, Any]:
        error, seconds = self.service.targets.ask_once(pool, target, deadline)
        found = {"status": 200, "error": None} if error is None else {"status": error.status, "error": error.code}
        return {"asked": {**found, "seconds": round(seconds, 3)}}
