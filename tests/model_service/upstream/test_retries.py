"""The retry policy by itself: what it tries again, how long it waits, and when it gives up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import inf

import pytest

from model_service.errors import (
    CredentialError,
    DeadlineExceeded,
    InvalidRequest,
    ModelServiceError,
    UpstreamError,
    UpstreamThrottled,
    UpstreamUnreachable,
)
from model_service.fn.invocation import Deadline
from model_service.upstream.retries import MAX_MORE_TRIES, MAX_PAUSE, Retries, passes, within

LONG = Deadline.after(86_400)
ALWAYS_LONGEST = Retries(random=lambda: 1.0)
THROTTLED = UpstreamThrottled("slow down")


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        *((UpstreamError("", status=status), True) for status in (429, 500, 502, 503, 504)),
        *((UpstreamError("", status=status), False) for status in (400, 401, 403, 404, 409, 413, 422, 501)),
        (UpstreamUnreachable("no connection"), True),
        (UpstreamUnreachable("it broke", code="connection_lost"), False),
        (DeadlineExceeded("late"), False),
        (InvalidRequest("no"), False),
        (CredentialError("none"), False),
    ],
)
def test_only_what_passes_by_itself_is_tried_again(error: ModelServiceError, passes: bool) -> None:
    assert (ALWAYS_LONGEST.pause(1, error, LONG) is not None) is passes


def test_pauses_double_and_then_it_gives_up() -> None:
    pauses = [ALWAYS_LONGEST.pause(tries, THROTTLED, LONG) for tries in range(1, MAX_MORE_TRIES + 2)]
    assert pauses == [0.5, 1.0, None]


def test_no_pause_is_longer_than_the_longest_and_chance_shortens_it() -> None:
    assert Retries(random=lambda: 0.0).pause(1, THROTTLED, LONG) == 0
    assert 0 < Retries(random=lambda: 0.3).pause(2, THROTTLED, LONG) < MAX_PAUSE  # type: ignore[operator]


@pytest.mark.parametrize(
    ("said", "seconds"), [("7", 7.0), ("0", 0.5), ("soon", 0.5), ("-3", 0.5), ("", 0.5), ("٣", 0.5), (None, 0.5)]
)
def test_retry_after_is_the_least_that_it_waits(said: str | None, seconds: float) -> None:
    assert ALWAYS_LONGEST.pause(1, UpstreamThrottled("", retry_after=said), LONG) == seconds


def test_retry_after_may_be_a_date() -> None:
    said = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    pause = ALWAYS_LONGEST.pause(1, UpstreamThrottled("", retry_after=said), LONG)
    assert pause is not None and 80 < pause <= 90


@pytest.mark.parametrize(("left", "waits"), [(1.0, False), (1.9, False), (60.0, True)])
def test_there_is_no_other_try_when_the_deadline_leaves_no_room_for_it(left: float, waits: bool) -> None:
    assert (ALWAYS_LONGEST.pause(1, THROTTLED, Deadline.after(left)) is not None) is waits


def test_a_wait_that_the_service_asks_for_beyond_the_deadline_is_not_begun() -> None:
    assert ALWAYS_LONGEST.pause(1, UpstreamThrottled("", retry_after="60"), Deadline.after(30)) is None


@pytest.mark.parametrize("error", [UpstreamUnreachable("it broke", code="connection_lost"), DeadlineExceeded("late")])
def test_what_is_repeatable_is_also_tried_again_where_nobody_knows(error: ModelServiceError) -> None:
    assert passes(error, repeatable=True)
    assert not passes(error)
    assert Retries(repeatable=True).pause(1, error, LONG) is not None


@pytest.mark.parametrize("error", [UpstreamError("", status=404), InvalidRequest("no"), CredentialError("none")])
def test_what_is_repeatable_is_not_tried_again_where_it_was_refused(error: ModelServiceError) -> None:
    assert not passes(error, repeatable=True)


def test_a_call_is_tried_until_it_succeeds() -> None:
    slept: list[float] = []
    failures: list[ModelServiceError] = [THROTTLED, UpstreamError("", status=503)]

    def attempt(deadline: Deadline) -> str:
        assert deadline.require() <= 5
        if failures:
            raise failures.pop()
        return "done"

    assert Retries(slept.append, lambda: 1.0).call(attempt, LONG, 5) == "done"
    assert slept == [0.5, 1.0]


def test_a_call_that_never_succeeds_raises_what_it_raised_last() -> None:
    slept: list[float] = []

    def attempt(deadline: Deadline) -> None:
        raise THROTTLED

    with pytest.raises(UpstreamThrottled):
        Retries(slept.append, more_tries=3).call(attempt, LONG)
    assert len(slept) == 3


def test_one_try_takes_no_longer_than_it_may_and_never_longer_than_the_whole() -> None:
    assert within(Deadline.after(60), 5).require() == pytest.approx(5, abs=0.1)
    assert within(Deadline.after(3), 5).expires <= Deadline.after(3).expires
    assert within(LONG, inf) == LONG
