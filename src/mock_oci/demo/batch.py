"""The batch demo: prompts on a stream, a connector that carries them to the function, and results in a bucket."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, Unpack

from mock_oci.backend import MockOci
from mock_oci.demo.commands import complain
from mock_oci.demo.outcomes import MAX_COLUMNS, endings, json_object, left, reason_lines, reason_of, show_outcomes
from mock_oci.demo.progress import Seen, drawing
from mock_oci.doors.foreground import heed_signals, reason
from mock_oci.fn.func_yaml import DeployError
from mock_oci.fn.stack import HowItRuns, LocalStack
from mock_oci.services.connector_hub import Connector, from_stream, to_function
from mock_oci.services.functions.invoke_errors import InvokeError
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.object_storage.versions import StoredObject
from mock_oci.services.streaming import Stream, Streaming

_MODEL_SECONDS = 0.05
_EVERY = 1_000_000_000  # requests
_BATCH = 100
_BROKEN_EACH = 100
_LOOK_SECONDS = 0.1
_PRICE = 0.72 / 1_000_000  # US dollars a token, OCI's price list of November 2026
_PATIENCE_SECONDS = 120.0  # without any progress
_ATTEMPTS = 5  # at one batch
_QUESTIONS = ("Why is the sky blue?", "Why do functions sleep?", "What is a tide?", "Who counts the stars?")


@dataclass(frozen=True)
class Outcome:
    """What is in the bucket; tokens as the results' ``usage`` has them, and how often each reason of a dead letter."""

    results: int
    dead_letters: int
    prompt_tokens: int
    completion_tokens: int
    reasons: Counter[str]


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
        self._tokens: dict[str, int | None] = {}  # of each result; None of a dead letter
        self._began = self._ended = time.monotonic()

    @property
    def done(self) -> int:
        """Count the records that have an outcome."""
        return len(self.objects)

    @property
    def objects(self) -> Sequence[StoredObject]:
        """Return the outcomes, in the order of their names."""
        return self.storage.objects(self._bucket)

    @property
    def arrived(self) -> bool:
        """Tell whether the function has acknowledged each record."""
        runs = self.connector.runs if self.connector else ()
        return sum(run.records for run in runs if run.status == 200) >= self.count

    def begin(self) -> None:
        put_prompts(self.stream, self.count)
        target = to_function(self._stack.function.id, number=_BATCH)
        self._began = time.monotonic()
        self.connector = self._stack.connector_hub.create(self.stream.name, from_stream(self.stream.id), target)

    def watch(self, out: TextIO, *, colour: bool = True) -> None:
        """Show the progress until each record has an outcome, or until nothing more is to be expected."""
        done, changed = 0, time.monotonic()
        with drawing(out, colour=colour) as draw:
            while not self._over() and time.monotonic() - changed < _PATIENCE_SECONDS:
                time.sleep(_LOOK_SECONDS)
                before, done = done, self.done
                changed = changed if done == before else time.monotonic()
                draw(self._seen())
            self._ended = time.monotonic()
            draw(self._seen())
        out.write("\n")

    def _seen(self) -> Seen:
        for item in self.objects:
            if item.name not in self._tokens:
                record = json_object(item.body)
                self._tokens[item.name] = None if record.get("error") else sum(_usage(record))
        tokens = [spent for spent in self._tokens.values() if spent is not None]
        seconds = time.monotonic() - self._began
        return Seen(self.done, self.count, seconds, sum(tokens), len(self._tokens) - len(tokens))

    def outcome(self) -> Outcome:
        stored = [json_object(item.body) for item in self.objects]
        errors = [record["error"] for record in stored if record.get("error")]
        used = [_usage(record) for record in stored if not record.get("error")]
        return Outcome(
            results=len(used),
            dead_letters=len(errors),
            prompt_tokens=sum(prompt for prompt, _ in used),
            completion_tokens=sum(completion for _, completion in used),
            reasons=Counter(map(reason_of, errors)),
        )

    def summary(self, outcome: Outcome) -> str:
        seconds = self._ended - self._began
        runs = self.connector.runs if self.connector else ()
        again = sum(run.attempt > 1 for run in runs)
        tokens = outcome.prompt_tokens + outcome.completion_tokens
        rows = (
            ("records", f"{self.count}"),
            ("results", f"{outcome.results}"),
            ("dead letters", f"{outcome.dead_letters}"),
            ("batches", f"{len(runs)}, {again} of them sent again"),
            ("time", f"{seconds:.1f} s, {self.done / max(seconds, _LOOK_SECONDS):.0f} records per second"),
            ("tokens", f"{outcome.prompt_tokens} in + {outcome.completion_tokens} out"),
            ("cost", f"nothing here; of OCI about ${tokens * _PRICE:.4f}, at $0.72 a million tokens (Llama 3.3)"),
        )
        return "".join(f"  {name:<14}{value}\n" for name, value in rows)

    def _over(self) -> bool:
        runs = self.connector.runs if self.connector else ()
        given_up = bool(runs) and runs[-1].status != 200 and runs[-1].attempt >= _ATTEMPTS
        return self.arrived or given_up


