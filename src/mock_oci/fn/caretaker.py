"""Who looks at containers while they rest and while they work: one thread for all, which sleeps when none needs it."""

from __future__ import annotations

import threading
import weakref
from typing import Protocol

_EVERY_SECONDS = 0.025


class Looked(Protocol):
    """What is looked at."""

    def look(self) -> bool:
        """Do what its time has come for; tell whether to look again."""
        ...


class Caretaker:
    """``notice`` what is to be looked at; it is forgotten when it wants no more looks. Thread-safe."""

    def __init__(self) -> None:
        self._noticed: weakref.WeakSet[Looked] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def notice(self, looked: Looked) -> None:
        """Look at it from now on."""
        with self._lock:
            self._noticed.add(looked)
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._run, name="mock_oci caretaker", daemon=True)
                self._thread.start()
        self._wanted.set()

    def close(self) -> None:
        """Look at nothing any more."""
        self._ended.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wanted.wait()
            self._wanted.clear()
            while self._look() and not self._ended.wait(_EVERY_SECONDS):
                pass

    def _look(self) -> bool:
        """Tell whether anything is left to look at."""
        with self._lock:
            looked = list(self._noticed)
            self._noticed.clear()  # who is noticed meanwhile, is looked at again
        for each in looked:
            if each.look():
                with self._lock:
                    self._noticed.add(each)
        with self._lock:
            return bool(self._noticed)
