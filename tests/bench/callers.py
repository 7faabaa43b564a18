"""``python -m tests.bench.callers``: what a service file, keys, budgets and usage records add to a call, by turns.

Each round starts a container with them and one without, so that a busy machine is busy for both; the call comes as API
Gateway sends it, with the headers that it sets for a key. CPU is the scheduler's own count, which other work disturbs
little. Budgets: 5 ms of a cold start, 0.2 ms of a warm call.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.bench.containers import FUNCTIONS, Bench, Running, model

from mock_oci import MockOci
from mock_oci.fn.fdk_socket import exchange

COLD_ROUNDS = 15
WARM_ROUNDS = 25
CALLS = 40  # a round
V1 = FUNCTIONS["V1"]
NAMES = {"id": "caller", "team": "team", "key": "key", "models": "models"}
HEADERS = {
    "content-type": "application/json",
    "fn-call-id": "bench",
    "fn-intent": "httprequest",
    "fn-http-method": "POST",
    "fn-http-request-url": "/v1/chat/completions",
    "fn-http-h-content-type": "application/json",
    "oci-subject-id": "ocid1.apigateway.oc1..bench",
    "fn-http-h-x-model-service-caller": "ada",
    "fn-http-h-x-model-service-team": "search",
    "fn-http-h-x-model-service-key": "0123456789",
}
FILE = {
    "models": {
        "aliases": {"prod": V1.model},
        "allowed": ["meta.*", "openai.*", "cohere.*"],
        "rules": [{"match": "meta.*", "max_tokens": 4096}],
    },
    "callers": {
        "everyone": {"models": ["meta.*"]},
        "teams": {
            f"team-{number}": {"models": ["prod", "meta.*"], "limits": {"tokens_per_minute": 100_000}}
            for number in range(20)
        }
        | {
            "search": {
                "models": ["prod", "meta.*"],
                "labels": {"cost_center": "42"},
                "limits": {"tokens_per_minute": 10**9, "tokens_per_day": 10**10, "cost_per_month": 10**6},
            }
        },
    },
    "prices": {"date": "2026-11-01", "models": {"meta.*": {"input": 0.72, "output": 0.72}}},
}
"""With every kind of limit, counted in the container's memory: a shared counter adds its network's way and back."""


def settings(folder: Path) -> dict[str, str]:
    """Return the settings of a function with callers; what they name is written into ``folder``."""
    (folder / "service.json").write_text(json.dumps(FILE))
    (folder / "keys.json").write_text('{"keys": []}')
    return {
        "MODEL_SERVICE_CONFIG": str(folder / "service.json"),
        "MODEL_SERVICE_KEYS": str(folder / "keys.json"),
        "MODEL_SERVICE_USAGE": "1",
        "MODEL_SERVICE_IDENTITY_HEADERS": json.dumps({part: f"x-model-service-{name}" for part, name in NAMES.items()}),
    }


def asked(running: Running) -> None:
    """Ask as the gateway does."""
    answer = exchange(running.container.socket, HEADERS, V1.body)
    if answer.headers.get("fn-http-status") != "200":
        raise SystemExit(f"a function failed: {answer.body.decode()}")


def cold(bench: Bench, config: dict[str, str]) -> tuple[float, float]:
    """Return the milliseconds from the start of a container to its first answer, by the clock and of CPU."""
    started = time.perf_counter()
    with bench.container(V1, config=config) as running:
        asked(running)
        return (time.perf_counter() - started) * 1000, running.cpu


def warm(bench: Bench, configs: dict[str, dict[str, str]]) -> dict[str, list[tuple[float, float]]]:
    """Return for each round the median milliseconds of a call, and its CPU."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in configs}
    with ExitStack() as containers:
        started = {name: containers.enter_context(bench.container(V1, config=one)) for name, one in configs.items()}
        for _ in range(WARM_ROUNDS + 1):
            for name, running in started.items():
                before, times = running.cpu, []
                for _ in range(CALLS):
                    begun = time.perf_counter()
                    asked(running)
                    times.append((time.perf_counter() - begun) * 1000)
                found[name].append((statistics.median(times), (running.cpu - before) / CALLS))
    return {name: values[1:] for name, values in found.items()}


def report() -> None:
    """Measure, and print what there is more of with callers than without: the median of the rounds' differences."""
    with model() as upstream, tempfile.TemporaryDirectory() as folder:
        bench = Bench(MockOci(), upstream, Path(folder))
        configs = {"off": {}, "on": settings(Path(folder))}
        colds: dict[str, list[tuple[float, float]]] = {name: [] for name in configs}
        for number in range(COLD_ROUNDS + 1):
            # Once the one first, once the other; the first round fills the page cache and does not count.
            for name in list(configs)[:: -1 if number % 2 else 1]:
                colds[name].append(cold(bench, configs[name]))
        cold_figures = {name: values[1:] for name, values in colds.items()}
        warm_figures = warm(bench, configs)
    for label, figures, budget in (("cold start", cold_figures, 5.0), ("warm call", warm_figures, 0.2)):
        for index, unit in enumerate(("wall", "CPU")):
            off, on = ([values[index] for values in figures[name]] for name in ("off", "on"))
            more = statistics.median(one - other for one, other in zip(on, off, strict=True))
            both = f"off {statistics.median(off):8.2f}   on {statistics.median(on):8.2f}"
            best = f"best of each {min(on) - min(off):6.2f}"
            print(f"{label}, {unit:4} (ms)   {both}   more {more:6.2f}   {best}   budget {budget}")


if __name__ == "__main__":
    report()
