"""A deadline for the beginning of an answer, which gives way to the call's own once it has begun."""

from __future__ import annotations

import time

from model_service.fn.invocation import Deadline


class EarlyDeadline(Deadline):
    """The same deadline, ``seconds`` from now until ``relax`` is called; whoever waits by it asks it each time."""

    _whole: float

    @classmethod
    def within_seconds(cls, deadline: Deadline, seconds: float) -> EarlyDeadline:
        """Return one that is over in so many seconds, and never later than ``deadline``."""
        early = cls(min(deadline.expires, time.monotonic() + seconds + deadline.margin), deadline.margin)
        object.__setattr__(early, "_whole", deadline.expires)  # it is frozen, but for what it is made for
        return early

    @property
    def is_early(self) -> bool:
        """Whether the call has time left when this one is over."""
        return self.expires < self._whole

    def relax(self) -> None:
        """Go on until the deadline of the call."""
        object.__setattr__(self, "expires", self._whole)
