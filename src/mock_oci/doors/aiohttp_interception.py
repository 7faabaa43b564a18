"""aiohttp, and so the OCI SDK's async client: connections to emulated hosts are made to a loopback server instead.

What is sent and signed is the same; there is only no TLS. Everything else is aiohttp's own, its timeouts too.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mock_oci.doors.interception import is_emulated
from mock_oci.doors.patching import replaced
from mock_oci.wire import Handler

if TYPE_CHECKING:
    from mock_oci.doors.server import LoopbackServer


class AiohttpInterception:
    """The server starts with the first connection."""

    module = "aiohttp.connector"

    @contextmanager
    def patch(self, answer: Handler) -> Iterator[None]:
        """Patch aiohttp's connector while it is entered."""
        connector = importlib.import_module(self.module).TCPConnector
        server = _OnFirstUse(answer)
        with replaced(connector, "_create_connection", _connecting(server, connector._create_connection)):
            yield
        server.close()


class _OnFirstUse:
    def __init__(self, answer: Handler) -> None:
        self._answer = answer
        self._server: LoopbackServer | None = None
        self._lock = threading.Lock()

    def port(self) -> int:
        from mock_oci.doors.server import LoopbackServer  # noqa: PLC0415 - other clients need no server

        with self._lock:
            if self._server is None:
                self._server = LoopbackServer(self._answer).start()
            return self._server.port

    def close(self) -> None:
        if self._server is not None:
            self._server.close()


def _connecting(server: _OnFirstUse, real: Callable[..., Any]) -> Callable[..., Any]:
    async def create_connection(connector: Any, request: Any, traces: Any, timeout: Any) -> Any:
        if not is_emulated(request.url.host or "", request.method, str(request.url)):
            return await real(connector, request, traces, timeout)
        from asyncio import get_running_loop  # noqa: PLC0415 - there where aiohttp is

        loop = get_running_loop()
        _, protocol = await loop.create_connection(connector._factory, "127.0.0.1", server.port())
        return protocol

    return create_connection
