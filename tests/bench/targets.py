"""``python -m tests.bench.targets``: a thousand calls, 16 at once, while one of three regions fails in six ways.

Each call is a stream with a prompt of its own, so that mock_oci's charges tell whether a model ran twice for one.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mock_oci import LoopbackServer, MockOci, serve
from mock_oci.doors.written_config import write_config
from model_service.errors import ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import ChatRequest, Stream
from model_service.service import Service
from model_service.settings import Settings

FAILING, *HEALTHY = REGIONS = ("us-chicago-1", "eu-frankfurt-1", "uk-london-1")
MODEL = "openai.gpt-5"
CALLS = 1000
AT_ONCE = 16
DEADLINE_SECONDS = 20.0
FIRST_TOKEN_SECONDS = 1.0
ROUNDS = 10
PAIRS = 100  # of calls, one with targets and one without, for the time to the first token

Door = LoopbackServer
WAYS: dict[str, Callable[[MockOci, Door], object]] = {
    "refused": lambda _oci, door: door.close(),
    "reset": lambda oci, _door: oci.script.odd("reset", region=FAILING, times=10**6),
    "429": lambda oci, _door: oci.script.error(429, region=FAILING, times=10**6),
    "429 with Retry-After": lambda oci, _door: oci.script.error(
        429, region=FAILING, times=10**6, headers={"retry-after": "5"}
    ),
    "hanging": lambda oci, _door: oci.script.delay(stall_after=0, region=FAILING, times=10**6),
    "slow": lambda oci, _door: oci.script.delay(3.0, region=FAILING, times=10**6),
}


@dataclass
class Storm:
    """What became of the calls; times in seconds. ``after`` are those that began once the region was kept away."""

    answered: int = 0
    errors: Counter[str | None] = field(default_factory=Counter)
    tries: int = 0
    after: int = 0
    tries_after: int = 0
    longest: float = 0.0
    charged_twice: int = 0
    added_ms: float = 0.0

    def __str__(self) -> str:
        share = self.tries_after / self.after if self.after else float("nan")
        return (
            f"answered {self.answered}, errors {dict(self.errors) or 0}, tries {self.tries}, "
            f"after the breaker opened {share:.3f} a call (of {self.after}), longest {self.longest:.2f} s, "
            f"charged twice {self.charged_twice}, first token {self.added_ms:+.2f} ms beside a direct call"
        )


@contextmanager
def service(oci: MockOci, folder: Path, **options: Any) -> Iterator[tuple[Service, Door]]:
    """Yield a service whose alias ``prod`` has a target in each region, and the door of the one that fails."""
    for_all = {"first_token_seconds": FIRST_TOKEN_SECONDS, **options}
    with ExitStack() as stack:
        doors = {region: stack.enter_context(serve(oci.in_region(region))) for region in REGIONS}
        targets = [{"model": MODEL, "region": region, "url": doors[region].url} for region in REGIONS]
        aliases = {"prod": {"targets": targets, **for_all}, "direct": MODEL}
        write_config(oci, folder, doors[HEALTHY[0]].url)
        environment = {
            "OCI_CONFIG_FILE": str(folder / "config"),
            "OCI_PROFILE": "DEFAULT",
            "OCI_REGION": HEALTHY[0],
            "OCI_GENAI_ENDPOINT": doors[HEALTHY[0]].url,
            "OCI_COMPARTMENT_ID": oci.tenancy.compartment_id,
            "MODEL_SERVICE_CONFIG": json.dumps({"models": {"aliases": aliases}}),
        }
        made = stack.enter_context(closing(Service(Settings.load(environment))))
        made.open_connections()
        made.credential.key(Deadline.after(10))
        yield made, doors[FAILING]


def ask(made: Service, model: str, prompt: str) -> tuple[Stream, float]:
    """Return the answer and the seconds until its first chunk."""
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": prompt}]}
    began = time.perf_counter()
    request = ChatRequest.parse(body)
    answer = made.call(made.resolve(request), request, Deadline.after(DEADLINE_SECONDS))
    assert isinstance(answer, Stream)
    return answer, time.perf_counter() - began


def storm(way: str, calls: int = CALLS, pairs: int = PAIRS, **options: Any) -> Storm:
    """Return what becomes of calls while a region fails in this way; ``pairs`` of calls tell what that adds to one."""
    oci, found = MockOci(), Storm()
    oci.catalogue.host(MODEL, *REGIONS)
    with tempfile.TemporaryDirectory() as folder, service(oci, Path(folder), **options) as (made, door):
        WAYS[way](oci, door)
        health = made.targets.container.health(made.pools["prod"].targets[0])

        def one(number: int) -> tuple[bool, int, str | None, float]:
            began, is_after = time.perf_counter(), not health.can_be_asked
            try:
                answer, _ = ask(made, "prod", f"Prompt {number}")
                list(answer.chunks)
                return is_after, int(answer.headers["x-model-service-attempts"]), "", time.perf_counter() - began
            except ModelServiceError as error:
                return is_after, len(error.attempts), error.code, time.perf_counter() - began

        with ThreadPoolExecutor(AT_ONCE) as threads:
            for is_after, tries, error, seconds in threads.map(one, range(calls)):
                found.tries += tries
                found.longest = max(found.longest, seconds)
                found.after += is_after
                found.tries_after += tries if is_after else 0
                if error == "":
                    found.answered += 1
                else:
                    found.errors[error] += 1
        # The transcript of a request differs in nothing but where it went: its digest tells them together.
        found.charged_twice = sum(count > 1 for count in Counter(charge.digest for charge in oci.charges).values())
        health.breaker.open_until = float("inf")
        found.added_ms = added(made, pairs)
    return found


def added(made: Service, pairs: int) -> float:
    """Return by how many milliseconds the first token comes later with targets, in the median of pairs of calls."""
    differences = []
    for number in range(pairs):
        seconds = {}
        for model in ("prod", "direct") if number % 2 else ("direct", "prod"):
            answer, seconds[model] = ask(made, model, "Pair")
            list(answer.chunks)
        differences.append(1000 * (seconds["prod"] - seconds["direct"]))
    return statistics.median(differences[5:] or differences or [0.0])


KINDS = {"one model": "direct", "three targets": "prod"}


@contextmanager
def warm() -> Iterator[Service]:
    """Yield a service whose connections are open."""
    oci = MockOci()
    oci.catalogue.host(MODEL, *REGIONS)
    with tempfile.TemporaryDirectory() as folder, service(oci, Path(folder)) as (made, _):
        for _ in range(10):
            for name in KINDS.values():
                list(ask(made, name, "Cost")[0].chunks)
        yield made


def calls_of_python() -> dict[str, int]:
    """Return how many Python functions a warm call calls: the fewest, for the pieces of a stream arrive differently."""
    with warm() as made:
        return {
            kind: min(
                python_calls(lambda name=name: list(ask(made, name, "Cost")[0].chunks)) for _ in range(10 * ROUNDS)
            )
            for kind, name in KINDS.items()
        }


def cost() -> dict[str, float]:
    """Return milliseconds of CPU (of the thread that calls, by turns) of a warm call."""
    spent: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with warm() as made:
        for number in range(2 * PAIRS):
            for kind in sorted(KINDS, reverse=bool(number % 2)):
                began = time.thread_time()
                list(ask(made, KINDS[kind], "Cost")[0].chunks)
                spent[kind].append(1000 * (time.thread_time() - began))
    # The lower quartile: what other work on the machine has cost is not a call's.
    return {kind: statistics.quantiles(values)[0] for kind, values in spent.items()}


def overhead() -> float:
    """Return the milliseconds of CPU that three targets add to a call, in a service whose models answer at once."""
    chunk = {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]}

    class Instant(Service):
        """Answer without a model."""

        def ask(self, *_: Any, **__: Any) -> Stream:  # type: ignore[override]  # whatever it is asked
            return Stream(iter([chunk] * 3))

    targets = [{"model": MODEL, "region": region} for region in REGIONS]
    aliases = {"prod": {"targets": targets, "first_token_seconds": 1}, "direct": MODEL}
    config = json.dumps({"models": {"aliases": aliases}})
    made = Instant(Settings.load({"MODEL_SERVICE_CONFIG": config, "OCI_REGION": REGIONS[0]}))
    spent: dict[str, list[float]] = {"prod": [], "direct": []}
    for _ in range(3 * PAIRS):
        for name, values in spent.items():
            began = time.thread_time()
            for _ in range(20):
                list(ask(made, name, "Cost")[0].chunks)
            values.append(1000 * (time.thread_time() - began) / 20)
    return statistics.median(spent["prod"]) - statistics.median(spent["direct"])


def python_calls(call: Callable[[], object]) -> int:
    """Return how many Python functions a call calls."""
    count = 0

    def seen(_frame: Any, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(seen)
    try:
        call()
    finally:
        sys.setprofile(None)
    return count


def main() -> None:
    """Print a line for each way, one for a reset without ``repeat_charged``, which nothing repeats, and the cost."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    for way in WAYS:
        print(f"{way:24}{storm(way, calls, repeat_charged=True)}")
    print(f"{'reset, not repeated':24}{storm('reset', calls)}")
    milliseconds, counted = cost(), calls_of_python()
    for kind in KINDS:
        print(f"{kind:24}{milliseconds[kind]:.3f} ms CPU, {counted[kind]} Python calls")
    print(f"{'three targets add':24}{overhead():.3f} ms CPU to a call, without the model")


if __name__ == "__main__":
    main()
