"""The doors that are open in this process, and the clients that are intercepted as long as there is one."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Protocol

from mock_oci.doors.aiohttp_interception import AiohttpInterception
from mock_oci.doors.httpx_interception import HttpxInterception
from mock_oci.doors.interception import OUTSIDE
from mock_oci.doors.on_import import OnImport
from mock_oci.doors.requests_interception import RequestsInterception
from mock_oci.doors.socket_guard import SocketGuard
from mock_oci.wire import Handler, Request, Response


class Interception(Protocol):
    """A kind of client: while ``patch(answer)`` is entered, requests of ``module`` go to ``answer``."""

    @property
    def module(self) -> str: ...

    def patch(self, answer: Handler) -> Any:
        """Return a context manager."""
        ...


class OpenDoors:
    """The innermost stands last. A client that is imported later is intercepted from then on."""

    def __init__(self, clients: tuple[Interception, ...]) -> None:
        self._clients = clients
        self._lock = threading.RLock()
        self._open: list[tuple[object, Handler, bool]] = []
        self._patches = ExitStack()

    def open(self, answer: Handler, *, lets_others: bool = False) -> Callable[[], None]:
        """Open a door, and return what closes it, in whatever order doors are closed.

        ``lets_others``: hosts that are not emulated are asked as if there were no door.
        """
        token = object()
        with self._lock:
            if not self._open:
                self._start()
            self._open.append((token, answer, lets_others))
            OUTSIDE.is_open = lets_others
        return functools.partial(self._close, token)

    def _close(self, token: object) -> None:
        with self._lock:
            self._open = [door for door in self._open if door[0] is not token]
            OUTSIDE.is_open = bool(self._open) and self._open[-1][2]
            patches = self._patches if not self._open else ExitStack()
        patches.close()

    def _start(self) -> None:
        with ExitStack() as patches:
            self._patches = patches
            later: dict[str, Callable[[], object]] = {}
            for client in self._clients:
                if client.module in sys.modules:
                    patches.enter_context(client.patch(self._answer))
                else:
                    later[client.module] = functools.partial(self._patch_now, client)
            on_import = OnImport(later)
            on_import.start()
            patches.callback(on_import.stop)
            self._patches = patches.pop_all()

    def _patch_now(self, client: Interception) -> None:
        with self._lock:
            if self._open:
                self._patches.enter_context(client.patch(self._answer))

    def _answer(self, request: Request) -> Response:
        with self._lock:
            if not self._open:
                raise RuntimeError("mock_oci() was left while a request was on its way")
            _, answer, _ = self._open[-1]
        return answer(request)


DOORS = OpenDoors(
    (
        SocketGuard(),
        HttpxInterception("httpx"),
        HttpxInterception("httpx2"),
        RequestsInterception("requests"),
        RequestsInterception("oci._vendor.requests"),
        AiohttpInterception(),
    )
)
