"""API Gateway on this machine, in front of functions: what it tells them of a request, and what it lets out."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from mock_oci.doors.server import LoopbackServer
from mock_oci.fn.fdk_answer import BODY_LIMIT
from mock_oci.fn.fdk_socket import HOP_BY_HOP, breaks_line
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.gateway.authentication import Unanswered
from mock_oci.fn.gateway.backends import FunctionBackend, StockBackend
from mock_oci.fn.gateway.from_terraform import GatewayDeployment
from mock_oci.fn.gateway.issuer import LocalIssuer
from mock_oci.fn.gateway.policies import OF_ROUTES, Policies, RoutePolicies
from mock_oci.fn.gateway.routes import Route, find, prefix_route, routes_of
from mock_oci.fn.gateway.specification import part_of
from mock_oci.fn.local_function import LocalFunction
from mock_oci.identity.principals import Principal
from mock_oci.identity.tenancy import ocid
from mock_oci.operations import json_response
from mock_oci.services.functions.state import Caller, Functions
from mock_oci.wire import Request, Response

# The limits are on Oracle's page APIGateway/Reference/apigatewaylimits.htm.
_HEAD_LIMIT = 8 * 1024  # bytes of method, URI and headers
_REQUEST_LIMIT = 20 * 1024 * 1024  # bytes of a body, whatever is behind

_PREFIX = "fn-http-h-"
_ANONYMOUS = RoutePolicies({"authorization": {"type": "ANONYMOUS"}})
_PASSED = ("content-type", "fn-call-id", "opc-request-id")
_FRAMING = HOP_BY_HOP | {"content-length"}
_PEER = "127.0.0.1"  # every client of a loopback server
_AGENT = "lua-resty-http/0.14 (Lua) ngx_lua/10015"  # how the gateway names itself to a function, in the dump


class LocalGateway:
    """One deployment: ``routes`` has it all, or maps path prefixes (``/v1``) to functions, the longest one wins.

    ``answer`` is the gateway; ``start`` and ``close`` put it on ``port`` (0 = any free one) of ``host``.
    Answers are whole, as the platform's; ``live`` is what it does not do: answers in chunks are relayed as they come.
    Beside prefixes, ``policies`` and ``usage_plans`` are data, see Policies and RoutePolicies; a deployment has them.
    Verdicts, rates and quotas go by the clock of the cloud. ``issuers`` publish the keys that tokens are checked with.
    ``page`` is the path of a page of the function, which ``/`` leads to and which needs no key, as an anonymous route.
    The gateway invokes as ``principal``: deny it, and clients get the bare 500 of a missing policy.
    """

    def __init__(
        self,
        functions: LocalFunctions,
        routes: Mapping[str, LocalFunction] | GatewayDeployment,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        live: bool = False,
        policies: Mapping[str, Any] | None = None,
        usage_plans: Sequence[Mapping[str, Any]] = (),
        issuers: Sequence[LocalIssuer] = (),
        page: str | None = None,
    ) -> None:
        self._page = page
        self._functions = functions
        self._live = live
        self._server = LoopbackServer(self.answer, port, host)
        oci = functions.oci
        self._policies, self._routes = self._read(routes, policies or {}, usage_plans, issuers)
        gateway_id, tenancy = ocid("apigateway", "mock_oci", oci.region), oci.tenancy
        self.principal = Principal("ApiGateway", gateway_id, tenancy.tenancy_id, tenancy.compartment_id, "apigateway")
        self._caller = Caller(gateway_id, "resource", tenancy.tenancy_id)

    @property
    def url(self) -> str:
        """Return ``http://HOST:PORT``, without a prefix."""
        return self._server.url

    def start(self) -> Self:
        """Start the server. Raises OSError when the port is taken."""
        self._server.start()
        return self

    def close(self) -> None:
        self._server.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    def answer(self, request: Request) -> Response:
        """Return what the client gets: the function's own answer, or the gateway's small JSON when it refuses."""
        response = self._answer(request)
        shared = self._policies.cors.headers(request) if self._policies.cors else {}
        return replace(response, headers={**response.headers, **shared})

    def _answer(self, request: Request) -> Response:
        status = _refused_status(request)
        path = request.path
        if self._page is not None and status is None and (request.method, path) == ("GET", "/"):
            return Response(302, {"location": self._page})
        if status is not None:
            return _error(status)
        route, is_known = find(self._routes, request)
        if not is_known:
            return _error(404)
        preflight = self._policies.cors and self._policies.cors.preflight(request)
        if preflight:
            return preflight
        return self._admitted(request, route) if route is not None else _error(405)

    def _admitted(self, request: Request, route: Route) -> Response:
        try:
            is_page = self._page is not None and f"{request.path}/".startswith(f"{self._page}/")
            policies = _ANONYMOUS if is_page else route.policies
            verdict = self._policies.authenticate(request, self._ask, policies)
        except Unanswered as failure:
            return _error(failure.status)
        if not verdict.active:
            return _error(401, {"www-authenticate": verdict.challenge} if verdict.challenge else None)
        refusal = self._policies.limit(request, verdict.context)
        if refusal is not None:
            wait = {} if refusal.retry_after is None else {"retry-after": str(refusal.retry_after)}
            return _error(refusal.status, wait)
        if isinstance(route.backend, StockBackend):
            return Response(route.backend.status, route.backend.headers, route.backend.body.encode())
        if len(request.body) > BODY_LIMIT:
            return _error(413)
        seen = route.policies.transformations.apply(request, verdict.context)
        return client_response(self._invoked(route.backend.function_id, seen))

    def _read(
        self,
        routes: Mapping[str, LocalFunction] | GatewayDeployment,
        policies: Mapping[str, Any],
        usage_plans: Sequence[Mapping[str, Any]],
        issuers: Sequence[LocalIssuer],
    ) -> tuple[Policies, tuple[Route, ...]]:
        """Return the policies and the routes. Raises ValueError for what is not emulated."""
        published = {issuer.uri: issuer for issuer in issuers}
        if isinstance(routes, GatewayDeployment):
            if policies or usage_plans:
                raise ValueError("a deployment has its own policies and usage plans")
            whole = part_of(routes.specification, "a deployment", "requestPolicies", "loggingPolicies", "routes")
            found = routes_of(whole, routes.path_prefix)
            policies, usage_plans = whole.get("requestPolicies") or {}, routes.usage_plans
        else:
            of_routes = RoutePolicies({name: policies[name] for name in OF_ROUTES if name in policies})
            policies = {name: value for name, value in policies.items() if name not in OF_ROUTES}
            backends = {prefix: FunctionBackend(function.id) for prefix, function in routes.items()}
            found = tuple(prefix_route(prefix, backend, of_routes) for prefix, backend in backends.items())
        read = Policies(policies, usage_plans, self._functions.oci.clock, published)
        for route in found:
            read.check_route(route.policies)
        return read, found

    def _invoked(self, function_id: str, request: Request) -> Response:
        if not self._may_invoke(function_id):
            return Response(500)
        return self._functions.invoke(
            function_id,
            request.body,
            function_headers(request),
            intent="httprequest",
            caller=self._caller,
            live=self._live,
        )

    def _ask(self, function_id: str, question: bytes) -> Response:
        """Invoke an authorizer: a plain call, whose status of its own the platform does not show."""
        if not self._may_invoke(function_id):
            return Response(404)
        headers = {"content-type": "application/json"}
        return self._functions.invoke(function_id, question, headers, caller=self._caller)

    def _may_invoke(self, function_id: str) -> bool:
        return self._functions.oci.state_of(Functions).may_invoke(self.principal, function_id)


