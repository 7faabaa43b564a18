"""Cross-origin requests: the gateway answers preflights itself, and adds its headers to what a page may read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mock_oci.fn.gateway.specification import part_of
from mock_oci.wire import Request, Response


class Cors:
    """``specification`` is a CorsPolicy in its JSON form."""

    def __init__(self, specification: Mapping[str, Any]) -> None:
        part_of(specification, "cors", *_KNOWN)
        self._origins = list(specification["allowedOrigins"])
        self._methods = ", ".join(specification.get("allowedMethods") or ())
        self._headers = ", ".join(specification.get("allowedHeaders") or ())
        self._exposed = ", ".join(specification.get("exposedHeaders") or ())
        self._credentials = bool(specification.get("isAllowCredentialsEnabled"))
        self._max_age = int(specification.get("maxAgeInSeconds") or 0)

    def preflight(self, request: Request) -> Response | None:
        """Answer a preflight; ``None`` for any other request. The status is unverified.

        (verify: gateway-preflight)
        """
        if request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
            return None
        shared = self.headers(request)
        if not shared:
            return Response(204)
        own = {
            "access-control-allow-methods": self._methods,
            "access-control-allow-headers": self._headers,
            "access-control-max-age": str(self._max_age) if self._max_age else "",
        }
        return Response(204, {**shared, **{name: value for name, value in own.items() if value}})

    def headers(self, request: Request) -> dict[str, str]:
        """Return what lets the page of this origin read the answer; nothing for an origin that may not."""
        origin = request.headers.get("origin", "")
        if not origin or not {"*", origin} & set(self._origins):
            return {}
        allowed = origin if origin in self._origins else "*"
        headers = {"access-control-allow-origin": allowed}
        headers |= {"vary": "Origin"} if allowed != "*" else {}
        headers |= {"access-control-expose-headers": self._exposed} if self._exposed else {}
        return headers | ({"access-control-allow-credentials": "true"} if self._credentials else {})


_KNOWN = (
    "allowedOrigins",
    "allowedMethods",
    "allowedHeaders",
    "exposedHeaders",
    "isAllowCredentialsEnabled",
    "maxAgeInSeconds",
)
