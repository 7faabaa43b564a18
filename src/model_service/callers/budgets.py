"""Budgets in requests, tokens and money: reserved before a call by an estimate, and settled with what OCI reported."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Final

from model_service.callers.counters import Amount, Counted, Counter, CounterUnavailable
from model_service.errors import ModelServiceError
from model_service.light_dataclasses import dataclass
from model_service.logs import log
from model_service.service_file.shape import Limit, SpendingLimits
from model_service.usage.record import Used

MICRO: Final = 1_000_000  # money is counted in millionths: a counter holds integers
PREFIX: Final = "{model-service}"  # in braces: a sharded store keeps all of it on one node, where it can be one step


OF_TARGETS: Final = "target:"  # the scopes of what is known beforehand of OCI's throttles
OF_MODELS: Final = "model:"

Scoped = Sequence[tuple[str, SpendingLimits]]
"""Pairs of a scope, such as ``team:search``, and its limits."""


class BudgetUsedUp(ModelServiceError):
    """A ``limit`` of ``scope`` would be exceeded."""

    scope: str = ""
    limit: str = ""


class RateLimited(BudgetUsedUp):
    """A rate is used up for this minute; the same call is good in ``retry_after`` seconds."""

    status = 429
    type = "rate_limit_error"
    code = "rate_limit_exceeded"


class QuotaExceeded(BudgetUsedUp):
    """A budget of a day or a month is used up: trying again does not help. OpenAI's clients know the code."""

    status = 429
    type = "insufficient_quota"
    code = "insufficient_quota"


@dataclass(frozen=True)
class Window:
    """A limit's window: which counter a moment belongs to, when it ends, and what of a call it counts."""

    counts: str  # "tokens", "requests" or "cost"
    name: str  # as strftime has it
    ends: Callable[[datetime], datetime]
    seconds: int
    error: type[BudgetUsedUp]


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _next_minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


WINDOWS: Final[Mapping[str, Window]] = {
    "requests_per_minute": Window("requests", "%Y%m%dT%H%M", _next_minute, 120, RateLimited),
    "tokens_per_minute": Window("tokens", "%Y%m%dT%H%M", _next_minute, 120, RateLimited),
    "tokens_per_day": Window(
        "tokens", "%Y%m%d", lambda now: _midnight(now + timedelta(days=1)), 2 * 86_400, QuotaExceeded
    ),
    "cost_per_month": Window(
        "cost",
        "%Y%m",
        lambda now: _midnight((now.replace(day=1) + timedelta(days=32)).replace(day=1)),
        32 * 86_400,
        QuotaExceeded,
    ),
}


@dataclass(frozen=True)
class Cost:
    """What a call takes of its budgets: tokens, and money in the currency of the prices."""

    tokens: int
    money: float
    requests: int = 1

    def amounts(self) -> dict[str, int]:
        """Return how much it is by what a window counts."""
        return {"tokens": self.tokens, "requests": self.requests, "cost": ceil(self.money * MICRO)}


NOTHING: Final = Cost(tokens=0, money=0.0, requests=0)


@dataclass(frozen=True)
class Row:
    """One limit that a call counts against: of ``scope`` (``team:search``), named as in the service file."""

    scope: str
    name: str
    limit: Limit
    window: Window
    counter: str  # the name of the counter of this moment
    ends: float  # Unix seconds
    hard: int | None


@lru_cache(maxsize=1024)  # every window begins with a minute, and to work out its name and its end takes long
def _row(scope: str, name: str, limit: Limit, minute: float) -> Row:
    """Return the row of a limit for the calls of one ``minute`` since 1970."""
    window, now = WINDOWS[name], datetime.fromtimestamp(minute * 60, UTC)
    hard = None if limit.hard is None else int(limit.hard * (MICRO if window.counts == "cost" else 1))
    counter = f"{PREFIX}:{scope}:{name}:{now:{window.name}}"
    return Row(scope, name, limit, window, counter, window.ends(now).timestamp(), hard)


