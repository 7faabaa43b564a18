"""Sockets that know the deadline: every wait is cut to what is left of it, however late in a stream it begins.

httpcore fixes the timeout of a read once for a whole body. Here, below it, each single read asks again.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import httpcore
import httpx

from model_service.fn.invocation import Deadline

WORTH_COPYING: Final = 65536  # bytes; what is larger goes out at once, where httpcore expects a failure to show


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's own transport, over sockets of ours. Use it inside ``Conversation.on_the_wire`` only."""

    def __init__(self, *, verify: bool, limits: httpx.Limits) -> None:
        super().__init__(verify=verify, trust_env=False, limits=limits)
        # httpx has no parameter for it; httpcore does (https://www.encode.io/httpcore/network-backends/).
        self._pool._network_backend = _Backend(self._pool._network_backend)


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
        current.get().connected = True
        return _Stream(self._backend.connect_tcp(host, port, _left(timeout), local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._unsent = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._flush(timeout)
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # The head of a request waits for its body, so that both leave in one packet (and one TLS record).
        self._unsent += buffer
        if len(self._unsent) > WORTH_COPYING:
            self._flush(timeout)

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
            self._stream.write(unsent, _left(timeout))


def _left(timeout: float | None) -> float:
    """Seconds; raises ``DeadlineExceeded`` when there are none."""
    seconds = current.get().seconds
    return seconds if timeout is None else min(timeout, seconds)


AT_HAND: Final = 0.05  # seconds; what has arrived already is read in less
AT_ONCE: Final = 0.1  # seconds; a round trip takes less, a model takes more


@dataclass
class Conversation:
    """How long both may take, and whether a connection was opened for them. ``quiet_until`` is set when everything
    has come that was expected: the moment (of ``time.monotonic``) until which more is waited for."""

    deadline: Deadline
    connected: bool = False
    began: float = 0.0
    quiet_until: float | None = None
    overdue: bool = False  # a read has been tried after that moment

    def begin(self) -> None:
        self.began = time.monotonic()

    def expect_end(self, within: float) -> None:
        """Wait no longer than ``within`` seconds for whatever still comes; each call begins anew."""
        self.quiet_until, self.overdue = time.monotonic() + within, False

    def is_over(self) -> bool:
        """Return whether nothing that mattered has come in time; what has arrived already is read once more.

        Without it a peer could keep a stream open for ever with comments, after its end.
        """
        if self.quiet_until is None or time.monotonic() < self.quiet_until:
            return False
        late, self.overdue = self.overdue, True
        return late

    @property
    def died_idle(self) -> bool:
        """Whether a request that just failed met a kept connection that was dead already. Such a one fails at once; a
        peer that took its time may have read the request, and a model that ran is billed."""
        return not self.connected and time.monotonic() - self.began < AT_ONCE

    @property
    def seconds(self) -> float:
        """For the next wait; raises ``DeadlineExceeded`` when there are none."""
        seconds = self.deadline.require()
        return seconds if self.quiet_until is None else min(seconds, max(self.quiet_until - time.monotonic(), AT_HAND))

    @contextmanager
    def on_the_wire(self) -> Iterator[None]:
        """What the sockets do inside this block, they do for this conversation."""
        token = current.set(self)
        try:
            yield
        finally:
            current.reset(token)


current: ContextVar[Conversation] = ContextVar("conversation")
