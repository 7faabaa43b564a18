"""The batch demo: prompts on a stream, a connector that carries them to the function, and results in a bucket."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mock_oci.invoke_errors import InvokeError
from mock_oci.services.connector_hub import Connector, from_stream, to_function
from mock_oci.services.object_storage import ObjectStorage, StoredObject
from mock_oci.services.streaming import Stream, Streaming
from mock_oci.stack import LocalStack, complain

FAILED = "failed/"  # what the dead letters' names begin with
_MODEL_SECONDS = 0.05
_EVERY = 1_000_000_000  # requests
_BATCH = 100
_BROKEN_EACH = 100
_LOOK_SECONDS = 0.1
_PATIENCE_SECONDS = 120.0  # without any progress
_ATTEMPTS = 5  # at one batch
_COLUMNS = 40
_QUESTIONS = ("Why is the sky blue?", "Why do functions sleep?", "What is a tide?", "Who counts the stars?")


@dataclass(frozen=True)
class Outcome:
    """What is in the bucket; tokens as the results' ``usage`` has them."""

    results: int
    dead_letters: int
    prompt_tokens: int
    completion_tokens: int


class BatchDemo:
    """``count`` prompts through ``stack``, one in a hundred of them broken; ``stack`` has to run."""

    def __init__(self, stack: LocalStack, count: int, stream: str, bucket: str) -> None:
        self._stack = stack
        self._bucket = bucket
        self.count = count
        self.storage = stack.oci.state_of(ObjectStorage)
        self.storage.create_bucket(bucket)
        self.stream = stack.oci.state_of(Streaming).create(stream)
        self.connector: Connector | None = None
        self._began = self._ended = time.monotonic()

    @property
    def done(self) -> int:
        """How many records have an outcome."""
        return len(self.storage.objects(self._bucket))

    def begin(self) -> None:
        put_prompts(self.stream, self.count)
        target = to_function(self._stack.function.id, number=_BATCH)
        self._began = time.monotonic()
        self.connector = self._stack.connector_hub.create(self.stream.name, from_stream(self.stream.id), target)

    def watch(self, out: TextIO) -> None:
        """Returns when each record has an outcome, or when nothing more is to be expected."""
        done, changed = 0, time.monotonic()
        while not self._over() and time.monotonic() - changed < _PATIENCE_SECONDS:
            time.sleep(_LOOK_SECONDS)
            before, done = done, self.done
            changed = changed if done == before else time.monotonic()
            if out.isatty():
                out.write(f"\r{bar(done, self.count, out.encoding)}")
                out.flush()
        self._ended = time.monotonic()
        start = "\r" if out.isatty() else ""
        out.write(f"{start}{bar(self.done, self.count, out.encoding)}\n\n")

    def outcome(self) -> Outcome:
        stored = self.storage.objects(self._bucket)
        results = [item for item in stored if not item.name.startswith(FAILED)]
        used = [_usage(item) for item in results]
        return Outcome(
            results=len(results),
            dead_letters=len(stored) - len(results),
            prompt_tokens=sum(prompt for prompt, _ in used),
            completion_tokens=sum(completion for _, completion in used),
        )

    def summary(self) -> str:
        seconds = self._ended - self._began
        outcome, runs = self.outcome(), self.connector.runs if self.connector else ()
        again = sum(run.attempt > 1 for run in runs)
        rows = (
            ("records", f"{self.count}"),
            ("results", f"{outcome.results}"),
            ("dead letters", f"{outcome.dead_letters}"),
            ("batches", f"{len(runs)}, {again} of them sent again"),
            ("time", f"{seconds:.1f} s, {self.done / max(seconds, _LOOK_SECONDS):.0f} records per second"),
            ("tokens", f"{outcome.prompt_tokens} in + {outcome.completion_tokens} out"),
        )
        return "".join(f"  {name:<14}{value}\n" for name, value in rows)

    def _over(self) -> bool:
        runs = self.connector.runs if self.connector else ()
        arrived = sum(run.records for run in runs if run.status == 200)
        given_up = bool(runs) and runs[-1].status != 200 and runs[-1].attempt >= _ATTEMPTS
        return arrived >= self.count or given_up


def run_batch(
    function: Path,
    count: int,
    config: Mapping[str, str] | None = None,
    *,
    stream: str = "prompts",
    bucket: str = "results",
    out: TextIO | None = None,
) -> int:
    """The demo: 0 when each record has an outcome, 1 otherwise, 130 when it was interrupted."""
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background job is started with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    out = out or sys.stdout
    stack = LocalStack(function, config=config)
    stack.oci.script.delay(_MODEL_SECONDS, times=_EVERY)
    demo = BatchDemo(stack, count, stream, bucket)
    try:
        with stack:
            demo.begin()
            demo.watch(out)
    except (InvokeError, OSError) as failure:
        return complain(str(failure), log=stack.log_lines())
    except KeyboardInterrupt:
        return complain(f"interrupted: {demo.done} of {count} records have an outcome", exit_code=130)
    out.write(demo.summary())
    if demo.done < count:
        return complain(f"{count - demo.done} of {count} records have no outcome", log=stack.log_lines())
    return 0


def put_prompts(stream: Stream, count: int) -> None:
    """``{"prompt", "n"}`` each; in each hundred, one is cut off in its middle."""
    for number in range(count):
        prompt = json.dumps({"prompt": f"{_QUESTIONS[number % len(_QUESTIONS)]} ({number})", "n": number})
        broken = number % _BROKEN_EACH == _BROKEN_EACH // 2
        stream.put([(None, prompt[: len(prompt) // 2 if broken else None].encode())])


def bar(done: int, count: int, encoding: str | None = "utf-8") -> str:
    """One line: how much of ``count`` is ``done``."""
    full, empty = ("\N{FULL BLOCK}", "\N{LIGHT SHADE}") if (encoding or "").lower().startswith("utf") else ("#", ".")
    columns = _COLUMNS * min(done, count) // count
    return f"  {full * columns}{empty * (_COLUMNS - columns)}  {done} of {count}"


def _usage(item: StoredObject) -> tuple[int, int]:
    try:
        usage = json.loads(item.body)["usage"]
        return int(usage["prompt_tokens"]), int(usage["completion_tokens"])
    except (ValueError, KeyError, TypeError):
        return 0, 0