def run_batch(
    function: Path,
    count: int,
    config: Mapping[str, str] | None = None,
    *,
    stream: str = "prompts",
    bucket: str = "results",
    out: TextIO | None = None,
    folder: Path | None = None,
    oci: MockOci | None = None,
    colour: bool = True,
    **running: Unpack[HowItRuns],
) -> int:
    """Run the demo, and write every outcome below ``folder``, if one is given.

    Returns 0 when each record has an outcome and at least one a result, 1 otherwise, and 130 when it was interrupted.
    """
    heed_signals()
    out = out or sys.stdout
    stack = LocalStack(function, oci=oci, config=config, **running)
    stack.oci.script.delay(_MODEL_SECONDS, times=_EVERY)
    demo = BatchDemo(stack, count, stream, bucket)
    try:
        with stack:
            sys.stderr.write(f"mock_oci: {stack.functions.confined}\n")
            demo.begin()
            demo.watch(out, colour=colour)
    except (DeployError, InvokeError, OSError) as failure:
        return complain(reason(failure), log=stack.log_lines(), exit_code=2 if isinstance(failure, DeployError) else 1)
    except KeyboardInterrupt:
        out.flush()
        return complain(f"interrupted: {demo.done} of {count} records have an outcome", exit_code=130)
    exit_code = _conclude(demo, stack.log_lines(), out)
    try:
        show_outcomes(demo.objects, folder, out)
    except BrokenPipeError:
        raise
    except OSError as error:
        return complain(f"cannot write the outcomes: {reason(error)}", exit_code=2)
    return exit_code


def _conclude(demo: BatchDemo, log: list[str], out: TextIO) -> int:
    """Write what became of the records; return the exit code."""
    outcome, missing, troubles = demo.outcome(), demo.count - demo.done, left(log)
    ended = endings(log) if missing > 0 and demo.arrived else Counter()
    out.write(demo.summary(outcome))
    if ended:
        counts = ", ".join(f"{number} {name}" for name, number in ended.items() if number)
        out.write(f"  {'its log says':<14}{counts}\n")
    out.write(reason_lines(outcome.reasons + troubles, out.encoding, MAX_COLUMNS if out.isatty() else None))
    out.flush()
    if missing > 0 and not ended:
        return complain(f"{missing} of {demo.count} records have no outcome", log=() if troubles else log)
    if not outcome.results and not ended["delivered"]:
        return complain("there is not one result")
    return 0


def put_prompts(stream: Stream, count: int) -> None:
    """Put ``{"prompt", "n"}`` records on the stream; in each hundred, one is cut off in its middle."""
    for number in range(count):
        prompt = json.dumps({"prompt": f"{_QUESTIONS[number % len(_QUESTIONS)]} ({number})", "n": number})
        broken = number % _BROKEN_EACH == _BROKEN_EACH // 2
        stream.put([(None, prompt[: len(prompt) // 2 if broken else None].encode())])


def _usage(result: Mapping[str, Any]) -> tuple[int, int]:
    try:
        usage = result["usage"]
        return int(usage["prompt_tokens"]), int(usage["completion_tokens"])
    except (ValueError, KeyError, TypeError):
        return 0, 0
