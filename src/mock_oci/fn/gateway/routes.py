"""The routes of a deployment: which one a request is for, and what stands behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mock_oci.fn.gateway.backends import Backend, backend_of
from mock_oci.fn.gateway.policies import RoutePolicies
from mock_oci.fn.gateway.specification import part_of
from mock_oci.wire import Request

_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(\*?)\}")
METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


@dataclass(frozen=True)
class Route:
    """``pattern`` is of the whole path, with the deployment's prefix; no ``methods``: any."""

    path: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    backend: Backend
    policies: RoutePolicies

    @property
    def rank(self) -> tuple[int, int]:
        """Return how exact it is: fewer parameters first, longer paths before shorter ones."""
        return len(_PARAMETER.findall(self.path)), -len(self.path)

    def takes(self, method: str) -> bool:
        return not self.methods or method in self.methods


def prefix_route(prefix: str, backend: Backend, policies: RoutePolicies) -> Route:
    """Return a route of everything below ``prefix``, for any method: no deployment of OCI's has one."""
    below = re.compile(re.escape(prefix.rstrip("/")) + "(/.*)?")
    return Route(prefix, below, frozenset(), backend, policies)


def routes_of(specification: Mapping[str, Any], path_prefix: str) -> tuple[Route, ...]:
    """Return the routes of an ApiSpecification in its JSON form. Raises ValueError for what is not emulated."""
    return tuple(_route(item, path_prefix) for item in specification["routes"])


def find(routes: Sequence[Route], request: Request) -> tuple[Route | None, bool]:
    """Return the most exact route that the path fits and that takes the method, and whether any fits the path."""
    fitting = sorted((route for route in routes if route.pattern.fullmatch(request.path)), key=lambda item: item.rank)
    return next((route for route in fitting if route.takes(request.method)), None), bool(fitting)


def _route(item: Mapping[str, Any], path_prefix: str) -> Route:
    part_of(item, "a route", "path", "methods", "backend", "requestPolicies", "loggingPolicies")
    path, methods = str(item["path"]), frozenset(item.get("methods") or ["ANY"])
    if not path.startswith("/") or not methods <= set(METHODS):
        raise ValueError(f"a route must have a path that begins with a slash, and methods of {', '.join(METHODS)}")
    whole = path_prefix.rstrip("/") + path
    policies = RoutePolicies(item.get("requestPolicies"))
    taken = frozenset() if "ANY" in methods else methods
    return Route(whole, _pattern(whole), taken, backend_of(item["backend"]), policies)


def _pattern(path: str) -> re.Pattern[str]:
    """Return what a path is matched with: {name} is one segment, {name*} one or more (docs: apigatewaycreatingspec)."""
    plain = _PARAMETER.split(path)  # text, name, star, text, …
    pieces = [re.escape(plain[0])]
    for index in range(1, len(plain), 3):
        pieces.append("(.+)" if plain[index + 1] else "([^/]+)")
        pieces.append(re.escape(plain[index + 2]))
    if any("{" in text for text in plain[0::3]):
        raise ValueError(f"the path {path!r} has a parameter that is none")
    return re.compile("".join(pieces))
