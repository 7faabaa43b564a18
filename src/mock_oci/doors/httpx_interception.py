"""httpx, and httpx2 where it is installed, answered in process: its transports are patched, sync and async."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from mock_oci.doors.interception import AwaitedPieces, ClientGaveUp, Patience, is_emulated
from mock_oci.doors.patching import replaced
from mock_oci.wire import Disconnect, Handler, Request, Response

_BEFORE = "Server disconnected without sending a response."
_WITHIN = "peer closed connection without sending complete message body"
# What errors say, of a time-out (over TLS) and of a reset: httpx's async ones say nothing.
_SYNC = ("The read operation timed out", "[Errno 104] Connection reset by peer")
_ASYNC = ("", "")


class HttpxInterception:
    """``package`` is httpx or httpx2, whose transports are patched when it is there.

    An answer, and each piece of a stream, is made in a worker thread for an async client, so that a delay
    holds up that client only. Of the client's timeouts the one for reading is kept.
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
        patience = _patience_of(request)
        with _own_error(httpx, lambda: _BEFORE, patience, _SYNC):
            response = answer(_plain(request, patience))
            patience.check()
        pieces = AwaitedPieces(response, request.method, patience)
        return httpx.Response(response.status, headers=_encoded(pieces.headers), stream=stream(pieces, httpx, patience))

    return handle_request


def _async_handler(httpx: Any, answer: Handler, real: Callable[..., Any]) -> Callable[..., Any]:
    stream = type("AsyncPieces", (_AsyncPieces, httpx.AsyncByteStream), {})

    async def handle_async_request(transport: Any, request: Any) -> Any:
        if not is_emulated(request.url.host, request.method, str(request.url)):
            return await real(transport, request)
        await request.aread()
        patience = _patience_of(request)
        with _own_error(httpx, lambda: _BEFORE, patience, _ASYNC):
            response: Response = await _in_thread(answer, _plain(request, patience))
            patience.check()
        pieces = AwaitedPieces(response, request.method, patience)
        return httpx.Response(response.status, headers=_encoded(pieces.headers), stream=stream(pieces, httpx, patience))

    return handle_async_request


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _patience_of(request: Any) -> Patience:
    return Patience(request.extensions.get("timeout", {}).get("read"))


def _plain(request: Any, patience: Patience) -> Request:
    headers: dict[str, str] = {}
    for name, value in request.headers.multi_items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    target = request.url.raw_path.decode("ascii")
    return Request(request.method, target, headers, request.content, has_left=patience.is_over)


async def _in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    from anyio import to_thread  # noqa: PLC0415 - there where httpx is

    return await to_thread.run_sync(function, *arguments)


@contextlib.contextmanager
def _own_error(httpx: Any, message: Callable[[], str], patience: Patience, said: tuple[str, str]) -> Iterator[None]:
    late, reset = said
    try:
        yield
    except ClientGaveUp as fault:
        raise httpx.ReadTimeout(late) from fault
    except Disconnect as fault:
        if patience.is_over():
            raise httpx.ReadTimeout(late) from fault
        raise (httpx.ReadError(reset) if fault.reset else httpx.RemoteProtocolError(message())) from fault


class _Pieces:
    """A body as httpx reads it: each piece as soon as it is there."""

    def __init__(self, pieces: AwaitedPieces, httpx: Any, patience: Patience) -> None:
        self._pieces = pieces
        self._httpx = httpx
        self._patience = patience

    def __iter__(self) -> Iterator[bytes]:
        with _own_error(self._httpx, lambda: f"{_WITHIN} {self._pieces.shortfall}", self._patience, _SYNC):
            yield from self._pieces

    def close(self) -> None:
        self._pieces.close()


class _AsyncPieces:
    def __init__(self, pieces: AwaitedPieces, httpx: Any, patience: Patience) -> None:
        self._pieces = pieces
        self._httpx = httpx
        self._patience = patience

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _own_error(self._httpx, lambda: f"{_WITHIN} {self._pieces.shortfall}", self._patience, _ASYNC):
            while (piece := await _in_thread(next, self._pieces, None)) is not None:
                yield piece

    async def aclose(self) -> None:
        self._pieces.close()
