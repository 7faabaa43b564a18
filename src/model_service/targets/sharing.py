"""What containers tell each other: which targets each of them keeps calls from, by the counter that they share."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from threading import Lock
from typing import Final

from model_service.callers.budgets import PREFIX
from model_service.callers.counters import Amount, Counter, CounterUnavailable
from model_service.light_dataclasses import dataclass
from model_service.logs import log
from model_service.targets.health import TargetHealth

WINDOW_SECONDS: Final = 30  # for which a finding counts: whoever is still kept away says so again
LEARN_SECONDS: Final = 5.0  # between two looks, each a round trip to the counter


@dataclass(eq=False)
class SharedHealth:
    """Say and hear which targets are ill. ``clock`` gives Unix seconds, the same for all containers."""

    counter: Counter
    clock: Callable[[], float] = time.time
    _next: float = 0.0
    _said: dict[str, int] = field(default_factory=dict)  # by place, the window in which this container said it
    _heard: dict[str, int] = field(default_factory=dict)  # and the one in which it has heard it
    _lock: Lock = field(default_factory=Lock)

    def publish(self, place: str) -> None:
        """Tell the others that this container keeps calls from a target."""
        window = self._window()
        with self._lock:
            if self._said.get(place) == window:
                return
            self._said[place] = window
        self._add([_amount(place, window, 1)])

    def learn(self, health: Mapping[str, TargetHealth]) -> None:
        """Keep calls from targets that others have found ill, each once in a window: then a probe of ours decides."""
        with self._lock:
            if self.clock() < self._next:
                return
            self._next = self.clock() + LEARN_SECONDS
        window, places = self._window(), list(health)
        for place, total in zip(places, self._add([_amount(place, window, 0) for place in places]), strict=False):
            by_others = total - (self._said.get(place) == window)
            if by_others > 0 and self._heard.get(place) != window:
                self._heard[place] = window
                if health[place].learn_that_it_is_ill():
                    log.write("target_kept_away", target=place.partition("|")[0], by="another container")

    def _window(self) -> int:
        return int(self.clock() // WINDOW_SECONDS)

    def _add(self, amounts: list[Amount]) -> tuple[int, ...]:
        try:
            return self.counter.add(amounts).totals
        except CounterUnavailable:
            return ()  # it is in the log; each container goes on by what it sees itself


def _amount(place: str, window: int, amount: int) -> Amount:
    digest = hashlib.sha256(place.encode()).hexdigest()[:16]
    return Amount(f"{PREFIX}:ill:{digest}:{window}", amount, None, 2 * WINDOW_SECONDS)
