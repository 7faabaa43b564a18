"""A breaker: it opens after failures within a window, and lets one call at a time look whether all is well again."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import field
from typing import Final, Literal

from model_service.light_dataclasses import dataclass

State = Literal["closed", "open", "half-open"]

ILL_SHARE: Final = 0.5  # of the calls within the window: as many failures may be a small part of what goes well
MAX_OUTCOMES: Final = 256  # of a window
MAX_COOLDOWN_SECONDS: Final = 300.0
PROBE_SECONDS: Final = 60.0  # after which a call that looked counts as one that never came back


@dataclass(eq=False)
class Breaker:
    """Open for ``cooldown`` seconds after ``failures`` within ``window``, twice as long after each failed probe.

    Each cooldown is between half and one and a half of its length, so that containers do not come back together.
    ``random`` gives numbers from 0 to 1. Whoever shares it among threads holds a lock.
    """

    failures: int = 5
    window: float = 30.0
    cooldown: float = 10.0
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    open_until: float | None = None
    _failed_probes: int = 0
    _probe_until: float = float("-inf")
    _outcomes: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=MAX_OUTCOMES))

    @property
    def state(self) -> State:
        if self.open_until is None:
            return "closed"
        return "open" if self.clock() < self.open_until else "half-open"

    @property
    def may_begin(self) -> bool:
        """Whether a call may be made now: while half-open only one at a time."""
        state = self.state
        return state == "closed" or (state == "half-open" and self.clock() >= self._probe_until)

    def begin(self) -> bool:
        """Note that a call begins; return whether it is a probe, whose outcome decides."""
        if self.state != "half-open" or self.clock() < self._probe_until:
            return False
        self._probe_until = self.clock() + PROBE_SECONDS
        return True

    def note(self, *, ok: bool, probe: bool = False) -> bool:
        """Note how a call went; return whether the breaker has opened for it.

        What began before the breaker opened says nothing of how it is now.
        """
        if probe:
            self._probe_until = float("-inf")
            if ok:
                self.open_until, self._failed_probes = None, 0
                return False
            self._failed_probes += 1
            return self.open()
        if self.open_until is not None:
            return False
        now = self.clock()
        self._outcomes.append((now, ok))
        return not ok and self._is_ill(now) and self.open()

    def release(self) -> None:
        """Note that a probe has ended, and says nothing."""
        self._probe_until = float("-inf")

    def open(self, seconds: float | None = None) -> bool:
        """Open for ``seconds``, or for a cooldown; return ``True``."""
        cooldown = min(MAX_COOLDOWN_SECONDS, self.cooldown * 2.0 ** min(self._failed_probes, 10))
        self.open_until = self.clock() + (seconds or cooldown) * (0.5 + self.random())
        self._outcomes.clear()
        return True

    def _is_ill(self, now: float) -> bool:
        while self._outcomes and self._outcomes[0][0] < now - self.window:
            self._outcomes.popleft()
        failed = sum(not ok for _, ok in self._outcomes)
        return failed >= self.failures and failed >= ILL_SHARE * len(self._outcomes)
