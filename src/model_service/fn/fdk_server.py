"""The life of the FDK's server: what its timers and its SIGTERM would do to a call that is under way."""

from __future__ import annotations

import asyncio
import signal
from collections import namedtuple
from dataclasses import field
from functools import lru_cache, partial
from typing import Any, Final
from weakref import WeakSet

from fdk import context as fdk_context
from fdk.async_http import protocol as fdk_protocol
from fdk.async_http.protocol import HttpProtocol

from model_service.fn.invocation import Deadline
from model_service.light_dataclasses import dataclass

POLL_SECONDS: Final = 0.02
REQUEST_HANDLER: Final = "AsyncHTTPServer.handle_request"  # fdk/async_http/app.py


def calm_timers() -> None:
    """Give the FDK's connections a clock, so that an idle one is left alone.

    They read ``current_time`` of their own module, which stays ``None`` (the server sets one of its own): a connection
    that has been idle for 75 s then looks overdue for ever, and its timer takes a whole CPU. With a clock that stands
    still none is ever overdue; Fn closes what it does not need.
    """
    fdk_protocol.current_time = 1.0


def keep_classes() -> None:
    """Let the FDK make its ``namedtuple`` class once: it makes the same one for each request, in 0.3 ms.

    Source: ``fdk/context.py``, ``TracingContext.__create_zipkin_attrs``. A version without it has nothing to keep.
    """
    if hasattr(fdk_context, "namedtuple"):
        fdk_context.namedtuple = lru_cache(maxsize=8)(namedtuple)


@dataclass
class Shutdown:
    """What has to be out before the server may stop: the FDK stops at once on SIGTERM, in the middle of an answer."""

    transports: WeakSet[Any] = field(default_factory=WeakSet)
    expires: float = 0.0  # of the last call, on the monotonic clock: nobody waits any longer than that
    is_set_up: bool = False

    def wait_for(self, connection: HttpProtocol, deadline: Deadline) -> None:
        """Let a SIGTERM from now on wait for what is being answered on ``connection``."""
        self.transports.add(connection.transport)
        self.expires = deadline.expires
        if not self.is_set_up:
            self.is_set_up = True
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, partial(self._stop_when_done, loop))

    def _stop_when_done(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop.time() < self.expires and (self._is_sending() or _is_answering(loop)):
            loop.call_later(POLL_SECONDS, self._stop_when_done, loop)
        else:
            loop.stop()

    def _is_sending(self) -> bool:
        return any(not one.is_closing() and one.get_write_buffer_size() for one in self.transports)


def _is_answering(loop: asyncio.AbstractEventLoop) -> bool:
    return any(getattr(task.get_coro(), "__qualname__", "") == REQUEST_HANDLER for task in asyncio.all_tasks(loop))
