"""When the records of a batch ask again, and that all of them wait while OCI throttles one."""

from __future__ import annotations

import time
from typing import Final

from model_service.errors import ModelServiceError, UpstreamThrottled
from model_service.invocation import Deadline
from model_service.retries import Retries

# A batch has more time than a caller who waits, and nobody else to try again for it.
RETRIES: Final = Retries(more_tries=5, first_pause=1.0, longest_pause=30.0)


class Throttle:
    """Has all records of a batch wait while OCI throttles one of them. Threads share it."""

    def __init__(self, retries: Retries = RETRIES) -> None:
        self.retries = retries
        self._until = 0.0

    def wait(self, deadline: Deadline) -> None:
        """Raises ``DeadlineExceeded`` where there is no time for that."""
        seconds = self._until - time.monotonic()
        if seconds > 0:
            self.retries.sleep(min(seconds, deadline.require()))

    def pause(self, tries: int, error: ModelServiceError, deadline: Deadline) -> bool:
        """Waits before another try, and says whether there is to be one."""
        seconds = self.retries.pause(tries, error, deadline)
        if seconds is None:
            return False
        if isinstance(error, UpstreamThrottled) and (tries > 1 or error.retry_after):
            self._until = max(self._until, time.monotonic() + seconds)
        self.retries.sleep(seconds)
        return True
