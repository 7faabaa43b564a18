"""What a function wrote to stdout and stderr, line by line, for whoever asks or waits for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import TextIO

_KEPT = 10_000


class LogLines:
    """The last lines, oldest first; each goes to ``echo`` too as it comes. Thread-safe."""

    def __init__(self, echo: TextIO | None = None) -> None:
        self._echo = echo
        self._lines: deque[str] = deque(maxlen=_KEPT)
        self._written = 0
        self._changed = threading.Condition()

    @property
    def written(self) -> int:
        """Count the lines there have ever been, which ``wait_for`` takes as ``after``."""
        with self._changed:
            return self._written

    def add(self, line: str) -> None:
        with self._changed:
            self._lines.append(line)
            self._written += 1
            self._changed.notify_all()
        if self._echo is not None:
            self._echo.write(f"{line}\n")
            self._echo.flush()

    def lines(self) -> list[str]:
        with self._changed:
            return list(self._lines)

    def wait_for(self, wanted: Callable[[str], bool], seconds: float, after: int = 0) -> str | None:
        """Return the first line past the ``after``-th that is ``wanted``, or None when ``seconds`` have gone by.

        A container's output arrives on its own, possibly later than the answer of the call that wrote it.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._first(wanted, after) is not None, seconds)
            return self._first(wanted, after)

    def _first(self, wanted: Callable[[str], bool], after: int) -> str | None:
        forgotten = self._written - len(self._lines)
        recent = list(self._lines)[max(0, after - forgotten) :]
        return next((line for line in recent if wanted(line)), None)
