"""What is wrong with a deployment, and what to do about it: from the credentials to the gateway, a line each."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from model_service.auth.security_token import claims_of
from model_service.doctor.callers import look_at_callers
from model_service.doctor.context import CheckFailed, CheckSkipped, DoctorContext, DoctorService
from model_service.doctor.gateway import look_at_gateway
from model_service.doctor.models import look_at_models
from model_service.doctor.targets import look_at_targets
from model_service.doctor.tasks import look_at_tasks
from model_service.errors import CredentialError, ModelServiceError, UpstreamError
from model_service.fn.caller import NOWHERE, Origin
from model_service.fn.invocation import Deadline
from model_service.oci_names import HOW_TO_ADD_A_REGION
from model_service.openai_api.chat import Answer, ChatRequest, Complete
from model_service.openai_api.operations import DoctorRequest
from model_service.settings.misspelt import misspelt
from model_service.upstream.clock import MAX_SKEW_SECONDS, described, skew
from model_service.upstream.error_hints import Asked, find_hint

Verdict = Literal["ok", "fail", "skip"]


@dataclass(frozen=True)
class Check:
    """``detail`` is what was found, ``remedy`` what to do where the verdict is ``fail``; ``str()`` is one line."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str | None = None

    def __str__(self) -> str:
        line = f"{self.verdict.upper():5} {self.name:12} {self.detail}"
        return f"{line} -> {self.remedy}" if self.remedy else line


@dataclass(frozen=True)
class Report:
    """Every check of CHECKS, in its order."""

    checks: Sequence[Check]

    @property
    def healthy(self) -> bool:
        return all(check.verdict != "fail" for check in self.checks)

    def body(self) -> dict[str, Any]:
        """Return the report as JSON: ``verdict`` is ``ok``, ``fail`` or, where it could not be told, ``skip``."""
        # `cure` is the name of old of `remedy`, for one release.
        checks = [{**asdict(check), "cure": check.remedy} for check in self.checks]
        return {"object": "doctor.report", "healthy": self.healthy, "checks": checks}


@dataclass(frozen=True)
class Doctor:
    """Examine this function for a direct caller, as ``dispatch.ANSWERERS`` asks for it."""

    service: DoctorService
    answer_other: Callable[[ChatRequest, Deadline], Answer]

    def answer(self, request: DoctorRequest, deadline: Deadline, _origin: Origin = NOWHERE) -> Complete:
        """Return the report as JSON. It is told no gateway: it would fetch whatever address a caller names."""
        return Complete(examine(self.service, self.answer_other, request, deadline).body())


def examine(
    service: DoctorService,
    answer: Callable[[ChatRequest, Deadline], Answer],
    request: DoctorRequest,
    deadline: Deadline,
    *,
    gateway: str | None = None,
    clock: Callable[[], float] = time.time,
) -> Report:
    """Make every check of CHECKS and return what each has found.

    ``gateway`` is the base URL that clients of OpenAI's API get; ``clock`` gives Unix seconds.

    A function is never told a ``gateway``: it would fetch whatever address a caller names. Raises nothing that a
    check could say instead. Costs one very small chat request, and one more through the gateway.
    """
    context = DoctorContext(service, answer, request, deadline, gateway, clock)
    done: dict[str, Check] = {}
    for step in CHECKS:
        missing = next((name for name in step.needs if done[name].verdict != "ok"), None)
        done[step.name] = step.make(context) if missing is None else Check(step.name, "skip", f"needs {missing}")
    return Report(tuple(done.values()))


@dataclass(frozen=True)
class Step:
    """``look`` returns its finding, or raises; it is asked if all that it ``needs`` was well."""

    name: str
    look: Callable[[DoctorContext], str]
    needs: tuple[str, ...] = ()

    def make(self, context: DoctorContext) -> Check:
        try:
            return Check(self.name, "ok", self.look(context))
        except CheckSkipped as reason:
            return Check(self.name, "skip", str(reason))
        except CheckFailed as found:
            return Check(self.name, "fail", found.detail, found.remedy)
        except ModelServiceError as error:
            return Check(self.name, "fail", error.message, error.hint)


def _settings(context: DoctorContext) -> str:
    mistakes = list(misspelt(context.service.settings.unknown))
    if mistakes:
        raise CheckFailed(" ".join(mistakes), "Correct the name, or take the variable away.")
    return "no misspelt name among the variables"


