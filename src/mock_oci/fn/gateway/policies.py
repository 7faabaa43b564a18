"""What a deployment asks of a request before its function sees it, from its specification."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mock_oci.fn.gateway.authentication import Ask, CustomAuthentication, Unanswered, Verdict
from mock_oci.fn.gateway.cors import Cors
from mock_oci.fn.gateway.limits import Counters, RateLimiting, Refusal, UsagePlans
from mock_oci.fn.gateway.specification import choice_in, part_of
from mock_oci.fn.gateway.transformations import HeaderTransformations
from mock_oci.wire import Request

_NOBODY = Verdict(active=True)


class Policies:
    """``specification`` has the JSON of ``oci.apigateway.models``: of ApiSpecificationRequestPolicies
    ``authentication`` (a custom authorizer), ``rateLimiting``, ``cors`` and ``usagePlans``, and of
    ApiSpecificationRouteRequestPolicies ``authorization`` and ``headerTransformations``, here for all routes.

    ``usage_plans``: see UsagePlans. ``clock`` gives Unix seconds. What is not emulated raises ValueError.
    """

    def __init__(
        self,
        specification: Mapping[str, Any] | None,
        usage_plans: Sequence[Mapping[str, Any]],
        clock: Callable[[], float],
    ) -> None:
        parts = part_of(specification or {}, "the request policies", *_KNOWN)
        authentication, cors = parts.get("authentication"), parts.get("cors")
        self.cors = Cors(cors) if cors else None
        self.transformations = HeaderTransformations(parts.get("headerTransformations"))
        self._authentication = CustomAuthentication(authentication, clock) if authentication else None
        self._allowed_scope = _allowed_scope(parts.get("authorization") or {"type": "AUTHENTICATION_ONLY"})
        self._limits: list[RateLimiting | UsagePlans] = []
        counters = Counters(clock)
        if rate := parts.get("rateLimiting"):
            self._limits.append(RateLimiting(rate, counters))
        if plans := parts.get("usagePlans"):
            self._limits.append(UsagePlans(plans, usage_plans, counters))

    def authenticate(self, request: Request, ask: Ask) -> Verdict:
        """Return who calls, as the authorizer says. Raises Unanswered; 403 for a scope that is missing, unverified."""
        if self._authentication is None:
            return _NOBODY
        verdict = self._authentication.verdict(request, ask)
        if verdict.active and self._allowed_scope is not None and not verdict.scope & self._allowed_scope:
            raise Unanswered(403)
        return verdict

    def limit(self, request: Request, auth: Mapping[str, Any]) -> Refusal | None:
        """Count this request against every limit; return why it is refused, if it is."""
        refusals = (limit.check(request, auth) for limit in self._limits)
        return next((refusal for refusal in refusals if refusal is not None), None)


def _allowed_scope(specification: Mapping[str, Any]) -> frozenset[str] | None:
    part_of(specification, "authorization", "type", "allowedScope")
    if choice_in(specification, "type", ["AUTHENTICATION_ONLY", "ANY_OF"]) == "AUTHENTICATION_ONLY":
        return None
    return frozenset(specification["allowedScope"])


_KNOWN = ("authentication", "authorization", "cors", "headerTransformations", "rateLimiting", "usagePlans")
