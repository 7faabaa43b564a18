"""The in-process door: inside ``mock_oci()``, OCI's real host names are answered by a backend, without a socket."""

from __future__ import annotations

import functools
import inspect
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar, overload
from unittest import mock

from mock_oci.backend import MockOci
from mock_oci.doors.httpx_interception import HttpxInterception
from mock_oci.doors.requests_interception import RequestsInterception
from mock_oci.doors.server import Handler
from mock_oci.doors.written_config import write_config
from mock_oci.wire import Request, Response

F = TypeVar("F", bound=Callable[..., Any])


@overload
def mock_oci(function: F, /) -> F: ...
@overload
def mock_oci(oci: MockOci | None = None, /, *, credentials: bool = False) -> InProcess: ...
def mock_oci(subject: Any = None, /, *, credentials: bool = False) -> Any:
    """Answer in process with a MockOci: ``with mock_oci() as oci:``, ``@mock_oci`` or ``@mock_oci()``.

    Clients on httpx, httpx2, requests and the OCI SDK are caught on the hosts of ``mock_oci.wire.HOSTS``; loopback
    goes to real sockets, and any other host raises UnexpectedHost. Clients on other libraries (aiohttp,
    urllib) are not caught. Without ``oci`` each outermost use has a backend of its own. ``credentials``: an
    OCI configuration is in the environment of the block, and no other is found.
    """
    if subject is None or isinstance(subject, MockOci):
        return InProcess(subject, credentials=credentials)
    return InProcess(None, credentials=credentials)(subject)


class InProcess:
    """What ``mock_oci()`` gives: a context manager and a decorator.

    It may be nested, also in itself, and shared by threads; the innermost answers, and an inner use of the same one
    has the backend of the outer.
    """

    def __init__(self, oci: MockOci | None, *, credentials: bool) -> None:
        self._given = oci
        self._credentials = credentials
        self._lock = threading.Lock()
        self._uses: list[tuple[MockOci, ExitStack]] = []

    def __enter__(self) -> MockOci:
        with self._lock:
            oci = self._uses[-1][0] if self._uses else self._given or MockOci()
            with ExitStack() as leaving:
                if self._credentials:
                    _give_credentials(oci, leaving)
                leaving.callback(_DOORS.open(oci.answer))
                self._uses.append((oci, leaving.pop_all()))
        return oci

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        with self._lock:
            _, leaving = self._uses.pop()
        leaving.close()

    def __call__(self, function: F) -> F:
        """Wrap a function, or a coroutine function, so that the door is open while it runs."""
        if inspect.isclass(function) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError("mock_oci decorates functions and coroutine functions; elsewhere use 'with mock_oci():'")
        wrapped = self._awaiting(function) if inspect.iscoroutinefunction(function) else self._calling(function)
        return functools.update_wrapper(wrapped, function)  # type: ignore[return-value]  # the same signature

    def _calling(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            with self:
                return function(*arguments, **named)

        return call

    def _awaiting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*arguments: Any, **named: Any) -> Any:
            with self:
                return await function(*arguments, **named)

        return call


class Interception(Protocol):
    """A kind of client: from ``start`` to ``stop`` its requests go to ``answer``."""

    def start(self, answer: Handler) -> None: ...
    def stop(self) -> None: ...


class _Doors:
    """The doors that are open, the innermost last; clients are intercepted as long as there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[tuple[object, Handler]] = []

    def open(self, answer: Handler) -> Callable[[], None]:
        """Open a door, and return what closes it, in whatever order doors are closed."""
        token = object()
        with self._lock:
            if not self._open:
                self._start()
            self._open.append((token, answer))
        return functools.partial(self._close, token)

    def _close(self, token: object) -> None:
        with self._lock:
            self._open = [door for door in self._open if door[0] is not token]
            if not self._open:
                for client in CLIENTS:
                    client.stop()

    def _start(self) -> None:
        with ExitStack() as undo:
            for client in CLIENTS:
                client.start(self._answer)
                undo.callback(client.stop)
            undo.pop_all()

    def _answer(self, request: Request) -> Response:
        with self._lock:
            if not self._open:
                raise RuntimeError("mock_oci() was left while a request was on its way")
            _, answer = self._open[-1]
        return answer(request)


def _give_credentials(oci: MockOci, leaving: ExitStack) -> None:
    directory = Path(leaving.enter_context(tempfile.TemporaryDirectory(prefix="mock_oci-")))
    write_config(oci, directory, f"https://inference.generativeai.{oci.region}.oci.oraclecloud.com")
    variables = {
        "OCI_CONFIG_FILE": str(directory / "config"),
        "HOME": str(directory),  # the SDK prefers ~/.oci/config to OCI_CONFIG_FILE (oci/config.py)
        "OCI_REGION": oci.region,
        "OCI_COMPARTMENT_ID": oci.tenancy.compartment_id,
    }
    leaving.enter_context(mock.patch.dict("os.environ", variables))


_DOORS = _Doors()
CLIENTS: tuple[Interception, ...] = (
    HttpxInterception("httpx"),
    HttpxInterception("httpx2"),
    RequestsInterception("requests"),
    RequestsInterception("oci._vendor.requests"),
)
