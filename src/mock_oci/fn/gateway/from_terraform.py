"""A deployment and its usage plans in the words of ``oci.apigateway.models``, from what Terraform says of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]


@dataclass(frozen=True)
class GatewayDeployment:
    """``specification`` is an ApiSpecification in its JSON form; ``usage_plans``: see ``limits.UsagePlans``."""

    path_prefix: str
    specification: Mapping[str, Any]
    usage_plans: tuple[Mapping[str, Any], ...] = ()


def read_deployment(resources: Iterable[Mapping[str, Any]], function_id: str = "") -> GatewayDeployment:
    """Return the one deployment among ``resources`` of ``terraform show -json``, with the plans that are for it.

    ``function_id`` stands for what is known after apply only, in a plan. Raises ValueError where there is not one.
    """
    found = list(resources)
    values = [_values(item) for item in found if item["type"] == "oci_apigateway_deployment"]
    if len(values) != 1:
        raise ValueError(f"there must be one oci_apigateway_deployment, not {len(values)}")
    specification = _in_words(_only(values[0]["specification"]))
    for route in specification["routes"]:
        if route["backend"]["type"] == "ORACLE_FUNCTIONS_BACKEND":
            route["backend"].setdefault("functionId", function_id)
    authentication = specification.get("requestPolicies", {}).get("authentication", {})
    if authentication.get("type") == "CUSTOM_AUTHENTICATION":
        authentication.setdefault("functionId", function_id)
    plans = tuple(_plan(item, found) for item in found if item["type"] == "oci_apigateway_usage_plan")
    return GatewayDeployment(str(values[0]["path_prefix"]), specification, plans)


def _plan(plan: Mapping[str, Any], resources: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    values = _values(plan)
    subscribers = [
        {"displayName": held["display_name"], "clients": _in_words(held["clients"])}
        for held in (_values(item) for item in resources if item["type"] == "oci_apigateway_subscriber")
        if values.get("id") in (held.get("usage_plans") or ())
    ]
    entitlements = [_in_words(item) for item in values["entitlements"]]
    return {"displayName": values["display_name"], "entitlements": entitlements, "subscribers": subscribers}


def _values(resource: Mapping[str, Any]) -> Values:
    values: Values = resource["values"]
    return values


def _only(block: Any) -> Any:
    """Return the one block of a list of blocks."""
    return block[0] if isinstance(block, list) else block


def _in_words(value: Any) -> Any:
    """Write blocks as the API has them: names in camelCase, one object where a block can stand once, and no nulls."""
    if isinstance(value, list):
        return [_in_words(item) for item in value]
    if not isinstance(value, dict):
        return value
    written = {}
    for name, held in value.items():
        if not held:  # what is not set, and what is as it is by itself
            continue
        is_block = isinstance(held, list) and isinstance(held[0], dict) and name not in _MANY
        # What a map holds are a user's own names: parameters of an authorizer, tags.
        plain = isinstance(held, dict)
        written[re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)] = (
            held if plain else _in_words(_only(held) if is_block else held)
        )
    return written


# Blocks that can stand more than once.
_MANY = ("clients", "entitlements", "headers", "items", "keys", "routes", "targets", "verify_claims")
