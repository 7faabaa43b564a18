"""ListMetrics: which metrics there are, each with its dimensions, or grouped by namespace, name or resource group."""

from __future__ import annotations

from typing import Any

from mock_oci.operations import Call, Operation, json_response, refusing
from mock_oci.services.monitoring.state import CustomMetrics, MetricStream
from mock_oci.services.oci_surface import invalid, object_in, page_of, permitted, text_in
from mock_oci.services.throttles import throttle
from mock_oci.wire import Body, Response

_GROUPED = ("namespace", "name", "resourceGroup")
_SORTED = {"NAMESPACE": "namespace", "NAME": "name", "RESOURCEGROUP": "resourceGroup"}


def list_metrics(call: Call) -> Response:
    """Answer a page of oci.monitoring.models.Metric. Raises Refused."""
    throttle(call, "monitoring.list_metrics")
    query, body = call.request.query, object_in(call.request.body)
    compartment_id = text_in(query, "compartmentId")
    permitted(call, compartment_id)
    groups = body.get("groupBy") or []
    unknown = [name for name in groups if name not in _GROUPED]
    if unknown:
        raise invalid(f"groupBy must be of {', '.join(_GROUPED)}")
    streams = call.cloud.state_of(CustomMetrics).streams()
    rows = [_metric(stream) for stream in streams if stream.compartment_id == compartment_id and _wanted(stream, body)]
    if groups:
        rows = _grouped(rows, groups)
    if body.get("sortBy"):
        name = _SORTED[body["sortBy"]]
        rows.sort(key=lambda row: str(row.get(name) or ""), reverse=body.get("sortOrder") == "DESC")
    page, headers = page_of(rows, query)
    return json_response(200, page, headers)


def _metric(stream: MetricStream) -> Body:
    return {
        "namespace": stream.namespace,
        "name": stream.name,
        "resourceGroup": stream.resource_group,
        "compartmentId": stream.compartment_id,
        "dimensions": dict(stream.dimensions),
    }


def _wanted(stream: MetricStream, body: Body) -> bool:
    asked = {"name": stream.name, "namespace": stream.namespace, "resourceGroup": stream.resource_group}
    # "If groupBy is used, then dimensionFilters is ignored" (ListMetricsDetails.group_by).
    filters: dict[str, Any] = {} if body.get("groupBy") else body.get("dimensionFilters") or {}
    named = all(body.get(name) in (None, value) for name, value in asked.items())
    return named and filters.items() <= dict(stream.dimensions).items()


def _grouped(rows: list[Body], groups: list[str]) -> list[Body]:
    """Return one row for each combination of these fields, and nothing else in it."""
    found = {tuple(row[name] for name in groups): {name: row[name] for name in groups} for row in rows}
    return list(found.values())


OPERATIONS = (Operation("POST", "/20180401/metrics/actions/listMetrics", refusing(list_metrics)),)
