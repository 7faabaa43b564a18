"""The SDK's sockets, which know the deadline: every single wait is cut to what is left of it, as in ``network``.

The SDK fixes one timeout for all reads of a client, and urllib3 one for all reads of a body. Here, below both, each
read asks again. Importing this module brings urllib3.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from model_service.invocation import Deadline

CONNECT_SECONDS: Final = 10.0
KEEPALIVE_SECONDS: Final = 60.0  # a container sleeps between calls; what lies longer than this is likely gone


@dataclass
class Wire:
    """One request and its answer: how long they may take, and whether a connection was opened for them.

    ``patience`` is set when everything has come that was expected: seconds to wait for the end of the body.
    """

    deadline: Deadline
    connected: bool = False
    patience: float | None = None

    @property
    def seconds(self) -> float:
        """For the next wait; raises ``DeadlineExceeded`` when there are none."""
        seconds = self.deadline.require()
        return seconds if self.patience is None else min(seconds, self.patience)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """What the sockets do inside this block, they do for this request."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


_current: ContextVar[Wire] = ContextVar("wire")


class _TimedReads(io.RawIOBase):
    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(_current.get().seconds)
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedReads(sock))


class _Timed(HTTPConnection):
    """What both kinds of connection have in common."""

    response_class = _TimedResponse
    _last_used = 0.0

    @property
    def is_connected(self) -> bool:
        """Asked by the pool before it uses a connection again."""
        return super().is_connected and time.monotonic() - self._last_used < KEEPALIVE_SECONDS

    def connect(self) -> None:
        wire = _current.get()
        wire.connected = True
        self.timeout = min(CONNECT_SECONDS, wire.seconds)
        super().connect()

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self.sock.settimeout(_current.get().seconds)  # a large body may take longer than a connection
        self._last_used = time.monotonic()
        super().send(data)


class _TimedTLS(_Timed, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Timed


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TimedTLS


POOLS: Final = {"http": _Pool, "https": _TLSPool}
"""For ``urllib3.PoolManager.pool_classes_by_scheme``. Use them inside ``Wire.in_use`` only."""
