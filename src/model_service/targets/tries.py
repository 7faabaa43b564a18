"""How many further tries a container may make: a few for each call, so that an outage does not multiply the calls."""

from __future__ import annotations

from dataclasses import field
from threading import Lock

from model_service.light_dataclasses import dataclass


@dataclass(eq=False)
class TryBudget:
    """A bucket of further tries: each call puts ``share`` of one into it, up to ``most``, with which it begins.

    Threads share it.
    """

    share: float = 0.1
    most: float = 64.0
    left: float | None = None
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        if self.left is None:
            self.left = float(self.most)

    def note_call(self) -> None:
        """Note that a call begins."""
        assert self.left is not None  # noqa: S101 - it was set when this was made
        if self.left < self.most:
            with self._lock:
                self.left = min(self.most, self.left + self.share)

    @property
    def has_one(self) -> bool:
        """Whether a further try could be made now."""
        return self.left is not None and self.left >= 1

    def take(self) -> bool:
        """Take a further try out of the bucket; return ``False`` where there is none."""
        with self._lock:
            assert self.left is not None  # noqa: S101 - as above
            if self.left < 1:
                return False
            self.left -= 1
            return True