def function_headers(request: Request) -> dict[str, str]:
    """Return what a function behind the gateway gets as headers for ``request``, lower-case names.

    As in the dump of oracle-functions-samples, oci-apigw-display-httprequest-info-python/README.md: every
    header of the client with a prefix, the content type without it too, and the gateway's own.
    """
    client = {name: value for name, value in request.headers.items() if name not in HOP_BY_HOP}
    content_type = client.get("content-type", "application/octet-stream")
    hops = [client["x-forwarded-for"]] if "x-forwarded-for" in client else []
    http_headers = {
        **client,
        "content-type": content_type,
        "forwarded": f"for={_PEER}",
        "x-forwarded-for": ", ".join([*hops, _PEER]),
        "x-real-ip": _PEER,
    }
    return {
        **{f"{_PREFIX}{name}": value for name, value in http_headers.items()},
        "fn-http-method": request.method,
        "fn-http-request-url": request.target,
        "content-type": content_type,
        "date": formatdate(usegmt=True),
        "user-agent": _AGENT,
        "x-content-sha256": base64.b64encode(hashlib.sha256(request.body).digest()).decode(),
    }


def client_response(platform: Response) -> Response:
    """Make the client's response of the platform's answer (fnproject/fn, api/server/runner_httptrigger.go).

    Of the platform's errors only the status gets out: what the function may have said is lost.
    """
    request_ids = {name: platform.headers[name] for name in _PASSED[1:] if name in platform.headers}
    if platform.status >= 400:
        return _error(platform.status, request_ids)
    status = platform.headers.get("fn-http-status", "200")
    if not (status.isascii() and status.isdigit() and 200 <= int(status) <= 599):
        platform.close()
        return _error(502, request_ids)
    passed = {name: value for name, value in platform.headers.items() if name in _PASSED}
    names = {name.removeprefix(_PREFIX): name for name in platform.headers if name.startswith(_PREFIX)}
    own = {name: platform.headers[prefixed] for name, prefixed in names.items() if name and name not in _FRAMING}
    return Response(int(status), {**passed, **own}, platform.body)


def _refused_status(request: Request) -> int | None:
    fields = [request.method, request.target, *request.headers, *request.headers.values()]
    if any(breaks_line(text) for text in fields):
        return 400
    separators = 4 * len(request.headers)  # ": " and the line's end
    if sum(map(len, fields)) + separators > _HEAD_LIMIT:
        return 431
    return 413 if len(request.body) > _REQUEST_LIMIT else None


def _error(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Answer in the gateway's own words. Their exact shape for a failed function is not documented.

    (verify: gateway-error)
    """
    return json_response(status, {"code": status, "message": HTTPStatus(status).phrase}, headers)
