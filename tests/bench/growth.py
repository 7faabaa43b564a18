"""What one more chunk, message, byte, input or record costs, in small answers and in large ones."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench import batch
from tests.bench.chunks import cpu_of_stream
from tests.bench.containers import FUNCTIONS, LLAMA, Bench, Running
from tests.bench.machine import Progress

RUNS = 5


@dataclass(frozen=True)
class Row:
    """Microseconds of CPU, and bytes of memory, of one more ``what``, in works of ``sizes``."""

    what: str
    sizes: Sequence[int]
    cpus: Sequence[float]
    memories: Sequence[float] = ()

    @property
    def growth(self) -> float:
        """Return how many times as much one costs in a larger work as in the smallest."""
        return max(self.cpus) / self.cpus[0]


def rows(bench: Bench, show: Progress, *, short: bool) -> list[Row]:
    """Return a row for each kind of work."""
    found = []
    with bench.container(FUNCTIONS["V1"]) as running:
        for what, sizes, body in KINDS:
            show(f"growth: {what}")
            found.append(_row(running, what, sizes, body))
    show("growth: records of a batch")
    found.append(_records(SHORT_BATCHES if short else BATCHES))
    return found


def _row(running: Running, what: str, sizes: Sequence[int], work: Callable[[Running, int], float]) -> Row:
    work(running, sizes[1])  # what is made on first use is there then
    first = statistics.median(work(running, 1) for _ in range(RUNS))
    cpus, memories = [], []
    for size in sizes:
        running.forget_most()
        before = running.memory
        took = statistics.median(work(running, size) for _ in range(RUNS))
        cpus.append((took - first) / size * 1000)
        memories.append(max(0.0, running.most_memory - before) * 1e6 / size)
    return Row(what, sizes, cpus, memories)


def _ask(body: Callable[[int], dict[str, object]]) -> Callable[[Running, int], float]:
    def work(running: Running, size: int) -> float:
        content = json.dumps(body(size)).encode()
        before = running.cpu
        running(content)
        return running.cpu - before

    return work


def _messages(count: int) -> dict[str, object]:
    return {"model": LLAMA, "messages": [{"role": "user", "content": "word " * 60}] * count}


def _bytes(count: int) -> dict[str, object]:
    return {"model": LLAMA, "messages": [{"role": "user", "content": "word " * (count // 5)}]}


def _inputs(count: int) -> dict[str, object]:
    return {"model": "cohere.embed-english-light-v3.0", "input": ["word"] * count, "encoding_format": "base64"}


def _records(sizes: Sequence[int]) -> Row:
    with batch.bench(concurrency=8, model_seconds=0.0, timeout=300) as one:
        one.seconds(records=64)
        cpus = []
        for size in sizes:
            before = one.cpu_seconds
            one.seconds(records=size)
            cpus.append((one.cpu_seconds - before) / size * 1e6)
    return Row("record of a batch", sizes, cpus)


KINDS = (
    ("chunk", (1000, 10_000, 35_000), cpu_of_stream),
    ("message", (1000, 4000, 17_000), _ask(_messages)),
    ("kB of a prompt", (100, 1000, 5800), lambda running, size: _ask(_bytes)(running, size * 1000)),
    ("input of embeddings", (96, 512, 2048), _ask(_inputs)),
)
BATCHES, SHORT_BATCHES = (200, 1000, 4000), (100, 300)
