"""Counters of what was used: the same promises in memory and in a real Redis over TLS."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from model_service.callers.counters import Amount, Counted, Counter, CounterUnavailable, MemoryCounter
from model_service.callers.redis_counter import RedisCounter
from model_service.errors import SettingsError

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


def test_a_connection_that_died_while_the_container_slept_is_made_anew_at_once(redis_server: RedisServer) -> None:
    counter = shared(redis_server)
    counter.add([Amount("slept", 5, None, HOUR)])
    redis_server.kill()
    redis_server.start()
    assert counter.add([Amount("slept", 2, None, HOUR)]).totals == (7,)
    counter.close()


def test_what_is_heard_twice_counts_once(redis_server: RedisServer) -> None:
    counter = shared(redis_server)
    counter.add([Amount("twice", 5, None, HOUR)])
    evaluate, heard = counter._client.eval, [0]

    def eval_twice(*words: Any) -> Any:
        heard[0] += 1
        said = evaluate(*words)
        if heard[0] == 1:
            raise redis.ConnectionError("the answer was lost")
        return said

    counter._client.eval = eval_twice  # type: ignore[method-assign]
    assert counter.add([Amount("twice", 3, None, HOUR)]).totals == (8,)
    assert heard == [2]
    counter.close()


def test_a_store_that_does_not_answer_holds_nobody_up(redis_server: RedisServer) -> None:
    counter = shared(redis_server)
    counter.add([Amount("frozen", 1, None, HOUR)])
    assert redis_server.process is not None
    redis_server.process.send_signal(signal.SIGSTOP)
    try:
        started = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            futures = [pool.submit(counter.add, [Amount("frozen", 1, None, HOUR)]) for _ in range(8)]
        assert all(isinstance(future.exception(), CounterUnavailable) for future in futures)
        assert time.monotonic() - started < 3  # it takes one at most
    finally:
        redis_server.process.send_signal(signal.SIGCONT)
    counter.close()


def test_a_host_whose_name_nobody_resolves_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_words, **_more: released.wait(20) and [])
    counter = RedisCounter("rediss://cache.example:6379/0")
    started = time.monotonic()
    with pytest.raises(CounterUnavailable):
        counter.add([Amount("x", 1, None, HOUR)])
    released.set()
    assert time.monotonic() - started < 3


def test_a_password_that_has_changed_is_read_again(redis_server: RedisServer) -> None:
    passwords = iter(["of yesterday", PASSWORD])
    moment = [0.0]
    counter = RedisCounter(
        redis_server.url, password=lambda: next(passwords), ca_file=redis_server.ca_file, clock=lambda: moment[0]
    )
    with pytest.raises(CounterUnavailable):
        counter.add([Amount("password", 1, None, HOUR)])
    moment[0] += 6
    assert counter.add([Amount("password", 1, None, HOUR)]).totals == (2,)
    counter.close()


def test_a_password_that_cannot_be_read_is_a_counter_that_cannot_be_reached(redis_server: RedisServer) -> None:
    def unreadable() -> str:
        raise SettingsError("MODEL_SERVICE_COUNTER_PASSWORD", "the secret cannot be read")

    counter = RedisCounter(redis_server.url, password=unreadable, ca_file=redis_server.ca_file)
    with pytest.raises(CounterUnavailable):
        counter.add([Amount("unreadable", 1, None, HOUR)])
    counter.close()
