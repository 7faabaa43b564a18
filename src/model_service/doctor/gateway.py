"""The doctor's look at the gateway, from where its clients stand: what it answers, and what that means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import httpx

from model_service.doctor.context import CheckFailed, CheckSkipped, DoctorContext


def look_at_gateway(context: DoctorContext) -> str:
    """Return the finding; raise ``CheckFailed``, or ``CheckSkipped`` where no gateway was named."""
    if context.gateway is None:
        raise CheckSkipped("not asked; the command line takes --gateway URL")
    url = context.gateway.rstrip("/") + "/chat/completions"
    answer = context.fetch("POST", url, context.prompt, REACH_GATEWAY)
    if answer.is_success:
        return f"{url} answers"
    if answer.status_code in PROTECTED:
        return f"{url} answers {answer.status_code}: it wants a credential of its callers, which we are not"
    error = _error_in(answer)
    if error:
        hint = error.get("hint")
        message = str(error.get("message")).removesuffix(f" Hint: {hint}")
        raise CheckFailed(f"the function answers through it: {message}", hint)
    raise CheckFailed(f"{url} answers {answer.status_code}", GATEWAY_REMEDIES.get(answer.status_code, SEE_LOG))


def _error_in(answer: httpx.Response) -> Mapping[str, Any] | None:
    """Return the function's own error object, which has a ``hint``; ``None`` for the gateway's, which has none."""
    try:
        body = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) and "hint" in error else None


REACH_GATEWAY: Final = (
    "It is the base URL that clients get, such as https://<id>.apigateway.<region>.oci.customer-oci.com/v1; the "
    "gateway's subnet must let 443 in, and a private gateway is reached from its own network only."
)
SEE_LOG: Final = "The execution log of the deployment says more."
PROTECTED: Final = frozenset({401, 403})

GATEWAY_REMEDIES: Final[Mapping[int, str]] = {
    404: "No route there: the URL must end with the path prefix of the deployment, which needs a route "
    "/chat/completions for POST.",
    413: "The gateway takes 6 MB for a function.",
    429: "Its rate limit or usage plan is exhausted.",
    500: "A bare 500 is mostly a missing policy: allow any-user to use functions-family in compartment id <the "
    "function's> where ALL {request.principal.type='ApiGateway', request.resource.compartment.id='<the gateway's>'}.",
    502: "The function died or could not start: its log, and the memory that it has.",
    503: "The function scales up, or OCI took too long: try again; if it stays, look at the function's log.",
    504: "The function took longer than its timeout.",
}
