"""One deployed function: its containers, its credentials, its log, and its calls, sync and detached."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mock_oci.fn.container import Container
from mock_oci.fn.container_pool import ContainerPool
from mock_oci.fn.credentials import FunctionCredentials
from mock_oci.fn.environment import Deployment
from mock_oci.fn.fdk_answer import FdkStream
from mock_oci.fn.fdk_socket import HOP_BY_HOP
from mock_oci.fn.log_lines import LogLines
from mock_oci.services.functions.invoke_errors import InvokeError
from mock_oci.wire import Response

_KEPT_RUNS = 1000
_NOT_RELAYED = HOP_BY_HOP | {"content-length"}


@dataclass(frozen=True)
class FunctionCall:
    """What goes to a container, but for the deadline; ``headers`` has lower-case names."""

    id: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class DetachedRun:
    """A call that was answered with 202; ``outcome`` gives what a sync caller would have got."""

    call_id: str
    outcome: Future[Response]


class LocalFunction:
    """Made by ``LocalFunctions.deploy``; its containers are those of ``pool``.

    ``settled`` is told of each detached run with what became of it, before anyone else is. A call has run out of
    its time when this machine's clock says so, or ``clock``, which a test may move on.
    """

    def __init__(
        self,
        deployment: Deployment,
        log: LogLines,
        pool: ContainerPool,
        credentials: FunctionCredentials,
        *,
        settled: Callable[[FunctionCall, Response], None],
        clock: Callable[[], float],
    ) -> None:
        self.deployment = deployment
        self.log = log
        self._credentials = credentials
        self._settled = settled
        self._clock = clock
        self._pool = pool
        self._detached: deque[tuple[DetachedRun, threading.Thread]] = deque(maxlen=_KEPT_RUNS)

    @property
    def id(self) -> str:
        return self.deployment.id

    @property
    def containers(self) -> tuple[Container, ...]:
        return self._pool.containers

    @property
    def detached_runs(self) -> tuple[DetachedRun, ...]:
        """Return the last detached runs, oldest first, those still running among them."""
        return tuple(run for run, _ in list(self._detached))

    def logs(self) -> list[str]:
        """Return what the function wrote to stdout and stderr, a line each, oldest first."""
        return self.log.lines()

    def rotate_credentials(self) -> None:
        """Write a new token and a new key into the same two files, as the platform does now and then."""
        self._credentials.rotate()

    def warm(self) -> None:
        """Start a container if none is idle; it imports the function on its first call only, as the FDK does."""
        self._pool.give_back(self._pool.take())

    def run(self, call: FunctionCall, *, live: bool = False) -> Response:
        """Return the function's answer. Raises InvokeError.

        ``live``: an answer in chunks is an iterator of what comes when it comes, with an empty piece now and
        then while nothing does. It may raise InvokeError, and its container is busy until it ends or is closed.
        """
        container = self._pool.take()
        return self._run_in(container, call, self.deployment.timeout, live=live)

    def run_detached(self, call: FunctionCall) -> None:
        """Return as soon as a container has the call. Raises InvokeError when none can take it."""
        container = self._pool.take()
        run = DetachedRun(call.id, Future())
        thread = threading.Thread(target=self._settle, args=(run, container, call), name="mock_oci detached")
        self._detached.append((run, thread))
        thread.start()

    def close(self) -> None:
        self._pool.close()
        for _, thread in list(self._detached):
            thread.join()

    def _settle(self, run: DetachedRun, container: Container, call: FunctionCall) -> None:
        try:
            try:
                response = self._run_in(container, call, self.deployment.detached_timeout)
            except InvokeError as failure:
                response = failure.response()
            self._settled(call, response)
            run.outcome.set_result(response)
        except BaseException as fault:  # noqa: BLE001 - a thread has no caller; who asks for the outcome gets it
            run.outcome.set_exception(fault)

    def _run_in(self, container: Container, call: FunctionCall, seconds: float, *, live: bool = False) -> Response:
        with ExitStack() as ending:
            answer = ending.enter_context(self._answering(container, call, seconds))
            kept = {name: value for name, value in answer.headers.items() if name not in _NOT_RELAYED}
            if live and answer.chunked:
                return Response(200, kept, _held(answer.pieces, ending.pop_all()))
            return Response(200, kept, b"".join(answer.pieces))

    @contextmanager
    def _answering(self, container: Container, call: FunctionCall, seconds: float) -> Iterator[FdkStream]:
        try:
            self._credentials.freshen()
            # RFC 3339 in whole seconds, UTC: what Go's time.RFC3339 leaves of the moment of the kill.
            deadline = datetime.fromtimestamp(time.time() + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            headers = {**call.headers, "fn-deadline": deadline}
            with container.call(headers, call.body, seconds, self._clock) as answer:
                yield answer
        finally:
            self._pool.give_back(container)


def _held(pieces: Iterator[bytes], ending: ExitStack) -> Iterator[bytes]:
    """Yield ``pieces``, and then end what they come from; also when closed, whether it was read or not."""

    def relayed() -> Iterator[bytes]:
        with ending:
            yield b""
            yield from pieces

    begun = relayed()
    next(begun)  # a generator that has not begun takes no notice of close()
    return begun
