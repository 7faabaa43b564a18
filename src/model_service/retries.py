"""When a call that failed is tried again, and after which pause: seldom, briefly, and never beyond the deadline."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from model_service.errors import ModelServiceError, UpstreamError, UpstreamUnreachable
from model_service.invocation import Deadline

MORE_TRIES: Final = 2
FIRST_PAUSE: Final = 0.5  # seconds; doubles with every try
LONGEST_PAUSE: Final = 8.0
SHORTEST_TRY: Final = 1.0  # seconds that must be left after a pause: no model answers in less

# What passes by itself. 500 is among them because OCI says it where others say 503. Never 400, 401 or 404: those
# are answers. Source: oci.retry.retry_checkers and
# https://docs.oracle.com/en-us/iaas/Content/generative-ai/dynamic-throttling.htm
PASSING_STATUSES: Final = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Retries:
    """The policy, with what a test replaces: ``sleep`` takes seconds, ``random`` gives numbers from 0 to 1."""

    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random

    def pause(self, tries: int, error: ModelServiceError, deadline: Deadline) -> float | None:
        """Seconds to wait after ``tries`` tries of which ``error`` ended the last; ``None``: give up.

        Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), but no less than
        the service asked for in ``Retry-After``.
        """
        if tries > MORE_TRIES or not _passes(error):
            return None
        jitter = self.random() * min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1))
        seconds = max(jitter, _asked_for(error.retry_after))
        return seconds if seconds + SHORTEST_TRY + deadline.margin < deadline.remaining else None


def _passes(error: ModelServiceError) -> bool:
    if isinstance(error, UpstreamError):
        return error.status in PASSING_STATUSES
    # Of a connection that broke nobody knows whether the model has run, and been billed, already.
    return isinstance(error, UpstreamUnreachable) and error.code != "connection_lost"


def _asked_for(retry_after: str | None) -> float:
    """Seconds, of a number or a date (RFC 9110, 10.2.3); 0 where there is neither."""
    if retry_after is None:
        return 0.0
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - datetime.now(UTC).timestamp()
