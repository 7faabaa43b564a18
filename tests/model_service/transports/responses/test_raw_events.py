"""Raw events go through untouched, and a stream that breaks says so in its own language."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from model_service.envelopes.stages import byte_stages
from model_service.errors import DeadlineExceeded, StreamBroken
from model_service.openai_api.chat import Stream
from model_service.transports.responses.passthrough import RAW_EVENTS, RawEvent, read_raw_events, write_raw_events

BEGUN = b'event: response.created\ndata: {"type":"response.created","sequence_number":4}\n\n'
ENDED = b'event: response.completed\ndata: {"type":"response.completed","response":{"usage":{"input_tokens":1}}}\n\n'


@pytest.mark.parametrize("name", ["text", "calls", "refusal"])
def test_a_stream_is_the_same_when_written_again(name: str, events: Callable[[str], bytes]) -> None:
    stream = events(name)
    assert b"".join(write_raw_events(read_raw_events([stream]))) == stream
    assert b"".join(write_raw_events(read_raw_events(bytes([byte]) for byte in stream))) == stream


def test_an_event_that_nobody_knows_goes_through_with_its_name_and_lines() -> None:
    odd = b'event: response.tomorrow\ndata: {"type":\ndata:  "response.tomorrow"}\n\n'
    assert b"".join(write_raw_events(read_raw_events([odd + ENDED]))) == odd + ENDED


def test_the_last_event_has_the_usage() -> None:
    *_, last = read_raw_events([BEGUN, ENDED])
    assert last.value["response"]["usage"] == {"input_tokens": 1}


def test_done_goes_through() -> None:
    assert b"".join(write_raw_events(read_raw_events([ENDED, b"data: [DONE]\n\n"]))) == ENDED + b"data: [DONE]\n\n"


@pytest.mark.parametrize("type_", ["response.failed", "response.incomplete", "response.cancelled", "error"])
def test_an_end_is_an_end_whatever_it_says(type_: str) -> None:
    stream = f'data: {{"type":"{type_}"}}\n\n'.encode()
    assert b"".join(write_raw_events(read_raw_events([stream]))) == stream


@pytest.mark.parametrize("rest", [b"", b"data: {'error': 'transient'}\n\n", b"data: [DONE]\n\n", b"data: 7\n\n"])
def test_a_stream_that_breaks_raises(rest: bytes) -> None:
    events = read_raw_events([BEGUN, rest])
    assert next(events) == RawEvent(
        "response.created",
        BEGUN.decode().split("data: ")[1].strip(),
        {"type": "response.created", "sequence_number": 4},
    )
    with pytest.raises(StreamBroken):
        list(events)


def test_what_came_before_a_break_is_not_lost() -> None:
    def breaking() -> Iterator[bytes]:
        yield BEGUN
        raise DeadlineExceeded("Too late.")

    events = read_raw_events(breaking())
    assert next(events).name == "response.created"
    with pytest.raises(DeadlineExceeded):
        next(events)


def test_a_stream_that_breaks_ends_with_an_error_event() -> None:
    def breaking() -> Iterator[RawEvent]:
        yield from read_raw_events([BEGUN, ENDED])
        raise DeadlineExceeded("Too late.")

    *_, last = write_raw_events(breaking())
    name, _, text = last.decode().partition("\n")
    event = json.loads(text.removeprefix("data: "))
    assert name == "event: error"
    assert (event["type"], event["code"], event["message"]) == ("error", "deadline_exceeded", "Too late.")
    assert event["sequence_number"] == 5


def test_events_that_came_together_leave_together_and_none_waits_for_one_that_has_not_come() -> None:
    delta = b'data: {"type":"response.output_text.delta","delta":"a"}\n\n'
    asked: list[bytes] = []

    def pieces() -> Iterator[bytes]:
        for piece in (BEGUN + delta * 3, delta + b": alive\n\n", delta + ENDED):
            asked.append(piece)
            yield piece

    sent = byte_stages(Stream(read_raw_events(pieces()), encoding=RAW_EVENTS), RAW_EVENTS)
    assert next(sent) == BEGUN + delta * 3
    assert len(asked) == 1
    assert next(sent) == delta
    assert len(asked) == 2
    assert b"".join(sent) == delta + ENDED
