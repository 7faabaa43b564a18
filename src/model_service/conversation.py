"""One request and its answer, as the sockets below it see them: how long the next wait may be, and what was opened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from model_service.invocation import Deadline

AT_ONCE: Final = 0.1  # seconds; a round trip takes less, a model takes more


@dataclass
class Conversation:
    """How long both may take, and whether a connection was opened for them. ``patience`` is set when everything has
    come that was expected: seconds to wait for the end of the body."""

    deadline: Deadline
    connected: bool = False
    began: float = 0.0
    patience: float | None = None

    def begin(self) -> None:
        self.began = time.monotonic()

    @property
    def died_idle(self) -> bool:
        """Whether a request that just failed met a kept connection that was dead already. Such a one fails at once; a
        peer that took its time may have read the request, and a model that ran is billed."""
        return not self.connected and time.monotonic() - self.began < AT_ONCE

    @property
    def seconds(self) -> float:
        """For the next wait; raises ``DeadlineExceeded`` when there are none."""
        seconds = self.deadline.require()
        return seconds if self.patience is None else min(seconds, self.patience)

    @contextmanager
    def on_the_wire(self) -> Iterator[None]:
        """What the sockets do inside this block, they do for this conversation."""
        token = current.set(self)
        try:
            yield
        finally:
            current.reset(token)


current: ContextVar[Conversation] = ContextVar("conversation")
