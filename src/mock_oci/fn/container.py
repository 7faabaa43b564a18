"""One container: a real FDK process on a Unix socket, started and ended as Fn does it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mock_oci.fn.confinement import Confined
from mock_oci.fn.fdk_answer import FdkStream
from mock_oci.fn.fdk_socket import await_turn, exchanging
from mock_oci.fn.function_process import FunctionProcess, Shape
from mock_oci.fn.log_lines import LogLines
from mock_oci.services.functions.invoke_errors import InvokeError

INIT_SECONDS = 5.0  # to open the socket (fnproject/docs fn-format.md; fnproject/fn HotStartTimeout)
_LOOK_SECONDS = 0.005
_CLOCK_SECONDS = 0.05  # between two looks at a clock that may be moved
_DONE_SECONDS = 5.0  # to notice that nobody reads its answer any more


class Container:
    """Takes one call at a time. ``alive`` turns False for good when it died, timed out or broke the contract."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], logs: LogLines, shape: Shape | None = None
    ) -> None:
        self._broken = False
        self._expired = False
        self._process = FunctionProcess(folder, environment, logs, shape or Shape())
        self.socket = self._process.socket

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._broken and self._process.lives

    @property
    def is_frozen(self) -> bool:
        """Tell whether the process is stopped, as it is a moment after its answer."""
        return self._process.is_frozen

    def confined(self) -> Confined:
        """Return what the process must do without; to be asked when it listens."""
        return self._process.confined

    def rest(self) -> None:
        """Begin an idle time, in which the container may be frozen."""
        self._process.rest()

    def wake(self) -> None:
        """End an idle time, before a call."""
        self._process.wake()

    def look(self) -> bool:
        """Freeze or kill the process if its time has come; tell whether to look again."""
        return self._process.look()

    def await_socket(self, seconds: float = INIT_SECONDS) -> None:
        """Wait until the FDK listens. Raises InvokeError when it does not."""
        give_up = time.monotonic() + seconds
        while not self.socket.exists():
            if not self._process.lives:
                raise InvokeError("FunctionInvokeContainerInitFail")
            if time.monotonic() > give_up:
                raise InvokeError("FunctionInvokeContainerInitTimeout")
            time.sleep(_LOOK_SECONDS)

    @contextmanager
    def call(
        self, headers: Mapping[str, str], body: bytes, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> Iterator[FdkStream]:
        """Yield the FDK's answer of status 200, to be read in the block. Raises InvokeError for everything else.

        The container is killed after ``seconds``, of this machine or of ``clock``, and is not ``alive`` after a failure
        that Fn does not let a container survive (fnproject/fn, api/agent/agent.go: dispatch and writeResp). A block
        that does not read its answer to the end must be left by an exception: then this waits until the FDK has
        noticed.
        """
        with (
            self._killed_after(seconds, clock),
            self._done_with_it(),
            self._own_failures(),
            exchanging(self.socket, headers, body) as answer,
        ):
            if answer.status != 200:
                raise InvokeError(_FAILED_STATUSES.get(answer.status, "FunctionInvokeInvalidResponse"))
            yield answer

    def kill(self) -> None:
        """Kill the process in the middle of whatever it does, as for too much memory.

        Its call ends with FunctionInvokeExecutionError, and the next one is another container's.
        """
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Kill the process and all that it started, and remove its files; may be called twice."""
        self._broken = True
        self._process.close()

    @contextmanager
    def _killed_after(self, seconds: float, clock: Callable[[], float]) -> Iterator[None]:
        ended = threading.Event()
        watchdog = threading.Thread(target=self._watch, args=(ended, seconds, clock), name="mock_oci deadline")
        watchdog.start()
        try:
            yield
        finally:
            ended.set()
            watchdog.join()

    def _watch(self, ended: threading.Event, seconds: float, clock: Callable[[], float]) -> None:
        kill_at, moved_to = time.monotonic() + seconds, clock() + seconds
        while not ended.wait(max(0.0, min(_CLOCK_SECONDS, kill_at - time.monotonic()))):
            if time.monotonic() >= kill_at or clock() >= moved_to:
                self._expire()
                return

    @contextmanager
    def _done_with_it(self) -> Iterator[None]:
        """Wait after a call that was cut short: the next one must not meet an FDK that is still answering this one."""
        try:
            yield
        except BaseException:
            self._await_turn()
            raise

    def _await_turn(self) -> None:
        if self.alive:
            try:
                await_turn(self.socket, _DONE_SECONDS)
            except OSError:
                self._broken = True

    @contextmanager
    def _own_failures(self) -> Iterator[None]:
        try:
            yield
        except (OSError, InvokeError) as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError | InvokeError) -> InvokeError:
        failure = error if isinstance(error, InvokeError) else InvokeError("FunctionInvokeExecutionError")
        if self._expired:
            return InvokeError("FunctionInvokeTimeout")
        self._broken = self._broken or failure.code not in _SURVIVED
        return failure

    def _expire(self) -> None:
        self._expired = self._broken = True
        self._process.kill()


# fdk/constants.py FN_ENFORCED_RESPONSE_CODES; fnproject/fn, api/agent/agent.go writeResp
_FAILED_STATUSES = {502: "FunctionInvokeExecutionFailed", 504: "FunctionInvokeTimeout"}
_SURVIVED = frozenset({"FunctionInvokeExecutionFailed", "FunctionInvokeTimeout", "FunctionInvokeResponseBodyTooLarge"})
