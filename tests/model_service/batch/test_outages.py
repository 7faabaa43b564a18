"""Trouble that passes is no record's fault, what is set up wrongly costs once, and a batch always gains ground."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from typing import Any

import pytest
from tests.model_service.batch.conftest import CHAT, LLAMA, TASK, Place, prompt, tasks_with

from mock_oci.scripts import Step
from mock_oci.services.streaming.state import Streaming
from model_service.batch.pacing import Pauses
from model_service.batch.record import Record
from model_service.dispatch import Dispatch
from model_service.errors import BatchUnfinished, UpstreamUnreachable
from model_service.fn.invocation import Deadline
from model_service.service import Service

QUICK = Pauses(first=0.005, longest=0.02, longest_when_well=0.01, random=lambda: 1.0)


# Trouble that passes


@pytest.mark.parametrize("status", [429, 503, 529])
def test_while_a_model_refuses_all_no_record_becomes_a_dead_letter(place: Place, status: int) -> None:
    """After six tries of each, good records were drained into dead letters."""
    place.oci.script.error(status, path=CHAT, times=24)
    summary = place.run(place.container(pauses=QUICK), *(prompt(number) for number in range(8)), seconds=60)
    assert (summary["delivered"], summary["dead_letters"]) == (8, 0)


@pytest.mark.parametrize("status", [429, 503])
def test_an_outage_that_outlasts_the_batch_leaves_its_records_over(
    place: Place, status: int, lines: list[dict[str, Any]]
) -> None:
    place.oci.script.error(status, path=CHAT, times=10_000)
    container = place.container(pauses=QUICK)
    with pytest.raises(BatchUnfinished, match="Left over of 8 records: 8;"):
        place.run(container, *(prompt(number) for number in range(8)), seconds=2)
    assert place.objects("failed") == {}
    place.oci.script.clear()
    assert place.run(container, *(prompt(number) for number in range(8)))["delivered"] == 8


def test_only_the_record_that_fails_where_others_succeed_is_a_dead_letter(place: Place) -> None:
    place.oci.script.error(500, containing="prompt 3;", times=1000)
    summary = place.run(place.container(pauses=QUICK), *(prompt(number) for number in range(8)))
    assert (summary["delivered"], summary["dead_letters"]) == (7, 1)
    [letter] = place.objects("failed").values()
    assert (letter["error"]["status"], letter["error"]["retryable"], letter["timings"]["tries"]) == (500, True, 6)


def test_a_record_that_fails_alone_is_left_until_others_show_that_it_is_its_own_fault(place: Place) -> None:
    place.oci.script.error(500, containing="prompt 3;", times=1000)
    container = place.container({**tasks_with({**TASK, "timeout": 0.5})}, pauses=QUICK)
    with pytest.raises(BatchUnfinished):
        place.run(container, prompt(3), seconds=3)
    assert place.objects("failed") == {}
    assert place.run(container, prompt(3), prompt(4))["dead_letters"] == 1


def test_an_overflow_bucket_that_is_missing_for_a_moment_costs_no_answer(place: Place) -> None:
    stream = place.oci.state_of(Streaming).create("answers")
    tasks = tasks_with(sinks={"results": {"stream": stream.id}})
    container = place.container(tasks, MODEL_SERVICE_OVERFLOW_BUCKET="large")
    place.oci.script.chat("x" * 1_200_000)
    with pytest.raises(BatchUnfinished):
        place.run(container, prompt(1))
    assert place.objects("failed") == {}
    place.storage.create_bucket("large")
    assert place.run(container, prompt(1))["delivered"] == 1
    assert (len(place.asked), len(stream.entries())) == (1, 1)  # the answer had been kept


def test_records_of_another_model_or_sink_are_not_held_up(place: Place) -> None:
    slow = {**TASK, "name": "slow", "match": {"where": "value.prompt == 'slow'"}}
    other = {**TASK, "name": "other", "request": {**TASK["request"], "model": "xai.grok-4.3"}}
    place.oci.script.error(429, path=CHAT, containing=f'"{LLAMA}"', times=10_000)
    records = [prompt(number, "slow") for number in range(40)] + [prompt(number) for number in range(40, 60)]
    with pytest.raises(BatchUnfinished, match="Left over of 60 records: 40;"):
        place.run(place.container(tasks_with(slow, other), pauses=QUICK), *records, seconds=5)
    assert len(place.objects("results")) == 20


def test_who_is_told_to_wait_waits_and_the_others_go_on(place: Place) -> None:
    """One throttled record stopped all threads."""
    place.oci.script.error(429, containing="prompt 0;", headers={"retry-after": "1"})
    place.run(place.container(), *(prompt(number) for number in range(40)))
    results = place.objects("results")
    assert len(results) == 40
    first, again = (at for at, text in enumerate(place.asked) if text == "prompt 0;")
    assert again - first > 4  # of four threads one would wait, and three go on


# What is set up wrongly


def test_dead_letters_that_cannot_be_written_stop_the_batch_before_more_models_are_asked(place: Place) -> None:
    tasks = tasks_with(sinks={"failed": {"bucket": "nowhere"}})
    place.oci.script.error(404, "BucketNotFound", path=f"/n/{place.storage.namespace}/b/nowhere/o", times=0)
    container = place.container(tasks, concurrency=2)
    with pytest.raises(BatchUnfinished):
        place.run(container, *(prompt(number) for number in range(40)))
    assert len(place.asked) <= 2


class Forbidding:
    """Object Storage that lets read and list, but not create."""

    def __init__(self, place: Place, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
        self.forbids = True
        answer = place.oci._answer

        def forbidding(request: Any, *more: Any) -> Any:
            if self.forbids and request.method == "PUT" and part in request.path:
                from mock_oci import Response

                body = json.dumps({"code": "NotAuthorizedOrNotFound", "message": "no"}).encode()
                return Response(404, {"content-type": "application/json"}, body)
            return answer(request, *more)

        monkeypatch.setattr(place.oci, "_answer", forbidding)


@pytest.mark.parametrize("part", ["results%2F", "failed%2F"])
def test_a_place_that_may_not_be_written_costs_what_was_under_way_and_then_one_record(
    place: Place, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    forbidding = Forbidding(place, monkeypatch, part)
    if part == "failed%2F":
        place.oci.script.error(400, path=CHAT, times=1000)
    container, records = place.container(concurrency=4), [prompt(number) for number in range(40)]
    spent = []
    for _ in range(3):
        with pytest.raises(BatchUnfinished):
            place.run(container, *records)
        spent.append(len(place.asked) - sum(spent))
    assert spent[0] <= 4
    assert spent[1] <= 1
    assert spent[2] <= 1
    forbidding.forbids = False
    place.oci.script.clear()
    assert place.run(container, *records)["delivered"] == 40
    if part == "results%2F":
        assert len(place.asked) == 40  # what had been answered was kept


# Ground that is gained


def test_what_is_done_is_not_looked_up_again_one_by_one(place: Place) -> None:
    records = [prompt(number) for number in range(80)]
    place.run(place.container(concurrency=8), *records)
    before = len(place.oci.requests)
    summary = place.run(place.container(concurrency=8), *records, prompt(999))
    assert (summary["repeated"], summary["delivered"]) == (80, 1)
    assert len(place.oci.requests) - before <= 8  # two listings, the namespace, and the new record


def test_a_bucket_that_may_not_be_listed_is_searched_for_where_the_last_try_stopped(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [prompt(number) for number in range(80)]
    place.run(place.container(concurrency=8), *records[:60])
    listing = f"/n/{place.storage.namespace}/b/results/o"
    place.oci.script.error(404, "NotAuthorizedOrNotFound", path=listing, times=100)
    before, asked = len(place.oci.requests), len(place.asked)
    first = place.run(place.container(concurrency=1), *records)
    assert (first["repeated"], first["delivered"]) == (60, 20)
    sent = [request.path for request in list(place.oci.requests)[before:]]
    until = next(at for at, path in enumerate(sent) if path == CHAT)
    assert until < 40  # requests before the first new record is asked about; all 60 would be 120
    assert len(place.asked) - asked == 20


def test_a_batch_that_is_too_long_for_its_time_ends_all_the_same(place: Place) -> None:
    """It went round for ever where the looking up took all the time."""
    place.oci.script.add(Step(delay=0.05, path=CHAT, times=10_000))
    records = [prompt(number) for number in range(60)]
    tries = place.run_until_done(lambda: place.container(concurrency=2), *records, seconds=1.6)
    assert 1 < tries < 10
    assert len(place.objects("results")) == 60
    assert len(place.asked) <= 60 + 2 * tries


# Time


def endless(place: Place, monkeypatch: pytest.MonkeyPatch, event: threading.Event, *, busy: bool = False) -> None:
    """A record whose work never ends, whatever its deadline says."""
    call = Service.call

    def calling(self: Service, route: Any, request: Any, *rest: Any, **named: Any) -> Any:
        while "prompt 1;" in str(getattr(request, "body", "")) and not event.is_set():
            if not busy:
                time.sleep(0.01)
        return call(self, route, request, *rest, **named)

    monkeypatch.setattr(Service, "call", calling)


@pytest.fixture
def event() -> Any:
    event = threading.Event()
    yield event
    event.set()
    time.sleep(0.1)


@pytest.mark.parametrize("busy", [False, True], ids=["waiting", "busy"])
def test_a_record_whose_work_never_ends_does_not_take_the_batch_with_it(
    place: Place, monkeypatch: pytest.MonkeyPatch, event: threading.Event, busy: bool
) -> None:
    endless(place, monkeypatch, event, busy=busy)
    container = place.container(tasks_with({**TASK, "timeout": 0.5}), concurrency=1)
    summary = place.run(container, *(prompt(number) for number in range(4)), seconds=20)
    assert (summary["delivered"], summary["dead_letters"]) == (3, 1)
    [letter] = place.objects("failed").values()
    assert (letter["error"]["code"], letter["error"]["retryable"]) == ("deadline_exceeded", True)


@pytest.mark.parametrize(("unfinished", "left"), [("retry", 3), ("dead_letter", 0)])
def test_the_batch_answers_in_time_whatever_one_record_does(
    place: Place, monkeypatch: pytest.MonkeyPatch, event: threading.Event, unfinished: str, left: int
) -> None:
    endless(place, monkeypatch, event)
    container = place.container(tasks_with(TASK, unfinished=unfinished), concurrency=1)
    records = [prompt(1), prompt(2), prompt(3)]
    deadline = Deadline.after(4)
    with suppress(BatchUnfinished):
        place.run(container, *records, seconds=4)
    assert deadline.remaining > 0
    assert len(place.objects("failed")) + len(place.objects("results")) >= 3 - left


def test_a_record_may_take_half_of_the_time_of_its_batch(place: Place) -> None:
    place.oci.script.chat("too late", delay=6, containing="prompt 1;")
    container = place.container(concurrency=1)
    summary = place.run(container, prompt(1), prompt(2), seconds=3)
    assert (summary["delivered"], summary["dead_letters"]) == (1, 1)
    [letter] = place.objects("failed").values()
    assert "half of the time of the batch" in letter["error"]["message"]


def test_an_answer_that_comes_after_its_batch_is_kept_and_not_paid_for_again(
    place: Place, monkeypatch: pytest.MonkeyPatch, event: threading.Event
) -> None:
    monkeypatch.setattr("model_service.batch.batch.FAIR_SHARE", 10.0)  # the end of the batch comes first
    endless(place, monkeypatch, event)
    container = place.container()
    with pytest.raises(BatchUnfinished, match="Left over of 2 records: 1;"):
        place.run(container, prompt(1), prompt(2), seconds=3)
    event.set()  # and the answer comes
    summary = place.run(container, prompt(1), prompt(2))
    assert (summary["repeated"], summary["delivered"]) == (1, 1)
    assert place.asked.count("prompt 1;") == 1
    assert place.objects("results").keys() == {prompt(1).id, prompt(2).id}


def test_fewer_threads_than_asked_for_do_the_work(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    start, started = threading.Thread.start, []

    def limited(self: threading.Thread) -> None:
        if self.name == "record":
            if len(started) == 2:
                raise RuntimeError("can't start new thread")
            started.append(self)
        start(self)

    monkeypatch.setattr(threading.Thread, "start", limited)
    assert place.run(place.container(concurrency=8), *(prompt(number) for number in range(20)))["delivered"] == 20
    assert len(started) == 2


def test_without_any_thread_the_work_is_done_all_the_same(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def refused(self: threading.Thread) -> None:
        if self.name == "record":
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert place.run(place.container(), *(prompt(number) for number in range(5)))["delivered"] == 5


# What is no answer


def test_an_answer_without_choices_is_none(place: Place) -> None:
    place.oci.script.raw(b'{"object": "chat.completion", "choices": []}', content_type="application/json", times=1)
    assert place.run(place.container(), prompt(1))["dead_letters"] == 1
    [letter] = place.objects("failed").values()
    assert (letter["error"]["code"], letter["error"]["retryable"]) == ("no_answer", True)
    assert len(place.asked) == 1  # it may have been charged


def test_a_connection_that_breaks_in_the_middle_is_not_tried_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    container: Dispatch = place.container()
    asked = []

    def breaking(self: Service, route: Any, request: Any, *_rest: Any, **_named: Any) -> Any:
        asked.append(request)
        raise UpstreamUnreachable("It broke.", code="connection_lost")

    monkeypatch.setattr(Service, "call", breaking)
    assert place.run(container, prompt(1))["dead_letters"] == 1
    [letter] = place.objects("failed").values()
    assert (letter["error"]["code"], letter["error"]["retryable"], len(asked)) == ("connection_lost", True, 1)


# What leads to no other


def result(**more: Any) -> dict[str, Any]:
    known = {"id": "a", "record": {"source": "queue"}, "task": "prompts", "response": None, "error": None}
    return {"object": "model_service.result", **known, **more}


CAME_BACK = {
    "a result": result(),
    "a dead letter": result(error={"code": "no_task"}, original="SGk="),
    "one that was too large": result(reference={"bucket": "b", "name": "n"}),
    "an event about a result": {
        "cloudEventsVersion": "0.1",
        "eventType": "com.oraclecloud.objectstorage.createobject",
        "eventID": "1",
        "data": {"resourceName": "results/x.json", "additionalDetails": {"bucketName": "results"}},
    },
}


@pytest.mark.parametrize("value", CAME_BACK.values(), ids=CAME_BACK.keys())
@pytest.mark.parametrize("source", ["streaming", "queue", "notifications", "detached"])
def test_no_result_leads_to_another_by_whatever_way_it_comes_back(
    place: Place, source: str, value: dict[str, Any]
) -> None:
    record = Record(source, f"{source}/1", json.dumps({"prompt": "x", **value}).encode())
    assert place.run(place.container(), record)["ignored"] == 1
    assert place.asked == []


def test_what_only_speaks_of_a_result_is_a_record(place: Place) -> None:
    for number, value in enumerate([{"object": "model_service.result"}, {"object": "results/x.json"}]):
        record = Record("queue", f"queue/{number}", json.dumps({"prompt": "x", **value}).encode())
        assert place.run(place.container(), record)["delivered"] == 1


def test_a_record_that_is_no_text_is_let_go_where_the_tasks_say_so(place: Place) -> None:
    asking = {**TASK, "match": {"where": "value.prompt"}}
    container = place.container(tasks_with(asking, {"name": "rest", "ignore": True}))
    records = [Record("streaming", f"streaming/{at}", content) for at, content in enumerate([b"\xff\x00", b"", b"{}"])]
    assert place.run(container, *records)["ignored"] == 3


def test_a_record_without_a_template_cannot_set_a_relay(place: Place) -> None:
    body = {**TASK["request"], "messages": [{"role": "user", "content": "x"}], "relay": {"queue": "q", "channel": "c"}}
    record = Record("queue", "queue/1", json.dumps(body).encode())
    assert place.run(place.container(tasks_with({"name": "all", "sink": "results"})), record)["dead_letters"] == 1
    [letter] = place.objects("failed").values()
    assert (letter["error"]["param"], place.asked) == ("relay", [])


# Names


def test_a_dead_letter_whose_name_is_taken_goes_under_another(place: Place) -> None:
    place.oci.script.error(400)
    place.storage.put("results", f"failed/{prompt(1).id}.json", b"{}")
    container = place.container()
    assert place.run(container, prompt(1))["dead_letters"] == 1
    assert place.run(container, prompt(1))["repeated"] == 1
    [letter] = place.objects("model-service/dead-letters").values()
    assert letter["id"] == prompt(1).id


def test_a_dead_letter_whose_name_would_be_too_long_goes_under_another(place: Place) -> None:
    tasks = tasks_with(sinks={"failed": {"bucket": "results", "name": "f" * 900 + "/{{ id }}.json"}})
    record = Record("streaming", f"streaming/{'x' * 200}/1", b"\xff")
    container = place.container(tasks)
    assert place.run(container, record)["dead_letters"] == 1
    assert place.run(container, record)["repeated"] == 1
    assert list(place.objects("model-service/dead-letters")) == [record.id]


def test_nothing_that_a_record_says_makes_its_dead_letter_too_large(place: Place) -> None:
    stream = place.oci.state_of(Streaming).create("failed")
    tasks = tasks_with({**TASK, "match": {"source": "queue"}}, sinks={"failed": {"stream": stream.id}})
    container = place.container(tasks, MODEL_SERVICE_OVERFLOW_BUCKET="results")
    long = "x" * 1_500_000
    record = Record("streaming", "streaming/1", b"{}", {"type": long, "stream": long})
    assert place.run(container, record)["dead_letters"] == 1
    [letter] = [json.loads(entry.value) for entry in stream.entries()]
    assert letter["error"]["code"] == "no_task"
