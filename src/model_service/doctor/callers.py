"""Check what callers depend on: the service file, the document of their keys, and the counter of their budgets."""

from __future__ import annotations

from typing import Final

from model_service.callers.authorizer import Authorizer
from model_service.callers.counters import Amount
from model_service.callers.opening import LazyCounter
from model_service.doctor.context import CheckFailed, CheckSkipped, DoctorContext
from model_service.errors import ModelServiceError

PROBE: Final = Amount("{model-service}:doctor", 0, None, 60)  # adds nothing


def look_at_callers(context: DoctorContext) -> str:
    """Return what there is; raise ``CheckFailed`` for what cannot be read or reached."""
    settings, findings = context.service.settings, []
    if not (settings.config or settings.keys or settings.counter):
        raise CheckSkipped("neither MODEL_SERVICE_CONFIG nor MODEL_SERVICE_KEYS is set: everybody may call everything")
    if context.service.service_file is not None:
        file = context.service.service_file.current()
        findings.append(f"a service file with {len(file.teams)} teams and {len(file.callers)} callers")
    if settings.keys is not None:
        keys = list(Authorizer(context.service).ring.current())
        findings.append(f"{sum(key.state == 'active' for key in keys)} active keys")
        if not settings.identity_headers:
            raise CheckFailed("keys are checked, but no header names the caller", "Set MODEL_SERVICE_IDENTITY_HEADERS.")
    if settings.counter is None:
        findings.append("budgets are counted in each container alone")
    else:
        try:
            LazyCounter(context.service).add([PROBE])
        except ModelServiceError as error:
            raise CheckFailed(f"the counter {settings.counter}: {error.message}", REACH_COUNTER) from error
        findings.append("the counter answers")
    return ", ".join(findings)


REACH_COUNTER: Final = (
    "MODEL_SERVICE_COUNTER is the host name of an OCI Cache cluster in the function's VCN; its subnet's rules must let "
    "port 6379 in. MODEL_SERVICE_COUNTER_PASSWORD names the secret of its password, if it has one."
)
