"""What PostMetricData takes: the limits of one metric object, as oci.monitoring.models.MetricDataDetails words them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mock_oci.services.monitoring.state import DataPoint, MetricStream
from mock_oci.services.shapes import Mismatch, each, mapped, number, record, text, whole

MAX_PAST_SECONDS = 2 * 3600.0
MAX_FUTURE_SECONDS = 10 * 60.0
MAX_DIMENSIONS = 20
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._$-]*")
_NAMESPACE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_RESERVED = ("oci_", "oracle_")
_KEY = re.compile(r"[!-~]{1,256}")

_OBJECT = record(
    {
        "namespace": text,
        "resourceGroup": text,
        "compartmentId": text,
        "name": text,
        "dimensions": mapped(text),
        "metadata": mapped(text),
        "datapoints": each(
            record({"timestamp": text, "value": number(), "count": whole(1)}, required=("timestamp", "value"))
        ),
    },
    required=("namespace", "compartmentId", "name", "dimensions", "datapoints"),
)


def read_metric(value: Any, now: float) -> tuple[MetricStream, list[DataPoint], Mapping[str, str]]:
    """Return the stream, its points and its metadata. Raises Mismatch with what is wrong."""
    _OBJECT(value, "metricData")
    _check_names(value)
    dimensions, metadata = value["dimensions"], value.get("metadata") or {}
    _check_dimensions(dimensions)
    if any(len(part) > 256 for pair in metadata.items() for part in pair):
        raise Mismatch("metadata", "", "has keys and values of at most 256 characters")
    if not value["datapoints"]:
        raise Mismatch("datapoints", "", "must have at least one item")
    points = [_point(item, now) for item in value["datapoints"]]
    group, pairs = value.get("resourceGroup"), tuple(sorted(dimensions.items()))
    return MetricStream(value["namespace"], group, value["compartmentId"], value["name"], pairs), points, metadata


def _check_names(value: Mapping[str, Any]) -> None:
    if not _NAMESPACE.fullmatch(value["namespace"]) or value["namespace"].lower().startswith(_RESERVED):
        raise Mismatch(
            "namespace", "", "must begin with a letter, have letters, digits and _ only, and not be reserved"
        )
    group = value.get("resourceGroup")
    for where, name in (("name", value["name"]), *([("resourceGroup", group)] if group is not None else [])):
        if not _NAME.fullmatch(name):
            raise Mismatch(where, "", "must begin with a letter and have letters, digits and ._-$ only")


def _check_dimensions(dimensions: Mapping[str, str]) -> None:
    if not 1 <= len(dimensions) <= MAX_DIMENSIONS:
        raise Mismatch("dimensions", "", f"must have 1 to {MAX_DIMENSIONS} items")
    for name, value in dimensions.items():
        if not _KEY.fullmatch(name) or not 1 <= len(value) <= 512:
            raise Mismatch(
                f"dimensions.{name}", "", "must be 1 to 512 characters, under printable ASCII of at most 256"
            )


def _point(item: Mapping[str, Any], now: float) -> DataPoint:
    try:
        moment = datetime.fromisoformat(item["timestamp"])
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise Mismatch("timestamp", "an RFC 3339 timestamp") from error
    if not now - MAX_PAST_SECONDS < seconds < now + MAX_FUTURE_SECONDS:
        raise Mismatch("timestamp", "", "must be less than 2 hours in the past and 10 minutes in the future")
    return DataPoint(seconds, float(item["value"]), item.get("count") or 1)
