"""What the interception of any client needs: which hosts are emulated, and how a response is framed."""

from __future__ import annotations

import contextlib
import ipaddress
import threading
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from mock_oci.wire import HOSTS, Disconnect, Response


class UnexpectedHost(AssertionError):
    """A client asked a host that is not emulated; nothing left the process."""


class Outside:
    """What may be asked besides hosts that are emulated: nothing, unless the innermost door lets it through."""

    def __init__(self) -> None:
        self.is_open = False
        self._thread = threading.local()

    @contextlib.contextmanager
    def reached(self) -> Iterator[None]:
        """Let this thread ask real hosts meanwhile: who records asks in a client's place."""
        before, self._thread.asks = self.is_reached, True
        try:
            yield
        finally:
            self._thread.asks = before

    @property
    def is_reached(self) -> bool:
        return getattr(self._thread, "asks", False)


OUTSIDE = Outside()


def is_emulated(host: str, method: str, url: str) -> bool:
    """Return True for a host of OCI, False for loopback, which is left to real sockets.

    Raises UnexpectedHost for others, unless they are let through.
    """
    if OUTSIDE.is_reached:
        return False
    if HOSTS.fullmatch(host.lower()):
        return True
    if OUTSIDE.is_open or _is_loopback(host):
        return False
    raise unexpected(host, f"{method} {urlsplit(url).path}")  # the rest of a URL may hold what no message should repeat


def unexpected(host: str, asked: str) -> UnexpectedHost:
    """Make the error of a client that asks another host, or in a way that is not answered."""
    return UnexpectedHost(
        f"mock_oci does not answer for the host {host!r} ({asked}): only hosts of the emulated"
        " services (generativeai.<region>.oci.oraclecloud.com, inference.generativeai…, objectstorage.<region>…,"
        " streaming, queue, notification, functions, events, service-connector-hub, vaults, telemetry,"
        " apm-agt, auth.<region>.oraclecloud.com, 169.254.169.254) and loopback may be asked inside mock_oci()."
    )


def framed(response: Response, method: str) -> tuple[dict[str, str], Iterable[bytes]]:
    """Return the headers and the pieces of the body, as the loopback server would send both."""
    bodiless = method == "HEAD" or response.status in (204, 304)
    if response.content_length is not None and isinstance(response.body, bytes):
        headers = {**response.headers, "content-length": str(response.content_length)}
        return headers, () if bodiless else _cut_to(response.body, response.content_length)
    if isinstance(response.body, bytes):
        headers = {**response.headers, "content-length": str(len(response.body))}
        return headers, () if bodiless else (response.body,)
    return {**response.headers, "transfer-encoding": "chunked"}, () if bodiless else response.body


def _cut_to(body: bytes, length: int) -> Iterator[bytes]:
    """Yield what a client reads of a body whose length is stated wrong."""
    yield body[:length]
    if len(body) < length:
        raise Disconnect("the body is shorter than its content length")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
