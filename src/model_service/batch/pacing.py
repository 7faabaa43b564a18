"""How many calls of one model or one sink are under way at once, and whose fault it is when they fail."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from model_service.errors import DeadlineExceeded, InternalError, ModelServiceError, UpstreamError
from model_service.upstream.retries import asked_for, passes

ALSO_PASSING: Final = frozenset({408, 409, 425})  # beside what `passes` knows; OpenAI's own clients try these again
NOT_PASSING: Final = frozenset({501})  # of 5xx: what OCI has not, it will not have in a minute
WINDOW_CALLS: Final = 64  # whose outcomes a target remembers
DECREASE_SHARE: Final = 0.4  # of the calls of a window: above it there are fewer at once
INCREASE_SHARE: Final = 0.25  # below it there are more
COPIES_OF_AN_ANSWER: Final = 6  # its bytes, its text, its values, the result around it, and that as JSON
LARGEST_FADES: Final = 0.98  # with each answer
FIRST_ANSWER_BYTES: Final = 1024 * 1024  # what is assumed of answers before there is one; 200,000 tokens have as many
CALM_SHARE: Final = 0.05  # below it, what still fails is to blame itself


def is_passing(error: ModelServiceError) -> bool:
    """Return whether the same may go better another time, and has not been charged yet."""
    if isinstance(error, UpstreamError):
        if error.may_be_charged:
            return False
        return (error.status >= 500 and error.status not in NOT_PASSING) or error.status in {429, *ALSO_PASSING}
    return passes(error)


@dataclass(frozen=True)
class Pauses:
    """How often a record is tried again, and after which pauses (seconds).

    A batch has more time than a caller who waits, and nobody else to try again for it. ``random`` gives numbers from 0
    to 1: full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """

    more_tries: int = 5
    first: float = 1.0
    longest: float = 30.0
    longest_when_well: float = 1.0  # while most calls succeed there is no reason to stay away for long
    random: Callable[[], float] = random.random

    def after(self, tries: int, error: ModelServiceError, *, well: bool) -> float:
        """Return the pause after so many tries, no shorter than the ``Retry-After`` of the last one's error."""
        first, longest = (self.first / 4, self.longest_when_well) if well else (self.first, self.longest)
        return max(asked_for(error.retry_after), self.random() * min(longest, first * 2.0 ** min(tries - 1, 10)))


@dataclass(eq=False)
class CallTarget:
    """A model or a sink. Threads share it, and batches: a container keeps it.

    The number of calls at once grows by additions and shrinks by a factor (AIMD), once for each window of calls, by the
    share of them that met trouble: a service that refuses a few of many is not slowed down by asking it less.
    """

    kind: str
    name: str
    most: int
    pauses: Pauses
    clock: Callable[[], float] = time.monotonic
    limit: float = 0.0
    room: int = 1_000_000  # calls whose answers fit into memory
    last_success: float = float("-inf")
    resting_until: float = float("-inf")
    _active: int = 0
    _in_a_row: int = 0  # failures since the last success
    _since_change: list[bool] = field(default_factory=list)
    _recent: deque[tuple[str, bool]] = field(default_factory=lambda: deque(maxlen=WINDOW_CALLS))
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.limit = self.limit or float(self.most)

    @property
    def has_room(self) -> bool:
        """Whether one call more may begin now."""
        return self._active < max(1, min(int(self.limit), self.room)) and self.clock() >= self.resting_until

    @property
    def is_down(self) -> bool:
        """Whether it has failed again and again, and nothing has succeeded meanwhile."""
        return self._in_a_row > max(2, self.limit)

    @property
    def is_well(self) -> bool:
        """Whether most calls of late have succeeded."""
        return sum(ok for _, ok in self._recent) * 2 >= len(self._recent)

    def begin(self) -> bool:
        """Take the place of one call and return ``True``, or return ``False`` where there is none now."""
        with self._lock:
            if not self.has_room:
                return False
            self._active += 1
            return True

    def end(self, record: str, error: ModelServiceError | None) -> None:
        """Give the place of a call back, and learn from how it went."""
        with self._lock:
            self._active -= 1
        self.observe(record, error)

    def observe(self, record: str, error: ModelServiceError | None) -> None:
        """Learn from how a call for a record went."""
        with self._lock:
            if isinstance(error, DeadlineExceeded | InternalError):
                return  # which says nothing of it
            trouble = error is not None and is_passing(error)
            self._recent.append((record, not trouble))
            self._since_change.append(trouble)
            if trouble:
                self._in_a_row += 1
                if self.is_down:  # one at a time looks whether it is well again
                    rest = min(self.pauses.longest, self.pauses.first * 2.0 ** min(self._in_a_row, 5))
                    self.resting_until = self.clock() + self.pauses.random() * rest
            elif error is None:
                self._in_a_row = 0
                self.last_success, self.resting_until = self.clock(), float("-inf")
            self._adapt()

    def has_succeeded(self, record: str, since: float) -> bool:
        """Return whether others have had success since then, and the last of them had, too."""
        last = next((ok for other, ok in reversed(list(self._recent)) if other != record), False)
        return last and self.last_success > since

    def blames(self, record: str, since: float, tries: int) -> bool:
        """Return whether a record that still fails after ``tries`` tries fails where others have had success ``since``.

        While some of the others fail, too, it gets twice as many tries.
        """
        others = [ok for other, ok in list(self._recent) if other != record]
        is_calm = others.count(False) <= CALM_SHARE * len(others)
        more = self.pauses.more_tries if is_calm else 2 * self.pauses.more_tries
        return tries > more and self.has_succeeded(record, since)

    def _adapt(self) -> None:
        window = self._since_change
        if len(window) < max(4, int(self.limit)):
            return
        share = sum(window) / len(window)
        if share > DECREASE_SHARE:
            self.limit = max(1.0, self.limit * (0.5 if share > 2 * DECREASE_SHARE else 0.75))
        elif share < INCREASE_SHARE:
            self.limit = min(float(self.most), self.limit + 2)
        window.clear()


@dataclass
class Pacing:
    """The targets of a container, by name, each made when it is first met."""

    most: int
    pauses: Pauses = field(default_factory=Pauses)
    answer_room: int = 80 * 1024 * 1024  # bytes of memory that the answers under way may take
    _targets: dict[str, CallTarget] = field(default_factory=dict)
    _largest: float = 0.0

    def note_size(self, answer_bytes: int) -> None:
        """Learn how large answers are: of large ones fewer are under way at once, by what each takes in memory."""
        self._largest = max(float(answer_bytes), self._largest * LARGEST_FADES)
        for target in list(self._targets.values()):
            if target.kind == "model":
                target.room = self._room

    @property
    def _room(self) -> int:
        """Return how many answers may be under way; of the first of all nobody knows yet how large they are."""
        largest = self._largest or FIRST_ANSWER_BYTES
        return max(1, min(self.most, self.answer_room // int(largest * COPIES_OF_AN_ANSWER + 1)))

    def target(self, kind: str, name: str) -> CallTarget:
        """Return the target of a ``kind``, ``model`` or ``sink``."""
        # Two threads may make it at once: the first to be stored is everybody's.
        key = f"{kind} {name}"
        if key in self._targets:
            return self._targets[key]
        made = CallTarget(kind, name, self.most, self.pauses)
        if kind == "model":
            made.room = self._room
        return self._targets.setdefault(key, made)
