"""How often callers may call: a deployment's rate limit, and usage plans with their rates and quotas."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mock_oci.fn.gateway.expressions import Variable
from mock_oci.fn.gateway.specification import choice_in, count_in, part_of
from mock_oci.wire import Request

_PEER = "127.0.0.1"  # every client of a loopback server


@dataclass(frozen=True)
class Refusal:
    """The status, and after how many seconds the caller may try again, where the gateway says so."""

    status: int
    retry_after: int | None = None


@dataclass(frozen=True)
class _Window:
    """At most ``most`` requests from one turn of the calendar's ``unit`` to the next."""

    most: int
    unit: str

    def span(self, now: float) -> tuple[float, float]:
        begin = _BEGINNINGS[self.unit](datetime.fromtimestamp(now, UTC).replace(microsecond=0))
        end = _month_after(begin) if self.unit == "MONTH" else begin + timedelta(seconds=_SECONDS[self.unit])
        return begin.timestamp(), end.timestamp()


class Counters:
    """Requests so far, by what they count against. ``clock`` gives Unix seconds. Thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, _Window], tuple[float, int]] = {}

    def count(self, name: str, window: _Window) -> int | None:
        """Count a request; return ``None``, or in how many seconds there is room again when there is none."""
        now = self._clock()
        begin, end = window.span(now)
        with self._lock:
            since, counted = self._counts.get((name, window), (begin, 0))
            counted = counted if since == begin else 0
            if counted >= window.most:
                return max(1, round(end - now))
            self._counts[name, window] = (begin, counted + 1)
        return None


class RateLimiting:
    """``specification`` is a RateLimitingPolicy in its JSON form. How the gateway averages a second is unverified.

    (verify: gateway-rate)
    """

    def __init__(self, specification: Mapping[str, Any], counters: Counters) -> None:
        part_of(specification, "rateLimiting", "rateInRequestsPerSecond", "rateKey")
        self._window = _Window(count_in(specification, "rateInRequestsPerSecond"), "SECOND")
        self._name = {"CLIENT_IP": f"ip/{_PEER}", "TOTAL": "total"}[
            choice_in(specification, "rateKey", ["CLIENT_IP", "TOTAL"])
        ]
        self._counters = counters

    def check(self, _request: Request, _auth: Mapping[str, Any]) -> Refusal | None:
        """Count this request; return why it is refused, if it is."""
        return Refusal(429) if self._counters.count(self._name, self._window) else None


class UsagePlans:
    """``specification`` is a UsagePlansPolicy in its JSON form.

    ``plans`` are usage plans as ``oci.apigateway.models.UsagePlan`` has them, each with its ``subscribers``
    (``clients`` with their ``token``) beside it; all of a plan's entitlements are for this deployment.
    """

    def __init__(
        self, specification: Mapping[str, Any], plans: Sequence[Mapping[str, Any]], counters: Counters
    ) -> None:
        part_of(specification, "usagePlans", "tokenLocations")
        self._locations = [Variable.read(text) for text in specification["tokenLocations"]]
        self._windows = {token: windows for plan in plans for token, windows in _subscriptions(plan)}
        self._counters = counters

    def check(self, request: Request, auth: Mapping[str, Any]) -> Refusal | None:
        """Count this request against its client's plan; return why it is refused, if it is.

        The status for a token that no subscriber has is unverified (verify: gateway-subscriber).
        """
        tokens = [value for variable in self._locations for value in variable.values(request, auth)]
        name = next((token for token in tokens if token in self._windows), None)
        if name is None:
            return Refusal(401)
        for window, rejects in self._windows[name]:
            wait = self._counters.count(f"client/{name}", window)
            if wait is not None and rejects:
                return Refusal(429, wait)
        return None


def _subscriptions(plan: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[_Window, bool]]]]:
    part_of(plan, "a usage plan", "displayName", "entitlements", "subscribers")
    windows = [window for entitlement in plan["entitlements"] for window in _windows(entitlement)]
    for subscriber in plan["subscribers"]:
        for client in part_of(subscriber, "a subscriber", "displayName", "clients")["clients"]:
            yield str(client["token"]), windows


def _windows(entitlement: Mapping[str, Any]) -> Iterator[tuple[_Window, bool]]:
    part_of(entitlement, "an entitlement", "name", "description", "rateLimit", "quota", "targets")
    if rate := entitlement.get("rateLimit"):
        yield _Window(count_in(rate, "value"), choice_in(rate, "unit", ["SECOND"])), True
    if quota := entitlement.get("quota"):
        part_of(quota, "a quota", "value", "unit", "resetPolicy", "operationOnBreach")
        choice_in(quota, "resetPolicy", ["CALENDAR"])
        rejects = choice_in(quota, "operationOnBreach", ["REJECT", "ALLOW"]) == "REJECT"
        yield _Window(count_in(quota, "value"), choice_in(quota, "unit", list(_BEGINNINGS)[1:])), rejects


def _month_after(moment: datetime) -> datetime:
    return (moment + timedelta(days=32)).replace(day=1)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0)


_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400, "WEEK": 604_800}
_BEGINNINGS: dict[str, Callable[[datetime], datetime]] = {
    "SECOND": lambda moment: moment,
    "MINUTE": lambda moment: moment.replace(second=0),
    "HOUR": lambda moment: moment.replace(minute=0, second=0),
    "DAY": _midnight,
    "WEEK": lambda moment: _midnight(moment) - timedelta(days=moment.weekday()),
    "MONTH": lambda moment: _midnight(moment).replace(day=1),
}
