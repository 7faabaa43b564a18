"""What the interception of any client needs: which hosts are emulated, and how a response is framed."""

from __future__ import annotations

import contextlib
import ipaddress
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
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


class ClientGaveUp(TimeoutError):
    """The client would have stopped to wait by now, and nobody reads what comes."""


class Patience:
    """How long a client waits for an answer, and then for each piece of it: its read timeout in seconds, or ``None``.

    It is looked at wherever the backend sleeps for a script, and when an answer or a piece has come.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self.begin()

    def begin(self) -> None:
        """Wait from now on."""
        self._since = time.monotonic()

    def is_over(self) -> bool:
        """Tell whether the client has given up by now."""
        return self._seconds is not None and time.monotonic() - self._since > self._seconds

    def check(self) -> None:
        """Raise ClientGaveUp when the client has given up by now."""
        if self.is_over():
            raise ClientGaveUp("Read timed out.")


class AwaitedPieces:
    """The pieces of a response as a patient client gets them, without the empty ones, in which nothing comes."""

    def __init__(self, response: Response, method: str, patience: Patience) -> None:
        self.headers, pieces = framed(response, method)
        self._response = response
        self._rest = iter(pieces)
        self._patience = patience
        self._received = 0

    @property
    def shortfall(self) -> str:
        """Say, in h11's words, by what a client knows that a body was cut."""
        length = self.headers.get("content-length")
        return f"(received {self._received} bytes, expected {length})" if length else "(incomplete chunked read)"

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """Return the next piece. Raises ClientGaveUp for one that comes too late."""
        self._patience.begin()
        try:
            for piece in self._rest:
                self._patience.check()
                if piece:
                    self._received += len(piece)
                    return piece
            self._patience.check()
        except BaseException:
            self.close()
            raise
        self.close()
        raise StopIteration

    def close(self) -> None:
        """Tell the backend that nobody reads any more."""
        self._response.close()


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


def reason_of(status: int) -> str:
    """Return the phrase of a status; empty for one that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def head_of(response: Response, framing: Mapping[str, str]) -> bytes:
    """Write the status line and the headers of a response, with those that frame its body."""
    lines = [f"HTTP/1.1 {response.status} {reason_of(response.status)}"]
    lines += [f"{name}: {value}" for name, value in {**response.headers, **framing}.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


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
