"""The image as Functions would run it, called through the socket in the folder that both sides see."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.image.docker import Docker, FaultError

from mock_oci.fn.fdk_socket import FdkAnswer, exchange

LISTENS_WITHIN: Final = 20.0  # seconds; a busy machine is no fault
INSIDE: Final = "/tmp/iofs"  # where Fn mounts the folder of the socket
# Everything that Functions takes away from a container.
CONFINED: Final = [
    *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--pids-limit", "50", "--network", "host"),
]
# /proc/PID/status of the function: the ordinary user, without capabilities, who cannot get any.
STATUS: Final = {"Uid": "1000", "CapEff": "0000000000000000", "NoNewPrivs": "1"}


@dataclass(frozen=True)
class FunctionContainer:
    """A container that listens."""

    docker: Docker
    id: str
    socket: Path

    def call(self, body: Any, **headers: str) -> tuple[FdkAnswer, float]:
        """Return the answer and the seconds it took; raise ``FaultError`` for what is no success."""
        sent = {"content-type": "application/json", "fn-call-id": "image", **headers}
        started = time.perf_counter()
        answer = exchange(self.socket, sent, json.dumps(body).encode())
        seconds = time.perf_counter() - started
        if answer.status != 200 or answer.headers.get("fn-http-status", "200") != "200":
            raise FaultError(f"a call was answered with {answer.status}: {answer.body[:500]!r}\n{self.log()}")
        return answer, seconds

    def post(self, path: str, body: Any) -> tuple[bytes, float]:
        """Return what API Gateway's client gets from ``path``, and the seconds it took."""
        answer, seconds = self.call(
            body,
            **{"fn-intent": "httprequest", "fn-http-method": "POST", "fn-http-request-url": path},
            **{"fn-http-h-content-type": "application/json"},
        )
        return answer.body, seconds

    def check_confined(self) -> None:
        """Raise ``FaultError`` where the function has more rights than Functions gives it."""
        status = self.status()
        found = {name: status[name] for name in STATUS}
        if found != STATUS:
            raise FaultError(f"the function runs with {found} in place of {STATUS}")

    def status(self) -> dict[str, str]:
        """Return the first word of each line of the function's ``/proc/PID/status``."""
        pid = self.docker.run("inspect", "--format", "{{.State.Pid}}", self.id)
        lines = re.findall(r"^(\w+):\s*(\S+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        return dict(lines)

    def memory(self) -> str:
        """Return what the container has in use of what it may have, and the peak of the function's own."""
        used = self.docker.run("stats", "--no-stream", "--format", "{{.MemUsage}}", self.id)
        return f"{used} in use, peak of the process {int(self.status()['VmHWM']) / 1024:.0f} MiB"

    def end(self) -> None:
        """End it as Functions does, with SIGTERM; raise ``FaultError`` if it does not end well."""
        self.docker.run("stop", "--time", "10", self.id)
        ended = self.docker.run("inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", self.id)
        if ended != "0 false":
            raise FaultError(f"it ended with exit code and OOM {ended}:\n{self.log()}")

    def log(self) -> str:
        return self.docker.run("logs", "--tail", "20", self.id)


@contextmanager
def started(
    docker: Docker,
    image: str,
    folder: Path,
    environment: Mapping[str, str],
    mounts: Mapping[Path, str],
    *,
    memory: int,
) -> Iterator[FunctionContainer]:
    """Run ``image`` with so many MB and its socket in ``folder``, yield it once it listens, take it away at the end."""
    shared = folder / "iofs"
    shared.mkdir()
    shared.chmod(0o777)  # the container's user is not ours
    words = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
    words += ["--env", f"FN_LISTENER=unix:{INSIDE}/lsnr.sock", "--volume", f"{shared}:{INSIDE}"]
    words += [word for path, inside in mounts.items() for word in ("--volume", f"{path}:{inside}:ro")]
    words += ["--memory", f"{memory}m", "--memory-swap", f"{memory}m"]
    container = FunctionContainer(docker, docker.run("run", "--detach", *CONFINED, *words, image), shared / "lsnr.sock")
    try:
        give_up = time.monotonic() + LISTENS_WITHIN
        while not container.socket.exists():
            running = docker.run("inspect", "--format", "{{.State.Running}}", container.id) == "true"
            if not running or time.monotonic() > give_up:
                raise FaultError(f"it does not listen:\n{container.log()}")
            time.sleep(0.05)
        yield container
    finally:
        docker.run("rm", "--force", "--volumes", container.id)
