"""A deadline at every 50 ms of three seconds: always a well-formed reply before it, on every transport."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from mock_oci import LoopbackServer, MockOci
from mock_oci.written_config import write_config
from model_service.app import App
from model_service.encoding import DONE, read_events
from model_service.invocation import Deadline, Invocation

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


@pytest.fixture(scope="module", params=list(MODELS))
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[bool, Any]]:
    """All calls to one transport, side by side: a model that needs two seconds, streamed and in one piece."""
    oci = MockOci()
    folder = tmp_path_factory.mktemp("oci")
    with LoopbackServer(oci.answer) as server:
        write_config(oci, folder, server.url)
        app = App(
            {
                "OCI_CONFIG_FILE": str(folder / "config"),
                "OCI_PROFILE": "DEFAULT",
                "OCI_GENAI_ENDPOINT": server.url,
                "OCI_COMPARTMENT_ID": oci.tenancy.compartment_id,
                "MODEL_SERVICE_PROJECT_ID": oci.projects.default.id,
                **({"LOCUS_OCI_TRANSPORT": "sdk"} if request.param == "sdk-generic" else {}),
            }
        )
        with closing(app.service), ThreadPoolExecutor(64) as threads:
            call(app, MODELS[request.param], stream=False, seconds=30)  # what a first call imports and opens
            yield {stream: run(oci, app, MODELS[request.param], stream, threads) for stream in (False, True)}


def run(oci: MockOci, app: App, model: str, stream: bool, threads: ThreadPoolExecutor) -> list[Outcome]:
    oci.script.clear()
    if stream:
        oci.script.chat(WORDS, chunk_delay=0.1, times=1000)
    else:
        oci.script.chat(TEXT, delay=2, times=1000)
    return list(threads.map(lambda seconds: call(app, model, stream, seconds), STEPS))


def call(app: App, model: str, stream: bool, seconds: float) -> Outcome:
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "stream": stream}
    deadline = Deadline.after(seconds)
    reply = app.answer(Invocation(json.dumps(body).encode(), deadline)).whole()
    return Outcome(seconds, reply, deadline.remaining)


def error_of(body: bytes) -> str | None:
    return json.loads(body)["error"]["code"] if body.startswith(b'{"error"') else None


def test_a_complete_answer_is_there_or_says_that_it_could_not_be(outcomes: dict[bool, list[Outcome]]) -> None:
    for outcome in outcomes[False]:
        if error_of(outcome.body) is None:
            assert json.loads(outcome.body)["choices"][0]["message"]["content"] == TEXT
        else:
            assert error_of(outcome.body) == "deadline_exceeded"
    assert error_of(outcomes[False][0].body) == "deadline_exceeded"
    assert error_of(outcomes[False][-1].body) is None


def test_a_streamed_answer_is_closed_with_what_has_arrived(outcomes: dict[bool, list[Outcome]]) -> None:
    cut = 0
    for outcome in outcomes[True]:
        if error_of(outcome.body) is not None:
            assert error_of(outcome.body) == "deadline_exceeded"
            continue
        *chunks, done = read_events([outcome.body])
        assert done == DONE
        read = [json.loads(chunk) for chunk in chunks]
        text = "".join(choice["delta"].get("content") or "" for chunk in read for choice in chunk["choices"])
        ended = [choice["finish_reason"] for chunk in read for choice in chunk["choices"] if choice["finish_reason"]]
        assert TEXT.startswith(text)
        assert len(ended) == 1
        if read[-1].get("model_service") == {"ended_by": "deadline"}:
            cut += 1
            assert ended == ["length"]
        else:
            assert (text, ended) == (TEXT, ["stop"])
    assert cut > 10


@pytest.mark.parametrize("stream", [False, True])
def test_the_reply_is_there_before_the_platform_kills_the_container(
    outcomes: dict[bool, list[Outcome]], stream: bool
) -> None:
    # The one time that a test may look at: it is what the deadline promises. Half a second (the margin) is kept back.
    late = [outcome.seconds for outcome in outcomes[stream] if outcome.to_spare < 0 and outcome.seconds > 0.5]
    assert late == []
