"""Whether the machine has time to be measured on, and what is shown meanwhile."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

LOOK_SECONDS = 2.0
PATIENCE_SECONDS = 90.0
MAX_BUSY = 0.15  # of all cores, by others
MAX_STEAL = 0.03  # of all cores, by other machines on the same one


@dataclass(frozen=True)
class Times:
    """What the cores have done since they were started, in ticks of the kernel."""

    idle: int
    stolen: int
    all: int

    @classmethod
    def now(cls) -> Times:
        ticks = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return cls(ticks[3] + ticks[4], ticks[7], sum(ticks))

    def since(self, other: Times) -> tuple[float, float]:
        """Return the shares of the time since then in which the cores were busy, and were not to be had."""
        passed = max(1, self.all - other.all)
        return 1 - (self.idle - other.idle) / passed, (self.stolen - other.stolen) / passed


def trouble() -> str | None:
    """Return why this machine is no place to measure on just now; ``None`` where it is one."""
    before = Times.now()
    time.sleep(LOOK_SECONDS)
    busy, stolen = Times.now().since(before)
    if stolen > MAX_STEAL:
        return f"{stolen:.0%} of its time is stolen by others"
    if busy > MAX_BUSY:
        return f"its cores are {busy:.0%} busy, and the load is {os.getloadavg()[0]:.1f}"
    return None


def wait_until_quiet(show: Progress) -> str | None:
    """Wait for other work to end; return what is still going on after a minute and a half, or ``None``."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while (found := trouble()) is not None and time.monotonic() < give_up:
        show(f"waiting for a quiet machine: {found}")
    return found


class Progress:
    """One line on a terminal that says what is being measured; nothing anywhere else."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def __call__(self, text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{time.monotonic() - self._started:4.0f} s  {text}")
            sys.stderr.flush()

    def end(self) -> None:
        """Leave the line empty."""
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
