"""The way out to the FDK: complete as every function answers, or in chunks as the FDK can but no handler may.

The FDK has a streaming response inside (``fdk/async_http/response.py``) and wraps whatever a handler returns into a
complete one (``app.py``). Where the callback that writes the streaming one is not found, the answer goes out whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import closing
from typing import Any, Final

from fdk.async_http.protocol import HttpProtocol
from fdk.async_http.response import StreamingHTTPResponse
from fdk.context import InvokeContext
from fdk.response import Response

from model_service.fn.fdk_protocol import WriteStream, find_write_stream, protocol_of
from model_service.fn.fdk_server import Shutdown
from model_service.fn.invocation import Deadline
from model_service.fn.reply import Reply
from model_service.logs import log

DELIVERY: Final = "x-model-service-delivery"
"""The header that says how an answer left the container: ``chunked`` or ``complete``."""

LAST_SECONDS: Final = 0.1  # before the platform kills the container: for a line in the log

_SPELLING: Final = {"content-type": "Content-Type"}

_shutdown: Final = Shutdown()
_warned: set[str] = set()


def respond(context: InvokeContext, reply: Reply, deadline: Deadline) -> Response | Coroutine[Any, Any, Response]:
    """Return what a handler returns to the FDK, which awaits it if it is a coroutine."""
    write_stream = find_write_stream()
    if write_stream is not None:
        _shutdown.wait_for(protocol_of(write_stream), deadline)
    if isinstance(reply.body, bytes):
        return _response(context, reply, reply.body, {DELIVERY: "complete"})
    if write_stream is None:
        if not _warned:
            _warned.add("streaming")
            log.write("streaming_unavailable", reason="this version of the FDK keeps its streaming response elsewhere")
        return _response(context, reply, reply.whole(), {DELIVERY: "complete"})
    return _stream(context, reply, reply.body, write_stream, deadline)


async def _stream(
    context: InvokeContext, reply: Reply, body: Iterator[bytes], write_stream: WriteStream, deadline: Deadline
) -> Response:
    _response(context, reply, b"", {DELIVERY: "chunked"})  # for the headers, which the FDK makes of it
    # A reader that stands still would be waited for without an end, and the model's connection with it.
    transport = protocol_of(write_stream).transport
    abort = asyncio.get_running_loop().call_later(deadline.remaining - LAST_SECONDS, transport.abort)
    try:
        # The streaming response knows this one header in this one spelling, and would add its own beside ours.
        headers = {_SPELLING.get(name, name): value for name, value in context.GetResponseHeaders().items()}
        await write_stream(StreamingHTTPResponse(_writer(body), status=200, headers=headers))
    finally:
        abort.cancel()
        _stop_waiting_for_nobody(write_stream)
    # All is said. The FDK would write a complete response after it; a task that is cancelled writes nothing.
    raise asyncio.CancelledError


def _writer(body: Iterator[bytes]) -> Callable[[StreamingHTTPResponse], Awaitable[None]]:
    async def write(response: StreamingHTTPResponse) -> None:
        with closing(body):  # type: ignore[type-var]  # it is a generator
            for piece in body:
                if piece:  # an empty chunk would be the end
                    await response.write(piece)
                await asyncio.sleep(0)  # lets the event loop see a reader that goes away
                if _is_gone(response.protocol):
                    return

    return write


def _stop_waiting_for_nobody(write_stream: WriteStream) -> None:
    """Cancel the FDK's timer for the next request: on a dead connection it fires for ever, at 100 % CPU."""
    protocol = protocol_of(write_stream)
    timer = getattr(protocol, "_keep_alive_timeout_handler", None)  # another version of the FDK may have none
    if _is_gone(protocol) and timer is not None:
        timer.cancel()


def _is_gone(protocol: HttpProtocol) -> bool:
    return protocol.transport is None or protocol.transport.is_closing()


def _response(context: InvokeContext, reply: Reply, body: bytes, more: dict[str, str] | None = None) -> Response:
    if context.HTTPHeaders():
        # A gateway's reply, although a client's own `Fn-Intent` hides the platform's (fdk/context.py, `__is_gateway`).
        context.Headers()["fn-intent"] = "httprequest"
    # A dict of its own: the FDK writes into the one that it gets.
    headers = {**reply.headers, **(more or {})}
    return Response(context, response_data=body, headers=headers, status_code=reply.status)
