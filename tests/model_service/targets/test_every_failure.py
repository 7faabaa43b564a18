"""Each failure, before and after the first token, whole and streamed, by every transport: who is asked, how often, and
what the caller sees. A model runs once at most, whatever happens: mock_oci counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from tests.model_service.targets.conftest import CHICAGO, FRANKFURT, Open, ask, target_of, text_of

from mock_oci import MockOci
from model_service.errors import ModelServiceError
from model_service.service import Service

MODEL_OF = {"v1": "meta.llama-3.3-70b-instruct", "responses": "openai.gpt-oss-120b", "sdk": "cohere.command-a-03-2025"}


@dataclass(frozen=True)
class Row:
    """What happens in Chicago, how often a target is asked for it, and the error that the caller gets, if any.

    ``with_repeat`` is how often one is asked where the alias says ``repeat_charged``. ``streams``: ``None`` for both
    kinds of answer. ``charged``: the model of Chicago runs for it.
    """

    name: str
    happens: Callable[[MockOci], Any]
    tries: int = 2
    error: str | None = None
    with_repeat: int = 2
    streams: bool | None = None
    charged: bool = False
    refused: bool = False


def scripted(kind: str, *arguments: Any, **how: Any) -> Callable[[MockOci], Any]:
    return lambda oci: getattr(oci.script, kind)(*arguments, region=CHICAGO, times=9, **how)


BEFORE = [
    Row("refused", lambda _oci: None, refused=True),
    Row("429", scripted("error", 429)),
    Row("429 with Retry-After", scripted("error", 429, headers={"retry-after": "7"})),
    *(Row(str(status), scripted("error", status)) for status in (500, 502, 503, 504)),
    Row("a provider's error in a 200", scripted("odd", "error-in-200")),
    Row("gone", lambda oci: [oci.catalogue.host(model, FRANKFURT) for model in MODEL_OF.values()]),
    # The connection breaks when the request has been read: nobody knows whether the model has run.
    Row("reset", scripted("odd", "reset"), 1, "connection_lost", charged=True),
    Row("cut", scripted("disconnect"), 1, "connection_lost"),
    Row("hanging", scripted("delay", stall_after=0), streams=True),
    Row("late head", scripted("delay", 5.0), streams=True),
    Row("late answer", scripted("delay", 5.0), 1, "deadline_exceeded", 1, streams=False),
    Row("a wrong request", scripted("error", 400, "invalid", "temperature is wrong"), 1, "invalid", 1),
    Row("a forbidden one", scripted("error", 403, "NotAllowed"), 1, "NotAllowed", 1),
]
AFTER = [
    Row("cut", scripted("delay", cut_after=7), 1, "connection_lost", 1, streams=True, charged=True),
    Row("cut", scripted("delay", cut_after=0), 1, "connection_lost", 2, streams=False, charged=True),
    Row("two events and a reset", scripted("odd", "reset-within"), 1, "connection_lost", 1, streams=True, charged=True),
    Row("reset", scripted("odd", "reset-within"), 1, "connection_lost", 2, streams=False, charged=True),
    Row("half a body", scripted("odd", "torn-body"), 1, "connection_lost", 2, streams=False, charged=True),
    Row("two events and an error", scripted("odd", "error-in-stream"), 1, streams=True, charged=True),
]
CASES = [
    pytest.param(row, stream, id=f"{when}-{row.name}-{'streamed' if stream else 'whole'}")
    for when, rows in (("before", BEFORE), ("after", AFTER))
    for row in rows
    for stream in (False, True)
    if row.streams in (None, stream)
]


@pytest.fixture
def opened_for(opened: Open, oci: MockOci, closed_port: str) -> Callable[..., Service]:
    def make(transport: str, row: Row, **options: Any) -> Service:
        place = {"model": MODEL_OF[transport], "transport": transport}
        first = {**place, "region": CHICAGO, **({"url": closed_port} if row.refused else {})}
        targets = [first, {**place, "region": FRANKFURT, "project_id": _project(oci, FRANKFURT)}]
        first["project_id"] = _project(oci, CHICAGO)
        row.happens(oci)
        return opened({"targets": targets, "first_token_seconds": 1.0, **options})

    return make


def _project(oci: MockOci, region: str) -> str:
    return oci.projects.create(f"of {region}", region=region).id


@pytest.mark.parametrize("transport", list(MODEL_OF))
@pytest.mark.parametrize(("row", "stream"), CASES)
def test_who_is_asked_and_what_the_caller_sees(
    row: Row, stream: bool, transport: str, opened_for: Callable[..., Service], oci: MockOci
) -> None:
    service = opened_for(transport, row)
    error = _outcome(service, stream, row, tries=row.tries)
    asked = len([call for call in oci.calls if call.request.method == "POST"])
    assert asked == row.tries - row.refused
    if row.tries == 1:
        assert error is not None
        assert row.error in (None, error.code)
        assert all(charge.region == CHICAGO for charge in oci.charges)
    else:
        assert error is None
        assert [charge.region for charge in oci.charges] == [FRANKFURT]


@pytest.mark.parametrize("transport", list(MODEL_OF))
@pytest.mark.parametrize(("row", "stream"), [case for case in CASES if case.values[0].error])
def test_what_may_have_been_charged_is_asked_again_where_the_file_says_so(
    row: Row, stream: bool, transport: str, opened_for: Callable[..., Service], oci: MockOci
) -> None:
    service = opened_for(transport, row, repeat_charged=True)
    # The first two events of Responses say that a response was begun, and nothing of it.
    tries = 2 if transport == "responses" and row.name.startswith("two events") else row.with_repeat
    error = _outcome(service, stream, row, tries=tries)
    assert len([call for call in oci.calls if call.request.method == "POST"]) == tries
    assert (error is None) == (tries == 2)


def _outcome(service: Service, stream: bool, row: Row, tries: int) -> ModelServiceError | None:
    """Return the error that the caller gets, before the answer or within it."""
    seconds = 1.6 if row.name == "late answer" else 20.0
    try:
        answer = ask(service, stream=stream, seconds=seconds)
        assert answer.headers["x-model-service-attempts"] == str(tries)
        assert (FRANKFURT in target_of(answer)) == (tries == 2)
        assert text_of(answer)
    except ModelServiceError as error:
        assert len(error.attempts) in (0, tries)  # none where the answer had begun
        return error
    return None
