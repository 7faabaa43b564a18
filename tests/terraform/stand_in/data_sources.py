"""The data sources in use: their arguments, and what the stand-in answers for a tenancy of two regions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_STRING: Final = {"type": "string", "use": "computed"}
_FILTER: Final = {
    "nesting": "set",
    "attributes": {
        "name": {"type": "string", "use": "required"},
        "values": {"type": ["list", "string"], "use": "required"},
        "regex": {"type": "bool", "use": "optional"},
    },
    "blocks": {},
}


def _objects(**attributes: str) -> dict[str, Any]:
    return {"type": ["list", ["object", attributes]], "use": "computed"}


def _one(config: Mapping[str, Any]) -> dict[str, Any]:
    del config
    return {"namespace": "standin"}


def _services(config: Mapping[str, Any]) -> dict[str, Any]:
    return {"services": _filtered(_SERVICES, config)}


def _regions(config: Mapping[str, Any]) -> dict[str, Any]:
    return {"regions": _filtered(_REGIONS, config)}


def _subscriptions(config: Mapping[str, Any]) -> dict[str, Any]:
    return {"region_subscriptions": _filtered(_SUBSCRIPTIONS, config)}


def filtered(type_name: str, rows: list[dict[str, Any]], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a data source gives: the rows that fit, with the attributes that it has."""
    [(name, listed)] = [
        item for item in DATA_SOURCES[type_name]["attributes"].items() if isinstance(item[1]["type"], list)
    ]
    columns = listed["type"][1][1]
    known = tuple({column: row.get(column) for column in columns} for row in rows)
    return {name: _filtered(known, config)}


def _filtered(rows: tuple[dict[str, Any], ...], config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As every list of Oracle's provider does it: a row has to fit all filters."""
    return [row for row in rows if all(_fits(row, one) for one in config.get("filter") or [])]


def _fits(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    value = row.get(wanted["name"])
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if wanted.get("regex"):
        return any(re.search(pattern, text) for pattern in wanted["values"])
    return text in wanted["values"]


_REGIONS: Final = ({"key": "ORD", "name": "us-chicago-1"}, {"key": "FRA", "name": "eu-frankfurt-1"})

_SUBSCRIPTIONS: Final = tuple(
    {
        "is_home_region": region["key"] == "FRA",
        "region_key": region["key"],
        "region_name": region["name"],
        "state": "READY",
    }
    for region in _REGIONS
)

_SERVICES: Final = tuple(
    {
        "cidr_block": cidr,
        "description": name,
        "id": f"ocid1.service.oc1.ord.{cidr.partition('-')[0]}",
        "name": name,
    }
    for cidr, name in (
        ("all-ord-services-in-oracle-services-network", "All ORD Services In Oracle Services Network"),
        ("oci-ord-objectstorage", "OCI ORD Object Storage"),
    )
)

DATA_SOURCES: Final[Mapping[str, Mapping[str, Any]]] = {
    "oci_core_services": {
        "attributes": {
            "id": _STRING,
            "services": _objects(cidr_block="string", description="string", id="string", name="string"),
        },
        "blocks": {"filter": _FILTER},
    },
    "oci_identity_region_subscriptions": {
        "attributes": {
            "id": _STRING,
            "tenancy_id": {"type": "string", "use": "required"},
            "region_subscriptions": _objects(
                is_home_region="bool", region_key="string", region_name="string", state="string"
            ),
        },
        "blocks": {"filter": _FILTER},
    },
    "oci_identity_regions": {
        "attributes": {"id": _STRING, "regions": _objects(key="string", name="string")},
        "blocks": {"filter": _FILTER},
    },
    "oci_objectstorage_namespace": {
        "attributes": {"id": _STRING, "compartment_id": {"type": "string", "use": "optional"}, "namespace": _STRING},
        "blocks": {},
    },
}

ANSWERS: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "oci_core_services": _services,
    "oci_identity_region_subscriptions": _subscriptions,
    "oci_identity_regions": _regions,
    "oci_objectstorage_namespace": _one,
}
