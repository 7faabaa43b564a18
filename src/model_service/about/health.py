"""``GET /v1/health`` and ``/v1/ready``: alive, and able to sign for a region and a compartment."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol

from model_service.errors import CredentialError, ModelServiceError
from model_service.fn.caller import NOWHERE, Origin
from model_service.openai_api.chat import Complete

if TYPE_CHECKING:
    from model_service.auth import Credential
    from model_service.auth.service_endpoints import ServiceEndpoints
    from model_service.fn.invocation import Deadline

READY_SECONDS: Final = 30.0  # a finding holds so long
CHECK_SECONDS: Final = 10.0


class CheckedService(Protocol):
    """What the checks use of the service."""

    @property
    def credential(self) -> Credential: ...

    @property
    def endpoints(self) -> ServiceEndpoints: ...

    @property
    def compartment_id(self) -> str | None: ...


@dataclass(frozen=True)
class Health:
    """Answer that the function is alive; nothing is looked at."""

    service: object = None
    answer_other: object = None

    def answer(self, _request: object, _deadline: Deadline, _origin: Origin = NOWHERE) -> Complete:
        """Return ``{"status": "alive"}``."""
        return Complete({"status": "alive"})


@dataclass
class Readiness:
    """Answer whether a model could be asked: each check by its name, and what failed by its code alone.

    No model is asked and no list of OCI's is read: a policy that is missing shows in the doctor, not here.
    """

    service: CheckedService
    answer_other: object = None
    clock: Callable[[], float] = time.monotonic
    _found: dict[str, Any] = field(default_factory=dict)
    _until: float = float("-inf")
    _lock: Lock = field(default_factory=Lock)

    def answer(self, _request: object, deadline: Deadline, _origin: Origin = NOWHERE) -> Complete:
        """Return the finding, with status 503 where one of the checks fails."""
        with self._lock:
            if self.clock() >= self._until:
                self._found = self._looked(deadline.within(CHECK_SECONDS))
                self._until = self.clock() + READY_SECONDS
            return Complete(self._found, status=200 if self._found["status"] == "ready" else 503)

    def _looked(self, deadline: Deadline) -> dict[str, Any]:
        checks = [_checked(name, check, self.service, deadline) for name, check in CHECKS.items()]
        ready = all(check["status"] == "ok" for check in checks)
        return {"status": "ready" if ready else "not_ready", "checks": checks}


def _checked(
    name: str, check: Callable[[CheckedService, Deadline], object], service: CheckedService, deadline: Deadline
) -> dict[str, Any]:
    try:
        check(service, deadline)
    except ModelServiceError as error:
        return {"name": name, "status": "fail", "code": error.code}
    return {"name": name, "status": "ok", "code": None}


def _compartment(service: CheckedService, _deadline: Deadline) -> str:
    compartment_id = service.compartment_id
    if compartment_id is None:
        raise CredentialError("There is no compartment.", code="compartment_required")
    return compartment_id


CHECKS: Final[dict[str, Callable[[CheckedService, Deadline], object]]] = {
    "credentials": lambda service, deadline: service.credential.key(deadline),
    "region": lambda service, deadline: service.endpoints.of("inference", deadline),
    "compartment": _compartment,
}
