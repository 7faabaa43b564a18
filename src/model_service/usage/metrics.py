"""Custom metrics in OCI Monitoring: added up in the container, and sent once in a while, at the end of a call.

A container freezes after its answer, so nothing can be sent later than that. Limits of PostMetricData: 50 streams in a
request, 50 requests a second for a tenancy (``monitoring_client.py`` of the OCI SDK): one for each call is too many.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from threading import Lock
from typing import Any, Final

from model_service.errors import ModelServiceError
from model_service.fn.caller import NOWHERE, Origin
from model_service.fn.invocation import Deadline
from model_service.logs import log

PATH: Final = "/20180401/metrics"
MAX_STREAMS: Final = 50  # of one PostMetricData
MAX_KEPT: Final = 500  # streams that are added up between two sendings; further ones are lost, and counted in the log
SEND_SECONDS: Final = 60.0
TRY_SECONDS: Final = 2.0  # for a sending: a caller waits for it
UNKNOWN: Final = "none"  # a dimension must not be empty

Send = Callable[[str, Mapping[str, Any], Deadline], Mapping[str, Any]]
"""Post a JSON object to a path of the ingestion host, and return the answer."""


@dataclass
class Datapoint:
    """The sum of a metric since it was last sent, and of how many values."""

    total: float = 0.0
    count: int = 0


@dataclass
class Metrics:
    """What is measured for one namespace and compartment. Threads share it."""

    namespace: str
    compartment_id: str
    send: Send
    clock: Callable[[], float] = time.monotonic
    _points: dict[tuple[str, tuple[tuple[str, str], ...]], Datapoint] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _next: float = 0.0
    _lost: int = 0

    def __post_init__(self) -> None:
        self._next = self.clock() + SEND_SECONDS

    def add(self, line: Mapping[str, Any], _origin: Origin = NOWHERE) -> None:
        """Add the values of a usage record, and send what has come together, if it is time; never raise."""
        dimensions = tuple((name, str(line.get(name) or UNKNOWN)[:512]) for name in DIMENSIONS)
        with self._lock:
            for name, read in METRICS.items():
                value = read(line)
                if value is not None:
                    self._note((name, dimensions), value)
            if self.clock() < self._next:
                return
            points, self._points, lost, self._lost = self._points, {}, self._lost, 0
            self._next = self.clock() + SEND_SECONDS
        self._send(points, lost)

    def _note(self, key: tuple[str, tuple[tuple[str, str], ...]], value: float) -> None:
        if key not in self._points and len(self._points) >= MAX_KEPT:
            self._lost += 1
            return
        point = self._points.setdefault(key, Datapoint())
        point.total += value
        point.count += 1

    def _send(self, points: Mapping[tuple[str, tuple[tuple[str, str], ...]], Datapoint], lost: int) -> None:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        streams = iter(
            {
                "namespace": self.namespace,
                "compartmentId": self.compartment_id,
                "name": name,
                "dimensions": dict(dimensions),
                "datapoints": [{"timestamp": moment, "value": point.total, "count": point.count}],
            }
            for (name, dimensions), point in points.items()
        )
        try:
            while batch := list(islice(streams, MAX_STREAMS)):
                answer = self.send(
                    PATH, {"metricData": batch, "batchAtomicity": "NON_ATOMIC"}, Deadline.after(TRY_SECONDS)
                )
                lost += int(answer.get("failedMetricsCount") or 0)
        except ModelServiceError as error:
            log.write("metrics_lost", error=error.code, status=error.status, streams=len(points))
            return
        if lost:
            log.write("metrics_lost", error=None, status=200, streams=lost)


def _tokens(name: str) -> Callable[[Mapping[str, Any]], float | None]:
    return lambda line: float((line.get("tokens") or {}).get(name) or 0)


DIMENSIONS: Final = ("caller", "team", "model", "operation")

METRICS: Final[Mapping[str, Callable[[Mapping[str, Any]], float | None]]] = {
    "Calls": lambda _: 1.0,
    "Errors": lambda line: 1.0 if line.get("error") else None,
    "InputTokens": _tokens("input"),
    "OutputTokens": _tokens("output"),
    "Cost": lambda line: line.get("cost"),
    "FirstTokenMilliseconds": lambda line: line.get("first_token_ms"),
    "CallMilliseconds": lambda line: line.get("total_ms"),
}
