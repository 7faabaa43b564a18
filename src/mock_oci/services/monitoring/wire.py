"""Custom metrics on the wire: PostMetricData and SummarizeMetricsData. Client: oci.monitoring.MonitoringClient."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from mock_oci.operations import Call, Operation, Refused, json_response, oci_error, refusing
from mock_oci.services.monitoring.posting import read_metric
from mock_oci.services.monitoring.query import MetricQuery, read_query, seconds_of
from mock_oci.services.monitoring.state import CustomMetrics, DataPoint, MetricStream
from mock_oci.services.oci_surface import invalid, object_in, permitted, seconds_in, text_in, timestamp
from mock_oci.services.shapes import Mismatch
from mock_oci.services.throttles import throttle
from mock_oci.wire import Body, Response

# All of oci.monitoring.MonitoringClient's docstrings: post_metric_data, summarize_metrics_data.
MAX_STREAMS = 50
_MAX_RESULTS = 100_000
_DEFAULT_SPAN = 3 * 3600.0
_QUERY_HOST = re.compile(r"telemetry\.[a-z0-9-]+\.(oci\.)?oracle.*", re.IGNORECASE)


def post_metric_data(call: Call) -> Response:
    if _QUERY_HOST.match(call.request.headers.get("host", "")):
        raise Refused(oci_error(404, "PostMetricData is at telemetry-ingestion, not at telemetry", "NotFound"))
    metrics, now = call.cloud.state_of(CustomMetrics), call.cloud.clock()
    throttle(call, "monitoring.post_metric_data")
    body = object_in(call.request.body)
    atomic = body.get("batchAtomicity", "NON_ATOMIC")
    if atomic not in ("ATOMIC", "NON_ATOMIC"):
        raise invalid("batchAtomicity must be one of ATOMIC, NON_ATOMIC")
    taken, failed = _read(_items(body), now)
    if failed and (atomic == "ATOMIC" or not taken):
        raise invalid(f"metricData: {failed[0]['message']}")
    for stream, _, _ in taken:
        permitted(call, stream.compartment_id, target={"target.metrics.namespace": (stream.namespace,)})
    if len({stream for stream, _, _ in taken}) > MAX_STREAMS:
        raise invalid(f"metricData must have at most {MAX_STREAMS} unique metric streams")
    for stream, points, metadata in taken:
        metrics.add(stream, points, metadata)
    return json_response(200, {"failedMetricsCount": len(failed), "failedMetrics": failed})


def summarize_metrics_data(call: Call) -> Response:
    throttle(call, "monitoring.summarize_metrics_data")
    compartment_id = text_in(call.request.query, "compartmentId")
    body = object_in(call.request.body)
    namespace, group = text_in(body, "namespace"), body.get("resourceGroup")
    permitted(call, compartment_id, target={"target.metrics.namespace": (namespace,)})
    query, steps = _asked(call, body)
    found: dict[tuple[tuple[str, str], ...], list[tuple[MetricStream, list[DataPoint]]]] = defaultdict(list)
    for stream, points in call.cloud.state_of(CustomMetrics).streams().items():
        same = (stream.namespace, stream.resource_group, stream.compartment_id) == (namespace, group, compartment_id)
        if same and query.selects(stream):
            found[query.kept(stream)].append((stream, points))
    rows = [_row(call, query, dimensions, streams, steps) for dimensions, streams in found.items()]
    return json_response(200, [row for row in rows if row["aggregatedDatapoints"]])


def _items(body: Body) -> list[Any]:
    items = body.get("metricData")
    if not isinstance(items, list) or not items:
        raise invalid("metricData must be a non-empty array", "MissingParameter" if not items else "InvalidParameter")
    return items


def _read(items: list[Any], now: float) -> tuple[list[tuple[MetricStream, list[DataPoint], Any]], list[Body]]:
    taken, failed = [], []
    for item in items:
        try:
            taken.append(read_metric(item, now))
        except Mismatch as mismatch:
            failed.append({"message": str(mismatch), "metricData": item})
    return taken, failed


def _asked(call: Call, body: Body) -> tuple[MetricQuery, range]:
    """Return the query, and the beginnings of the windows that it aggregates, in Unix seconds. Raises Refused."""
    now = call.cloud.clock()
    end = seconds_in(body, "endTime") if body.get("endTime") else now
    start = seconds_in(body, "startTime") if body.get("startTime") else now - _DEFAULT_SPAN
    try:
        query = read_query(text_in(body, "query"))
        resolution = seconds_of(body.get("resolution") or "1m")
    except (ValueError, TypeError) as error:
        raise invalid(str(error)) from error
    if resolution > query.interval:
        raise invalid("resolution must be equal to or less than the interval of the query")
    steps = range(int(start // resolution) * resolution, int(end) + 1, resolution)
    if start >= end or len(steps) > _MAX_RESULTS:
        raise invalid("startTime must be before endTime, by less than 100,000 data points")
    return query, steps


def _row(
    call: Call,
    query: MetricQuery,
    dimensions: tuple[tuple[str, str], ...],
    streams: list[tuple[MetricStream, list[DataPoint]]],
    steps: range,
) -> Body:
    """Write results as oci.monitoring.models.MetricData has them; a window stands under its beginning.

    That is unverified (verify: metric-window).
    """
    first = streams[0][0]
    windows: dict[int, list[DataPoint]] = defaultdict(list)
    for point in (point for _, points in streams for point in points):
        last = int(point.time // steps.step) * steps.step
        for begin in range(last, last - query.interval, -steps.step):
            windows[begin].append(point)
    aggregated = [
        {"timestamp": timestamp(begin), "value": query.statistic(windows[begin])} for begin in steps if begin in windows
    ]
    return {
        "namespace": first.namespace,
        "resourceGroup": first.resource_group,
        "compartmentId": first.compartment_id,
        "name": first.name,
        "dimensions": dict(dimensions),
        "metadata": dict(call.cloud.state_of(CustomMetrics).metadata(first)),
        "resolution": None,
        "aggregatedDatapoints": aggregated,
    }


OPERATIONS = (
    Operation("POST", "/20180401/metrics", refusing(post_metric_data)),
    Operation("POST", "/20180401/metrics/actions/summarizeMetricsData", refusing(summarize_metrics_data)),
)
