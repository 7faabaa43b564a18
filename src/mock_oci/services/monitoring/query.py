"""Monitoring Query Language, what of it is emulated: ``metric[interval]{dimensions}.groupBy(a,b).statistic()``.

Source: https://docs.oracle.com/iaas/Content/Monitoring/Reference/mql.htm. No arithmetic, joins or alarm predicates.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mock_oci.services.monitoring.state import DataPoint, MetricStream

_QUERY = re.compile(
    r"\s*(?P<name>[A-Za-z][A-Za-z0-9._$-]*)\s*\[(?P<interval>\w+)\]\s*(?:\{(?P<dimensions>[^}]*)\})?"
    r"(?:\.(?P<group>grouping\(\)|groupBy\([^)]*\)))?\.(?P<statistic>\w+)\((?P<argument>[\d.]*)\)\s*"
)
_CONDITION = re.compile(r'\s*([!-~]+?)\s*(=~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*')
_INTERVAL = re.compile(r"(\d{1,2})([mhd])")
_UNITS = {"m": (60, 60), "h": (3600, 24), "d": (86_400, 1)}  # seconds, and how many of them at most


@dataclass(frozen=True)
class Condition:
    """One dimension that a stream has to have; ``=~`` takes ``*`` for any text and ``|`` for either."""

    name: str
    operator: str
    value: str

    def holds(self, stream: MetricStream) -> bool:
        found = dict(stream.dimensions).get(self.name)
        if found is None:
            return False
        if self.operator == "=~":
            patterns = (re.escape(part).replace(r"\*", ".*") for part in self.value.split("|"))
            return any(re.fullmatch(pattern, found) for pattern in patterns)
        return (found == self.value) == (self.operator == "=")


@dataclass(frozen=True)
class MetricQuery:
    """``interval`` in seconds; ``group`` are the dimensions that results are kept apart by, ``None``: all of them."""

    name: str
    interval: int
    conditions: tuple[Condition, ...]
    group: tuple[str, ...] | None
    statistic: Callable[[Sequence[DataPoint]], float]

    def selects(self, stream: MetricStream) -> bool:
        """Tell whether ``stream`` is one that is asked for."""
        return stream.name == self.name and all(condition.holds(stream) for condition in self.conditions)

    def kept(self, stream: MetricStream) -> tuple[tuple[str, str], ...]:
        """Return the dimensions that the stream's results stand under."""
        if self.group is None:
            return stream.dimensions
        return tuple(pair for pair in stream.dimensions if pair[0] in self.group)


def read_query(text: str) -> MetricQuery:
    """Return the query that ``text`` is. Raises ValueError for what is wrong, or not emulated."""
    match = _QUERY.fullmatch(text)
    if match is None:
        raise ValueError('query must be metric[interval]{dimension = "value"}.groupBy(dimension).statistic()')
    group = match["group"]
    grouped = None if group is None else tuple(name.strip() for name in group[8:-1].split(",") if name.strip())
    conditions = tuple(_conditions(match["dimensions"] or ""))
    return MetricQuery(match["name"], seconds_of(match["interval"]), conditions, grouped, _statistic(match))


def seconds_of(interval: str) -> int:
    """Return the seconds of ``1m`` to ``60m``, ``1h`` to ``24h`` or ``1d``. Raises ValueError."""
    match = _INTERVAL.fullmatch(interval)
    if match is not None:
        seconds, most = _UNITS[match[2]]
        if 1 <= int(match[1]) <= most:
            return int(match[1]) * seconds
    raise ValueError("an interval must be 1m to 60m, 1h to 24h, or 1d")


def _conditions(text: str) -> list[Condition]:
    found, position = [], 0
    while position < len(text):
        match = _CONDITION.match(text, position)
        if match is None:
            raise ValueError('dimensions must be name = "value", separated by commas')
        found.append(Condition(match[1], match[2], match[3].replace('\\"', '"')))
        position = match.end() + 1  # the comma
    return found


def _statistic(match: re.Match[str]) -> Callable[[Sequence[DataPoint]], float]:
    name, argument = match["statistic"], match["argument"]
    if name == "percentile" and argument and 0 < float(argument) < 1:
        return lambda points: _percentile(points, float(argument))
    if name not in _STATISTICS or argument:
        raise ValueError(f"statistic must be one of {', '.join(_STATISTICS)}, percentile(0.5); {name} is not emulated")
    return _STATISTICS[name]


def _percentile(points: Sequence[DataPoint], share: float) -> float:
    values = sorted(value for point in points for value in [point.value] * point.count)
    return values[min(len(values) - 1, math.ceil(share * len(values)) - 1)]


def _sum(points: Sequence[DataPoint]) -> float:
    return sum(point.value * point.count for point in points)


def _count(points: Sequence[DataPoint]) -> float:
    return float(sum(point.count for point in points))


_STATISTICS: dict[str, Callable[[Sequence[DataPoint]], float]] = {
    "count": _count,
    "max": lambda points: max(point.value for point in points),
    "mean": lambda points: _sum(points) / _count(points),
    "avg": lambda points: _sum(points) / _count(points),
    "min": lambda points: min(point.value for point in points),
    "sum": _sum,
}
