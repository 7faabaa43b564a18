"""The in-process door: inside ``mock_oci()``, OCI's real host names are answered by a backend, without a socket."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from mock_oci.doors.credentials import KINDS, give_credentials
from mock_oci.doors.open_doors import DOORS

if TYPE_CHECKING:
    from mock_oci.backend import MockOci

F = TypeVar("F", bound=Callable[..., Any])


@overload
def mock_oci(function: F, /) -> F: ...
@overload
def mock_oci(oci: MockOci | None = None, /, *, credentials: str | bool = True) -> InProcess: ...
def mock_oci(subject: Any = None, /, *, credentials: str | bool = True) -> Any:
    """Answer in process with a MockOci: ``with mock_oci() as oci:``, ``@mock_oci``, ``@mock_oci()``, ``.start()``.

    Clients on httpx, httpx2, requests, aiohttp and the OCI SDK, sync and async, are caught on the hosts of
    ``mock_oci.wire.HOSTS``; loopback goes to real sockets, and any other host raises UnexpectedHost, whatever the
    client. Without ``oci`` each outermost use has a backend of its own. Fake credentials are in the environment of
    the block, and no others are found: ``credentials`` is ``api_key`` (or True), ``session_token``,
    ``resource_principal`` or ``none`` (or False: the environment is left as it is).
    """
    if subject is None or hasattr(subject, "principals"):  # a MockOci, whose module is not imported to ask
        return InProcess(subject, credentials=credentials)
    return InProcess(None, credentials=credentials)(subject)


class InProcess:
    """What ``mock_oci()`` gives: a context manager, sync or async, and a decorator of functions, classes and fixtures.

    It may be nested, also in itself, and shared by threads; the innermost answers, and an inner use of the same one
    has the backend of the outer.
    """

    def __init__(self, oci: MockOci | None, *, credentials: str | bool) -> None:
        kind = {True: "api_key", False: "none"}.get(credentials) if isinstance(credentials, bool) else credentials
        if kind not in KINDS:
            raise ValueError(f"credentials must be one of {', '.join(KINDS)}, not {credentials!r}")
        self._given = oci
        self._kind = kind
        self._lock = threading.Lock()
        self._uses: list[tuple[MockOci, ExitStack]] = []

    def start(self) -> MockOci:
        """Open the door until ``stop()``."""
        return self.__enter__()

    def stop(self) -> None:
        """Close the door that ``start()`` opened."""
        self.__exit__(None, None, None)

    def __enter__(self) -> MockOci:
        with self._lock:
            oci = self._uses[-1][0] if self._uses else self._given or _new()
            with ExitStack() as leaving:
                give_credentials(oci, self._kind, leaving)
                leaving.callback(DOORS.open(oci.answer))
                self._uses.append((oci, leaving.pop_all()))
        return oci

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        with self._lock:
            if not self._uses:
                raise RuntimeError("mock_oci() is not started")
            _, leaving = self._uses.pop()
        leaving.close()

    async def __aenter__(self) -> MockOci:
        return self.__enter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, subject: F) -> F:
        """Wrap a function, a coroutine function or a generator (a fixture), so that the door is open while it runs.

        Of a class every test method is wrapped, and ``setUp``: one test has one backend.
        """
        if inspect.isclass(subject):
            return _class_with(subject, self._fresh)  # type: ignore[no-any-return]  # the same class
        return within(self, subject)

    def _fresh(self) -> InProcess:
        return InProcess(self._given, credentials=self._kind)


def _new() -> MockOci:
    from mock_oci.backend import MockOci  # noqa: PLC0415 - a module of tests is collected without it

    return MockOci()


def within(door: AbstractContextManager[Any], subject: F) -> F:
    """Wrap a function, a coroutine function or a generator, so that ``door`` is entered while it runs."""
    for is_kind, wrap in _KINDS:
        if is_kind(subject):
            return functools.update_wrapper(wrap(door, subject), subject)  # type: ignore[return-value]  # the same signature
    raise TypeError("mock_oci decorates functions, coroutine functions, generators and classes")


def _calling(door: AbstractContextManager[Any], function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        with door:
            return function(*arguments, **named)

    return call


def _awaiting(door: AbstractContextManager[Any], function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*arguments: Any, **named: Any) -> Any:
        with door:
            return await function(*arguments, **named)

    return call


def _yielding(door: AbstractContextManager[Any], function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Iterator[Any]:
        with door:
            yield from function(*arguments, **named)

    return call


def _yielding_async(door: AbstractContextManager[Any], function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*arguments: Any, **named: Any) -> AsyncIterator[Any]:
        with door:
            async for item in function(*arguments, **named):
                yield item

    return call


def _class_with(subject: Any, fresh: Callable[[], InProcess]) -> Any:
    """Wrap the tests of a class, and of its bases; with ``setUp`` (unittest, pytest) one door serves both."""
    setup = next((name for name in ("setUp", "setup_method") if hasattr(subject, name)), None)
    for name in dir(subject):
        method = inspect.getattr_static(subject, name)
        if name.startswith("test") and inspect.isfunction(method):
            setattr(subject, name, _method(method, fresh, opens=setup is None))
    if setup is not None:
        setattr(subject, setup, _setting_up(getattr(subject, setup), fresh))
        teardown = "tearDown" if setup == "setUp" else "teardown_method"
        setattr(subject, teardown, _tearing_down(getattr(subject, teardown, None)))
    return subject


def _method(method: Callable[..., Any], fresh: Callable[[], InProcess], *, opens: bool) -> Callable[..., Any]:
    return fresh()(method) if opens else method


def _setting_up(setup: Callable[..., Any], fresh: Callable[[], InProcess]) -> Callable[..., Any]:
    @functools.wraps(setup)
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        self._mock_oci = fresh()
        self._mock_oci.start()
        try:
            return setup(self, *arguments, **named)
        except BaseException:
            self._mock_oci.stop()
            raise

    return call


def _tearing_down(teardown: Callable[..., Any] | None) -> Callable[..., Any]:
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return teardown(self, *arguments, **named) if teardown is not None else None
        finally:
            self._mock_oci.stop()

    return functools.wraps(teardown)(call) if teardown is not None else call


_KINDS: tuple[
    tuple[Callable[[object], bool], Callable[[AbstractContextManager[Any], Any], Callable[..., Any]]], ...
] = (
    (inspect.isasyncgenfunction, _yielding_async),
    (inspect.iscoroutinefunction, _awaiting),
    (inspect.isgeneratorfunction, _yielding),
    (callable, _calling),
)
