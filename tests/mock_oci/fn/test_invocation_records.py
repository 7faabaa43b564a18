from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_oci import MockOci
from mock_oci.fn.func_yaml import DeployError
from mock_oci.fn.functions import LocalFunctions
from mock_oci.services.functions import Destination, Functions
from mock_oci.services.notifications import Notifications
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming

OBEDIENT = Path(__file__).parents[1] / "functions" / "obedient"


@pytest.fixture
def functions(live: MockOci) -> Iterator[LocalFunctions]:
    with LocalFunctions(live) as functions:
        yield functions


def run(functions: LocalFunctions, function: Any, do: str, **order: Any) -> None:
    """A detached run, to its end."""
    body = json.dumps({"do": do, **order}).encode()
    assert functions.invoke(function.id, body, invoke_type="detached").status == 202
    function.detached_runs[-1].outcome.result(timeout=10)


def test_a_detached_run_leaves_a_record_for_its_outcome(live: MockOci, functions: LocalFunctions) -> None:
    good, bad = live.state_of(Streaming).create("good"), live.state_of(Queues).create("bad")
    function = functions.deploy(OBEDIENT, name="told", success_destination=good.id, failure_destination=bad.id)
    run(functions, function, "answer", text="later")
    run(functions, function, "fail", error="ValueError")
    (entry,) = good.entries()
    success = json.loads(entry.value)
    assert (success["functionId"], success["callId"]) == (function.id, function.detached_runs[0].call_id)
    assert (success["invokeType"], success["status"], success["statusCode"]) == ("detached", "SUCCESS", 200)
    assert success["response"] == {"contentType": "text/plain", "body": "later", "truncated": False}
    (message,) = live.state_of(Queues).messages(bad.id).all()
    failure = json.loads(message.content)
    assert (failure["status"], failure["statusCode"]) == ("FAILURE", 502)
    assert failure["error"]["code"] == "FunctionInvokeExecutionFailed"
    assert "response" not in failure
    assert failure["id"] != success["id"]


def test_a_topic_gets_as_much_of_a_long_answer_as_fits(live: MockOci, functions: LocalFunctions) -> None:
    topic = live.state_of(Notifications).create_topic("done")
    function = functions.deploy(OBEDIENT, name="long", success_destination=topic.id)
    run(functions, function, "answer", size=200_000)
    (published,) = live.state_of(Notifications).published
    assert len(published.body) < 64 << 10
    assert json.loads(published.body)["response"]["truncated"] is True


def test_a_sync_call_leaves_no_record_and_a_lost_one_is_logged(live: MockOci, functions: LocalFunctions) -> None:
    stream = live.state_of(Streaming).create("good")
    function = functions.deploy(OBEDIENT, name="sync", success_destination=stream.id, failure_destination="nowhere")
    functions.invoke(function.id, b'{"do": "answer"}')
    assert stream.entries() == []
    run(functions, function, "fail", error="ValueError")
    assert any("delivery to failure destination failed due to" in line for line in function.logs())


def test_the_control_plane_shows_the_destinations(live: MockOci, functions: LocalFunctions) -> None:
    stream = live.state_of(Streaming).create("good")
    function = functions.deploy(OBEDIENT, name="shown", success_destination=stream.id)
    found = live.state_of(Functions).find(function.id)
    assert found is not None
    assert (found[0].success_destination, found[0].failure_destination) == (Destination(stream.id), Destination())


def test_a_record_goes_to_the_channel_of_its_destination(live: MockOci, functions: LocalFunctions) -> None:
    queue = live.state_of(Queues).create("ends")
    ends = {f"{outcome}_destination": Destination(queue.id, outcome) for outcome in ("success", "failure")}
    function = functions.deploy(OBEDIENT, name="channels", **ends)
    run(functions, function, "fail", error="ValueError")
    run(functions, function, "answer", text="later")
    messages = live.state_of(Queues).messages(queue.id)
    for outcome in ("success", "failure"):
        (message,) = messages.all(outcome)
        assert json.loads(message.content)["status"] == outcome.upper()


@pytest.mark.parametrize("id_", ["", "ocid1.stream.oc1..s"])
def test_a_channel_of_what_is_no_queue_is_not_deployed(functions: LocalFunctions, id_: str) -> None:
    with pytest.raises(DeployError, match="a channel is of a queue alone"):
        functions.deploy(OBEDIENT, name="wrong", failure_destination=Destination(id_, "c"))


def test_a_schedule_invokes_detached_with_an_empty_body(live: MockOci, functions: LocalFunctions) -> None:
    stream = live.state_of(Streaming).create("good")
    echo = functions.deploy(OBEDIENT.parent / "echo", name="nightly", success_destination=stream.id)
    assert live.state_of(Functions).on_schedule(echo.id).status == 202
    echo.detached_runs[-1].outcome.result(timeout=10)
    (entry,) = stream.entries()
    seen = json.loads(json.loads(entry.value)["response"]["body"])
    assert seen["body"] == ""
    assert (seen["headers"]["fn-invoke-type"], seen["headers"]["oci-subject-type"]) == ("detached", "resource")
