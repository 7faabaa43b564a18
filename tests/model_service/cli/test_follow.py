"""Following a relay: the order of its messages, what was lost, and the command."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mock_oci import MockOci
from mock_oci.services.queues.state import Queues
from mock_oci.services.queues.state import Settings as QueueSettings
from model_service.__main__ import main
from model_service.app import App
from model_service.cli.follow import Ordered, follow, texts
from model_service.errors import (
    DeadlineExceeded,
    ModelServiceError,
    StreamBroken,
    UpstreamError,
    UpstreamRefused,
    UpstreamThrottled,
    UpstreamUnreachable,
)
from model_service.fn.invocation import Deadline, Invocation

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = re.compile(r"^```py\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def message(number: int, *pieces: str, relay: str = "r", **more: Any) -> dict[str, Any]:
    chunks = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    return {"object": "model_service.relay", "id": relay, "number": number, "chunks": chunks, **more}


def last(number: int, text: str = "", *, complete: bool = True, **more: Any) -> dict[str, Any]:
    result = {"choices": [{"index": 0, "message": {"content": text}}]}
    return message(number, **{"last": True, "complete": complete, "result": result, "error": None, **more})


RELAY = [message(0, "a", "b"), message(1, "c"), message(2, "d"), last(3, "abcd")]


@dataclass
class Reader:
    """Gives one list of messages at each poll."""

    polls: list[list[dict[str, Any]]]
    errors: list[ModelServiceError] = field(default_factory=list)
    closed: bool = False
    seen: int = field(default=0)

    def poll(self, deadline: Deadline) -> list[dict[str, Any]]:
        deadline.require()
        if self.errors:
            raise self.errors.pop(0)
        self.seen += 1
        return self.polls[self.seen - 1] if self.seen <= len(self.polls) else []

    def close(self, deadline: Deadline) -> None:
        self.closed = True


def test_messages_come_in_order_and_once_however_they_arrive() -> None:
    for seed in range(20):
        arriving = random.Random(seed).sample(RELAY * 3, 12)
        reader = Reader([[one] for one in arriving])
        assert list(follow(reader, Deadline.after(5))) == RELAY
        assert reader.closed


def test_the_first_relay_that_is_seen_is_followed_unless_another_is_named() -> None:
    other = [message(0, "x", relay="other"), last(1, relay="other")]
    mixed = [one for pair in zip(RELAY, [*other, *other], strict=False) for one in pair]
    assert list(follow(Reader([mixed]), Deadline.after(5))) == RELAY
    assert list(follow(Reader([mixed]), Deadline.after(5), relay_id="other")) == other


def test_nothing_is_read_after_the_last_message() -> None:
    ordered = Ordered()
    assert list(ordered.add([*RELAY, message(4, "never")])) == RELAY
    assert list(ordered.add([message(5, "never")])) == []


def test_an_answer_that_does_not_end_in_time_is_an_error_after_what_there_was() -> None:
    read = follow(Reader([RELAY[:2]]), Deadline.after(0.7))
    assert [next(read), next(read)] == RELAY[:2]
    with pytest.raises(DeadlineExceeded):
        next(read)


def test_passing_trouble_is_waited_out_and_a_refusal_is_not() -> None:
    passing = [UpstreamThrottled("slow down"), UpstreamUnreachable("gone"), UpstreamError("x", status=503)]
    waits: list[float] = []
    assert list(follow(Reader([RELAY], errors=passing), Deadline.after(30), sleep=waits.append)) == RELAY
    assert len(waits) == 3
    with pytest.raises(UpstreamRefused):
        list(follow(Reader([RELAY], errors=[UpstreamRefused("no", status=404)]), Deadline.after(30)))


def test_what_a_relay_has_lost_is_taken_from_its_result() -> None:
    messages = [message(0, "a", "b"), last(7, "abcdef", complete=False)]
    assert "".join(texts(follow(Reader([messages]), Deadline.after(5)))) == "abcdef"


def test_what_is_lost_for_good_is_said() -> None:
    messages = [message(0, "a"), last(7, complete=False, result=None)]
    read = texts(messages)
    assert next(read) == "a"
    with pytest.raises(StreamBroken, match="lost"):
        list(read)


def test_an_answer_that_failed_is_an_error_after_its_text() -> None:
    read = texts([message(0, "a"), last(1, "a", error={"message": "slow down", "code": "throttled"})])
    assert next(read) == "a"
    with pytest.raises(StreamBroken, match="slow down"):
        list(read)


@pytest.fixture
def queue(oci: MockOci, oci_url: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A queue with one answer in the channel ``mine``, and the environment of who reads it."""
    queue = oci.state_of(Queues).create("relays", QueueSettings(deliveries=0))
    environment |= {"MODEL_SERVICE_OCI_ENDPOINT": oci_url, "MODEL_SERVICE_RELAY_DESTINATIONS": json.dumps([queue.id])}
    app = App(environment)
    relay = {"queue": queue.id, "channel": "mine"}
    body = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hi"}], "relay": relay}
    oci.script.chat(["Hello ", "reader"])
    with closing(app.service):
        app.answer(Invocation(json.dumps(body).encode(), Deadline.after(20), call_id="call-1")).whole()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    yield queue.id


def test_the_command_prints_the_text_as_often_as_it_is_asked(queue: str, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["follow", "--queue", queue, "--channel", "mine"]) == 0
        assert capsys.readouterr().out == "Hello reader\n"
    assert main(["follow", "--queue", queue, "--channel", "mine", "--from", "1", "--id", "call-1"]) == 0
    assert capsys.readouterr().out == "\n"


def test_the_command_prints_each_message_as_json(queue: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["follow", "--queue", queue, "--channel", "mine", "--json"]) == 0
    messages = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [message["number"] for message in messages] == list(range(len(messages)))
    assert (messages[-1]["last"], messages[-1]["complete"]) == (True, True)


def test_the_command_says_what_it_is_missing(queue: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["follow", "--queue", queue]) == 4
    assert "channel" in capsys.readouterr().err
    assert main(["follow", "--queue", queue, "--channel", "empty", "--timeout", "0.6"]) == 5


@pytest.mark.not_through("process", why="runs a process of its own")
def test_the_example_of_the_documentation_reads_the_same_with_the_sdk_of_oci(
    queue: str, oci_url: str, environment: dict[str, str], tmp_path: Path
) -> None:
    (example,) = EXAMPLE.findall((ROOT / "docs/relay.md").read_text())
    assert len(example.splitlines()) <= 31
    program = tmp_path / "example.py"
    program.write_text(example)
    command = [sys.executable, str(program), oci_url, queue, "mine"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("Hello reader\n", "")
