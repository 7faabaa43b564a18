"""The FDK's connection that is being answered: what it knows and does that no handler is given.

The FDK passes the callbacks of the connection to the coroutine that runs the handler, as its local variables. They are
taken from there, and nothing of the FDK is changed; where they are not found, nothing is lost but what they are for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

from fdk.async_http.protocol import HttpProtocol
from fdk.async_http.response import StreamingHTTPResponse

WriteStream = Callable[[StreamingHTTPResponse], Awaitable[None]]


def find_write_stream() -> WriteStream | None:
    """Return ``HttpProtocol.stream_response`` of the connection; ``None`` where this FDK has it elsewhere."""
    try:
        coroutine = getattr(asyncio.current_task(), "get_coro", lambda: None)()
    except RuntimeError:  # no event loop: not under the FDK at all
        return None
    frame = getattr(coroutine, "cr_frame", None)
    callback = frame.f_locals.get("stream_callback") if frame else None
    return callback if isinstance(getattr(callback, "__self__", None), HttpProtocol) else None


def protocol_of(write_stream: WriteStream) -> HttpProtocol:
    """Return the connection that a callback of ``find_write_stream`` writes to."""
    return cast(HttpProtocol, write_stream.__self__)  # type: ignore[attr-defined]  # it is a bound method


def values_of_header(name: str) -> list[str]:
    """Return every value of a header of the request; none where the connection is not found.

    ``name`` is in lower case. Of a header that came several times the FDK's context keeps the last
    (``async_http/protocol.py``, ``dict(headers)``).
    """
    write_stream = find_write_stream()
    headers = protocol_of(write_stream).headers if write_stream else None
    return [value for key, value in headers or () if key == name]
