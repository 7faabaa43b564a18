"""What is remembered of a target: its breaker, its pace, its throttles, and how often a container may try again."""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from tests.model_service.callers.conftest import PASSWORD, RedisServer, redis_server

from model_service.callers.counters import Counter, MemoryCounter
from model_service.callers.redis_counter import RedisCounter
from model_service.service_file.targets import ModelTarget
from model_service.targets.breaker import Breaker
from model_service.targets.choice import choose
from model_service.targets.health import TargetHealth
from model_service.targets.sharing import SharedHealth
from model_service.targets.tries import TryBudget

__all__ = ["redis_server"]  # a fixture


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Numbers:
    """Numbers from 0 to 1 in turn, the last again and again."""

    values: list[float] = field(default_factory=lambda: [0.5])

    def __call__(self) -> float:
        return self.values.pop(0) if len(self.values) > 1 else self.values[0]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(3, 30.0, 10.0, clock, Numbers())


@pytest.fixture
def health(clock: Clock, breaker: Breaker) -> TargetHealth:
    return TargetHealth(breaker, clock, Numbers())


def fail(breaker: Breaker, times: int) -> list[bool]:
    return [breaker.note(ok=False) for _ in range(times)]


def test_a_breaker_opens_after_its_failures_within_the_window(breaker: Breaker, clock: Clock) -> None:
    assert fail(breaker, 2) == [False, False]
    clock.now += 31
    assert fail(breaker, 2) == [False, False]
    assert breaker.note(ok=False)
    assert breaker.state == "open"
    assert not breaker.may_begin


def test_failures_that_are_few_of_many_calls_open_nothing(breaker: Breaker) -> None:
    for _ in range(20):
        breaker.note(ok=True)
        breaker.note(ok=True)
        breaker.note(ok=False)
    assert breaker.state == "closed"


