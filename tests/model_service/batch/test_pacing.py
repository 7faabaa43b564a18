"""How many calls a target takes at once, and when a failure is its caller's own fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model_service.batch.pacing import CallTarget, Pacing, Pauses, is_passing
from model_service.errors import (
    DeadlineExceeded,
    InvalidRequest,
    ModelServiceError,
    UpstreamError,
    UpstreamRefused,
    UpstreamThrottled,
    UpstreamUnreachable,
)

THROTTLED = UpstreamThrottled("slow down")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def target(clock: Clock) -> CallTarget:
    return CallTarget("model", "m", 32, Pauses(random=lambda: 1.0), clock)


def call(target: CallTarget, record: str, error: ModelServiceError | None = None) -> None:
    assert target.begin()
    target.end(record, error)


def test_no_more_calls_are_under_way_than_the_limit(target: CallTarget) -> None:
    assert [target.begin() for _ in range(33)] == [True] * 32 + [False]
    target.end("a", None)
    assert target.begin()


@pytest.mark.parametrize("refused_of_ten", [1, 2])
def test_a_few_refusals_of_many_calls_cost_no_concurrency(target: CallTarget, refused_of_ten: int) -> None:
    for number in range(1000):
        call(target, str(number), THROTTLED if number % 10 < refused_of_ten else None)
    assert target.limit == 32.0


def test_many_refusals_make_it_fewer_and_success_makes_it_more_again(target: CallTarget) -> None:
    for number in range(100):
        call(target, str(number), THROTTLED if number % 4 else None)
    low = target.limit
    assert low < 8
    for number in range(600):
        call(target, str(number))
    assert low < target.limit == 32.0


def test_when_all_fail_one_at_a_time_looks_whether_it_is_well_again(target: CallTarget, clock: Clock) -> None:
    number = 0
    while target.begin():
        number += 1
        target.end(str(number), THROTTLED)
    assert number < 50
    clock.now += 31
    assert target.begin()
    target.end("again", None)
    assert target.begin()


def test_targets_have_nothing_to_do_with_each_other() -> None:
    pacing = Pacing(4)
    for number in range(50):
        pacing.target("model", "slow").observe(str(number), THROTTLED)
    assert not pacing.target("model", "slow").has_room
    assert pacing.target("model", "fast").has_room
    assert pacing.target("sink", "slow").has_room
    assert pacing.target("model", "fast") is pacing.target("model", "fast")


def test_a_record_is_blamed_where_others_succeed(target: CallTarget, clock: Clock) -> None:
    began = clock.now
    clock.now += 1
    for number in range(40):
        call(target, str(number))
    call(target, "bad", THROTTLED)
    assert not target.blames("bad", began, 5)
    assert target.blames("bad", began, 6)


def test_no_record_is_blamed_while_all_fail(target: CallTarget, clock: Clock) -> None:
    began = clock.now
    for number in range(100):
        target.observe(str(number), THROTTLED)
    assert not target.blames("1", began, 1000)


def test_a_record_has_twice_the_tries_while_others_fail_too(target: CallTarget, clock: Clock) -> None:
    began = clock.now
    clock.now += 1
    for number in range(40):
        call(target, str(number), THROTTLED if number % 5 == 0 else None)
    assert not target.blames("bad", began, 10)
    assert target.blames("bad", began, 11)


def test_success_from_before_a_record_began_says_nothing_of_it(target: CallTarget, clock: Clock) -> None:
    call(target, "a")
    clock.now += 1
    assert not target.blames("bad", clock.now, 100)


def test_a_record_stays_away_as_long_as_it_was_told() -> None:
    pauses = Pauses(random=lambda: 0.0)
    assert pauses.after(1, UpstreamThrottled("slow down", retry_after="7"), well=True) == 7
    assert pauses.after(1, THROTTLED, well=True) == 0
    longest = replace(pauses, random=lambda: 1.0)
    assert [longest.after(tries, THROTTLED, well=False) for tries in (1, 2, 3, 6, 9)] == [1, 2, 4, 30, 30]
    assert [longest.after(tries, THROTTLED, well=True) for tries in (1, 2, 3, 6, 9)] == [0.25, 0.5, 1, 1, 1]


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_statuses_that_pass(status: int) -> None:
    assert is_passing(UpstreamError("busy", status=status))
    assert is_passing(UpstreamRefused("busy", status=status))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 501])
def test_statuses_that_do_not_pass(status: int) -> None:
    assert not is_passing(UpstreamRefused("no", status=status))


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (UpstreamUnreachable("refused"), True),
        (UpstreamUnreachable("broke", code="connection_lost"), False),
        (UpstreamError("an answer that is none"), False),
        (DeadlineExceeded("too late"), False),
        (InvalidRequest("no"), False),
    ],
)
def test_what_may_have_been_charged_is_not_tried_again(error: ModelServiceError, passes: bool) -> None:
    assert is_passing(error) is passes


def test_of_large_answers_fewer_are_under_way_at_once() -> None:
    pacing = Pacing(32, answer_room=80 * 1024 * 1024)
    model, sink = pacing.target("model", "m"), pacing.target("sink", "s")
    pacing.note_size(4_000)
    assert model.room == 32
    pacing.note_size(3_000_000)
    assert model.room == 4
    assert [model.begin() for _ in range(5)] == [True] * 4 + [False]
    assert sink.room > 32
    for _ in range(300):
        pacing.note_size(4_000)
    assert model.room == 32
    pacing.note_size(80_000_000)
    assert model.room == 1


def test_of_answers_whose_size_nobody_knows_yet_no_more_are_under_way_than_large_ones_would_fit() -> None:
    pacing = Pacing(32, answer_room=24 * 1024 * 1024)
    model, sink = pacing.target("model", "m"), pacing.target("sink", "s")
    assert [model.begin() for _ in range(4)] == [True, True, True, False]
    assert all(sink.begin() for _ in range(32))
    pacing.note_size(1000)
    assert model.begin()
