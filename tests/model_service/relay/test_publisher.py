"""The publisher against a channel that is made to fail, stall and wait."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from model_service.errors import (
    DeadlineExceeded,
    ModelServiceError,
    UpstreamError,
    UpstreamRefused,
    UpstreamUnreachable,
)
from model_service.fn.invocation import Deadline
from model_service.relay import publisher
from model_service.relay.destinations import Reader
from model_service.relay.publisher import BATCH_BYTES, Publisher


@dataclass
class FakeChannel:
    """Keeps what it is given; ``before`` is called first, with how often it has been called."""

    max_bytes: int = 200_000
    before: Callable[[int], None] = lambda calls: None
    messages: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0

    def put(self, content: bytes, deadline: Deadline) -> None:
        deadline.require()
        self.calls += 1
        self.before(self.calls)
        self.messages.append(json.loads(content))

    def reader(self) -> Reader:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """One that the deadline has cut off still says so in the log, which is this test's and not the next one's."""
    yield
    for thread in threading.enumerate():
        if thread.name == "relay":
            thread.join(5)


def chunk(text: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}}]}


def publish(channel: FakeChannel, *texts: str, seconds: float = 30, **end: Any) -> dict[str, Any]:
    publisher = Publisher(channel, "r", Deadline.after(seconds), sleep=lambda _: None)
    for text in texts:
        publisher.offer(chunk(text))
    return publisher.end(**end)


def failing(*errors: ModelServiceError) -> Callable[[int], None]:
    """The first calls fail so."""

    def before(calls: int) -> None:
        if calls <= len(errors):
            raise errors[calls - 1]

    return before


def test_chunks_that_come_together_are_one_message() -> None:
    channel = FakeChannel()
    assert publish(channel, "a", "b", "c", result={"x": 1}) == {
        "id": "r",
        "messages": 2,
        "complete": True,
        "error": None,
    }
    first, last = channel.messages
    assert first == {
        "object": "model_service.relay",
        "id": "r",
        "number": 0,
        "chunks": [chunk("a"), chunk("b"), chunk("c")],
    }
    assert last == {
        "object": "model_service.relay",
        "id": "r",
        "number": 1,
        "chunks": [],
        "complete": True,
        "last": True,
        "result": {"x": 1},
        "error": None,
    }


def test_a_message_does_not_grow_beyond_its_measure() -> None:
    channel = FakeChannel()
    texts = ["x" * (BATCH_BYTES // 3)] * 9
    publish(channel, *texts)
    assert max(len(json.dumps(message)) for message in channel.messages) < 2 * BATCH_BYTES
    assert [one for message in channel.messages for one in message["chunks"]] == [chunk(text) for text in texts]


def test_an_answer_without_chunks_has_a_last_message_too() -> None:
    channel = FakeChannel()
    assert publish(channel, error=DeadlineExceeded("late"))["complete"] is True
    assert [(one["number"], one["last"], one["error"]["code"]) for one in channel.messages] == [
        (0, True, "deadline_exceeded")
    ]


@pytest.mark.parametrize(
    "error",
    [UpstreamError("x", status=503), UpstreamUnreachable("x", code="connection_lost"), DeadlineExceeded("x")],
)
def test_what_passes_is_tried_again_with_the_same_number(error: ModelServiceError) -> None:
    channel = FakeChannel(before=failing(error, error))
    assert publish(channel, "a")["complete"] is True
    assert [message["number"] for message in channel.messages] == [0, 1]


def test_trouble_that_stays_ends_the_chunks_and_leaves_the_last_message() -> None:
    channel = FakeChannel(before=failing(*[UpstreamError("x", status=503, code="down")] * 4))
    report = publish(channel, "a", result={"x": 1})
    assert (report["complete"], report["error"]) == (False, "down")
    (last,) = channel.messages
    assert (last["number"], last["complete"], last["result"]) == (1, False, {"x": 1})


def test_a_refusal_is_not_tried_again() -> None:
    channel = FakeChannel(before=failing(UpstreamRefused("x", status=404, code="gone")))
    assert publish(channel, "a")["error"] == "gone"
    assert channel.calls == 2


def test_a_result_that_is_too_large_for_the_place_is_left_out_and_its_text_is_not_lost() -> None:
    channel = FakeChannel(max_bytes=1000)
    report = publish(channel, "a" * 300, result={"x": "y" * 2000})
    assert report["complete"] is True
    assert (channel.messages[-1]["result"], channel.messages[-1]["reference"]) == (None, None)


def test_where_there_is_a_bucket_the_last_message_refers_to_such_a_result() -> None:
    stored: list[bytes] = []

    def store(content: bytes, content_type: str, deadline: Deadline) -> dict[str, Any]:
        stored.append(content)
        return {"object": "model_service.reference", "content_type": content_type}

    overflow: Any = SimpleNamespace(store=store)
    channel = FakeChannel(max_bytes=1000)
    publisher = Publisher(channel, "r", Deadline.after(30), overflow)
    assert publisher.end({"x": "y" * 2000})["complete"] is True
    assert json.loads(stored[0]) == {"x": "y" * 2000}
    assert channel.messages[-1]["reference"] == {
        "object": "model_service.reference",
        "content_type": "application/json",
    }


def test_a_chunk_that_is_too_large_for_the_place_is_not_tried() -> None:
    channel = FakeChannel(max_bytes=1000)
    assert publish(channel, "a" * 2000)["error"] == "message_too_large"
    assert [message["complete"] for message in channel.messages] == [False]


def test_a_bug_is_the_relays_alone() -> None:
    def before(calls: int) -> None:
        raise ZeroDivisionError

    assert publish(FakeChannel(before=before), "a")["error"] == "internal_error"


@pytest.mark.parametrize("broken", [1, 2])
def test_after_a_bug_the_last_message_still_comes_with_the_result(broken: int) -> None:
    def before(calls: int) -> None:
        if calls == broken:
            raise ZeroDivisionError

    channel = FakeChannel(before=before)
    report = publish(channel, "a", result={"choices": []})
    assert (report["complete"], report["error"]) == (False, "internal_error")
    last = channel.messages[-1]
    assert (last["last"], last["complete"]) == (True, False)
    assert last["result"] == ({"choices": []} if broken == 1 else None)


@pytest.mark.parametrize("where", ["chunk", "result"])
def test_what_cannot_be_written_ends_a_relay_too(where: str) -> None:
    channel = FakeChannel()
    relaying = Publisher(channel, "r", Deadline.after(30))
    relaying.offer({"choices": [{"delta": object()}]} if where == "chunk" else chunk("a"))
    report = relaying.end({"choices": [object()]} if where == "result" else {"choices": []})
    assert report["error"] == "internal_error"
    last = channel.messages[-1]
    assert (last["last"], last["complete"], last["result"]) == (
        True,
        False,
        {"choices": []} if where == "chunk" else None,
    )


def test_a_relay_that_nobody_ends_ends_at_the_deadline() -> None:
    channel = FakeChannel()
    relaying = Publisher(channel, "r", Deadline(time.monotonic() + 1.0, margin=0.4))
    relaying.offer(chunk("a"))
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "relay"]
    thread.join(10)
    assert not thread.is_alive()
    last = channel.messages[-1]
    assert (last["last"], last["complete"], last["error"]["code"]) == (True, False, "deadline_exceeded")


def test_a_relay_without_a_thread_still_says_how_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    channel = FakeChannel()
    report = publish(channel, "a", "b", result={"choices": []})
    assert (report["complete"], report["error"], report["messages"]) == (False, "no_thread", 1)
    assert [(message["last"], message["result"]) for message in channel.messages] == [(True, {"choices": []})]


def test_every_message_bears_the_token() -> None:
    channel = FakeChannel()
    relaying = Publisher(channel, "r", Deadline.after(30), token="secret")
    relaying.offer(chunk("a"))
    relaying.end()
    assert {message["token"] for message in channel.messages} == {"secret"}


def test_offering_never_waits_and_who_falls_behind_has_no_gap_in_his_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "MAX_WAITING_CHUNKS", 10)
    stalled, go_on = threading.Event(), threading.Event()

    def before(calls: int) -> None:
        stalled.set()
        go_on.wait(10)

    channel = FakeChannel(before=before)
    relaying = Publisher(channel, "r", Deadline.after(30))
    relaying.offer(chunk("0"))
    assert stalled.wait(10)
    for number in range(1, 100):
        relaying.offer(chunk(str(number)))
    go_on.set()
    assert relaying.end()["error"] == "fell_behind"
    texts = [one["choices"][0]["delta"]["content"] for message in channel.messages for one in message["chunks"]]
    assert texts == [str(number) for number in range(len(texts))]
    assert channel.messages[-1]["complete"] is False


def test_the_end_waits_no_longer_than_the_deadline_lets_it() -> None:
    over = threading.Event()

    def before(calls: int) -> None:
        over.wait(10)

    publisher = Publisher(FakeChannel(before=before), "r", Deadline(time.monotonic() + 0.3, margin=0.2))
    publisher.offer(chunk("a"))
    report = publisher.end()
    over.set()
    assert (report["complete"], report["error"]) == (False, "deadline_exceeded")
