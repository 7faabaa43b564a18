"""The relay from the request to the reader, through a local Queue and a local Streaming."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mock_oci import MockOci
from mock_oci.fn.functions import LocalFunctions
from mock_oci.services.queues.state import Queues
from mock_oci.services.queues.state import Settings as QueueSettings
from mock_oci.services.streaming.state import Streaming
from model_service.app import App
from model_service.cli.follow import follow, texts
from model_service.fn.invocation import Deadline, Invocation
from model_service.openai_api.encoding import DONE
from model_service.openai_api.event_stream import read_events
from model_service.relay.destinations import Destination, Reader
from model_service.service import Service
from model_service.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
WORDS = [f"word{number} " for number in range(50)]
TEXT = "".join(WORDS)
LLAMA = "meta.llama-3.3-70b-instruct"


@dataclass(frozen=True)
class Relayed:
    """A function that may relay to one place, and who reads there."""

    oci: MockOci
    app: App
    relay: dict[str, str]
    path: str

    def ask(self, **fields: Any) -> bytes:
        return self.app.answer(self.invocation(**fields)).whole()

    def invocation(self, **fields: Any) -> Invocation:
        body = {"model": LLAMA, "messages": [{"role": "user", "content": "Hello"}], "relay": self.relay, **fields}
        return Invocation(json.dumps(body).encode(), Deadline.after(30), call_id="call-1")

    def reader(self) -> Reader:
        destination = Destination.parse(self.relay, self.relay.values())
        return destination.open(self.app.service.region_services).reader()

    def messages(self, start: int = 0) -> list[dict[str, Any]]:
        return list(follow(self.reader(), Deadline.after(10), start))

    def text(self, start: int = 0) -> str:
        return "".join(texts(self.messages(start), start))


@pytest.fixture(params=["queue", "stream"])
def relayed(
    request: pytest.FixtureRequest, oci: MockOci, oci_url: str, environment: dict[str, str]
) -> Iterator[Relayed]:
    queue = oci.state_of(Queues).create("relays", QueueSettings(deliveries=0))
    stream = oci.state_of(Streaming).create("relays", partitions=3)
    destinations = json.dumps([queue.id, stream.id])
    settings = {"MODEL_SERVICE_OCI_ENDPOINT": oci_url, "MODEL_SERVICE_RELAY_DESTINATIONS": destinations}
    app = App({**environment, **settings})
    places = {
        "queue": ({"queue": queue.id, "channel": "mine"}, f"/20210201/queues/{queue.id}/messages"),
        "stream": ({"stream": stream.id, "key": "mine"}, f"/20180418/streams/{stream.id}/messages"),
    }
    with closing(app.service) as service:
        assert service.region_services  # a call and its reader share it here, and would each make one
        yield Relayed(oci, app, *places[request.param])
        for thread in threading.enumerate():
            if thread.name == "relay":  # one that the deadline has cut off still says so in the log
                thread.join()


def chunks_of(body: bytes) -> list[dict[str, Any]]:
    *events, done = read_events([body])
    assert done == DONE
    return [json.loads(event) for event in events]


def said(chunks: list[dict[str, Any]]) -> str:
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


def test_a_streamed_answer_is_there_for_its_caller_and_for_the_readers_of_the_relay(relayed: Relayed) -> None:
    relayed.oci.script.chat(WORDS)
    chunks = chunks_of(relayed.ask(stream=True))
    messages = relayed.messages()
    assert said(chunks) == TEXT == "".join(texts(messages))
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["model_service"] == {
        "relay": {"id": "call-1", "messages": len(messages), "complete": True, "error": None}
    }
    assert [message["number"] for message in messages] == list(range(len(messages)))
    assert [chunk for message in messages for chunk in message["chunks"]] == chunks[:-1]


def test_the_last_message_has_the_full_result_and_nothing_follows_it(relayed: Relayed) -> None:
    relayed.oci.script.chat(WORDS)
    relayed.ask(stream=True)
    *others, last = relayed.messages()
    assert not any("last" in message for message in others)
    assert (last["last"], last["complete"], last["error"]) == (True, True, None)
    assert last["result"]["choices"][0]["message"]["content"] == TEXT
    assert last["result"]["choices"][0]["finish_reason"] == "stop"


def test_a_complete_answer_is_relayed_while_it_comes_and_is_what_it_would_have_been(relayed: Relayed) -> None:
    relayed.oci.script.chat(WORDS, times=2)
    answer = json.loads(relayed.ask())
    without = json.loads(relayed.ask(relay=None))
    assert relayed.text() == TEXT
    (choice,), (expected,) = answer["choices"], without["choices"]
    assert choice["message"] == {"role": "assistant", "content": TEXT}
    assert (expected["message"]["content"], expected["finish_reason"]) == (TEXT, choice["finish_reason"])
    assert answer["usage"] == without["usage"]
    assert answer["object"] == "chat.completion"
    assert answer["model_service"]["relay"]["complete"] is True


def test_reading_again_from_any_number_gives_the_same_text(relayed: Relayed) -> None:
    relayed.oci.script.chat(WORDS, chunk_delay=0.02)
    relayed.ask(stream=True)
    whole = relayed.messages()
    assert len(whole) > 5
    for start in range(len(whole)):
        assert relayed.messages(start) == whole[start:]


def test_nothing_is_lost_doubled_or_out_of_order_for_a_reader_who_reconnects_ten_times(relayed: Relayed) -> None:
    relayed.oci.script.chat(WORDS, chunk_delay=0.02)
    answers: list[bytes] = []
    asking = threading.Thread(target=lambda: answers.append(relayed.ask(stream=True)))
    asking.start()
    read: list[dict[str, Any]] = []
    for _ in range(10):
        with closing(follow(relayed.reader(), Deadline.after(10), len(read))) as messages:
            read.append(next(messages))
    read += relayed.messages(len(read))
    asking.join()
    assert "".join(texts(read)) == TEXT == said(chunks_of(answers[0]))
    assert [message["number"] for message in read] == list(range(len(read)))


def test_the_fields_of_the_relay_never_leave_for_the_model(relayed: Relayed) -> None:
    relayed.ask(stream=True, body_from=None)
    sent = [json.loads(one.body) for one in relayed.oci.requests if one.path.endswith("/chat/completions")]
    assert [set(body) & {"relay", "body_from"} for body in sent] == [set()]


def test_a_destination_that_is_not_allowed_is_refused_before_the_model_is_asked(relayed: Relayed) -> None:
    kind, label = relayed.relay
    error = json.loads(relayed.ask(relay={kind: f"ocid1.{kind}.oc1..other", label: "mine"}))["error"]
    assert (error["status"], error["code"], error["param"]) == (403, "destination_not_allowed", "relay")
    assert "MODEL_SERVICE_RELAY_DESTINATIONS" in error["hint"]
    assert not relayed.oci.requests


@pytest.mark.parametrize(
    "relay",
    [{}, {"queue": "q"}, {"queue": "q", "channel": 7}, {"queue": "q", "key": "k"}, {"stream": "s", "key": ""}, 7],
)
def test_a_relay_that_is_none_is_a_400(relayed: Relayed, relay: Any) -> None:
    error = json.loads(relayed.ask(relay=relay))["error"]
    assert (error["status"], error["param"]) == (400, "relay")


@pytest.mark.parametrize(
    "other",
    [
        {"operation": "responses", "model": "openai.gpt-oss-120b", "input": "x"},
        {"operation": "embeddings", "model": "cohere.embed-v4.0", "input": "x"},
    ],
)
def test_what_cannot_be_relayed_says_so(relayed: Relayed, other: dict[str, str]) -> None:
    body = {"relay": relayed.relay, **other}
    error = json.loads(relayed.app.answer(Invocation(json.dumps(body).encode(), Deadline.after(5))).whole())["error"]
    assert (error["status"], error["param"]) == (400, "relay")


def test_a_place_that_takes_nothing_does_not_break_the_answer_and_is_told(relayed: Relayed) -> None:
    relayed.oci.script.error(404, "NotAuthorizedOrNotFound", "no", path=relayed.path, times=1000)
    relayed.oci.script.chat(WORDS)
    chunks = chunks_of(relayed.ask(stream=True))
    assert said(chunks) == TEXT
    report = chunks[-1]["model_service"]["relay"]
    assert (report["complete"], report["error"]) == (False, "NotAuthorizedOrNotFound")


def test_what_was_lost_is_made_good_by_the_last_message(relayed: Relayed) -> None:
    relayed.oci.script.error(404, "NotAuthorizedOrNotFound", "no", path=relayed.path)
    relayed.oci.script.chat(WORDS)
    relayed.ask(stream=True)
    assert relayed.text() == TEXT


def test_a_moment_of_trouble_is_nothing_that_anybody_hears_of(relayed: Relayed) -> None:
    relayed.oci.script.error(503, "ServiceUnavailable", "later", path=relayed.path, times=2)
    relayed.oci.script.chat(WORDS)
    assert chunks_of(relayed.ask(stream=True))[-1]["model_service"]["relay"]["complete"] is True
    assert relayed.text() == TEXT


def test_an_answer_that_fails_tells_the_readers_why(relayed: Relayed) -> None:
    relayed.oci.script.error(429, "TooManyRequests", "slow down", path="/openai/v1/chat/completions")
    assert json.loads(relayed.ask(stream=True))["error"]["status"] == 429
    (last,) = relayed.messages()
    assert (last["last"], last["error"]["status"]) == (True, 429)


def test_a_stream_that_breaks_ends_the_relay_with_what_there_was(relayed: Relayed) -> None:
    relayed.oci.script.chat(WORDS, cut_after=10)
    relayed.ask(stream=True)
    last = relayed.messages()[-1]
    assert last["error"]["code"] == "connection_lost"
    assert TEXT.startswith(last["result"]["choices"][0]["message"]["content"])


def test_a_caller_who_hangs_up_leaves_no_thread_and_an_end_of_the_relay(relayed: Relayed) -> None:
    relayed.oci.script.chat(WORDS, chunk_delay=0.01)
    body = relayed.app.answer(relayed.invocation(stream=True)).body
    assert not isinstance(body, bytes)
    next(body)
    body.close()  # type: ignore[attr-defined]  # it is a generator
    assert relayed.messages()[-1]["error"]["code"] == "reader_gone"
    assert not [thread for thread in threading.enumerate() if thread.name == "relay"]


@pytest.mark.not_through("process", why="the SDK's deadline is kept on its socket")
def test_a_deadline_cuts_the_answer_and_the_relay_still_ends(relayed: Relayed) -> None:
    relayed.oci.script.chat(WORDS, chunk_delay=0.1)
    invocation = Invocation(relayed.invocation(stream=True).body, Deadline.after(1.2), call_id="call-1")
    chunks = chunks_of(relayed.app.answer(invocation).whole())
    last = relayed.messages()[-1]
    assert last["complete"] is True
    assert last["result"]["choices"][0]["finish_reason"] == "length"
    assert last["result"]["model_service"] == {"ended_by": "deadline"}
    assert last["result"]["choices"][0]["message"]["content"] == said(chunks)


@pytest.mark.not_through("process", why="runs a process of its own")
def test_a_detached_call_is_followed_while_its_function_runs(
    oci: MockOci, oci_url: str, environment: dict[str, str]
) -> None:
    queue = oci.state_of(Queues).create("relays", QueueSettings(deliveries=0))
    config = {"MODEL_SERVICE_OCI_ENDPOINT": oci_url, "MODEL_SERVICE_RELAY_DESTINATIONS": json.dumps([queue.id])}
    relay = {"queue": queue.id, "channel": "mine"}
    body = {"model": LLAMA, "messages": [{"role": "user", "content": "Hello"}], "relay": relay}
    oci.script.chat(WORDS)
    with LocalFunctions(oci, oci_url) as functions, closing(Service(Settings.load({**environment, **config}))) as mine:
        function = functions.deploy(ROOT, name="model-service", config=config, timeout=30)
        assert functions.invoke(function.id, json.dumps(body).encode(), invoke_type="detached").status == 202
        reader = Destination.parse(relay, [queue.id]).open(mine.region_services).reader()
        assert "".join(texts(follow(reader, Deadline.after(20)))) == TEXT


def test_a_call_without_a_relay_starts_nothing(environment: dict[str, str]) -> None:
    with closing(Service(Settings.load(environment))) as service:
        assert "region_services" not in service.__dict__


def test_a_chunk_that_cannot_be_added_up_breaks_neither_the_answer_nor_the_relay(relayed: Relayed) -> None:
    odd = {"choices": [{"index": {"not": "a number"}, "delta": {"content": "x"}}]}
    stop = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    relayed.oci.script.raw([f"data: {json.dumps(value)}\n\n".encode() for value in (odd, stop)] + [b"data: [DONE]\n\n"])
    *chunks, done = read_events([relayed.ask(stream=True)])
    assert done == DONE
    assert [json.loads(chunk)["choices"] for chunk in chunks[:2]] == [odd["choices"], stop["choices"]]
    last = relayed.messages()[-1]
    assert (last["last"], last["complete"], last["error"]) == (True, True, None)


def test_a_reader_with_a_token_passes_over_what_others_write_into_the_channel(relayed: Relayed) -> None:
    with_token = replace(relayed, relay={**relayed.relay, "token": "mine"})
    relayed.ask(stream=True)  # somebody else, first
    with_token.ask(stream=True)
    reader = relayed.reader()
    messages = list(follow(reader, Deadline.after(10), token="mine"))
    assert {message["token"] for message in messages} == {"mine"}
    assert messages[-1]["last"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_response_that_is_asked_as_a_chat_is_relayed_as_one(relayed: Relayed, stream: bool) -> None:
    relayed.oci.script.chat(WORDS)
    body = {"model": LLAMA, "input": "Hello", "relay": relayed.relay, "stream": stream}
    sent = Invocation(json.dumps(body).encode(), Deadline.after(30), call_id="call-1")
    told = relayed.app.answer(sent).whole()
    response = json.loads(list(read_events([told]))[-1])["response"] if stream else json.loads(told)
    assert response["output"][0]["content"][0]["text"] == TEXT == relayed.text()
    assert response["model_service"]["relay"]["complete"] is True
