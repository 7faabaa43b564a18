"""httpx, and httpx2 where it is installed, answered in process: its transports are patched, sync and async."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

from mock_oci.doors.interception import framed, is_emulated
from mock_oci.doors.patching import replaced
from mock_oci.wire import Disconnect, Handler, Request, Response

_BEFORE = "Server disconnected without sending a response."
_RESET = "[Errno 104] Connection reset by peer"
_WITHIN = "peer closed connection without sending complete message body (incomplete chunked read)"


class HttpxInterception:
    """``package`` is httpx or httpx2, whose transports are patched when it is there.

    An answer, and each piece of a stream, is made in a worker thread for an async client, so that a delay
    holds up that client only. Client timeouts are not enforced.
    """

    def __init__(self, package: str) -> None:
        self.module = package

    @contextlib.contextmanager
    def patch(self, answer: Handler) -> Iterator[None]:
        """Patch the transports while it is entered."""
        httpx = importlib.import_module(self.module)
        sync, asynchronous = httpx.HTTPTransport, httpx.AsyncHTTPTransport
        new = _handler(httpx, answer, sync.handle_request)
        new_async = _async_handler(httpx, answer, asynchronous.handle_async_request)
        with replaced(sync, "handle_request", new), replaced(asynchronous, "handle_async_request", new_async):
            yield


def _handler(httpx: Any, answer: Handler, real: Callable[..., Any]) -> Callable[..., Any]:
    stream = type("Pieces", (_Pieces, httpx.SyncByteStream), {})

    def handle_request(transport: Any, request: Any) -> Any:
        if not is_emulated(request.url.host, request.method, str(request.url)):
            return real(transport, request)
        request.read()
        with _own_error(httpx, _BEFORE):
            response = answer(_plain(request))
        headers, pieces = framed(response, request.method)
        return httpx.Response(response.status, headers=headers, stream=stream(pieces, httpx))

    return handle_request


def _async_handler(httpx: Any, answer: Handler, real: Callable[..., Any]) -> Callable[..., Any]:
    stream = type("AsyncPieces", (_AsyncPieces, httpx.AsyncByteStream), {})

    async def handle_async_request(transport: Any, request: Any) -> Any:
        if not is_emulated(request.url.host, request.method, str(request.url)):
            return await real(transport, request)
        await request.aread()
        with _own_error(httpx, _BEFORE):
            response: Response = await _in_thread(answer, _plain(request))
        headers, pieces = framed(response, request.method)
        return httpx.Response(response.status, headers=headers, stream=stream(pieces, httpx))

    return handle_async_request


def _plain(request: Any) -> Request:
    headers: dict[str, str] = {}
    for name, value in request.headers.multi_items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return Request(request.method, request.url.raw_path.decode("ascii"), headers, request.content)


async def _in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    from anyio import to_thread  # noqa: PLC0415 - there where httpx is

    return await to_thread.run_sync(function, *arguments)


@contextlib.contextmanager
def _own_error(httpx: Any, message: str) -> Iterator[None]:
    try:
        yield
    except Disconnect as fault:
        raise (httpx.ReadError(_RESET) if fault.reset else httpx.RemoteProtocolError(message)) from fault


class _Pieces:
    """A body as httpx reads it: each piece as soon as it is there."""

    def __init__(self, pieces: Iterable[bytes], httpx: Any) -> None:
        self._pieces = pieces
        self._httpx = httpx

    def __iter__(self) -> Iterator[bytes]:
        with _own_error(self._httpx, _WITHIN):
            yield from self._pieces

    def close(self) -> None:
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()


class _AsyncPieces:
    def __init__(self, pieces: Iterable[bytes], httpx: Any) -> None:
        self._pieces = pieces
        self._httpx = httpx

    async def __aiter__(self) -> AsyncIterator[bytes]:
        rest = iter(self._pieces)
        with _own_error(self._httpx, _WITHIN):
            while (piece := await _in_thread(next, rest, None)) is not None:
                yield piece

    async def aclose(self) -> None:
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()
