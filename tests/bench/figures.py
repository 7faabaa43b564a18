"""One run: every figure that it takes, and what they are held to."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench import batch, calls, growth, packages
from tests.bench.chunks import MANY, chunk_lags, cpu_of_stream
from tests.bench.containers import FUNCTIONS, LLAMA, Bench, Function
from tests.bench.machine import Progress

from mock_oci import MockOci

SHARE = 0.25  # of a CPU, which a function of 128 MB gets about


@dataclass(frozen=True)
class Settings:
    """How much is measured: ``short`` is to see that it works. ``before`` is a checkout to measure beside this one."""

    short: bool = False
    before: Path | None = None

    @property
    def rounds(self) -> int:
        return 2 if self.short else 20

    @property
    def cold_runs(self) -> int:
        return 2 if self.short else 7

    @property
    def refused_calls(self) -> int:
        return 5 if self.short else 100


@dataclass(frozen=True)
class Budget:
    """A figure and what it may be at most."""

    what: str
    figure: float
    at_most: float
    unit: str = ""

    @property
    def is_met(self) -> bool:
        return self.figure <= self.at_most


@dataclass(frozen=True)
class Figures:
    """What one run has found. ``lags`` are the milliseconds of chunks, ``chunk_cpus`` the microseconds of one."""

    warm: Mapping[str, calls.Warm]
    cold: Mapping[str, calls.Cold]
    quarter: Mapping[str, calls.Cold] | None
    lags: list[float]
    chunk_cpus: Mapping[str, float]
    memory: calls.Memory
    batch: batch.Report
    growth: list[growth.Row]
    packages: packages.Report | None

    def budgets(self) -> Iterator[Budget]:
        """Yield each figure that is held to something, in the order in which they are printed."""
        cold, memory = {name: min(one.times) for name, one in self.cold.items()}, self.memory
        yield Budget("warm V1, p50, of the floor", calls.ratio(self.warm, "V1", "floor"), 1.15)
        yield Budget("warm V1, added p50", self._added("V1", 0.5), 2.5, "ms")
        yield Budget("cold V1, of a bare function", cold["V1"] / cold["bare"], 2.9)
        yield Budget("cold V1, of a naive function", cold["V1"] / cold["naive"], 0.8)
        yield Budget("cold Responses, of V1", cold["Responses"] / cold["V1"], 1.05)
        yield Budget("cold SDK, of a naive function", cold["SDK"] / cold["naive"], 1.15)
        if "V1 before" in self.cold:
            ours, theirs = (min(self.cold[name].cpus) - min(self.cold["bare"].cpus) for name in ("V1", "V1 before"))
            yield Budget("cold V1, CPU beyond a bare function's, of the commit before", ours / theirs, 0.68)
        if self.quarter is not None:
            starts = {name: min(one.times) for name, one in self.quarter.items()}
            yield Budget("cold V1 on a quarter of a CPU, of a bare function", starts["V1"] / starts["bare"], 2.1)
        yield Budget("memory, V1, steady", memory.steady, 38.0, "MB")
        yield Budget("memory after a hundred refused calls of 6 MB", memory.refused, 60.0, "MB")
        yield Budget("the first chunk, under way", self.lags[0], 5.0, "ms")
        yield Budget("other chunks, under way, p50", statistics.median(self.lags[1:]), 5.0, "ms")
        yield Budget("CPU of a chunk", self.chunk_cpus["V1"], 16.0, "µs")
        yield Budget("CPU of a record of a batch", self.batch.cpu, 4.0, "ms")
        yield Budget("a batch of 100, of the ideal", self.batch.seconds / batch.IDEAL, 1.25)
        yield Budget("memory of a batch, of its size", self.batch.memory_factor, 2.5)
        for row in self.growth:
            yield Budget(f"CPU for each {row.what}, large works of small ones", row.growth, 1.5)
        if self.packages is not None:
            yield Budget("dependencies, slim", self.packages.slim / 1e6, 80.0, "MB")
            yield Budget("ZIP", self.packages.archive / 1e6, 25.0, "MB")

    def _added(self, name: str, share: float) -> float:
        return self.warm[name].percentile(share) - self.warm["model alone"].percentile(0.5)

    def table(self) -> Iterator[tuple[str, list[str]]]:
        """Yield rows of a table: what, and a cell for each function and peer."""
        names = [name for name in self.warm if name != "model alone"]
        yield "", names
        yield "added p50 (ms)", [f"{self._added(name, 0.5):.2f}" for name in names]
        yield "added p99 (ms)", [f"{self._added(name, 0.99):.2f}" for name in names]
        yield "p50, of the floor", [f"{calls.ratio(self.warm, name, 'floor'):.2f}" for name in names]
        yield "CPU of a call (ms)", [f"{statistics.median(self.warm[name].cpus):.2f}" for name in names]
        yield "memory (MB)", [f"{self.warm[name].memory:.1f}" for name in names]
        for what, found in (("cold start (ms)", self.cold), (f"cold on {SHARE:.0%} of a CPU (ms)", self.quarter)):
            if found is not None:
                yield what, [f"{min(found[name].times):.0f}" if name in found else "" for name in names]
        yield (
            "CPU of a cold start (ms)",
            [f"{min(self.cold[name].cpus):.0f}" if name in self.cold else "" for name in names],
        )
        yield (
            "CPU of a chunk (µs)",
            [f"{self.chunk_cpus[name]:.1f}" if name in self.chunk_cpus else "" for name in names],
        )


def take(settings: Settings, upstream: str, peers: Mapping[str, calls.Direct], show: Progress) -> Figures:
    """Return the figures of a run."""
    functions = dict(FUNCTIONS)
    if settings.before is not None:
        functions["V1 before"] = Function(settings.before.resolve())
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(MockOci(), upstream, Path(folder))
        warm = calls.warm(bench, functions, peers, settings.rounds, show)
        cold = calls.cold(bench, functions, settings.cold_runs, show)
        quarter = None
        # Where the machine has no groups for it, or none for us.
        with contextlib.suppress(OSError, StopIteration):
            both = {name: functions[name] for name in ("bare", "V1")}
            quarter = calls.cold(bench, both, 2 if settings.short else 5, show, SHARE)
        show("chunks")
        with bench.container(FUNCTIONS["V1"]) as running:
            running()
            lags = chunk_lags(running.container.socket, LLAMA)
        chunk_cpus = _chunk_cpus(bench, functions, 1 if settings.short else 5)
        memory = calls.memory(bench, settings.refused_calls, show)
        rows = growth.rows(bench, show, short=settings.short)
        show("packages")
        sizes = None if settings.short else packages.measured(partial(bench.container, FUNCTIONS["V1"]))
    show("a batch of a hundred records")
    report = batch.report(1 if settings.short else 5)
    return Figures(warm, cold, quarter, lags, chunk_cpus, memory, report, rows, sizes)


def _chunk_cpus(bench: Bench, functions: Mapping[str, Function], runs: int) -> dict[str, float]:
    found = {}
    for name in ("V1", "V1 before"):
        if name in functions:
            with bench.container(functions[name]) as running:
                cpu_of_stream(running)
                took = min(cpu_of_stream(running) for _ in range(runs))
                found[name] = took / MANY * 1000
    return found
