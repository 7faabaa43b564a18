"""The SDK's sockets, which know the deadline: every single wait is cut to what is left of it, as in ``sockets``.

The SDK fixes one timeout for all reads of a client, and urllib3 one for all reads of a body. Here, below both, each
read asks again. Importing this module brings urllib3.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any, Final

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from model_service.network.connections import attempts
from model_service.upstream.sockets import SOCKET_OPTIONS, current, is_vanished_peer

CONNECT_SECONDS: Final = 10.0
KEEPALIVE_SECONDS: Final = 60.0  # a container sleeps between calls; what lies longer than this is likely gone


class _TimedReads(io.RawIOBase):
    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._file = sock.makefile("rb", buffering=0)
        self.is_at_end = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        attempt = current.get()
        attempt.socket = self._socket
        try:
            self._socket.settimeout(attempt.seconds)
            count = self._file.readinto(buffer)
        except BaseException as error:
            attempt.note_failed_read(error)
            if is_vanished_peer(error):
                raise ConnectionAbortedError(*error.args) from error
            raise
        if not count:
            self.is_at_end = True
            attempt.note_end()
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self._reads = _TimedReads(sock)
        self.fp = io.BufferedReader(self._reads)

    def begin(self) -> None:
        """Read the head; raise where the connection ends inside it, which ``http.client`` takes for its end."""
        super().begin()
        if self._reads.is_at_end:
            raise http.client.RemoteDisconnected("the connection ended inside the head of the answer")


class _Timed(HTTPConnection):
    """What both kinds of connection have in common."""

    response_class = _TimedResponse
    _last_used = 0.0

    @property
    def is_connected(self) -> bool:
        """Return whether the pool may use the connection again."""
        return super().is_connected and time.monotonic() - self._last_used < KEEPALIVE_SECONDS

    def connect(self) -> None:
        attempt = current.get()
        attempt.is_new = True
        self.timeout = min(CONNECT_SECONDS, attempt.seconds)
        self.socket_options = list(SOCKET_OPTIONS)
        super().connect()

    def _new_conn(self) -> socket.socket:
        """Connect as urllib3 does, address by address, with a name that is resolved within the deadline."""
        host = self._dns_host
        failure: Exception = ConnectTimeoutError(self, "timed out")
        try:
            for address, seconds in attempts(host, self.port, lambda: current.get().seconds):
                self._dns_host, self.timeout = address, seconds
                try:
                    return super()._new_conn()
                except (NewConnectionError, ConnectTimeoutError) as error:
                    failure = error
        except OSError as error:  # the name cannot be resolved, or not in time
            raise NewConnectionError(self, str(error)) from error
        finally:
            self._dns_host = host
        raise failure

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        attempt = current.get()
        self._last_used = time.monotonic()
        attempt.socket = self.sock
        try:
            self.sock.settimeout(attempt.seconds)  # a large body may take longer than a connection
            super().send(data)
        except BaseException as error:
            attempt.note_failed_write()
            if is_vanished_peer(error):
                raise ConnectionAbortedError(*error.args) from error
            raise


class _TimedTLS(_Timed, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Timed


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TimedTLS


POOLS: Final = {"http": _Pool, "https": _TLSPool}
"""For ``urllib3.PoolManager.pool_classes_by_scheme``. Use them inside ``Attempt.on_the_wire`` only."""
