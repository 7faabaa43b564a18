"""requests, and the copy of it that the OCI SDK brings along, answered in process: its adapter is patched."""

from __future__ import annotations

import errno
import importlib
import io
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from mock_oci.doors.interception import framed, is_emulated
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
        if not is_emulated(urlsplit(request.url).hostname or "", request.method, request.url):
            return real(adapter, request, *arguments, **named)
        try:
            response = answer(_plain(request))
        except Disconnect as fault:
            raise exceptions.ConnectionError(_before(fault, urllib3), request=request) from fault
        return adapter.build_response(request, _answered(response, request.method, urllib3))

    return send


def _plain(request: Any) -> Request:
    texts = {
        name.lower(): value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    headers = {"host": urlsplit(request.url).netloc, **texts}
    return Request(request.method, request.path_url, headers, _bytes(request.body))


def _bytes(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        read = body.read()
        return read.encode() if isinstance(read, str) else bytes(read)
    return bytes(body or b"") if body is None or isinstance(body, bytes | bytearray) else b"".join(body)


def _before(fault: Disconnect, urllib3: Any) -> Any:
    from http.client import RemoteDisconnected  # noqa: PLC0415 - there where requests is

    left: OSError = RemoteDisconnected("Remote end closed connection without response")
    if fault.reset:
        left = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
    return urllib3.exceptions.ProtocolError("Connection aborted.", left)


def _answered(response: Response, method: str, urllib3: Any) -> Any:
    headers, pieces = framed(response, method)
    about: dict[str, Any] = {"status": response.status, "reason": _reason(response.status), "request_method": method}
    file: Any = io.BufferedReader(_PieceFile(pieces), 1)
    answered = urllib3.HTTPResponse(file, headers, preload_content=False, **about)
    if not isinstance(response.body, bytes):
        answered.stream = _streaming(file, response, urllib3)
    return answered


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _streaming(file: io.BufferedReader, response: Response, urllib3: Any) -> Callable[..., Iterator[bytes]]:
    """Make the ``stream`` of a chunked body: urllib3 would wait until it has as much as was asked for."""

    def stream(amt: int | None = None, decode_content: bool | None = None) -> Iterator[bytes]:
        del decode_content
        try:
            while piece := file.read1(amt or io.DEFAULT_BUFFER_SIZE):
                yield piece
        except OSError as fault:
            raise urllib3.exceptions.ProtocolError(f"Connection broken: {fault}", fault) from fault
        finally:
            response.close()

    return stream


class _PieceFile(io.RawIOBase):
    """A file whose bytes come in pieces, each as soon as it is made; what ends them early is an OSError."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._rest = iter(pieces)
        self._piece = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            while not self._piece:
                self._piece = next(self._rest)
        except StopIteration:
            return 0
        except Disconnect as fault:
            raise ConnectionResetError(errno.ECONNRESET, str(fault) or "Connection reset by peer") from fault
        size = min(len(buffer), len(self._piece))
        buffer[:size], self._piece = self._piece[:size], self._piece[size:]
        return size

    def close(self) -> None:
        super().close()
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()
