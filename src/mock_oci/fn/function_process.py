"""The process of one container: the FDK with the developer's code, what it writes, its end, and its pauses."""

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
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

from mock_oci.fn.confined_process import ConfinedProcess
from mock_oci.fn.confinement import FREEZE_SECONDS, Confined
from mock_oci.fn.func_yaml import ENTRYPOINT, Entrypoint
from mock_oci.fn.log_lines import LogLines

_READER_SECONDS = 2.0  # a child of the function that outlives it can hold the pipe open
_SHORT_PATH = "/tmp"  # noqa: S108 - a socket's path has at most 104 characters, which other places exceed
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Shape:
    """What a process runs, and in what: ``memory`` in MB, ``names`` of ``confinement.NAMES``."""

    entrypoint: Entrypoint = ENTRYPOINT
    memory: int = 256
    names: frozenset[str] = frozenset()


class FunctionProcess:
    """Starts at once; ``close`` ends it, and all that it started. It may be paused between ``rest`` and ``wake``."""

    def __init__(self, folder: Path, environment: Mapping[str, str], logs: LogLines, shape: Shape) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="fn-", dir=_SHORT_PATH))
        self.socket = self._place / "lsnr.sock"
        self._shape = shape
        self._logs = logs
        self._lock = threading.Lock()
        self._pausing = threading.Lock()
        self._idle_since: float | None = None
        self.is_frozen = False
        self._confined = ConfinedProcess(shape.names, shape.memory, self._place)
        try:
            self._process = self._spawn(folder, environment)
        except BaseException:
            self._confined.close()
            shutil.rmtree(self._place, ignore_errors=True)
            raise
        self._watcher = self._watch()
        self._reader = threading.Thread(target=self._copy_lines, name="mock_oci logs", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    @cached_property
    def confined(self) -> Confined:
        """Return what is in force. Waits until the process is the function's own."""
        return self._confined.report(is_measured=self._memory_used() is not None)

    def rest(self) -> None:
        """Begin an idle time, in which it may be frozen."""
        with self._pausing:
            self._idle_since = time.monotonic()

    def wake(self) -> None:
        """End the idle time; what was frozen goes on."""
        with self._pausing:
            self._idle_since = None
            if self.is_frozen:
                self.is_frozen = False
                self._signal(signal.SIGCONT)

    def look(self) -> bool:
        """Freeze it when its time has come, kill it when it has too much memory; tell whether to look again."""
        with self._pausing:
            if self._idle_since is None:
                return self._within_memory()
            if "freeze" not in self._shape.names or self.is_frozen:
                return False
            if time.monotonic() - self._idle_since >= FREEZE_SECONDS:
                self._signal(signal.SIGSTOP)
                self.is_frozen = True
            return not self.is_frozen

    def kill(self) -> None:
        """Kill it and all that it started."""
        self._signal(signal.SIGKILL)

    def wait(self) -> None:
        """Wait for its end."""
        self._process.wait()

    def close(self) -> None:
        """Kill it, and remove its files; may be called twice."""
        with self._lock:
            self.kill()
            self._process.wait()
            if self._watcher.poll() is None and self._confined.has_killed:
                self._logs.add(f"mock_oci: killed: it took more than {self._shape.memory} MB of memory")
            self._watcher.kill()
            self._watcher.communicate()
            self._reader.join(_READER_SECONDS)
            if self._process.stdout is not None and not self._reader.is_alive():
                self._process.stdout.close()
            self._confined.close()
            shutil.rmtree(self._place, ignore_errors=True)

    def _spawn(self, folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        (self._place / "tmp").mkdir()
        listener = {"FN_LISTENER": f"unix:{self.socket}", "TMPDIR": str(self._place / "tmp")}
        module, handler = self._shape.entrypoint
        words = [_fdk_script(), str(folder / module), handler]
        process = subprocess.Popen(  # noqa: S603 - running the developer's function is what this is for
            self._confined.command(words, folder, environment),
            cwd=folder,
            env={**environment, **listener},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C at the terminal is for the platform, not for the function
            pass_fds=self._confined.descriptors,
            encoding="utf-8",
            errors="replace",
        )
        self._confined.close_start()
        return process

    def _watch(self) -> subprocess.Popen[bytes]:
        """Start what ends the process, all that it started, and its files when this program ends, even by a signal.

        Its standard input ends with this program: nobody else has the other end.
        """
        ending = 'read _; kill -9 -"$0"; rm -rf -- "$1"; shift; [ $# = 0 ] || { sleep 0.2; rmdir -- "$@"; }'
        words = ["/bin/sh", "-c", ending, str(self.pid), str(self._place), *map(str, self._confined.folders)]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True)  # noqa: S603 - see above

    def _within_memory(self) -> bool:
        """Kill it when it has too much; tell whether its memory is to be looked at again."""
        if not self._confined.measures_memory or not self.lives:
            return False
        used = self._memory_used()
        if used is not None and used > self._shape.memory << 20:
            self._logs.add(f"mock_oci: killed: it took more than {self._shape.memory} MB of memory")
            self.kill()
        return used is not None

    def _memory_used(self) -> int | None:
        """Return the bytes that the process itself has in memory; None where nothing tells."""
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE_BYTES
        except (OSError, IndexError, ValueError):
            return None

    def _signal(self, number: signal.Signals) -> None:
        if self.lives:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def _copy_lines(self) -> None:
        pipe: IO[str] | None = self._process.stdout
        for line in pipe or ():
            self._logs.add(line.rstrip("\n"))


def _fdk_script() -> str:
    """Find the ``fdk`` that is installed beside this interpreter, which an image's entry point names."""
    for folder in (Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))):
        if (folder / "fdk").exists():
            return str(folder / "fdk")
    raise FileNotFoundError("a function needs the FDK: pip install 'mock-oci[server]'")
