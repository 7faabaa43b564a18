"""Compare this machine's clock with OCI's: a signature that is more than five minutes off is refused.

Source: https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm
"""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final

MAX_SKEW_SECONDS: Final = 300.0


def skew(date: str | None, clock: Callable[[], float] = time.time) -> float | None:
    """Return how many seconds this machine is ahead of the ``Date`` of an answer; ``None`` where it has none."""
    try:
        return clock() - parsedate_to_datetime(date or "").timestamp()
    except (ValueError, OverflowError):
        return None


def skew_hint(date: str | None) -> str | None:
    """Return what to do about a clock that is so far off that OCI refuses what we sign; ``None`` if it is not."""
    seconds = skew(date)
    if seconds is None or abs(seconds) <= MAX_SKEW_SECONDS:
        return None
    return f"The clock here is {described(seconds)}; OCI refuses what is signed five minutes off. Synchronise it (NTP)."


def described(seconds: float) -> str:
    """Return a skew in words."""
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} OCI's"
