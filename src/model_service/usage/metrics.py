"""Custom metrics in OCI Monitoring: added up in the container, and sent at intervals at the end of a call.

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
from model_service.fn.caller import Origin
from model_service.fn.invocation import Deadline
from model_service.logs import log

PATH: Final = "/20180401/metrics"
MAX_STREAMS: Final = 50  # of one PostMetricData
MAX_KEPT: Final = 500  # streams that are added up between two sendings; further ones are lost, and counted in the log
SEND_SECONDS: Final = 60.0
SOON_SECONDS: Final = 10.0  # the same after something that an alarm waits for
TRY_SECONDS: Final = 2.0  # for a sending: a caller waits for it
MIN_SECONDS: Final = 0.2  # that must be left to a call, else its metrics wait for the next one
UNKNOWN: Final = "none"  # a dimension must not be empty

Send = Callable[[str, Mapping[str, Any], Deadline], Mapping[str, Any]]
"""Posts a JSON object to a path of the ingestion host and returns the answer."""


ReadValue = Callable[[Mapping[str, Any]], float | None]
"""Reads a value from a log line; ``None`` if the line has none."""


@dataclass
class Datapoint:
    """The sum and the number of values of a metric since it was last sent."""

    total: float = 0.0
    count: int = 0


@dataclass
class Metrics:
    """The metrics of one namespace and compartment. Thread-safe."""

    namespace: str
    compartment_id: str
    send: Send
    clock: Callable[[], float] = time.monotonic
    _points: dict[tuple[str, tuple[tuple[str, str], ...]], Datapoint] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _next: float = 0.0
    _sent: float = 0.0
    _lost: int = 0

    def __post_init__(self) -> None:
        self._sent = self.clock()
        self._next = self._sent + SEND_SECONDS

    def add(self, line: Mapping[str, Any], _origin: Origin, deadline: Deadline) -> None:
        """Add the values of a usage record, and send the metrics if they are due; never raise."""
        self._note_all(line, METRICS)
        self.send_due(deadline)

    def hear(self, event: str, line: Mapping[str, Any]) -> None:
        """Add the values of a log line for which an alarm may exist; these are sent earlier than the others."""
        read = EVENTS.get(event)
        if read is not None and self._note_all(line, read):
            self._next = min(self._next, self._sent + SOON_SECONDS)

    def send_due(self, deadline: Deadline) -> None:
        """Send the metrics if they are due and the deadline leaves time; never raise."""
        seconds = min(TRY_SECONDS, deadline.remaining - deadline.margin)
        with self._lock:
            if self.clock() < self._next or seconds < MIN_SECONDS:
                return
            points, self._points, lost, self._lost = self._points, {}, self._lost, 0
            self._sent = self.clock()
            self._next = self._sent + SEND_SECONDS
        self._send(points, lost, deadline.within(seconds))

    def _note_all(self, line: Mapping[str, Any], metrics: Mapping[str, ReadValue]) -> bool:
        """Add the values of a line; return whether it has any."""
        names = DIMENSIONS if "alias" not in line else (*DIMENSIONS, *OF_TARGETS)
        dimensions = tuple((name, str(line.get(name) or UNKNOWN)[:512]) for name in names)
        values = {name: value for name, read in metrics.items() if (value := read(line)) is not None}
        with self._lock:
            for name, value in values.items():
                self._note((name, dimensions), value)
        return bool(values)

    def _note(self, key: tuple[str, tuple[tuple[str, str], ...]], value: float) -> None:
        if key not in self._points and len(self._points) >= MAX_KEPT:
            self._lost += 1
            return
        point = self._points.setdefault(key, Datapoint())
        point.total += value
        point.count += 1

    def _send(
        self, points: Mapping[tuple[str, tuple[tuple[str, str], ...]], Datapoint], lost: int, deadline: Deadline
    ) -> None:
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
                answer = self.send(PATH, {"metricData": batch, "batchAtomicity": "NON_ATOMIC"}, deadline)
                lost += int(answer.get("failedMetricsCount") or 0)
        except ModelServiceError as error:
            log.write("metrics_lost", error=error.code, status=error.status, streams=len(points))
            return
        if lost:
            log.write("metrics_lost", error=None, status=200, streams=lost)


def _one(_line: Mapping[str, Any]) -> float:
    return 1.0


def _tokens(name: str) -> ReadValue:
    return lambda line: float((line.get("tokens") or {}).get(name) or 0)


DIMENSIONS: Final = ("caller", "team", "model", "operation")
OF_TARGETS: Final = ("alias", "target")  # besides, where an alias has targets

METRICS: Final[Mapping[str, ReadValue]] = {
    "Calls": _one,
    "Errors": lambda line: 1.0 if line.get("error") else None,
    "InputTokens": _tokens("input"),
    "OutputTokens": _tokens("output"),
    "Cost": lambda line: line.get("cost"),
    "FirstTokenMilliseconds": lambda line: line.get("first_token_ms"),
    "CallMilliseconds": lambda line: line.get("total_ms"),
    "Tries": lambda line: line.get("tries") if "alias" in line else None,
}

# By the event of a line. docs/callers.md says which of them are worth an alarm, and terraform/alarms.tf makes them.
EVENTS: Final[Mapping[str, Mapping[str, ReadValue]]] = {
    "budget_refused": {"BudgetRefusals": _one},
    "budget_soft": {"BudgetWarnings": _one},
    "config_stale": {"ConfigStale": _one},
    "counter_unavailable": {"CounterUnavailable": _one},
    "dead_letter": {"DeadLetters": _one},
    "dead_letter_lost": {"DeadLettersLost": _one},
    "target_failed": {"TargetFailures": _one},
    "target_kept_away": {"TargetsKeptAway": _one},
    "tries_used_up": {"TriesUsedUp": _one},
    "record_left": {"RecordTroubles": _one},
    "batch": {"RecordsLeft": lambda line: float(line.get("left", 0) + line.get("unrecorded", 0)) or None},
}
