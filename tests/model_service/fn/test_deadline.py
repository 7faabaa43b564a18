"""A deadline at every 50 ms of three seconds: always a well-formed reply before it, on every transport."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from mock_oci import LoopbackServer, MockOci
from mock_oci.doors.written_config import write_config
from model_service.app import App
from model_service.fn.invocation import Deadline, Invocation
from model_service.openai_api.encoding import DONE
from model_service.openai_api.event_stream import read_events

MARGIN = 1.0  # seconds; sixty calls share one process here, beside other tests
STEPS = [step * 0.05 for step in range(61)]
MODELS = {
    "v1": "meta.llama-3.3-70b-instruct",
    "responses": "responses:openai.gpt-oss-120b",
    "sdk-generic": "google.gemini-2.5-flash",
    "sdk-cohere": "cohere.command-a-03-2025",
}
WORDS = [f"word{number} " for number in range(20)]
TEXT = "".join(WORDS)


@dataclass(frozen=True)
class Outcome:
    """What came of one call: its body, and how long before the deadline it was there."""

    seconds: float
    body: bytes
    to_spare: float


@pytest.fixture(params=list(MODELS))
def outcomes_of(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[bool], list[Outcome]]]:
    """All calls to one transport, side by side: a model that needs one and a half seconds, streamed or in one piece."""
    oci = MockOci()
    with LoopbackServer(oci.answer) as server:
        write_config(oci, tmp_path, server.url)
        app = App(
            {
                "OCI_CONFIG_FILE": str(tmp_path / "config"),
                "OCI_PROFILE": "DEFAULT",
                "OCI_GENAI_ENDPOINT": server.url,
                "OCI_COMPARTMENT_ID": oci.tenancy.compartment_id,
                "MODEL_SERVICE_PROJECT_ID": oci.projects.default.id,
                "MODEL_SERVICE_DEADLINE_MARGIN": str(MARGIN),
                **({"LOCUS_OCI_TRANSPORT": "sdk"} if request.param == "sdk-generic" else {}),
            }
        )
        with closing(app.service), ThreadPoolExecutor(64) as threads:
            call(app, MODELS[request.param], stream=False, seconds=5)  # what a first call imports and opens
            yield lambda stream: run(oci, app, MODELS[request.param], stream, threads)


def run(oci: MockOci, app: App, model: str, stream: bool, threads: ThreadPoolExecutor) -> list[Outcome]:
    oci.script.clear()
    if stream:
        oci.script.chat(WORDS, chunk_delay=0.075, times=1000)
    else:
        oci.script.chat(TEXT, delay=1.5, times=1000)

    def staggered(seconds: float) -> Outcome:
        time.sleep(seconds)  # not all at the same moment: a container has one call at a time, and we have one GIL
        return call(app, model, stream, seconds)

    return list(threads.map(staggered, STEPS))


def call(app: App, model: str, stream: bool, seconds: float) -> Outcome:
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "stream": stream}
    deadline = Deadline.after(seconds)
    reply = app.answer(Invocation(json.dumps(body).encode(), deadline)).whole()
    return Outcome(seconds, reply, deadline.remaining)


def error_of(body: bytes) -> str | None:
    return json.loads(body)["error"]["code"] if body.startswith(b'{"error"') else None


def check_nothing_is_late(outcomes: list[Outcome]) -> None:
    # The one time that a test may look at: it is what the deadline promises.
    assert [outcome.seconds for outcome in outcomes if outcome.to_spare < 0 and outcome.seconds > MARGIN] == []


def test_a_complete_answer_is_there_in_time_or_says_that_it_could_not_be(
    outcomes_of: Callable[[bool], list[Outcome]],
) -> None:
    outcomes = outcomes_of(False)
    for outcome in outcomes:
        if error_of(outcome.body) is None:
            assert json.loads(outcome.body)["choices"][0]["message"]["content"] == TEXT
        else:
            assert error_of(outcome.body) == "deadline_exceeded"
    assert error_of(outcomes[0].body) == "deadline_exceeded"
    assert error_of(outcomes[-1].body) is None
    check_nothing_is_late(outcomes)


def test_a_streamed_answer_is_closed_in_time_with_what_has_arrived(
    outcomes_of: Callable[[bool], list[Outcome]],
) -> None:
    outcomes = outcomes_of(True)
    cut = [outcome for outcome in outcomes if error_of(outcome.body) is None and is_cut(outcome.body)]
    assert len(cut) > 10
    assert {error_of(outcome.body) for outcome in outcomes} == {None, "deadline_exceeded"}
    check_nothing_is_late(outcomes)


def is_cut(body: bytes) -> bool:
    """Whether the deadline has ended a stream; that it is well-formed either way is checked."""
    *chunks, done = read_events([body])
    assert done == DONE
    read = [json.loads(chunk) for chunk in chunks]
    text = "".join(choice["delta"].get("content") or "" for chunk in read for choice in chunk["choices"])
    (ended,) = [choice["finish_reason"] for chunk in read for choice in chunk["choices"] if choice["finish_reason"]]
    if read[-1].get("model_service") != {"ended_by": "deadline"}:
        assert (text, ended) == (TEXT, "stop")
        return False
    assert TEXT.startswith(text)
    assert ended == "length"
    return True
