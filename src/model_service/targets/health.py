"""What a container remembers of a target: whether it fails, how slow it is, and when it was asked too often."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import field
from threading import Lock
from typing import Any, Final

from model_service.light_dataclasses import dataclass
from model_service.targets.breaker import Breaker
from model_service.targets.failures import Effect

GONE_SECONDS: Final = 300.0  # until a target that does not have its model is asked again
FIRST_REST_SECONDS: Final = 1.0  # after a 429 without Retry-After; twice as long after each further one
MAX_REST_SECONDS: Final = 30.0
FAST: Final = 0.3  # weight of the last value in what is so of late
SLOW: Final = 0.02  # and in what is usual
LEAST_FACTOR: Final = 0.05  # so that a target that was slow or throttled is still asked now and then
TELLING_SECONDS: Final = 5.0  # a wait that is shorter says nothing of the target


@dataclass(eq=False)
class TargetHealth:
    """The memory of one target. Threads share it; ``clock`` gives seconds, ``random`` numbers from 0 to 1."""

    breaker: Breaker = field(default_factory=Breaker)
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    resting_until: float = float("-inf")
    latency_ms: float | None = None  # until the first token, or the answer, of late
    usual_ms: float | None = None
    throttled_share: float = 0.0
    calls: int = 0
    failures: int = 0
    last_error: str | None = None
    _throttles: int = 0  # in a row
    _lock: Lock = field(default_factory=Lock)

    @property
    def can_be_asked(self) -> bool:
        """Whether nothing speaks against a call now."""
        if self.breaker.open_until is None and self.resting_until == float("-inf"):
            return True
        return self.clock() >= self.resting_until and self.breaker.may_begin

    @property
    def wait(self) -> float:
        """Return the seconds until it can be asked; 0 where it can be now."""
        return max(0.0, max(self.resting_until, self.breaker.open_until or float("-inf")) - self.clock())

    @property
    def factor(self) -> float:
        """Return from 0 to 1 which part of its weight a target has: less where it is throttled or slower than usual."""
        if self.latency_ms is None or not self.usual_ms:
            return max(LEAST_FACTOR, 1 - self.throttled_share)
        pace = min(1.0, 2 * self.usual_ms / max(self.latency_ms, 0.001))
        return max(LEAST_FACTOR, (1 - self.throttled_share) * pace)

    def begin(self) -> bool:
        """Note that a call begins; return whether it is a probe."""
        if self.breaker.open_until is None:
            return False
        with self._lock:
            return self.breaker.begin()

    def note_answer(self, milliseconds: float, *, probe: bool) -> None:
        """Note that the target has answered, or begun to, after so many milliseconds."""
        with self._lock:
            self.calls += 1
            if self.clock() >= self.resting_until:  # else it began before the target asked for a rest
                self._throttles = 0
            self.throttled_share *= 1 - FAST
            self.latency_ms = _moved(self.latency_ms, milliseconds, FAST)
            self.usual_ms = _moved(self.usual_ms, milliseconds, SLOW)
            self.breaker.note(ok=True, probe=probe)

    def note_failure(self, effect: Effect, code: str | None, *, probe: bool, retry_after: float = 0.0) -> bool:
        """Note a call that failed; return whether the target is kept from calls for it from now on."""
        with self._lock:
            self.calls += 1
            if effect == "none":
                if probe:  # it has answered, if only with a refusal
                    self.breaker.note(ok=True, probe=True)
                return False
            self.failures += 1
            self.last_error = code
            if effect == "ill":
                return self.breaker.note(ok=False, probe=probe)
            if effect == "gone":
                return self.breaker.open(GONE_SECONDS)
            if probe:
                self.breaker.release()
            self._rest(retry_after)
            return False

    def end(self, *, probe: bool) -> None:
        """Note that a call has ended and says nothing of the target; a probe frees its place."""
        if probe:
            with self._lock:
                self.breaker.release()

    def is_telling(self, seconds: float) -> bool:
        """Return whether so long a wait for nothing says that the target is ill, and not that time was short."""
        return seconds >= max(TELLING_SECONDS, 4 * (self.usual_ms or 0.0) / 1000)

    def learn_that_it_is_ill(self) -> bool:
        """Keep calls away for a cooldown because others have to; return whether that is new."""
        with self._lock:
            return self.breaker.state == "closed" and self.breaker.open()

    def rest(self, seconds: float) -> None:
        """Keep calls away for so many seconds: it is known that it would refuse them."""
        with self._lock:
            self.resting_until = max(self.resting_until, self.clock() + seconds)

    def view(self) -> dict[str, Any]:
        """Return what is shown of it."""
        return {
            "state": "resting" if self.clock() < self.resting_until else self.breaker.state,
            "wait_seconds": round(self.wait, 1),
            "latency_ms": None if self.latency_ms is None else round(self.latency_ms, 1),
            "throttled_share": round(self.throttled_share, 3),
            "calls": self.calls,
            "failures": self.failures,
            "last_error": self.last_error,
        }

    def _rest(self, retry_after: float) -> None:
        self.throttled_share = _moved(self.throttled_share, 1.0, FAST)
        jittered = min(MAX_REST_SECONDS, FIRST_REST_SECONDS * 2.0 ** min(self._throttles, 10)) * (0.5 + self.random())
        self._throttles += 1
        self.resting_until = max(self.resting_until, self.clock() + (retry_after or jittered))


def _moved(mean: float | None, value: float, weight: float) -> float:
    """Return a moving mean with one value more."""
    return value if mean is None else mean + weight * (value - mean)
