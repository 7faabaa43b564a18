"""What mock_oci costs whoever tests with it, beside moto in the same run: ``python -m tests.bench.emulators``.

Each figure is taken by turns, of processes of their own, and is the best and the median of the rounds. A floor does the
same without an emulator: the client, its signature, and an answer that is always the same.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.bench.machine import trouble

CALLS: Final = Path(__file__).with_name("peers")
WAIT: Final = 30.0
# Of calls whose client signs nothing: a signature alone takes most of a millisecond, which is the client's.
BUDGETS: Final = {
    "chat by httpx with an API key, in process": 1.0,
    "chat by httpx with an API key, loopback": 2.0,
}
IMPORTS: Final = {
    "Python alone": ("pass", "pass"),
    "import": ("from mock_oci import mock_oci", "from moto import mock_aws"),
    "a backend": ("from mock_oci import MockOci; MockOci()", ""),
    "a block": (
        "from mock_oci import mock_oci\nwith mock_oci(): pass",
        "from moto import mock_aws\nwith mock_aws(): pass",
    ),
}


@dataclass
class Figure:
    """What was measured, in milliseconds; ``budget`` is what the issue of mock_oci's speed asks for."""

    what: str
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    budget: float | None = None

    def line(self) -> str:
        """Write a row: best and median, of both, their ratio, and whether the budget is met."""
        cells = [f"{min(times):8.2f} {statistics.median(times):8.2f}" if times else " " * 17 for times in self.pair]
        ratio = f"{min(self.ours) / min(self.theirs):8.2f}" if self.theirs else " " * 8
        met = (
            "" if self.budget is None else f"{self.budget:8.0f} {'met' if min(self.ours) <= self.budget else 'NOT MET'}"
        )
        return f"{self.what:44}{'  '.join(cells)}{ratio}{met}".rstrip()

    @property
    def pair(self) -> tuple[list[float], list[float]]:
        return self.ours, self.theirs


def main() -> int:
    """Measure and print; 1 where a budget is not met."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.emulators", description=__doc__)
    parser.add_argument("--moto", type=Path, metavar="PYTHON", help="a Python that has moto[server] and boto3")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    busy = trouble()
    figures = [*_processes(options.moto, options.rounds), *_servers(options.moto, options.rounds)]
    figures += _calls(options.moto, max(2, options.rounds // 3))
    print(f"{'milliseconds: best, median':44}{'mock_oci':>17}  {'moto':>17}{'of moto':>8}{'at most':>8}")
    print("\n".join(figure.line() for figure in figures))
    print(f"the machine was busy: {busy}" if busy else "the machine was quiet", os.getloadavg()[0])
    return int(any(figure.budget is not None and min(figure.ours) > figure.budget for figure in figures))


def _processes(moto: Path | None, rounds: int) -> Iterator[Figure]:
    budgets = {"import": 100.0, "a backend": 100.0}
    for cpu in (False, True):
        for what, (ours, theirs) in IMPORTS.items():
            figure = Figure(f"{what}{', CPU' if cpu else ''}", budget=None if cpu else budgets.get(what))
            for _ in range(rounds):
                figure.ours.append(_run(sys.executable, ours)[cpu])
                if moto is not None and theirs:
                    figure.theirs.append(_run(str(moto), theirs)[cpu])
            yield figure


def _run(python: str, code: str) -> tuple[float, float]:
    """Return the milliseconds that a process takes from its start to its end, and those of CPU."""
    began = time.perf_counter()
    process = subprocess.Popen([python, "-c", code], env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""})  # noqa: TID251 - a person's shell
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, code
    return (time.perf_counter() - began) * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def _servers(moto: Path | None, rounds: int) -> Iterator[Figure]:
    figure = Figure("a server, to its first answer", budget=300.0)
    for _ in range(rounds):
        figure.ours.append(_served([sys.executable, "-m", "mock_oci"], "--port", "/_mock/health"))
        if moto is not None:
            figure.theirs.append(_served([str(moto.with_name("moto_server"))], "-p", "/moto-api/data.json"))
    yield figure


def _served(command: list[str], option: str, path: str) -> float:
    """Return the milliseconds from starting a server to its first answer."""
    port, began = _free_port(), time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*command, option, str(port)], **quiet) as process:  # type: ignore[call-overload] # a mapping
        try:
            while time.perf_counter() < began + WAIT:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
                try:
                    connection.request("GET", path)
                    assert connection.getresponse().status == 200
                    return (time.perf_counter() - began) * 1000
                except ConnectionRefusedError:
                    time.sleep(0.001)
                finally:
                    connection.close()
        finally:
            process.terminate()
    raise TimeoutError(command)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _calls(moto: Path | None, rounds: int) -> Iterator[Figure]:
    """Yield the medians of calls, each of a process of its own."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(_medians(sys.executable, "oci_calls.py"))
        if moto is not None:
            theirs.append(_medians(str(moto), "moto_calls.py"))
    for what in ours[0]:
        found, beside = [run[what] for run in ours], [run[what] for run in theirs if what in run]
        yield Figure(what, found, beside, BUDGETS.get(what))


def _medians(python: str, script: str) -> dict[str, float]:
    seen = subprocess.run([python, str(CALLS / script)], capture_output=True, text=True, check=True, timeout=120)
    medians: dict[str, float] = json.loads(seen.stdout)
    return medians


if __name__ == "__main__":
    sys.exit(main())
