"""Sockets that know the deadline: every wait is cut to what is left of it, however late in a stream it begins.

httpcore fixes the timeout of a read once for a whole body. Here, below it, each single read asks again.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any, Final

import httpcore
import httpx

from model_service.conversation import current

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
