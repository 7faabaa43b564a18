"""The clock of a backend: it goes as another one does, unless it is set, moved on or stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable


class AdjustableClock:
    """Gives Unix seconds when called. ``base`` is the clock that it follows. Thread-safe."""

    def __init__(self, base: Callable[[], float]) -> None:
        self._base = base
        self._lock = threading.Lock()
        self._offset = 0.0
        self._stopped: float | None = None

    def __call__(self) -> float:
        with self._lock:
            return self._base() + self._offset if self._stopped is None else self._stopped

    @property
    def is_stopped(self) -> bool:
        return self._stopped is not None

    def set(self, seconds: float) -> None:
        """Go on from this moment; a stopped clock stands there."""
        with self._lock:
            self._offset = seconds - self._base()
            self._stopped = None if self._stopped is None else seconds

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds."""
        self.set(self() + seconds)

    def freeze(self) -> None:
        """Stop at the present moment."""
        now = self()
        with self._lock:
            self._stopped = now

    def resume(self) -> None:
        """Go on from where it stands."""
        now = self()
        with self._lock:
            self._offset, self._stopped = now - self._base(), None

    def reset(self) -> None:
        """Follow the base again, as in the beginning."""
        with self._lock:
            self._offset, self._stopped = 0.0, None