def _credentials(context: DoctorContext) -> str:
    credential = context.service.credential
    name = credential.auth_type
    expires = claims_of(credential.key(context.deadline).key_id.removeprefix("ST$")).get("exp")
    if not isinstance(expires, int | float):
        return name
    left = expires - context.clock()
    if left <= 0:
        raise CheckFailed(
            f"{name}: the token has expired", "The platform, or oci session authenticate, has to renew it."
        )
    return f"{name}, whose token is good for {left / 60:.0f} minutes"


def _region(context: DoctorContext) -> str:
    try:
        region = context.region
    except CredentialError as error:
        if error.code == "invalid_region":
            raise
        raise CheckSkipped("needs credentials") from None
    if region is None and context.service.settings.genai_endpoint is None:
        raise CheckFailed("there is no region", "Set OCI_REGION, or region in the profile.")
    regions = context.service.settings.regions
    if region is not None and regions.find(region) is None:
        if context.service.settings.genai_endpoint is None:
            _must_exist(region, context)
        return f"{region}, of which this version knows nothing but its name: taken for one of {regions.domain(region)}"
    return region or "none, but OCI_GENAI_ENDPOINT says where to go"


def _must_exist(region: str, context: DoctorContext) -> None:
    """Raise ``CheckFailed`` for a region that this version does not know and whose host nobody reaches."""
    try:
        _ = context.unsigned_response
    except CheckFailed as failed:
        close = difflib.get_close_matches(region, sorted(context.service.settings.regions.known), n=1)
        meant = f"Did you mean {close[0]}? " if close else ""
        raise CheckFailed(f"{region} is not in the list of regions, and {failed.detail}", meant + ADD) from failed


ADD: Final = f"If it is new: {HOW_TO_ADD_A_REGION}"


def _endpoint(context: DoctorContext) -> str:
    return f"{context.endpoint} answers {context.unsigned_response.status_code} to who does not sign"


def _clock(context: DoctorContext) -> str:
    seconds = skew(context.unsigned_response.headers.get("date"), context.clock)
    if seconds is None:
        raise CheckSkipped("the endpoint does not say what time it is")
    finding = described(seconds)
    if abs(seconds) > MAX_SKEW_SECONDS:
        raise CheckFailed(finding, "OCI refuses signatures that are five minutes off: synchronise the clock (NTP).")
    return finding


def _compartment(context: DoctorContext) -> str:
    if context.compartment_id is None:
        raise CheckFailed(
            "no compartment is configured",
            "Set OCI_COMPARTMENT_ID; a principal, unlike a profile, brings none along.",
        )
    _blame("compartment", context)
    return context.compartment_id


def _signature(context: DoctorContext) -> str:
    _blame("signature", context)
    return "OCI knows who we are"


def _policy(context: DoctorContext) -> str:
    _blame("policy", context)
    return f"we may chat in {context.compartment_id}"


def _model(context: DoctorContext) -> str:
    _blame("model", context)
    return f"{context.request.model} answered in {context.chat[1] * 1000:.0f} ms"


def _blame(name: str, context: DoctorContext) -> None:
    """Raise the error of the chat if it belongs to this check."""
    error = context.chat[0]
    if error is not None and _check_of(error) == name:
        raise error


def _check_of(error: ModelServiceError) -> str:
    """Return the check whose fault it is that the chat failed."""
    if isinstance(error, CredentialError):
        return "signature"
    if error.code == "compartment_required":
        return "compartment"
    hint = find_hint(error, Asked()) if isinstance(error, UpstreamError) else None
    return hint.blame if hint else "model"  # whatever else it is


CHECKS: Final = (
    Step("settings", _settings),
    # As little as possible needs the credentials: a clock that is off can make a token look expired.
    Step("credentials", _credentials),
    Step("region", _region),
    Step("endpoint", _endpoint, needs=("region",)),
    Step("clock", _clock, needs=("endpoint",)),
    Step("signature", _signature, needs=("credentials", "endpoint")),
    Step("compartment", _compartment, needs=("signature",)),
    Step("policy", _policy, needs=("compartment",)),
    Step("model", _model, needs=("policy",)),
    Step("models", look_at_models, needs=("compartment",)),
    Step("tasks", look_at_tasks),
    Step("callers", look_at_callers),
    Step("targets", look_at_targets, needs=("policy", "callers")),
    Step("gateway", look_at_gateway),
)
