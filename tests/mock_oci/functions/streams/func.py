"""Answers in chunks, as the JSON in its body tells it to; the FDK can, but shows no handler how."""

import asyncio
import io
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fdk.async_http.response import StreamingHTTPResponse
from fdk.context import InvokeContext


async def say(pieces: list[str], gates: str = "") -> AsyncIterator[str]:
    """Each piece after the first waits for a file of its number in ``gates``; ``left`` tells that it was cancelled."""
    for number, piece in enumerate(pieces):
        try:
            while number and gates and not Path(gates, str(number)).exists():
                await asyncio.sleep(0.002)
        except asyncio.CancelledError:
            Path(gates, "left").touch()
            raise
        yield piece


async def say_much(size: int, times: int) -> AsyncIterator[str]:
    for _ in range(times):
        yield "x" * size


async def say_and_leave(text: str) -> AsyncIterator[str]:
    yield text
    os._exit(3)


async def say_and_hold_the_loop(text: str, path: str) -> AsyncIterator[str]:
    """Takes notice of nothing until there is a file at ``path``."""
    yield text
    while not Path(path).exists():
        time.sleep(0.002)


async def handler(ctx: InvokeContext, data: io.BytesIO) -> Any:
    order = json.loads(data.getvalue() or '{"do": "say", "pieces": []}')
    headers = {
        "Content-Type": "text/event-stream",
        "Fn-Http-Status": order.pop("status", "200"),
        "Fn-Http-H-X-Pid": str(os.getpid()),
    }
    pieces = ORDERS[order.pop("do")](**order)

    async def write(response: StreamingHTTPResponse) -> None:
        async for piece in pieces:
            await response.write(piece)

    await write_stream()(StreamingHTTPResponse(write, headers=headers))
    raise asyncio.CancelledError  # so that the FDK writes nothing more


def write_stream() -> Any:
    """A local variable of fdk/async_http/app.py: AsyncHTTPServer.handle_request, which runs in this task."""
    return asyncio.current_task().get_coro().cr_frame.f_locals["stream_callback"]


ORDERS = {order.__name__: order for order in (say, say_and_hold_the_loop, say_and_leave, say_much)}
