"""A batch of 100 records through the function, beside the model's calls alone.

`python -m tests.bench.batch`: thousands of records, with and without throttling, each in one batch: minutes.
"""

from __future__ import annotations

import base64
import http.client
import json
import math
import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import local

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.local_function import LocalFunction
from mock_oci.services.object_storage import ObjectStorage

ROOT = Path(__file__).resolve().parents[2]
CHAT = "/openai/v1/chat/completions"
RECORDS, CONCURRENCY, MODEL_SECONDS, RUNS = 100, 16, 0.2, 5
IDEAL = math.ceil(RECORDS / CONCURRENCY) * MODEL_SECONDS
LARGE = 40_000  # bytes of a value; a hundred of them come near the 6 MB of a batch
COMPLETION = json.dumps(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1,
        "model": "bench",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
    }
).encode()
REQUEST = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "{{ text }}"}]}
TASKS = {
    "sinks": {name: {"bucket": "results", "name": f"{name}/{{{{ id }}}}.json"} for name in ("results", "failed")},
    "dead_letters": "failed",
    "tasks": [{"name": "bench", "request": REQUEST, "sink": "results"}],
}


@dataclass
class Bench:
    """The function in its FDK process, and the model alone at ``url``. Each batch has records that are new."""

    functions: LocalFunctions
    function: LocalFunction
    url: str
    serial: int = 0

    def seconds(self, size: int = 20, records: int = RECORDS) -> float:
        """Of one batch; ``size`` is the bytes of each value."""
        body = self._batch(size, records)
        started = time.perf_counter()
        answer = self.functions.invoke(self.function.id, body)
        seconds = time.perf_counter() - started
        if answer.status != 200 or json.loads(answer.body)["delivered"] != records:
            raise SystemExit(f"a batch failed: {answer.body!r}")
        return seconds

    @property
    def memory(self) -> tuple[float, float]:
        """MB that the process holds, and the most that it ever held."""
        status = Path(f"/proc/{self.function.containers[0].pid}/status").read_text()
        lines = dict(line.split(":") for line in status.splitlines())
        return int(lines["VmRSS"].split()[0]) / 1024, int(lines["VmHWM"].split()[0]) / 1024

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds that the process has had."""
        fields = Path(f"/proc/{self.function.containers[0].pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _batch(self, size: int, records: int) -> bytes:
        self.serial += 1
        value = base64.b64encode(b"x" * size).decode()
        place = {"stream": "bench", "partition": str(self.serial), "key": None, "timestamp": 1_761_223_385_480}
        return json.dumps([{**place, "offset": offset, "value": value} for offset in range(records)]).encode()


@contextmanager
def bench(
    concurrency: int = CONCURRENCY, model_seconds: float = MODEL_SECONDS, refused: float = 0.0, timeout: int = 60
) -> Iterator[Bench]:
    """A model that takes so many seconds, and refuses that share of its calls with 429, each at random."""
    oci = MockOci()
    oci.state_of(ObjectStorage).create_bucket("results")
    chance = random.Random(7)

    def answer(request: Request) -> Response:
        if request.path != CHAT:
            return stored(request) or oci.answer(request)
        if chance.random() < refused:
            return Response(429, {"content-type": "application/json"}, b'{"code": "TooManyRequests", "message": "no"}')
        time.sleep(model_seconds)
        return Response(200, {"content-type": "application/json"}, COMPLETION)

    with LoopbackServer(answer) as server, LocalFunctions(oci, server.url) as functions:
        config = {
            "MODEL_SERVICE_TASKS": json.dumps(TASKS),
            "MODEL_SERVICE_BATCH_CONCURRENCY": str(concurrency),
            "MODEL_SERVICE_OCI_ENDPOINT": server.url,
        }
        yield Bench(functions, functions.deploy(ROOT, name="bench", config=config, timeout=timeout), server.url)


def stored(request: Request) -> Response | None:
    """Answer a PUT of a result as OCI would, without keeping it: the emulator's own work is not what is measured."""
    if request.method == "PUT":
        return Response(200, {"etag": "bench"})
    return None


def bare(url: str, records: int = RECORDS, concurrency: int = CONCURRENCY) -> float:
    """Seconds for the same calls of the model, from as many threads, with nothing around them."""
    held = local()

    def call(_: int) -> None:
        if not hasattr(held, "connection"):
            held.connection = http.client.HTTPConnection(url.removeprefix("http://"))
        held.connection.request("POST", CHAT, json.dumps(REQUEST), {"content-type": "application/json"})
        held.connection.getresponse().read()

    started = time.perf_counter()
    with ThreadPoolExecutor(concurrency) as pool:
        list(pool.map(call, range(records)))
    return time.perf_counter() - started


@dataclass(frozen=True)
class Report:
    """Seconds of a batch and of the model's calls alone, the CPU of a record in milliseconds, and MB of memory."""

    seconds: float
    alone: float
    cpu: float
    before: float
    most: float
    after: float
    size: float

    @property
    def memory_factor(self) -> float:
        """Return how many times its own size a batch takes in memory while it is worked on."""
        return (self.most - self.before) / self.size


def report(runs: int = RUNS) -> Report:
    """Return what batches of ``RECORDS`` take, and one of as many that comes near to the 6 MB of a batch."""
    with bench() as one:
        one.seconds()
        batches, calls = zip(*[(one.seconds(), bare(one.url)) for _ in range(runs)], strict=True)
    with bench(model_seconds=0.0) as one:
        one.seconds()
        cpu = one.cpu_seconds
        for _ in range(runs):
            one.seconds(records=4 * RECORDS)
        cpu = (one.cpu_seconds - cpu) / runs / 4 / RECORDS * 1000
    with bench() as one:
        one.seconds()
        before, _ = one.memory
        one.seconds(LARGE)
        after, most = one.memory
    return Report(min(batches), min(calls), cpu, before, most, after, RECORDS * LARGE * 4 / 3e6 / 1.048576)


@dataclass(frozen=True)
class Scale:
    """One batch of ``records``, and how much longer than the ideal it may take."""

    records: int
    concurrency: int
    model_seconds: float
    refused: float
    budget: float

    @property
    def ideal(self) -> float:
        return self.records / self.concurrency * self.model_seconds


SCALES = (
    Scale(10_000, 8, 0.05, 0.0, 1.25),
    Scale(4_000, 32, 0.2, 0.0, 1.25),
    Scale(1_440, 32, 0.2, 0.1, 1.5),
    Scale(1_440, 32, 0.2, 0.2, 1.5),
)


def report_scale() -> None:
    """Print a line for each scale: seconds beside the ideal, the function's CPU for a record, and its memory."""
    print("records  at once  model s  429    ideal s  bare s  took s  ratio  (budget)  CPU ms/record  peak MB")
    for scale in SCALES:
        with bench(scale.concurrency, scale.model_seconds, scale.refused, 300) as one:
            one.seconds(records=scale.concurrency)  # the container starts
            cpu = one.cpu_seconds
            took = one.seconds(records=scale.records)
            spent = (one.cpu_seconds - cpu) / scale.records * 1000
            line = f"{scale.records:7}  {scale.concurrency:7}  {scale.model_seconds:7}  {scale.refused:4.0%}  "
            alone = bare(one.url, scale.records, scale.concurrency)
            line += f"{scale.ideal:7.1f}  {alone:6.1f}  {took:6.1f}  {took / scale.ideal:5.2f}  {scale.budget:8}  "
            line += f"{spent:13.2f}"
            print(f"{line}  {one.memory[1]:7.0f}", flush=True)


if __name__ == "__main__":
    report_scale()
