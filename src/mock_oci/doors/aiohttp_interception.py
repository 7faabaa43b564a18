"""aiohttp, and so the OCI SDK's async client: connections to emulated hosts are made to a loopback server instead.

What is sent and signed is the same; there is only no TLS. Everything else is aiohttp's own, its timeouts too.
"""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from mock_oci.doors.interception import is_emulated
from mock_oci.doors.server import Handler, LoopbackServer


class AiohttpInterception:
    """The server starts with the first connection."""

    module = "aiohttp.connector"

    @contextmanager
    def patch(self, answer: Handler) -> Iterator[None]:
        """Patch aiohttp's connector while it is entered."""
        connector = importlib.import_module(self.module).TCPConnector
        server = _OnFirstUse(answer)
        with mock.patch.object(connector, "_create_connection", _connecting(server, connector._create_connection)):
            yield
        server.close()


class _OnFirstUse:
    def __init__(self, answer: Handler) -> None:
        self._server = LoopbackServer(answer)
        self._lock = threading.Lock()

    def port(self) -> int:
        with self._lock:
            return self._server.start().port

    def close(self) -> None:
        self._server.close()


def _connecting(server: _OnFirstUse, real: Callable[..., Any]) -> Callable[..., Any]:
    async def create_connection(connector: Any, request: Any, traces: Any, timeout: Any) -> Any:
        if not is_emulated(request.url.host or "", request.method, str(request.url)):
            return await real(connector, request, traces, timeout)
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(connector._factory, "127.0.0.1", server.port())
        return protocol

    return create_connection