def test_after_its_cooldown_one_call_at_a_time_looks(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    assert breaker.state == "half-open"
    assert breaker.begin()
    assert not breaker.may_begin
    assert not breaker.begin()
    breaker.note(ok=True, probe=True)
    assert (breaker.state, breaker.may_begin) == ("closed", True)


def test_each_probe_that_fails_keeps_it_open_twice_as_long(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    for seconds in (10, 20, 40, 80, 160, 300, 300):
        clock.now += seconds - 1
        assert breaker.state == "open"
        clock.now += 1
        assert breaker.begin()
        assert breaker.note(ok=False, probe=True)
    clock.now += 300
    breaker.begin()
    breaker.note(ok=True, probe=True)
    fail(breaker, 3)
    clock.now += 10
    assert breaker.state == "half-open"  # from the beginning again


@pytest.mark.parametrize(("number", "seconds"), [(0.0, 5.0), (0.5, 10.0), (0.999, 15.0)])
def test_the_cooldown_is_jittered(clock: Clock, number: float, seconds: float) -> None:
    breaker = Breaker(1, 30.0, 10.0, clock, Numbers([number]))
    fail(breaker, 1)
    assert breaker.open_until == pytest.approx(clock.now + seconds, abs=0.1)


def test_what_began_before_it_opened_says_nothing(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    until = breaker.open_until
    clock.now += 2
    assert fail(breaker, 5) == [False] * 5
    breaker.note(ok=True)
    assert (breaker.state, breaker.open_until) == ("open", until)


def test_a_probe_that_never_comes_back_frees_its_place(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    breaker.begin()
    clock.now += 60
    assert breaker.may_begin


def test_a_throttled_target_rests_as_long_as_it_asks_for(health: TargetHealth, clock: Clock) -> None:
    assert health.can_be_asked
    health.note_failure("throttled", "429", probe=False, retry_after=7.0)
    assert (health.can_be_asked, health.wait) == (False, 7.0)
    clock.now += 7
    assert health.can_be_asked
    assert health.breaker.state == "closed"


def test_an_answer_to_what_began_before_ends_no_rest(health: TargetHealth, clock: Clock) -> None:
    health.note_failure("throttled", "429", probe=False, retry_after=7.0)
    health.note_answer(100, probe=False)
    assert health.wait == 7.0


def test_without_retry_after_it_rests_longer_each_time(health: TargetHealth, clock: Clock) -> None:
    waits = []
    for _ in range(7):
        health.note_failure("throttled", "429", probe=False)
        waits.append(health.wait)
        clock.now += health.wait
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    health.note_answer(100, probe=False)
    health.note_failure("throttled", "429", probe=False)
    assert health.wait == 1


def test_a_target_without_its_model_is_kept_away_for_minutes(health: TargetHealth) -> None:
    assert health.note_failure("gone", "404", probe=False)
    assert health.wait == 300
    assert health.view()["last_error"] == "404"


def test_a_probe_that_ends_in_a_fault_of_ours_frees_its_place(health: TargetHealth, clock: Clock) -> None:
    health.breaker.open()
    clock.now += 1000
    assert health.begin()
    assert not health.can_be_asked
    health.end(probe=True)
    assert health.can_be_asked


def test_a_refusal_says_nothing_of_the_target_and_ends_a_probe(health: TargetHealth, clock: Clock) -> None:
    assert not health.note_failure("none", "invalid", probe=False)
    fail(health.breaker, 3)
    clock.now += 10
    probe = health.begin()
    assert probe
    health.note_failure("none", "invalid", probe=True)
    assert health.breaker.state == "closed"


def test_a_target_that_is_slower_than_usual_has_a_part_of_its_weight(health: TargetHealth) -> None:
    for _ in range(100):
        health.note_answer(100, probe=False)
    assert health.factor == 1.0
    for _ in range(10):
        health.note_answer(2000, probe=False)
    assert health.factor < 0.5
    for _ in range(60):
        health.note_answer(100, probe=False)
    assert health.factor == 1.0


def test_a_throttled_target_has_a_part_of_its_weight_and_gets_it_back(health: TargetHealth) -> None:
    for _ in range(20):
        health.note_failure("throttled", "429", probe=False)
    assert health.factor == pytest.approx(0.05)
    for _ in range(20):
        health.note_answer(100, probe=False)
    assert health.factor > 0.95


@pytest.mark.parametrize(("seconds", "usual_ms", "telling"), [(4.9, None, False), (5.0, None, True), (9, 2500, False)])
def test_a_wait_says_something_where_it_is_long_for_this_target(
    health: TargetHealth, seconds: float, usual_ms: float | None, telling: bool
) -> None:
    health.usual_ms = usual_ms
    assert health.is_telling(seconds) == telling


TARGETS = (
    ModelTarget("a", "a", weight=3.0),
    ModelTarget("b", "b", weight=1.0),
    ModelTarget("c", "c", weight=9.0, priority=2),
)


def test_of_the_lowest_priority_they_share_by_weight() -> None:
    health = {target.name: TargetHealth() for target in TARGETS}
    points = Numbers([number / 100 for number in range(100)])
    chosen = Tally(choose([(target, health[target.name]) for target in TARGETS], points).name for _ in range(100))
    assert chosen == {"a": 75, "b": 25}
    assert choose([(TARGETS[2], health["c"])], points).name == "c"


def test_weights_are_by_health() -> None:
    health = {target.name: TargetHealth() for target in TARGETS}
    health["a"].throttled_share = 0.9
    points = Numbers([number / 100 for number in range(100)])
    chosen = Tally(choose([(target, health[target.name]) for target in TARGETS], points).name for _ in range(100))
    assert chosen["a"] < chosen["b"]


def test_further_tries_come_together_with_calls() -> None:
    budget = TryBudget(0.1, 2)
    assert [budget.take() for _ in range(3)] == [True, True, False]
    assert not budget.has_one
    for _ in range(11):
        budget.note_call()
    assert budget.has_one
    assert [budget.take() for _ in range(2)] == [True, False]
    for _ in range(1000):
        budget.note_call()
    assert [budget.take() for _ in range(3)] == [True, True, False]


@dataclass
class Containers:
    """Two containers that share a counter, and each one's view of a target."""

    clock: Clock
    one: SharedHealth
    other: SharedHealth
    seen_by_one: TargetHealth
    seen_by_other: TargetHealth
    place: str


@pytest.fixture(params=["memory", "redis"])
def containers(clock: Clock, request: pytest.FixtureRequest) -> Containers:
    clock.now = 999_990.0  # the beginning of a window
    counters: list[Counter] = [MemoryCounter(clock)] * 2
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        counters = [RedisCounter(server.url, password=lambda: PASSWORD, ca_file=server.ca_file) for _ in range(2)]
    seen = [TargetHealth(Breaker(3, 30.0, 10.0, clock, Numbers()), clock, Numbers()) for _ in range(2)]
    return Containers(clock, *(SharedHealth(counter, clock) for counter in counters), *seen, uuid4().hex)


def test_what_one_container_finds_ill_others_keep_away_from(containers: Containers) -> None:
    containers.one.publish(containers.place)
    containers.other.learn({containers.place: containers.seen_by_other})
    assert containers.seen_by_other.breaker.state == "open"
    containers.one.learn({containers.place: containers.seen_by_one})
    assert containers.seen_by_one.breaker.state == "closed"  # it hears its own word alone


def test_a_probe_of_ours_counts_more_than_the_word_of_others(containers: Containers) -> None:
    containers.one.publish(containers.place)
    containers.other.learn({containers.place: containers.seen_by_other})
    containers.clock.now += 10
    containers.seen_by_other.note_answer(100, probe=containers.seen_by_other.begin())
    containers.other.learn({containers.place: containers.seen_by_other})
    assert containers.seen_by_other.breaker.state == "closed"


def test_it_is_looked_up_once_in_a_while_and_what_is_old_is_forgotten(containers: Containers) -> None:
    containers.other.learn({containers.place: containers.seen_by_other})
    containers.one.publish(containers.place)
    containers.clock.now += 4
    containers.other.learn({containers.place: containers.seen_by_other})
    assert containers.seen_by_other.breaker.state == "closed"
    containers.clock.now += 30
    containers.other.learn({containers.place: containers.seen_by_other})
    assert containers.seen_by_other.breaker.state == "closed"
