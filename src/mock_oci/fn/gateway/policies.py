"""What a deployment asks of a request before its back end sees it, from its specification."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from mock_oci.fn.gateway.authentication import Ask, CustomAuthentication, Unanswered, Verdict
from mock_oci.fn.gateway.cors import Cors
from mock_oci.fn.gateway.issuer import LocalIssuer
from mock_oci.fn.gateway.limits import Counters, RateLimiting, Refusal, UsagePlans
from mock_oci.fn.gateway.specification import choice_in, part_of
from mock_oci.fn.gateway.tokens import TokenAuthentication
from mock_oci.fn.gateway.transformations import HeaderTransformations
from mock_oci.wire import Request

_NOBODY = Verdict(active=True)
OF_ROUTES = ("authorization", "headerTransformations")


class Authentication(Protocol):
    """Who says whether a caller is let in."""

    is_anonymous_allowed: bool

    def verdict(self, request: Request, ask: Ask) -> Verdict: ...


class RoutePolicies:
    """``specification`` is an ApiSpecificationRouteRequestPolicies in its JSON form.

    Of it ``authorization`` and ``headerTransformations`` are emulated; anything else raises ValueError.
    """

    def __init__(self, specification: Mapping[str, Any] | None = None) -> None:
        parts = part_of(specification or {}, "the policies of a route", *OF_ROUTES)
        self.transformations = HeaderTransformations(parts.get("headerTransformations"))
        authorization = part_of(parts.get("authorization") or _USUAL, "authorization", "type", "allowedScope")
        kind = choice_in(authorization, "type", ["ANONYMOUS", "AUTHENTICATION_ONLY", "ANY_OF"])
        self.is_anonymous = kind == "ANONYMOUS"
        self.allowed_scope = frozenset(authorization["allowedScope"]) if kind == "ANY_OF" else None


class Policies:
    """``specification`` is an ApiSpecificationRequestPolicies in its JSON form.

    Of it ``authentication`` (a custom authorizer or a JSON Web Token), ``rateLimiting``, ``cors`` and ``usagePlans``
    are emulated.

    ``usage_plans``: see UsagePlans. ``clock`` gives Unix seconds, ``issuers`` are by the URI of their keys. What is
    not emulated raises ValueError.
    """

    def __init__(
        self,
        specification: Mapping[str, Any] | None,
        usage_plans: Sequence[Mapping[str, Any]],
        clock: Callable[[], float],
        issuers: Mapping[str, LocalIssuer],
    ) -> None:
        parts = part_of(specification or {}, "the request policies", *_KNOWN)
        cors = parts.get("cors")
        self.cors = Cors(cors) if cors else None
        self._authentication = _authentication(parts.get("authentication"), clock, issuers)
        self._limits: list[RateLimiting | UsagePlans] = []
        counters = Counters(clock)
        if rate := parts.get("rateLimiting"):
            self._limits.append(RateLimiting(rate, counters))
        if plans := parts.get("usagePlans"):
            self._limits.append(UsagePlans(plans, usage_plans, counters))

    def check_route(self, route: RoutePolicies) -> None:
        """Raise ValueError for a route that OCI does not take beside this authentication."""
        if route.is_anonymous and self._authentication and not self._authentication.is_anonymous_allowed:
            raise ValueError("a route that is ANONYMOUS needs isAnonymousAccessAllowed")

    def authenticate(self, request: Request, ask: Ask, route: RoutePolicies) -> Verdict:
        """Return who calls, as far as the route asks. Raises Unanswered.

        That a missing scope is 403 is unverified (verify: gateway-scope).
        """
        if self._authentication is None or route.is_anonymous:
            return _NOBODY
        verdict = self._authentication.verdict(request, ask)
        if verdict.active and route.allowed_scope is not None and not verdict.scope & route.allowed_scope:
            raise Unanswered(403)
        return verdict

    def limit(self, request: Request, auth: Mapping[str, Any]) -> Refusal | None:
        """Count this request against every limit; return why it is refused, if it is."""
        refusals = (limit.check(request, auth) for limit in self._limits)
        return next((refusal for refusal in refusals if refusal is not None), None)


def _authentication(
    specification: Mapping[str, Any] | None, clock: Callable[[], float], issuers: Mapping[str, LocalIssuer]
) -> Authentication | None:
    if not specification:
        return None
    if specification.get("type") == "CUSTOM_AUTHENTICATION":
        return CustomAuthentication(specification, clock)
    return TokenAuthentication(specification, clock, issuers)


_USUAL = {"type": "AUTHENTICATION_ONLY"}
_KNOWN = ("authentication", "cors", "rateLimiting", "usagePlans")
