"""One container: a real FDK process on a Unix socket, started and ended as Fn does it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mock_oci.fn.fdk_answer import FdkStream
from mock_oci.fn.fdk_socket import await_turn, exchanging
from mock_oci.fn.log_lines import LogLines
from mock_oci.services.functions.invoke_errors import InvokeError

INIT_SECONDS = 5.0  # to open the socket (fnproject/docs fn-format.md; fnproject/fn HotStartTimeout)
_LOOK_SECONDS = 0.005
_DONE_SECONDS = 5.0  # to notice that nobody reads its answer any more
_READER_SECONDS = 2.0  # a child of the function that outlives it can hold the pipe open
_SHORT_PATH = "/tmp"  # noqa: S108 - a socket's path has at most 104 characters, which other places exceed


class Container:
    """Takes one call at a time. ``alive`` turns False for good when it died, timed out or broke the contract."""

    def __init__(self, folder: Path, environment: Mapping[str, str], logs: LogLines) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="fn-", dir=_SHORT_PATH))
        self.socket = self._place / "lsnr.sock"
        self._broken = False
        self._expired = False
        self._lock = threading.Lock()
        try:
            self._process = self._spawn(folder, environment)
        except BaseException:
            shutil.rmtree(self._place, ignore_errors=True)
            raise
        self._watcher = self._watch()
        arguments = (self._process.stdout, logs)
        self._reader = threading.Thread(target=_copy_lines, args=arguments, name="mock_oci logs", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._broken and self._process.poll() is None

    def await_socket(self, seconds: float = INIT_SECONDS) -> None:
        """Wait until the FDK listens. Raises InvokeError when it does not."""
        give_up = time.monotonic() + seconds
        while not self.socket.exists():
            if self._process.poll() is not None:
                raise InvokeError("FunctionInvokeContainerInitFail")
            if time.monotonic() > give_up:
                raise InvokeError("FunctionInvokeContainerInitTimeout")
            time.sleep(_LOOK_SECONDS)

    @contextmanager
    def call(self, headers: Mapping[str, str], body: bytes, seconds: float) -> Iterator[FdkStream]:
        """Yield the FDK's answer of status 200, to be read in the block. Raises InvokeError for everything else.

        The container is killed after ``seconds``, and is not ``alive`` after a failure that Fn does not let
        a container survive (fnproject/fn, api/agent/agent.go: dispatch and writeResp). A block that does not
        read its answer to the end must be left by an exception: then this waits until the FDK has noticed.
        """
        with (
            self._killed_after(seconds),
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
        self._kill()
        self._process.wait()

    def close(self) -> None:
        """Kill the process and all that it started, and remove its files; may be called twice."""
        with self._lock:
            self._broken = True
            self._kill()
            self._process.wait()
            self._watcher.kill()
            self._watcher.communicate()
            self._reader.join(_READER_SECONDS)
            if self._process.stdout is not None and not self._reader.is_alive():
                self._process.stdout.close()
            shutil.rmtree(self._place, ignore_errors=True)

    def _spawn(self, folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        (self._place / "tmp").mkdir()
        listener = {"FN_LISTENER": f"unix:{self.socket}", "TMPDIR": str(self._place / "tmp")}
        return subprocess.Popen(  # noqa: S603 - running the developer's function is what this is for
            [_fdk_script(), str(folder / "func.py"), "handler"],
            cwd=folder,
            env={**environment, **listener},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C at the terminal is for the platform, not for the function
            encoding="utf-8",
            errors="replace",
        )

    def _watch(self) -> subprocess.Popen[bytes]:
        """Start what ends the process, all that it started, and its files when this program ends, even by a signal.

        Its standard input ends with this program: nobody else has the other end.
        """
        words = ["/bin/sh", "-c", 'read _; kill -9 -"$0"; rm -rf -- "$1"', str(self.pid), str(self._place)]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True)  # noqa: S603 - see above

    @contextmanager
    def _killed_after(self, seconds: float) -> Iterator[None]:
        watchdog = threading.Timer(seconds, self._expire)
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()
            watchdog.join()

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
        self._kill()

    def _kill(self) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _copy_lines(pipe: IO[str], logs: LogLines) -> None:
    for line in pipe:
        logs.add(line.rstrip("\n"))


def _fdk_script() -> str:
    """Find the ``fdk`` that is installed beside this interpreter, which an image's entry point names."""
    for folder in (Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))):
        if (folder / "fdk").exists():
            return str(folder / "fdk")
    raise FileNotFoundError("a function needs the FDK: pip install 'mock-oci[server]'")


# fdk/constants.py FN_ENFORCED_RESPONSE_CODES; fnproject/fn, api/agent/agent.go writeResp
_FAILED_STATUSES = {502: "FunctionInvokeExecutionFailed", 504: "FunctionInvokeTimeout"}
_SURVIVED = frozenset({"FunctionInvokeExecutionFailed", "FunctionInvokeTimeout", "FunctionInvokeResponseBodyTooLarge"})