@dataclass
class Reservation:
    """What a call has reserved; ``settle`` says what it really took. ``headers`` are OpenAI's, for the reply."""

    rows: Sequence[Row]
    reserved: Cost
    counter: Counter
    headers: dict[str, str] = field(default_factory=dict)
    settled: bool = False

    def settle_used(self, used: Used) -> None:
        """Correct the counters by what a call has used."""
        self.settle(Cost(used.tokens.total, used.cost or 0.0))

    def settle(self, taken: Cost) -> None:
        """Correct the counters once; a counter that cannot be reached is told with the next call."""
        if self.settled or not self.rows:
            return
        self.settled = True
        after, before = taken.amounts(), self.reserved.amounts()
        changed = [
            Amount(row.counter, more, None, row.window.seconds)
            for row in self.rows
            if (more := after[row.window.counts] - before[row.window.counts])
        ]
        if changed:
            try:
                self.counter.add(changed)
            except CounterUnavailable:
                return  # it is in the log, and what was added is remembered


@dataclass(frozen=True)
class Budgets:
    """Every limit of a caller, of its team and of the model, taken in one step.

    ``lets_through`` says what happens while the counter cannot be reached. ``clock`` gives Unix seconds.
    """

    counter: Counter
    lets_through: bool = True
    clock: Callable[[], float] = time.time

    def reserve(self, limits: Scoped, estimate: Cost) -> Reservation:
        """Take ``estimate`` of every limit.

        Raise ``RateLimited`` or ``QuotaExceeded`` where a hard limit would be exceeded, and ``CounterUnavailable``
        where nobody can tell and calls are not to be let through then.
        """
        now = self.clock()
        rows = [_row(scope, name, limit, now // 60) for scope, named in limits for name, limit in named.items()]
        reservation = Reservation(rows, estimate, self.counter)
        if not rows:
            return reservation
        amounts = estimate.amounts()
        try:
            counted = self.counter.add(
                [Amount(row.counter, amounts[row.window.counts], row.hard, row.window.seconds) for row in rows]
            )
        except CounterUnavailable:
            if self.lets_through:
                return reservation
            reservation.settle(NOTHING)  # it is not made: what the counter remembers to tell is taken back
            raise
        if counted.refused is not None:
            raise _refusal(rows, counted, counted.refused, now)
        reservation.headers.update(_headers(rows, counted, now))
        return reservation


def _refusal(rows: Sequence[Row], counted: Counted, refused: int, now: float) -> ModelServiceError:
    row = rows[refused]
    seconds = max(1, ceil(row.ends - now))
    log.write("budget_refused", scope=row.scope, limit=row.name, hard=row.hard, used=counted.totals[refused])
    error = row.window.error(
        f"The limit {row.name} of {row.scope} is reached.",
        retry_after=str(seconds),
        hint=f"It is counted anew in {seconds} s. The operator of this service decides on limits.",
    )
    error.headers = _headers(rows, counted, now)
    error.scope, error.limit = row.scope, row.name
    return error


def _headers(rows: Sequence[Row], counted: Counted, now: float) -> dict[str, str]:
    """Return OpenAI's headers for the tightest limit of requests and of tokens, and a warning beyond a soft limit.

    Source: https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
    """
    headers: dict[str, str] = {}
    tightest: dict[str, int] = {}
    warnings = []
    for row, total in zip(rows, counted.totals, strict=True):
        if row.scope.startswith(OF_TARGETS):
            continue  # where one is used up, another is asked
        unit = row.window.counts
        if row.hard is not None and unit != "cost" and row.hard - total < tightest.get(unit, row.hard + 1):
            tightest[unit] = row.hard - total
            headers[f"x-ratelimit-limit-{unit}"] = str(row.hard)
            headers[f"x-ratelimit-remaining-{unit}"] = str(max(0, row.hard - total))
            headers[f"x-ratelimit-reset-{unit}"] = f"{ceil(row.ends - now)}s"
        scale = MICRO if unit == "cost" else 1
        if row.limit.soft is not None and total > row.limit.soft * scale:
            warnings.append(f"{row.scope} {row.name}")
            log.write("budget_soft", scope=row.scope, limit=row.name, soft=row.limit.soft, used=total / scale)
    if warnings:
        headers["x-model-service-budget"] = ", ".join(warnings)
    return headers
