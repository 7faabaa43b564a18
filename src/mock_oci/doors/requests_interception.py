"""requests, and the copy of it that the OCI SDK brings along, answered in process through ``responses``."""

from __future__ import annotations

import errno
import importlib
import io
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from http.client import RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import responses
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from mock_oci.doors.interception import framed, is_emulated
from mock_oci.doors.server import Handler
from mock_oci.wire import Disconnect, Request, Response


class RequestsInterception:
    """``package`` is requests or oci._vendor.requests; nothing happens where it is not installed."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._mock: responses.RequestsMock | None = None

    def start(self, answer: Handler) -> None:
        try:
            adapters = importlib.import_module(f"{self._package}.adapters")
        except ImportError:
            return
        self._mock = responses.RequestsMock(
            assert_all_requests_are_fired=False,
            target=f"{self._package}.adapters.HTTPAdapter.send",
            real_adapter_send=adapters.HTTPAdapter.send,
        )
        self._mock.add(_Loopback("", ""))
        self._mock.add(_Emulated(answer, importlib.import_module(f"{self._package}.exceptions")))
        self._mock.start()

    def stop(self) -> None:
        if self._mock is not None:
            self._mock.stop()
            self._mock = None


class _Loopback(responses.PassthroughResponse):
    def matches(self, request: Any) -> tuple[bool, str]:
        return not _is_emulated(request), ""


class _Emulated(responses.BaseResponse):
    """Answers every request that gets as far."""

    def __init__(self, answer: Handler, exceptions: Any) -> None:
        super().__init__("", "")
        self._answer = answer
        self._exceptions = exceptions

    def matches(self, request: Any) -> tuple[bool, str]:
        return _is_emulated(request), ""

    def get_response(self, request: Any) -> HTTPResponse:
        texts = {
            name: value.decode("latin-1") if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        headers = {"host": urlsplit(request.url).netloc, **{name.lower(): text for name, text in texts.items()}}
        try:
            response = self._answer(Request(request.method, request.path_url, headers, _bytes(request.body)))
        except Disconnect as fault:
            left: OSError = RemoteDisconnected("Remote end closed connection without response")
            left = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer") if fault.reset else left
            error = ProtocolError("Connection aborted.", left)
            raise self._exceptions.ConnectionError(error, request=request) from fault
        return _answered(response, request.method)


def _is_emulated(request: Any) -> bool:
    return is_emulated(urlsplit(request.url).hostname or "", request.method, request.url)


def _bytes(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if body is None or isinstance(body, bytes | bytearray):
        return bytes(body or b"")
    return b"".join(body)  # chunked: an iterable of bytes


def _answered(response: Response, method: str) -> HTTPResponse:
    headers, pieces = framed(response, method)
    about: dict[str, Any] = {"status": response.status, "reason": _reason(response.status), "request_method": method}
    if isinstance(response.body, bytes) and response.content_length is None:
        return HTTPResponse(io.BytesIO(b"".join(pieces)), headers, preload_content=False, **about)
    return _Streamed(pieces, headers, **about)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


class _Streamed(HTTPResponse):
    """urllib3 reads a body of no known framing until it has what was asked for; a chunked one comes as it comes."""

    def __init__(self, pieces: Iterable[bytes], headers: Mapping[str, str], **about: Any) -> None:
        super().__init__(io.BytesIO(), headers, preload_content=False, **about)
        self._pieces = pieces

    def stream(self, amt: int | None = None, decode_content: bool | None = None) -> Iterator[bytes]:  # type: ignore[override]  # urllib3 promises a generator, and its callers iterate
        del decode_content
        try:
            for piece in self._pieces:
                size = amt or len(piece) or 1
                yield from (piece[start : start + size] for start in range(0, len(piece), size))
        except Disconnect as fault:
            raise ProtocolError(f"Connection broken: {fault}", fault) from fault

    def close(self) -> None:
        super().close()
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()
