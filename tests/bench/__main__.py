"""`make bench`: cold start, warm latency, memory and modules, beside a bare and a naive function, in one run."""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench import batch, packages
from tests.bench.chunks import chunk_lags

from mock_oci import MockOci
from mock_oci.fn.container import Container
from mock_oci.fn.credentials import FunctionCredentials
from mock_oci.fn.environment import Deployment, environment
from mock_oci.fn.fdk_socket import exchange
from mock_oci.fn.log_lines import LogLines

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
COLD_RUNS = 9
WARM_ROUNDS = 10
# A round; the naive one is slow and settles soon.
WARM_CALLS = {"upstream": 40, "bare": 40, "naive": 4, "V1": 40, "Responses": 40, "SDK": 40}


@dataclass(frozen=True)
class Function:
    """What is measured: its folder, and the model that it is asked for."""

    folder: Path
    model: str = "meta.llama-3.3-70b-instruct"

    @property
    def body(self) -> bytes:
        messages = [{"role": "user", "content": "Why do functions sleep?"}]
        return json.dumps({"model": self.model, "messages": messages}).encode()


FUNCTIONS = {
    "bare": Function(HERE / "functions/bare"),
    "naive": Function(HERE / "functions/naive"),
    "V1": Function(ROOT),
    "Responses": Function(ROOT, "responses:openai.gpt-oss-120b"),
    "SDK": Function(ROOT, "cohere.command-a-03-2025"),
}


@dataclass
class Figures:
    """Of one function: milliseconds and megabytes. ``cold`` is the best of all runs, which other work on the machine
    disturbs least; ``warm`` is the median."""

    cold: float
    warm: float
    memory: float
    modules: int


@dataclass(frozen=True)
class Bench:
    """Where the functions find their credentials and their model."""

    oci: MockOci
    upstream: str
    folder: Path

    @contextmanager
    def container(
        self, function: Function, folder: Path | None = None, config: dict[str, str] | None = None
    ) -> Iterator[Callable[[], bytes]]:
        """A started process and the call that one makes of it; ``folder`` is another than the function's own."""
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
            timeout=30,
            detached_timeout=30,
            config=place | (config or {}),
        )
        container = Container(folder, environment(deployment, credentials), LogLines(sys.stderr))
        try:
            container.await_socket()
            yield Running(container, function.body)
        finally:
            container.close()


class Running:
    def __init__(self, container: Container, body: bytes) -> None:
        self.container = container
        self.body = body

    def __call__(self) -> bytes:
        headers = {"content-type": "application/json", "fn-call-id": "bench"}
        answer = exchange(self.container.socket, headers, self.body)
        if answer.status != 200 or b'"error"' in answer.body:
            raise SystemExit(f"a function failed: {answer.body.decode()}")
        return answer.body

    @property
    def memory(self) -> float:
        """MB that the process holds (resident set)."""
        status = Path(f"/proc/{self.container.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def cold(bench: Bench, function: Function) -> float:
    started = time.perf_counter()
    with bench.container(function) as call:
        call()
        return (time.perf_counter() - started) * 1000


def warm(bench: Bench) -> dict[str, tuple[float, float]]:
    """Latency and memory of each, in short runs by turns, so that a busy machine is busy for all of them."""
    with ExitStack() as containers:
        functions = {name: containers.enter_context(bench.container(one)) for name, one in FUNCTIONS.items()}
        direct = Direct(bench.upstream)
        calls = {"upstream": direct, **functions}
        times: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(WARM_ROUNDS):
            for name, call in calls.items():
                for _ in range(WARM_CALLS[name]):
                    started = time.perf_counter()
                    call()
                    times[name].append((time.perf_counter() - started) * 1000)
        direct.close()
        return {name: (statistics.median(times[name]), getattr(call, "memory", 0.0)) for name, call in calls.items()}


class Direct:
    """The model without any function, over one kept connection."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"))
        self._connection.connect()

    def __call__(self) -> None:
        headers = {"content-type": "application/json"}
        self._connection.request("POST", "/openai/v1/chat/completions", FUNCTIONS["V1"].body, headers)
        self._connection.getresponse().read()

    def close(self) -> None:
        self._connection.close()


def modules(bench: Bench, function: Function) -> list[str]:
    """What a process has loaded after one call."""
    config = {"REAL_FUNC": str(function.folder / "func.py")}
    with bench.container(function, ROOT / "tests/functions/modules", config) as call:
        loaded: list[str] = json.loads(call())["modules"]
        return loaded


@contextmanager
def model() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.upstream"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().removeprefix("ready: ").strip()
        finally:
            process.terminate()


def measure(bench: Bench) -> tuple[dict[str, Figures], float]:
    for function in FUNCTIONS.values():
        cold(bench, function)  # .pyc files and the page cache are there before anything counts
    colds: dict[str, list[float]] = {name: [] for name in FUNCTIONS}
    for _ in range(COLD_RUNS):
        for name, function in FUNCTIONS.items():
            colds[name].append(cold(bench, function))
    warms = warm(bench)
    figures = {
        name: Figures(min(colds[name]), *warms[name], len(modules(bench, function)))
        for name, function in FUNCTIONS.items()
    }
    return figures, warms["upstream"][0]


def main() -> None:
    import tempfile

    with model() as upstream, tempfile.TemporaryDirectory() as folder:
        bench = Bench(MockOci(), upstream, Path(folder))
        figures, direct = measure(bench)
        with bench.container(FUNCTIONS["V1"]) as running:
            running()
            lags = chunk_lags(running.container.socket, FUNCTIONS["V1"].model)
        packages.report(partial(bench.container, FUNCTIONS["V1"]))
    heads = [*FUNCTIONS, *(f"{one}/{other}" for one, other in RATIOS)]
    print(" " * 34 + "".join(f"{head:>13}" for head in heads) + "   budget")
    for label, field, budget in ROWS:
        row = {name: getattr(one, field) for name, one in figures.items()}
        ratios = [row[one] / row[other] for one, other in RATIOS]
        cells = [f"{value:13.1f}" for value in row.values()] + [f"{ratio:13.2f}" for ratio in ratios]
        print(f"{label:34}{''.join(cells)}   {budget}")
    print(f"\nmodel alone {direct:.2f} ms; warm overhead (a call less a bare call less the model's), at the median:")
    for name, budget in OVERHEADS:
        print(f"{name} {figures[name].warm - figures['bare'].warm - direct:.2f} ms (budget {budget})")
    first, later = lags[0], statistics.median(lags[1:])
    print(
        f"\na stream of {len(lags)} chunks, 20 ms apart: how long after the model sent it a chunk left the container:"
    )
    print(f"first {first:.2f} ms (budget 5), later ones {later:.2f} ms at the median (budget 5)")
    batch.report()


ROWS = (
    ("cold start, best of 9 (ms)", "cold", "V1 <= 4.5 bare, <= 0.8 naive; Responses <= 1.05 V1; SDK <= 1.15 naive"),
    ("warm call (ms)", "warm", ""),
    ("memory after the calls (MB, RSS)", "memory", "V1 <= 50 MB"),
    ("modules loaded", "modules", ""),
)
RATIOS = (("V1", "bare"), ("V1", "naive"), ("Responses", "V1"), ("SDK", "naive"))
OVERHEADS = (("V1", 1.5), ("SDK", 4.0))


if __name__ == "__main__":
    main()
