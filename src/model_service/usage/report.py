"""Sums of usage records: by caller, team, model, day and other fields of a record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

GROUPS: Final = ("caller", "team", "key", "model", "operation", "transport", "trigger", "day", "month", "error")
NOT_SAID: Final = "-"


@dataclass
class Sums:
    """The sums of the records of one group. ``unpriced`` counts the calls whose model has no price."""

    calls: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    estimated: int = 0
    unpriced: int = 0
    cost: float = 0.0
    currencies: set[str] = field(default_factory=set)

    def add(self, record: Mapping[str, Any]) -> None:
        """Add one record."""
        tokens = record.get("tokens") or {}
        self.calls += 1
        self.input += tokens.get("input", 0)
        self.output += tokens.get("output", 0)
        self.cached += tokens.get("cached", 0)
        self.estimated += bool(record.get("estimated"))
        cost = record.get("cost")
        if cost is None:
            self.unpriced += 1
        else:
            self.cost += cost
            self.currencies.add(str(record.get("currency")))


def usage_records(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the usage records in the lines of a log.

    As they are, or inside the envelopes that OCI Logging puts around them (one object or an array a line; the record is
    the string ``data.message``, or ``message``).
    """
    for line in lines:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        for item in value if isinstance(value, list) else [value]:
            record = _record(item)
            if record is not None:
                yield record


def _record(item: Any) -> dict[str, Any] | None:
    for _ in range(4):  # envelopes within envelopes: the search API, Connector Hub, the log entry
        if not isinstance(item, dict):
            return None
        if item.get("event") == "usage":
            return item
        inner = item.get("logContent") or item.get("data") or item.get("message") or item.get("msg")
        if isinstance(inner, str):
            try:
                inner = json.loads(inner)
            except (ValueError, RecursionError):
                return None
        item = inner
    return None


def summed(records: Iterable[Mapping[str, Any]], groups: Sequence[str]) -> dict[tuple[str, ...], Sums]:
    """Return the sums of each group, by the values of ``groups`` (of GROUPS), the most expensive first."""
    sums: dict[tuple[str, ...], Sums] = {}
    for record in records:
        sums.setdefault(tuple(_group(record, name) for name in groups), Sums()).add(record)
    return dict(sorted(sums.items(), key=lambda row: (-row[1].cost, -row[1].input - row[1].output, row[0])))


def _group(record: Mapping[str, Any], name: str) -> str:
    if name == "day":
        return str(record.get("time"))[:10]
    if name == "month":
        return str(record.get("time"))[:7]
    value = record.get(name)
    return NOT_SAID if value is None else str(value)
