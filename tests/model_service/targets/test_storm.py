"""Many calls at once while a region fails in each of six ways; ``python -m tests.bench.targets`` makes a thousand."""

from __future__ import annotations

import pytest
from tests.bench.targets import DEADLINE_SECONDS, WAYS, calls_of_python, storm

CALLS = 200  # so many that some begin once the region is kept away
MAX_MORE_PYTHON_CALLS = 80  # of a warm call, for three targets: half of 0.1 ms


@pytest.mark.parametrize("way", WAYS)
def test_every_call_is_answered_in_time_and_charged_once(way: str) -> None:
    found = storm(way, CALLS, pairs=0, repeat_charged=True)
    assert (found.answered, dict(found.errors), found.charged_twice) == (CALLS, {}, 0)
    assert found.longest < DEADLINE_SECONDS
    assert found.after > 0
    assert found.tries_after <= 1.1 * found.after


def test_what_may_have_been_charged_is_an_error_and_no_second_try() -> None:
    found = storm("reset", CALLS, pairs=0)
    assert found.answered + found.errors["connection_lost"] == CALLS
    assert found.tries == CALLS
    assert found.charged_twice == 0


def test_targets_cost_a_warm_call_few_calls_of_python() -> None:
    found = calls_of_python()
    assert found["three targets"] - found["one model"] <= MAX_MORE_PYTHON_CALLS
