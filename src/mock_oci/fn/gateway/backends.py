"""What stands behind a route: a function, or a response that is always the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_oci.fn.gateway.specification import choice_in, part_of

KINDS = ("ORACLE_FUNCTIONS_BACKEND", "STOCK_RESPONSE_BACKEND")


@dataclass(frozen=True)
class FunctionBackend:
    """A function, by its OCID; the gateway has no timeout of its own for it (oci.apigateway.models)."""

    function_id: str


@dataclass(frozen=True)
class StockBackend:
    """A response that is always the same."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


Backend = FunctionBackend | StockBackend


def backend_of(specification: Mapping[str, Any]) -> Backend:
    """Return an ApiSpecificationRouteBackend in its JSON form. Raises ValueError for a kind that is not emulated."""
    kind = choice_in(specification, "type", KINDS)
    if kind == "ORACLE_FUNCTIONS_BACKEND":
        part_of(specification, kind, "type", "functionId")
        return FunctionBackend(str(specification["functionId"]))
    part_of(specification, kind, "type", "status", "body", "headers")
    headers = {str(item["name"]).lower(): str(item["value"]) for item in specification.get("headers") or ()}
    return StockBackend(int(specification["status"]), str(specification.get("body") or ""), headers)
