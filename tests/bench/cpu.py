"""``python -m tests.bench.cpu [CHECKOUT…]``: CPU of a call, beside the floor and other checkouts, by turns.

What a process has run is counted by the scheduler (``/proc/<pid>/schedstat``, nanoseconds), so that other work on the
machine disturbs it little, and both sides of a ratio alike.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.bench.__main__ import FUNCTIONS, HERE, Bench, Function, Running, model

from mock_oci import MockOci

ROUNDS = 10
CALLS = 40  # a round
BUDGET = 1.15  # V1's, of the floor
VERDICTS = {True: "met", False: "NOT met"}


def cpu_of(running: Running) -> float:
    """Return the milliseconds that the process has run, all of its threads."""
    tasks = Path(f"/proc/{running.container.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6


def per_call(bench: Bench, functions: dict[str, Function]) -> dict[str, list[float]]:
    """Return the CPU of a call in each round, after one that does not count."""
    found: dict[str, list[float]] = {name: [] for name in functions}
    with ExitStack() as containers:
        started = {name: containers.enter_context(bench.container(one)) for name, one in functions.items()}
        for _ in range(ROUNDS + 1):
            for name, call in started.items():
                assert isinstance(call, Running)
                before = cpu_of(call)
                for _ in range(CALLS):
                    call()
                found[name].append((cpu_of(call) - before) / CALLS)
    return {name: values[1:] for name, values in found.items()}


def main() -> None:
    functions = {
        "floor": Function(HERE / "functions/floor"),
        **{name: FUNCTIONS[name] for name in ("bare", "V1", "Responses", "SDK")},
        **{f"V1 of {Path(path).name}": Function(Path(path).resolve()) for path in sys.argv[1:]},
    }
    with model() as upstream, tempfile.TemporaryDirectory() as folder:
        found = per_call(Bench(MockOci(), upstream, Path(folder)), functions)
    for name, values in found.items():
        ratios = [value / floor for value, floor in zip(values, found["floor"], strict=True)]
        print(f"{name:24}{statistics.median(values):8.2f} ms CPU a call{statistics.median(ratios):8.2f} of the floor")
    v1 = statistics.median(value / floor for value, floor in zip(found["V1"], found["floor"], strict=True))
    load, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    verdict = f"not judged: the load is {load:.1f} on {cores} cores" if load > cores else VERDICTS[v1 <= BUDGET]
    print(f"V1, at most {BUDGET} of the floor: {verdict}")


if __name__ == "__main__":
    main()
