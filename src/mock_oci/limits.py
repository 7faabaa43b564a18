"""How much the services let through, as data: what they document, and what somebody sets in its place.

Sources: the SDK's docstrings of publish_message, post_metric_data, summarize_metrics_data and list_metrics, and docs
Streaming/Concepts/streamingoverview.htm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

QuotaRow = Mapping[str, Any]


@dataclass(frozen=True)
class Limit:
    """So many calls, or bytes, in so many seconds ``of`` each of these. ``always``: also where nobody asked for it."""

    most: int
    seconds: int
    of: str
    always: bool = False


LIMITS: Mapping[str, Limit] = {
    "notifications.publish_message": Limit(60, 60, "of a topic"),
    "notifications.http_deliveries": Limit(60, 60, "of an endpoint"),
    "notifications.email_deliveries": Limit(10, 60, "of an endpoint"),
    "streaming.get_messages": Limit(5, 1, "of a partition"),
    "streaming.put_messages_bytes": Limit(1 << 20, 1, "of a partition"),
    "monitoring.post_metric_data": Limit(50, 1, "of the tenancy", always=True),
    "monitoring.summarize_metrics_data": Limit(10, 1, "of the tenancy", always=True),
    "monitoring.list_metrics": Limit(10, 1, "of the tenancy", always=True),
}
_OF_CALLS = {"of", "most", "seconds"}
_OF_MODELS = {"region", "model", "requests_per_minute", "tokens_per_minute", "names_pause"}


def limits_of(rows: Iterable[QuotaRow]) -> dict[str, Limit]:
    """Return the documented limits, with those of ``rows`` (``of``, ``most``, ``seconds``) in their place."""
    given = {row["of"]: row for row in rows if "of" in row}
    return {name: _given(limit, given[name]) if name in given else limit for name, limit in LIMITS.items()}


def model_quotas_of(rows: Iterable[QuotaRow], region: str) -> list[dict[str, Any]]:
    """Return those of ``rows`` that are of models, each with a region."""
    return [{"region": region, **row} for row in rows if "of" not in row]


def check_quotas(rows: Iterable[Any]) -> tuple[QuotaRow, ...]:
    """Return the rows. Raises ValueError for one that would not be understood."""
    found = tuple(rows)
    for row in found:
        if not isinstance(row, Mapping):
            raise ValueError("a quota must be an object")  # noqa: TRY004 - the value is somebody's document
        known = _OF_CALLS if "of" in row else _OF_MODELS
        if unknown := sorted(row.keys() - known):
            raise ValueError(f"{unknown[0]} of a quota is not known; known are {', '.join(sorted(known))}")
        if row.get("of", next(iter(LIMITS))) not in LIMITS:
            raise ValueError(f"of must be one of {', '.join(LIMITS)}")
        for name in ("most", "seconds", "requests_per_minute", "tokens_per_minute"):
            value = row.get(name)
            if value is not None and (type(value) is not int or value < 1):
                raise ValueError(f"{name} of a quota must be a whole number of at least 1")
    return found


def _given(limit: Limit, row: QuotaRow) -> Limit:
    return Limit(row.get("most", limit.most), row.get("seconds", limit.seconds), limit.of, always=True)
