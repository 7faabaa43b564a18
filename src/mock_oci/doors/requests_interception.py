"""requests, and the copy of it that the OCI SDK brings along, answered in process: its adapter is patched."""

from __future__ import annotations

import errno
import importlib
import io
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from mock_oci.doors.interception import AwaitedPieces, ClientGaveUp, Patience, head_of, is_emulated, reason_of
from mock_oci.doors.patching import replaced
from mock_oci.wire import Disconnect, Handler, Request, Response


class RequestsInterception:
    """``package`` is requests or oci._vendor.requests, whose adapters are patched when they are there."""

    def __init__(self, package: str) -> None:
        self.module = f"{package}.adapters"
        self._package = package

    def patch(self, answer: Handler) -> Any:
        """Return what patches the adapter while it is entered."""
        adapters = importlib.import_module(self.module)
        exceptions = importlib.import_module(f"{self._package}.exceptions")
        # The urllib3 that it stands on: the OCI SDK had a copy of its own until 2.169.
        urllib3 = importlib.import_module(adapters.ProtocolError.__module__.removesuffix(".exceptions"))
        adapter = adapters.HTTPAdapter
        return replaced(adapter, "send", _sender(answer, exceptions, urllib3, adapter.send))


def _sender(answer: Handler, exceptions: Any, urllib3: Any, real: Callable[..., Any]) -> Callable[..., Any]:
    def send(adapter: Any, request: Any, *arguments: Any, **named: Any) -> Any:
        host = urlsplit(request.url).hostname or ""
        if not is_emulated(host, request.method, request.url):
            return real(adapter, request, *arguments, **named)
        seconds = _read_timeout(named.get("timeout", arguments[1] if len(arguments) > 1 else None))
        patience = Patience(seconds)
        try:
            response = answer(_plain(request, patience))
            patience.check()
        except (Disconnect, ClientGaveUp) as fault:
            if patience.is_over():
                message = f"Read timed out. (read timeout={seconds})"
                late = urllib3.exceptions.ReadTimeoutError(urllib3.HTTPSConnectionPool(host), request.url, message)
                raise exceptions.ReadTimeout(late, request=request) from fault
            raise exceptions.ConnectionError(_before(fault, urllib3), request=request) from fault
        return adapter.build_response(request, _answered(response, request, patience, urllib3))

    return send


def _read_timeout(timeout: Any) -> float | None:
    """Return the seconds of a timeout as requests takes it: a number, two of them, or urllib3's own."""
    if isinstance(timeout, tuple):
        return timeout[1] if len(timeout) > 1 else None
    seconds: float | None = getattr(timeout, "read_timeout", timeout)
    return seconds


def _plain(request: Any, patience: Patience) -> Request:
    texts = {
        name.lower(): value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    headers = {"host": urlsplit(request.url).netloc, **texts}
    return Request(request.method, request.path_url, headers, _bytes(request.body), has_left=patience.is_over)


def _bytes(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        read = body.read()
        return read.encode() if isinstance(read, str) else bytes(read)
    return bytes(body or b"") if body is None or isinstance(body, bytes | bytearray) else b"".join(body)


def _before(fault: Disconnect | ClientGaveUp, urllib3: Any) -> Any:
    from http.client import RemoteDisconnected  # noqa: PLC0415 - there where requests is

    left: OSError = RemoteDisconnected("Remote end closed connection without response")
    if isinstance(fault, Disconnect) and fault.reset:
        left = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
    return urllib3.exceptions.ProtocolError("Connection aborted.", left)


def _answered(response: Response, request: Any, patience: Patience, urllib3: Any) -> Any:
    """Make the response that an adapter gets from its connection; a chunked one is read as from a socket."""
    method = request.method
    pieces = AwaitedPieces(response, method, patience)
    about: dict[str, Any] = {"status": response.status, "reason": reason_of(response.status)}
    about |= {"request_method": method, "preload_content": False}
    if isinstance(response.body, bytes):
        file: Any = io.BufferedReader(_PieceFile(pieces, pieces), 1)
    else:
        file = _from_a_socket(io.BufferedReader(_PieceFile(pieces, _chunked(response, pieces))), method)
        # Errors name the pool; it never connects.
        about |= {"original_response": file, "pool": urllib3.HTTPSConnectionPool(urlsplit(request.url).hostname or "")}
    return urllib3.HTTPResponse(file, pieces.headers, **about)


def _from_a_socket(sent: io.BufferedReader, method: str) -> Any:
    from http.client import HTTPResponse  # noqa: PLC0415 - there where requests is

    class Socket:
        def makefile(self, *_: Any) -> io.BufferedReader:
            return sent

    answer = HTTPResponse(Socket(), method=method)  # type: ignore[arg-type]  # it asks a socket for its file only
    answer.begin()
    return answer


def _chunked(response: Response, pieces: AwaitedPieces) -> Iterator[bytes]:
    """Yield what the loopback server would send."""
    yield head_of(response, {"transfer-encoding": "chunked"})
    for piece in pieces:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


class _PieceFile(io.RawIOBase):
    """A file whose bytes come in pieces, each as soon as it is made; a connection that is cut is its end."""

    def __init__(self, pieces: AwaitedPieces, sent: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._sent = sent
        self._piece = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            while not self._piece:
                self._piece = next(self._sent)
        except StopIteration:
            return 0
        except Disconnect as fault:
            if fault.reset:
                raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer") from fault
            return 0
        size = min(len(buffer), len(self._piece))
        buffer[:size], self._piece = self._piece[:size], self._piece[size:]
        return size

    def close(self) -> None:
        super().close()
        self._pieces.close()
