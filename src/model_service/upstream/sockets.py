"""Sockets that know the deadline, and what became of a request.

Every wait is cut to what is left of the time, and a connection that failed tells whether its peer can have read the
request.

httpcore fixes the timeout of a read once for a whole body. Here, below it, each single read asks again.
"""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Final

import httpcore
import httpx

from model_service.auth.signing import SigningKey
from model_service.fn.invocation import Deadline
from model_service.light_dataclasses import dataclass
from model_service.network import Network, Proxy
from model_service.network.connections import attempts

MAX_COPIED_BYTES: Final = 65536  # what is larger goes out at once, where httpcore expects a failure to show

# A peer that vanished without a FIN, as while the container was frozen, is found within ten seconds: by keep-alive if
# nothing is under way to it, by the user timeout (milliseconds) if something is. Not every system has them all.
SOCKET_OPTIONS: Final[Sequence[tuple[int, int, int]]] = tuple(
    (level, getattr(socket, name), value)
    for level, name, value in (
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 5),
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 2),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", 3),
        (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", 8000),
        (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
    )
    if hasattr(socket, name)
)

AT_HAND: Final = 0.05  # seconds; what has arrived already is read in less

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's own transport, over sockets of ours. Use it inside ``Attempt.on_the_wire`` only."""

    def __init__(self, url: str, network: Network, limits: httpx.Limits) -> None:
        # Certificates take time to load, which a plain http:// endpoint (a local OCI) need not wait for.
        verify = network.tls if not url.lower().startswith("http:") else False
        proxy = network.proxy_for(url)
        super().__init__(
            verify=verify,
            trust_env=False,
            limits=limits,
            socket_options=SOCKET_OPTIONS,
            proxy=_httpx_proxy(proxy, network) if proxy else None,
        )
        # httpx has no parameter for it; httpcore does (https://www.encode.io/httpcore/network-backends/).
        self._pool._network_backend = _Backend(self._pool._network_backend)


def _httpx_proxy(proxy: Proxy, network: Network) -> httpx.Proxy:
    context = network.tls if proxy.url.startswith("https:") else None
    return httpx.Proxy(proxy.url, ssl_context=context, headers=proxy.headers)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        current.get().is_new = True
        failure: Exception = httpcore.ConnectTimeout("timed out")
        try:
            for address, seconds in attempts(host, port, lambda: _left(timeout)):
                try:
                    return _Stream(self._backend.connect_tcp(address, port, seconds, local_address, socket_options))
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    failure = error
        except OSError as error:  # the name cannot be resolved, or not in time
            raise httpcore.ConnectError(str(error)) from error
        raise failure


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._socket = stream.get_extra_info("socket")
        self._unsent = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._flush(timeout)
        attempt = current.get()
        attempt.socket = self._socket
        try:
            received = self._stream.read(max_bytes, _left(timeout))
        except BaseException as error:
            attempt.note_failed_read(error.__cause__ or error)
            if isinstance(error, httpcore.ReadTimeout) and is_vanished_peer(error.__cause__):
                raise httpcore.ReadError(str(error)) from error.__cause__
            raise
        if not received:
            attempt.note_end()
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # The head of a request waits for its body, so that both leave in one packet (and one TLS record).
        if len(self._unsent) + len(buffer) > MAX_COPIED_BYTES:
            self._flush(timeout)
            self._send(buffer, timeout)
        else:
            self._unsent += buffer

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _flush(self, timeout: float | None) -> None:
        unsent, self._unsent = self._unsent, b""
        if unsent:
            self._send(unsent, timeout)

    def _send(self, buffer: bytes, timeout: float | None) -> None:
        attempt = current.get()
        attempt.socket = self._socket
        try:
            # httpcore cuts off what has left and goes on with the rest: of bytes that is a copy each time.
            self._stream.write(memoryview(buffer), _left(timeout))  # type: ignore[arg-type] # it is sent as bytes are
        except BaseException as error:
            attempt.note_failed_write()
            if isinstance(error, httpcore.WriteTimeout) and is_vanished_peer(error.__cause__):
                raise httpcore.WriteError(str(error)) from error.__cause__
            raise


def _left(timeout: float | None) -> float:
    """Return seconds; raise ``DeadlineExceeded`` when there are none."""
    seconds = current.get().seconds
    return seconds if timeout is None else min(timeout, seconds)


def is_vanished_peer(error: BaseException | None) -> bool:
    """Return whether the kernel gave the peer up: Python raises the same class where a wait of ours has ended."""
    return isinstance(error, TimeoutError) and error.errno is not None


@dataclass
class Attempt:
    """One try of a request: how long it may take, and what became of it.

    ``is_new`` says that a connection was opened for it, and ``is_unread`` that it failed before its peer can have read
    the whole request, so that no model ran for it. ``quiet_until`` is set when everything has come that was expected:
    the moment (of ``time.monotonic``) until which more is waited for.
    """

    deadline: Deadline
    is_new: bool = False
    is_unread: bool = False
    quiet_until: float | None = None
    key: SigningKey | None = None  # that the request was signed with
    is_overdue: bool = False  # a read has been tried after that moment
    socket: socket.socket | None = None

    def expect_end(self, within: float) -> None:
        """Wait no longer than ``within`` seconds for whatever still comes; each call begins anew."""
        self.quiet_until, self.is_overdue = time.monotonic() + within, False

    def is_over(self) -> bool:
        """Return whether nothing that mattered has come in time; what has arrived already is read once more.

        Without it a peer could keep a stream open for ever with comments, after its end.
        """
        if self.quiet_until is None or time.monotonic() < self.quiet_until:
            return False
        is_late, self.is_overdue = self.is_overdue, True
        return is_late

    @property
    def seconds(self) -> float:
        """Return how long the next wait may take; raise ``DeadlineExceeded`` when there is no time."""
        seconds = self.deadline.require()
        return seconds if self.quiet_until is None else min(seconds, max(self.quiet_until - time.monotonic(), AT_HAND))

    @contextmanager
    def on_the_wire(self) -> Iterator[None]:
        """Let the sockets do for this attempt what they do inside this block."""
        token = current.set(self)
        try:
            yield
        finally:
            current.reset(token)

    def note_failed_write(self) -> None:
        """Note that the request has not left as a whole: nobody can have read it."""
        self.is_unread = True
        self.abandon()

    def note_failed_read(self, error: BaseException) -> None:
        """Note what ``error``, which ended a read, says of the request."""
        # A reset may come before the acknowledgement of what was read: it proves nothing.
        if not isinstance(error, ConnectionResetError):
            self.note_end()
        self.abandon()

    def note_end(self) -> None:
        """Note that nothing more comes: what the peer's kernel has not acknowledged by now, nobody has read."""
        if self.socket is not None and _unacknowledged(self.socket):
            self.is_unread = True

    def abandon(self) -> None:
        """Have the connection reset when it is closed.

        What is still under way to the peer is dropped, so that no model runs later for nobody, and one that runs
        already is told.
        """
        if self.socket is not None:
            with suppress(OSError):  # it may be closed already
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


def _unacknowledged(sock: socket.socket) -> int:
    """Return how many of the bytes that were written the peer's kernel has not acknowledged; 0 where that is unknown.

    Linux: ``SIOCOUTQ``, tcp(7).
    """
    try:
        import fcntl  # noqa: PLC0415 - Windows, where some people develop, has neither
        import termios  # noqa: PLC0415 - as above

        (count,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))
    except (ImportError, OSError, ValueError):
        return 0
    return int(count)


current: ContextVar[Attempt] = ContextVar("attempt")
