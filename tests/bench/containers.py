"""What is measured: functions, each in a process as Fn starts it, and what such a process has used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mock_oci import MockOci
from mock_oci.fn.container import Container
from mock_oci.fn.credentials import FunctionCredentials
from mock_oci.fn.environment import Deployment, environment
from mock_oci.fn.fdk_socket import exchange
from mock_oci.fn.log_lines import LogLines

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
LLAMA = "meta.llama-3.3-70b-instruct"
CPU_CGROUPS = Path("/sys/fs/cgroup/cpu")  # of version 1, where the first figures were taken
CGROUPS = Path("/sys/fs/cgroup")  # of version 2


@dataclass(frozen=True)
class Function:
    """A folder, and the model that it is asked for."""

    folder: Path
    model: str = LLAMA

    @property
    def body(self) -> bytes:
        messages = [{"role": "user", "content": "Why do functions sleep?"}]
        return json.dumps({"model": self.model, "messages": messages}).encode()


FUNCTIONS = {
    "bare": Function(HERE / "functions/bare"),
    "floor": Function(HERE / "functions/floor"),
    "naive": Function(HERE / "functions/naive"),
    "V1": Function(ROOT),
    "Responses": Function(ROOT, "responses:openai.gpt-oss-120b"),
    "SDK": Function(ROOT, "cohere.command-a-03-2025"),
}


class Measured:
    """A process, by what the kernel says of it."""

    pid: int

    @property
    def cpu(self) -> float:
        """Return the milliseconds that it has run, by the scheduler's own count, threads that have ended among them."""
        # What clock_getcpuclockid(3) makes of a process id, for CPUCLOCK_SCHED (linux/posix-timers.h).
        return time.clock_gettime(~self.pid << 3 | 2) * 1000

    @property
    def memory(self) -> float:
        """Return the MB that it holds (resident set)."""
        return self._status("VmRSS")

    @property
    def most_memory(self) -> float:
        """Return the MB that it has held at most since ``forget_most``."""
        return self._status("VmHWM")

    def forget_most(self) -> None:
        """Let ``most_memory`` begin anew, where the kernel allows that."""
        with suppress(OSError):
            Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def _status(self, name: str) -> float:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


class Running(Measured):
    """A started container; to call it is to ask its function what the bench asks."""

    def __init__(self, container: Container, body: bytes) -> None:
        self.container = container
        self.body = body
        self.pid = container.pid

    def __call__(self, body: bytes | None = None) -> bytes:
        answer = self.ask(self.body if body is None else body)
        if b'"error"' in answer[:4096]:
            raise SystemExit(f"a function failed: {answer[:4096].decode()}")
        return answer

    def ask(self, body: bytes) -> bytes:
        """Return the answer, be it an error of the function's own."""
        headers = {"content-type": "application/json", "fn-call-id": "bench"}
        answer = exchange(self.container.socket, headers, body)
        if answer.status != 200:
            raise SystemExit(f"a function failed: {answer.body.decode()}")
        return answer.body


@dataclass(frozen=True)
class Bench:
    """Where the functions find their credentials and their model."""

    oci: MockOci
    upstream: str
    folder: Path

    @contextmanager
    def container(
        self,
        function: Function,
        folder: Path | None = None,
        config: dict[str, str] | None = None,
        share: float | None = None,
    ) -> Iterator[Running]:
        """A started process; ``folder`` is another than the function's own, and ``share`` what it gets of a CPU."""
        folder = folder or function.folder
        credentials = FunctionCredentials(self.oci, "ocid1.fnfunc.oc1..bench", self.folder)
        credentials.freshen()
        place = {
            "OCI_GENAI_ENDPOINT": self.upstream,
            "OCI_COMPARTMENT_ID": self.oci.tenancy.compartment_id,
            "OCI_REGION": self.oci.region,
        }
        names = dict.fromkeys(("id", "name", "app_id", "app_name"), "bench")
        deployment = Deployment(
            **names,
            folder=folder,
            region=self.oci.region,
            memory=512,
            timeout=60,
            detached_timeout=60,
            config=place | (config or {}),
        )
        with share_of_a_cpu(share):
            container = Container(folder, environment(deployment, credentials), LogLines())
        try:
            container.await_socket(20.0)
            yield Running(container, function.body)
        finally:
            container.close()


@contextmanager
def share_of_a_cpu(share: float | None) -> Iterator[None]:
    """Let processes that are started inside have so much of a CPU; raise ``OSError`` where that cannot be had."""
    if share is None:
        yield
        return
    is_old = CPU_CGROUPS.is_dir()
    group = (CPU_CGROUPS if is_old else CGROUPS) / f"bench-{os.getpid()}"
    group.mkdir(exist_ok=True)
    if is_old:
        (group / "cpu.cfs_period_us").write_text("100000")
        (group / "cpu.cfs_quota_us").write_text(str(int(share * 100_000)))
    else:
        (group / "cpu.max").write_text(f"{int(share * 100_000)} 100000")
    # Who starts a process hands its own group down: so this process goes there, and comes back at once.
    home = next(
        line.rstrip("\n").split(":", 2)[2]
        for line in Path("/proc/self/cgroup").read_text().splitlines()
        if (line.split(":")[1] == "" if not is_old else "cpu" in line.split(":")[1].split(","))
    )
    (group / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield
    finally:
        back = (CPU_CGROUPS if is_old else CGROUPS) / home.lstrip("/") / "cgroup.procs"
        back.write_text(str(os.getpid()))


def end_shares() -> None:
    """Take the group away that ``share_of_a_cpu`` made."""
    for place in (CPU_CGROUPS, CGROUPS):
        with suppress(OSError):
            (place / f"bench-{os.getpid()}").rmdir()


@contextmanager
def model() -> Iterator[str]:
    """Yield the URL of a model that answers at once, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.upstream"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().removeprefix("ready: ").strip()
        finally:
            process.terminate()
