"""What a budget refuses, what it lets through, and what a caller is told."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from model_service.callers.budgets import Budgets, Cost, QuotaExceeded, RateLimited
from model_service.callers.counters import Amount, Counted, CounterUnavailable, MemoryCounter
from model_service.envelopes.replies import reply_with_error
from model_service.service_file.shape import Limit, SpendingLimits

NOON = 1_795_780_800.0  # 2026-11-27T12:00:00Z
TEAM: SpendingLimits = {"tokens_per_minute": Limit(hard=100), "tokens_per_day": Limit(hard=150, soft=120)}


class Down:
    def add(self, amounts: Sequence[Amount]) -> Counted:
        raise CounterUnavailable("down")


def budgets(clock: list[float]) -> Budgets:
    return Budgets(MemoryCounter(lambda: clock[0]), clock=lambda: clock[0])


def test_a_minute_that_is_used_up_says_when_it_is_over() -> None:
    clock = [NOON + 20]
    taken = budgets(clock)
    taken.reserve([("team:search", TEAM)], Cost(80, 0))
    with pytest.raises(RateLimited) as refused:
        taken.reserve([("team:search", TEAM)], Cost(21, 0))
    assert (refused.value.status, refused.value.code, refused.value.retry_after) == (429, "rate_limit_exceeded", "40")
    assert "team:search" in refused.value.message
    clock[0] += 40
    assert taken.reserve([("team:search", TEAM)], Cost(21, 0)).headers["x-ratelimit-remaining-tokens"] == "49"


def test_a_day_that_is_used_up_is_a_quota() -> None:
    clock = [NOON]
    taken = budgets(clock)
    for _ in range(2):
        taken.reserve([("team:search", TEAM)], Cost(70, 0))
        clock[0] += 60
    with pytest.raises(QuotaExceeded) as refused:
        taken.reserve([("team:search", TEAM)], Cost(70, 0))
    assert refused.value.body()["error"]["code"] == "insufficient_quota"
    assert int(refused.value.retry_after or 0) == 12 * 3600 - 120


def test_what_a_call_really_took_counts_and_not_its_estimate() -> None:
    taken = budgets([NOON])
    taken.reserve([("team:search", TEAM)], Cost(90, 0)).settle(Cost(10, 0))
    assert taken.reserve([("team:search", TEAM)], Cost(80, 0)).headers["x-ratelimit-remaining-tokens"] == "10"


def test_a_call_is_settled_once() -> None:
    taken = budgets([NOON])
    reservation = taken.reserve([("team:search", TEAM)], Cost(50, 0))
    reservation.settle(Cost(60, 0))
    reservation.settle(Cost(0, 0))
    assert taken.reserve([("team:search", TEAM)], Cost(40, 0)).headers["x-ratelimit-remaining-tokens"] == "0"


def test_the_tightest_limit_is_the_one_in_the_headers() -> None:
    limits = [("caller:ada", {"tokens_per_minute": Limit(hard=1000)}), ("team:search", TEAM)]
    headers = budgets([NOON + 30]).reserve(limits, Cost(10, 0)).headers
    assert headers == {
        "x-ratelimit-limit-tokens": "100",
        "x-ratelimit-remaining-tokens": "90",
        "x-ratelimit-reset-tokens": "30s",
    }


def test_beyond_a_soft_limit_a_call_goes_through_with_a_warning() -> None:
    limits = {"cost_per_month": Limit(hard=10.0, soft=0.5)}
    taken = budgets([NOON])
    assert "x-model-service-budget" not in taken.reserve([("team:search", limits)], Cost(0, 0.4)).headers
    headers = taken.reserve([("team:search", limits)], Cost(0, 0.4)).headers
    assert headers["x-model-service-budget"] == "team:search cost_per_month"


def test_money_is_counted_in_small_amounts() -> None:
    taken = budgets([NOON])
    limits = {"cost_per_month": Limit(hard=0.001)}
    taken.reserve([("caller:ada", limits)], Cost(0, 0.0006))
    with pytest.raises(QuotaExceeded):
        taken.reserve([("caller:ada", limits)], Cost(0, 0.0006))


def test_while_nobody_can_count_a_call_goes_through_or_is_refused_as_set() -> None:
    reservation = Budgets(Down(), lets_through=True).reserve([("team:search", TEAM)], Cost(10, 0))
    reservation.settle(Cost(5, 0))
    with pytest.raises(CounterUnavailable):
        Budgets(Down(), lets_through=False).reserve([("team:search", TEAM)], Cost(10, 0))


def test_without_limits_nobody_is_asked() -> None:
    Budgets(Down(), lets_through=False).reserve([("team:search", {})], Cost(10, 0)).settle(Cost(1, 0))


def test_a_refusal_says_how_much_is_left_in_the_headers_that_clients_read() -> None:
    taken = budgets([NOON + 20])
    taken.reserve([("team:search", TEAM)], Cost(80, 0))
    with pytest.raises(RateLimited) as refused:
        taken.reserve([("team:search", TEAM)], Cost(21, 0))
    assert reply_with_error(refused.value, 429).headers == {
        "content-type": "application/json",
        "retry-after": "40",
        "x-ratelimit-limit-tokens": "100",
        "x-ratelimit-remaining-tokens": "20",
        "x-ratelimit-reset-tokens": "40s",
    }


def test_what_was_refused_because_nobody_could_count_is_not_counted_later() -> None:
    counter = Forgetful()
    with pytest.raises(CounterUnavailable):
        Budgets(counter, lets_through=False).reserve([("team:search", TEAM)], Cost(10, 0))
    assert sum(counter.remembered) == 0
    Budgets(counter, lets_through=True).reserve([("team:search", TEAM)], Cost(10, 0)).settle(Cost(7, 0))
    assert sum(counter.remembered) == 2 * 7  # of the minute and of the day


class Forgetful:
    """Cannot be reached, and remembers what it is to tell, as a shared counter does."""

    def __init__(self) -> None:
        self.remembered: list[int] = []

    def add(self, amounts: Sequence[Amount]) -> Counted:
        self.remembered += [row.amount for row in amounts]
        raise CounterUnavailable("down")
