"""`python -m tests.bench.batch`: a batch of 100 records through the function, beside the model's calls alone."""

from __future__ import annotations

import base64
import http.client
import json
import math
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

    def _batch(self, size: int, records: int) -> bytes:
        self.serial += 1
        value = base64.b64encode(b"x" * size).decode()
        place = {"stream": "bench", "partition": str(self.serial), "key": None, "timestamp": 1_761_223_385_480}
        return json.dumps([{**place, "offset": offset, "value": value} for offset in range(records)]).encode()


@contextmanager
def bench() -> Iterator[Bench]:
    oci = MockOci()
    oci.state_of(ObjectStorage).create_bucket("results")

    def answer(request: Request) -> Response:
        if request.path != CHAT:
            return oci.answer(request)
        time.sleep(MODEL_SECONDS)
        return Response(200, {"content-type": "application/json"}, COMPLETION)

    with LoopbackServer(answer) as server, LocalFunctions(oci, server.url) as functions:
        config = {
            "MODEL_SERVICE_TASKS": json.dumps(TASKS),
            "MODEL_SERVICE_BATCH_CONCURRENCY": str(CONCURRENCY),
            "MODEL_SERVICE_OCI_ENDPOINT": server.url,
        }
        yield Bench(functions, functions.deploy(ROOT, name="bench", config=config, timeout=60), server.url)


def bare(url: str) -> float:
    """Seconds for the same calls of the model, from as many threads, with nothing around them."""
    held = local()

    def call(_: int) -> None:
        if not hasattr(held, "connection"):
            held.connection = http.client.HTTPConnection(url.removeprefix("http://"))
        held.connection.request("POST", CHAT, json.dumps(REQUEST), {"content-type": "application/json"})
        held.connection.getresponse().read()

    started = time.perf_counter()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(call, range(RECORDS)))
    return time.perf_counter() - started


def report() -> None:
    with bench() as one:
        one.seconds()
        batches, calls = zip(*[(one.seconds(), bare(one.url)) for _ in range(RUNS)], strict=True)
        took, alone = min(batches), min(calls)
        before, most_before = one.memory
        one.seconds(LARGE)
        after, most = one.memory
        one.seconds(LARGE)
        again, _ = one.memory
    print(f"\na batch of {RECORDS} records, {CONCURRENCY} at once, a model of {MODEL_SECONDS} s, the best of {RUNS}:")
    print(f"{took:.2f} s, {took / IDEAL:.2f} of the ideal {IDEAL:.2f} s (budget 1.25); the bare calls {alone:.2f} s")
    print(f"memory (MB): {before:.0f} after small batches, {most_before:.0f} at the most;")
    large = RECORDS * LARGE * 4 / 3e6
    print(f"a batch of {large:.1f} took it to {most:.0f}, and left {after:.0f}; another one {again:.0f}")


if __name__ == "__main__":
    report()
