"""Every deadline of three seconds in steps, with a model that stalls at some moment: no reply is late."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random

from tests.attack.place import Answer, attacked
from tests.attack.report import Report, check_reply, watched
from tests.attack.upstream import CHAT, MESSAGES

from mock_oci import Request, Response
from model_service.fn.invocation import Deadline, HttpRequest, Invocation

MODELS = ("meta.llama-3.3-70b-instruct", "responses:openai.gpt-oss-120b", "cohere.command-a-03-2025")
LONGEST_SECONDS = 3.0
TOLERANCE_SECONDS = 0.25  # after the moment at which the platform kills
STALLS_AT = (0, 1, 5, 10**9)  # bytes of the answer
AT_ONCE = 4


def attack(count: int, random: Random) -> Report:
    report = Report()
    with attacked(stalling, MODEL_SERVICE_DEADLINE_MARGIN="0.5") as place, watched(report):
        place.app.answer(invocation(MODELS[0], False, 5))  # what a first call imports and opens

        def call(number: int) -> float:
            seconds = LONGEST_SECONDS * (number % count + 1) / count
            model, stream = MODELS[number // count % len(MODELS)], number // count >= len(MODELS)
            started = time.monotonic()
            check_reply(report, place.app.answer(invocation(model, stream, seconds)), f"{model} {stream} {seconds}")
            late = time.monotonic() - started - seconds
            if late > TOLERANCE_SECONDS:
                report.fault("a late reply", f"{model} {'stream' if stream else 'whole'}: {late:.2f} s after {seconds}")
            return late

        with ThreadPoolExecutor(AT_ONCE) as threads:
            lateness = list(threads.map(call, range(count * len(MODELS) * 2)))
    report.figures |= {"calls": len(lateness), "latest": f"{max(lateness):+.2f} s from its deadline"}
    return report


def invocation(model: str, stream: bool, seconds: float) -> Invocation:
    body = json.dumps({"model": model, "messages": MESSAGES, "stream": stream}).encode()
    http = HttpRequest("POST", CHAT, {"host": "gateway"})
    return Invocation(body, Deadline.after(seconds), "01CALL", http=http)


def stalling(answer: Answer) -> Answer:
    """Have each answer stop at some byte, for longer than anybody waits."""
    counted = iter(range(10**9))

    def stalled(request: Request) -> Response:
        response = answer(request)
        content = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        return replace(response, body=pieces(content, STALLS_AT[next(counted) % len(STALLS_AT)]))

    return stalled


def pieces(content: bytes, stall_at: int) -> Iterator[bytes]:
    yield content[:stall_at]
    if stall_at < len(content):
        time.sleep(LONGEST_SECONDS + 1)
    yield content[stall_at:]
