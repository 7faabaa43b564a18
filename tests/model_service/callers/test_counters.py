"""Counters of what was used: the same promises in memory and in a real Redis over TLS."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from model_service.callers.counters import Amount, Counted, Counter, CounterUnavailable, MemoryCounter
from model_service.callers.redis_counter import RedisCounter

from .conftest import PASSWORD, RedisServer

HOUR = 3600


def shared(server: RedisServer, clock: list[float] | None = None) -> RedisCounter:
    moment = clock or [0.0]
    return RedisCounter(server.url, password=lambda: PASSWORD, ca_file=server.ca_file, clock=lambda: moment[0])


@pytest.fixture(params=["memory", "redis"])
def counter(request: pytest.FixtureRequest) -> Iterator[Counter]:
    if request.param == "memory":
        yield MemoryCounter()
        return
    counter = shared(request.getfixturevalue("redis_server"))
    yield counter
    counter.close()


def name_of(request: pytest.FixtureRequest, suffix: str = "") -> str:
    return f"{request.node.name}{suffix}"


def test_amounts_add_up(counter: Counter, request: pytest.FixtureRequest) -> None:
    name = name_of(request)
    assert counter.add([Amount(name, 3, None, HOUR)]).totals == (3,)
    assert counter.add([Amount(name, 4, 10, HOUR)]).totals == (7,)
    assert counter.add([Amount(name, -2, None, HOUR)]).totals == (5,)


def test_all_are_added_or_none(counter: Counter, request: pytest.FixtureRequest) -> None:
    wide, narrow = name_of(request, "-wide"), name_of(request, "-narrow")
    counter.add([Amount(narrow, 9, 10, HOUR)])
    refused = counter.add([Amount(wide, 5, 100, HOUR), Amount(narrow, 5, 10, HOUR)])
    assert (refused.refused, refused.totals[1]) == (1, 9)
    assert counter.add([Amount(wide, 0, None, HOUR), Amount(narrow, 1, 10, HOUR)]).totals == (0, 10)


def test_a_correction_is_never_refused(counter: Counter, request: pytest.FixtureRequest) -> None:
    name = name_of(request)
    counter.add([Amount(name, 10, 10, HOUR)])
    assert counter.add([Amount(name, -4, 5, HOUR)]).totals == (6,)


def test_calls_beside_each_other_never_pass_a_hard_limit(counter: Counter, request: pytest.FixtureRequest) -> None:
    name = name_of(request)
    granted: list[Counted] = []

    def call() -> None:
        answers = (counter.add([Amount(name, 1, 60, HOUR)]) for _ in range(25))
        granted.extend(answer for answer in answers if answer.refused is None)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(granted) == 60


def test_containers_share_one_sum(redis_server: RedisServer) -> None:
    one, other = shared(redis_server), shared(redis_server)
    one.add([Amount("both", 3, None, HOUR)])
    assert other.add([Amount("both", 4, None, HOUR)]).totals == (7,)
    assert one.add([Amount("both", 1, 8, HOUR)]).totals == (8,)
    assert other.add([Amount("both", 1, 8, HOUR)]).refused == 0
    one.close()
    other.close()


def test_what_was_counted_before_and_during_an_outage_is_there_after_it(redis_server: RedisServer) -> None:
    moment = [0.0]
    counter = shared(redis_server, moment)
    counter.add([Amount("outage", 5, None, HOUR)])
    redis_server.kill()
    for _ in range(3):
        with pytest.raises(CounterUnavailable):
            counter.add([Amount("outage", 2, None, HOUR)])
    redis_server.start()  # with nothing in it
    moment[0] += 60  # the pause after a failure is over
    assert counter.add([Amount("outage", 1, None, HOUR)]).totals == (12,)
    counter.close()


def test_after_a_failure_nobody_waits_for_the_store_for_a_while() -> None:
    moment = [0.0]
    counter = RedisCounter("redis://127.0.0.1:1/0", clock=lambda: moment[0])
    with pytest.raises(CounterUnavailable, match="cannot be reached"):
        counter.add([Amount("x", 1, None, HOUR)])
    with pytest.raises(CounterUnavailable, match="a moment ago"):
        counter.add([Amount("x", 1, None, HOUR)])
    moment[0] += 6
    with pytest.raises(CounterUnavailable, match="cannot be reached"):
        counter.add([Amount("x", 1, None, HOUR)])


def test_what_is_over_is_forgotten() -> None:
    moment = [0.0]
    counter = MemoryCounter(lambda: moment[0])
    counter.add([Amount("x", 5, None, 60)])
    moment[0] = 61
    assert counter.add([Amount("x", 1, None, 60)]).totals == (1,)
