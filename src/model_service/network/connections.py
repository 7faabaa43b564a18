"""Open connections within the time that there is: names are resolved aside, addresses tried one after the other."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

CONNECT_SECONDS: Final = 10.0
SHORTEST_ATTEMPT: Final = 0.05  # seconds


class _Lookup:
    """A name that is being resolved.

    The system's resolver knows no deadline, so it runs in a thread of its own; all who ask for the same name meanwhile
    wait for the same answer, since a container has few threads.
    """

    def __init__(self, host: str, port: int) -> None:
        self._question = host, port
        self._done = threading.Event()
        self._addresses: list[str] = []
        self._error: Exception | None = None

    def start(self) -> None:
        """Resolve in a thread, or here where there is none to be had."""
        try:
            threading.Thread(target=self._run, daemon=True, name="resolver").start()
        except RuntimeError:
            self._run()

    def wait(self, seconds: float) -> list[str]:
        """Return the addresses; raise what the resolver raised, or ``TimeoutError``."""
        if not self._done.wait(seconds):
            raise TimeoutError("its name was not resolved in time")
        if self._error is not None:
            # Its text alone: an exception that several threads raise gathers the traces of all.
            raise OSError(f"its name cannot be resolved ({self._error})")
        return self._addresses

    def _run(self) -> None:
        try:
            host, port = self._question
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            self._addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label of more than 63 characters
            self._error = error
        finally:
            with _lock:
                _under_way.pop(self._question, None)
            self._done.set()


_lock = threading.Lock()
_under_way: dict[tuple[str, int], _Lookup] = {}


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of ``host``, at least one; raise ``OSError``, or ``TimeoutError`` after ``seconds``."""
    if _is_address(host):
        return [host]
    with _lock:
        lookup = _under_way.get((host, port))
        is_new = lookup is None
        if lookup is None:
            lookup = _under_way[host, port] = _Lookup(host, port)
    if is_new:
        lookup.start()
    return lookup.wait(seconds)


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return True
    return False


def attempts(host: str, port: int, left: Callable[[], float]) -> Iterator[tuple[str, float]]:
    """Yield each address of ``host`` and the seconds that a connection to it may take, as ``resolve`` raises.

    ``left`` gives the seconds until the deadline, or raises. All together take CONNECT_SECONDS at most, so that one
    address that nobody answers at leaves time for the next.
    """
    ends = time.monotonic() + min(CONNECT_SECONDS, left())
    addresses = resolve(host, port, ends - time.monotonic())
    for index, address in enumerate(addresses):
        seconds = ends - time.monotonic()
        if index and seconds <= 0:
            return  # what became of the one before says more
        yield address, max(SHORTEST_ATTEMPT, seconds / (len(addresses) - index))


def open_socket(host: str, port: int, left: Callable[[], float]) -> socket.socket:
    """Return a connection to ``host``; raise ``OSError``, which ``TimeoutError`` is too, where there is none."""
    failure: OSError = TimeoutError("timed out")
    for address, seconds in attempts(host, port, left):
        try:
            return socket.create_connection((address, port), seconds)
        except OSError as error:
            failure = error
    raise failure
