"""Whole calls: how long one takes and what it costs, warm and cold, all of them by turns on the same machine."""

from __future__ import annotations

import http.client
import json
import select
import socket
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from tests.bench.containers import FUNCTIONS, LLAMA, Bench, Function, Measured, end_shares
from tests.bench.machine import Progress

CALLS = 40  # of a round; a few for who is slow, and settles soon
FEW = 8
SLOW = ("naive", "LiteLLM", "locus", "FastAPI")


@dataclass
class Warm:
    """Of one function or peer: milliseconds of each call, CPU of a call in each round, and the memory at the end."""

    times: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    memory: float = 0.0

    def percentile(self, share: float) -> float:
        """Return the time that so large a share of the calls did not exceed."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def is_readable(sock: socket.socket) -> bool:
    """Return whether there is something to read, be it the end."""
    return bool(select.select([sock], [], [], 0)[0])


class Direct(Measured):
    """The model, or a peer, over one kept connection; ``pid`` is 0 where nobody asks what it has used."""

    def __init__(self, url: str, path: str = "/openai/v1/chat/completions", pid: int = 0) -> None:
        self.path, self.pid = path, pid
        self._connection = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"))

    def __call__(self) -> bytes:
        headers = {"content-type": "application/json"}
        if self._connection.sock is not None and is_readable(self._connection.sock):
            self._connection.close()  # it was left alone for too long, and its end is what can be read
        self._connection.request("POST", self.path, FUNCTIONS["V1"].body, headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"a peer failed: {body[:500].decode()}")
        return body


def warm(
    bench: Bench, functions: Mapping[str, Function], peers: Mapping[str, Direct], rounds: int, show: Progress
) -> dict[str, Warm]:
    """Return what calls take, in short runs by turns, so that a busy machine is busy for all of them."""
    with ExitStack() as containers:
        calls: dict[str, Callable[[], Any]] = {"model alone": Direct(bench.upstream)}
        calls |= {name: containers.enter_context(bench.container(one)) for name, one in functions.items()}
        calls |= peers
        found = {name: Warm() for name in calls}
        for number in range(rounds + 1):
            show(f"warm calls, round {number} of {rounds}")
            for name, call in calls.items():
                _round(call, found[name], FEW if name in SLOW else CALLS, counts=number > 0)
        for name, call in calls.items():
            if isinstance(call, Measured) and call.pid:
                found[name].memory = call.memory
        return found


def _round(call: Callable[[], Any], found: Warm, calls: int, *, counts: bool) -> None:
    before = call.cpu if isinstance(call, Measured) and call.pid else 0.0
    times = []
    for _ in range(calls):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    if counts:
        found.times += times
        found.medians.append(statistics.median(times))
        if isinstance(call, Measured) and call.pid:
            found.cpus.append((call.cpu - before) / calls)


def ratio(found: Mapping[str, Warm], one: str, other: str, what: str = "medians") -> float:
    """Return how many times as much ``one`` takes as ``other``: the median of what it was in each round."""
    pairs = zip(getattr(found[one], what), getattr(found[other], what), strict=True)
    return statistics.median(value / base for value, base in pairs)


@dataclass
class Cold:
    """Of one function, for each start: milliseconds to the first complete answer, and the CPU that took."""

    times: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)


def cold(
    bench: Bench, functions: Mapping[str, Function], runs: int, show: Progress, share: float | None = None
) -> dict[str, Cold]:
    """Return what starts take, by turns; the best of them counts, which other work disturbs least.

    The first of each does not count: after it .pyc files and pages are there. Raises ``OSError`` where no ``share`` of
    a CPU can be had.
    """
    found = {name: Cold() for name in functions}
    try:
        for number in range(runs + 1):
            for name, function in functions.items():
                show(f"cold start {number} of {runs}" + (f" on {share:.0%} of a CPU" if share else "") + f": {name}")
                started = time.perf_counter()
                with bench.container(function, share=share) as call:
                    call()
                    if number:
                        found[name].times.append((time.perf_counter() - started) * 1000)
                        found[name].cpus.append(call.cpu)
    finally:
        end_shares()
    return found


@dataclass(frozen=True)
class Memory:
    """MB of V1: after its first call, after many, at most and after a hundred refused calls of 6 MB, and later."""

    idle: float
    steady: float
    most: float
    refused: float
    recovered: float


def memory(bench: Bench, refused: int, show: Progress) -> Memory:
    """Return what V1 holds in the course of its life."""
    body = {"model": LLAMA, "messages": [{"role": "user", "content": "x" * 6_000_000}], "temperature": "hot"}
    large = json.dumps(body).encode()
    with bench.container(FUNCTIONS["V1"]) as running:
        running()
        idle = running.memory
        for _ in range(300):
            running()
        steady = running.memory
        running.forget_most()
        for number in range(refused):
            show(f"refused calls of 6 MB, {number} of {refused}")
            assert b"temperature" in running.ask(large)
        after, most = running.memory, running.most_memory
        for _ in range(300):
            running()
        return Memory(idle, steady, most, after, running.memory)
