"""The data points that were posted, by metric stream."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from mock_oci.cloud import Cloud

_MAX_POINTS = 100_000  # of a stream; the oldest go first


@dataclass(frozen=True)
class MetricStream:
    """What identifies a metric stream; ``dimensions`` are pairs, sorted."""

    namespace: str
    resource_group: str | None
    compartment_id: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DataPoint:
    """``time`` in Unix seconds; ``value`` came ``count`` times."""

    time: float
    value: float
    count: int = 1


class CustomMetrics:
    """The custom metrics of one tenancy in one region. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        del cloud
        self._lock = threading.Lock()
        self._points: dict[MetricStream, deque[DataPoint]] = {}
        self._metadata: dict[MetricStream, Mapping[str, str]] = {}

    def add(self, stream: MetricStream, points: list[DataPoint], metadata: Mapping[str, str]) -> None:
        """Keep data points of a stream, and what describes it."""
        with self._lock:
            self._points.setdefault(stream, deque(maxlen=_MAX_POINTS)).extend(points)
            self._metadata[stream] = metadata

    def streams(self) -> dict[MetricStream, list[DataPoint]]:
        """Return every stream with its points, in the order that they came."""
        with self._lock:
            return {stream: list(points) for stream, points in self._points.items()}

    def metadata(self, stream: MetricStream) -> Mapping[str, str]:
        """Return what describes a stream, such as its unit."""
        with self._lock:
            return self._metadata.get(stream, {})

    def values(self, name: str, **dimensions: str) -> list[float]:
        """Return every value of a metric, over all streams with these dimensions, oldest stream first: for tests."""
        wanted = dimensions.items()
        return [
            point.value
            for stream, points in self.streams().items()
            if stream.name == name and wanted <= dict(stream.dimensions).items()
            for point in points
        ]
