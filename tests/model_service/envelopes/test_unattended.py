"""Detached calls and the scheduler's: one record each, or a direct call."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_service.batch.record import BatchRequest
from model_service.envelopes import open_envelope
from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline, Invocation
from model_service.openai_api.chat import ChatRequest, Complete, Stream
from model_service.openai_api.encoding import DONE
from model_service.openai_api.event_stream import read_events

CHAT = (Path(__file__).resolve().parents[2] / "events" / "direct_chat.json").read_bytes()
DETACHED = {"fn_invoke_type": "detached"}


def test_a_detached_call_that_no_task_asks_for_is_a_direct_one(opened) -> None:
    request = opened(CHAT, **DETACHED).decode()
    assert isinstance(request, BatchRequest)
    assert isinstance(request.otherwise(), ChatRequest)


def test_a_detached_body_that_is_no_request_is_a_record_all_the_same(opened) -> None:
    request = opened(b"hello", **DETACHED).decode()
    assert [record.content for record in request.records] == [b"hello"]
    with pytest.raises(InvalidRequest):
        request.otherwise()


def test_a_stream_is_answered_as_the_detached_caller_wants_it(opened) -> None:
    envelope = opened(CHAT[:-2] + b', "stream": true, "stream_format": "ndjson"}', **DETACHED)
    envelope.decode().otherwise()
    reply = envelope.seal(Stream(iter([{"choices": []}])))
    assert reply.headers["content-type"] == "application/x-ndjson"
    assert reply.whole() == b'{"choices":[]}\n'


def test_without_a_word_about_it_a_stream_is_events(opened) -> None:
    reply = opened(CHAT, **DETACHED).seal(Stream(iter([])))
    assert list(read_events([reply.whole()])) == [DONE]


def test_a_schedule_is_one_record_with_nothing_in_it(opened) -> None:
    envelope = opened(b"", **DETACHED)
    request = envelope.decode()
    assert [(one.source, one.id, one.view["value"]) for one in request.records] == [("schedule", "schedule/01CALL", "")]
    assert request.otherwise is None
    assert envelope.seal(Complete({})).status == 200


@pytest.mark.parametrize("body", [b"", b"hello"])
def test_two_calls_without_an_id_are_two_records(body: bytes) -> None:
    invocation = Invocation(body, Deadline.after(30), headers={"fn-invoke-type": "detached"})
    one, other = (open_envelope(invocation).decode().records[0].id for _ in range(2))
    assert one != other
