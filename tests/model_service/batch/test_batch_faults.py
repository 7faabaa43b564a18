"""A batch under faults: no record is lost, none has two outcomes, and no record can keep its batch from status."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from mock_oci import MockOci
from mock_oci.scripts import Step
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming
from model_service.batch.batch import Batches
from model_service.batch.ledger import MemoryLedger
from model_service.batch.pacing import Pauses
from model_service.batch.record import BatchRequest, Record
from model_service.batch.sinks import Outcome
from model_service.batch.sinks.ledgered import LedgeredSink
from model_service.batch.tasks.tasks import Tasks
from model_service.dispatch import Dispatch
from model_service.errors import (
    BatchUnfinished,
    ModelServiceError,
    SettingsError,
    UpstreamError,
    UpstreamRefused,
    UpstreamUnreachable,
)
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.service import Service
from model_service.settings import Settings
from model_service.upstream.retries import PERSISTENT

CHAT = "/openai/v1/chat/completions"
TASK: dict[str, Any] = {
    "name": "prompts",
    "request": {
        "model": "meta.llama-3.3-70b-instruct",
        "messages": [{"role": "user", "content": "{{ value.prompt }}"}],
    },
    "sink": "results",
}
SINKS: dict[str, Any] = {
    "results": {"bucket": "results", "name": "results/{{ id }}.json"},
    "failed": {"bucket": "results", "name": "failed/{{ id }}.json"},
}
TASKS: dict[str, Any] = {"sinks": SINKS, "dead_letters": "failed", "tasks": [TASK]}


def sinks(**changed: Any) -> dict[str, Any]:
    return {**TASKS, "sinks": {**SINKS, **changed}}


class Site:
    """A local OCI, and containers of the function as they come; ``pauses`` are things that happen where a batch would
    wait."""

    def __init__(self, oci: MockOci, environment: dict[str, str]) -> None:
        self.oci = oci
        self.environment = environment
        self.storage = oci.state_of(ObjectStorage)
        self.storage.create_bucket("results")
        self.pauses: list[Callable[[], None]] = []
        self.containers: list[Dispatch] = []

    def container(self, tasks: Mapping[str, Any] | str = TASKS, concurrency: int = 4, **settings: str) -> Dispatch:
        more = {
            "MODEL_SERVICE_TASKS": tasks if isinstance(tasks, str) else json.dumps(tasks),
            "MODEL_SERVICE_BATCH_CONCURRENCY": str(concurrency),
            "MODEL_SERVICE_OCI_ENDPOINT": self.environment["OCI_GENAI_ENDPOINT"],
        }
        dispatch = Dispatch(Service(Settings.load({**self.environment, **more, **settings})))
        dispatch.answerers["BatchRequest"] = Batches(dispatch.service, dispatch.answer, Pauses(random=self._pause))
        self.containers.append(dispatch)
        return dispatch

    def _pause(self) -> float:
        if self.pauses:
            self.pauses.pop()()
        return 0.0

    def run(self, *records: Record, service: Dispatch | None = None, seconds: float = 30) -> dict[str, Any]:
        service = service or (self.containers[-1] if self.containers else self.container())
        answer = service.call(None, BatchRequest(records), Deadline.after(seconds))
        return answer.completion  # type: ignore[union-attr] # nothing of it streams

    def objects(self, folder: str) -> dict[str, dict[str, Any]]:
        found = self.storage.objects("results")
        return {one.name: json.loads(one.body) for one in found if one.name.startswith(f"{folder}/")}

    def path(self, name: str) -> str:
        return f"/n/{self.storage.namespace}/b/results/o/{name.replace('/', '%2F')}"

    @property
    def asked(self) -> int:
        return sum(request.path == CHAT for request in self.oci.requests)


@pytest.fixture
def site(oci: MockOci, environment: dict[str, str]) -> Iterator[Site]:
    site = Site(oci, environment)
    yield site
    for service in site.containers:
        service.service.close()


def prompt(number: int, **place: Any) -> Record:
    content = json.dumps({"prompt": f"prompt {number}"}).encode()
    return Record("streaming", f"streaming/prompts/0/{number}", content, {"stream": "prompts", **place})


def unreadable(number: int, **place: Any) -> Record:
    return replace(prompt(number, **place), content=b"\xff")


# What a record says


def test_what_a_doorway_knows_of_a_record_can_be_too_large_for_a_message(site: Site) -> None:
    queue = site.oci.state_of(Queues).create()
    service = site.container(sinks(failed={"queue": queue.id}), MODEL_SERVICE_OVERFLOW_BUCKET="results")
    assert site.run(unreadable(1, type="x" * 400_000), service=service)["dead_letters"] == 1
    [message] = site.oci.state_of(Queues).messages(queue.id).all()
    letter = json.loads(message.content)
    assert (letter["id"], letter["record"]) == ("streaming/prompts/0/1", {"source": "streaming"})
    whole = json.loads(site.storage.get("results", letter["reference"]["name"]).body)
    assert whole["record"]["type"] == "x" * 400_000


# What a model says


def test_an_answer_that_cannot_be_written_down_is_a_dead_letter_without_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = site.container(concurrency=1)
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    call = Service.call

    def nesting(self: Service, route: Any, request: Any, *rest: Any) -> Any:
        answer = call(self, route, request, *rest)
        if "prompt 1" in str(getattr(request, "body", "")):
            return replace(answer, completion={"choices": [{}], "usage": {"odd": nested}})  # type: ignore[type-var]
        return answer

    monkeypatch.setattr(Service, "call", nesting)
    summary = site.run(prompt(1), prompt(2), service=service)
    assert (summary["delivered"], summary["dead_letters"]) == (1, 1)
    [letter] = site.objects("failed").values()
    assert (letter["error"]["code"], letter["response"], letter["usage"]) == ("internal_error", None, None)


@pytest.mark.parametrize(
    "usage",
    [None, [], "many", {"total_tokens": 10**4000}, {"total_tokens": None, "x": True, "y": 1.5, "z": -3}, {"a": {}}],
    ids=["none", "a list", "a text", "huge", "mixed", "nested"],
)
def test_usage_of_any_shape_is_kept_and_counted_where_it_counts(site: Site, usage: Any) -> None:
    choices = [{"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}]
    site.oci.script.raw(json.dumps({"choices": choices, "usage": usage}).encode(), content_type="application/json")
    assert site.run(prompt(1))["delivered"] == 1
    [result] = site.objects("results").values()
    assert result["response"]["usage"] == usage


@pytest.mark.parametrize("retry_after", ["3600", "99999999999", "Mon, 01 Jan 99999999999 00:00:00 GMT"])
def test_an_hour_to_wait_ends_the_record_and_holds_up_no_other(site: Site, retry_after: str) -> None:
    site.oci.script.error(429, containing="prompt 1", headers={"retry-after": retry_after}, times=6)
    summary = site.run(prompt(1), prompt(2), prompt(3))
    assert (summary["delivered"], summary["dead_letters"]) == (2, 1)
    [letter] = site.objects("failed").values()
    assert (letter["error"]["status"], letter["error"]["retryable"]) == (429, True)


# Where results go


def test_a_result_that_got_through_unheard_is_its_records_only_outcome(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = site.container()
    put_once = service.service.object_storage.put_once

    def unheard(place: Any, content: bytes, *arguments: Any, **over: Any) -> Any:
        version = put_once(place, content, *arguments, **over)
        if place.name.startswith("results/"):
            raise UpstreamUnreachable("It broke.", code="connection_lost")
        return version

    monkeypatch.setattr(service.service.object_storage, "put_once", unheard)
    assert site.run(prompt(1), service=service, seconds=3)["repeated"] == 1
    assert len(site.objects("results")) == 1
    assert site.objects("failed") == {}


def test_a_message_is_not_taken_for_delivered_because_the_ledger_forgot_it() -> None:
    class MessagePublisher:
        largest, seconds = 1000, 5.0
        published: list[bytes] = []  # noqa: RUF012 - one publisher, one test
        failures: list[ModelServiceError] = [UpstreamError("busy", status=503)]  # noqa: RUF012 - as above

        def header(self, record: str, view: Mapping[str, Any]) -> str:
            return record

        def publish(self, header: str, body: bytes, deadline: Deadline) -> None:
            if self.failures:
                raise self.failures.pop()
            self.published.append(body)

    ledger, publisher = MemoryLedger(), MessagePublisher()
    retries = replace(PERSISTENT, sleep=lambda seconds: ledger._entries.clear())
    sink = LedgeredSink("answers", publisher, ledger, retries)
    assert sink.deliver(Outcome("r", {}, b"{}"), Deadline.after(30))
    assert publisher.published == [b"{}"]


def test_the_sink_of_results_may_be_that_of_dead_letters_too(site: Site) -> None:
    stream = site.oci.state_of(Streaming).create("answers")
    path = f"/20180418/streams/{stream.id}/messages"
    site.oci.script.error(400, "InvalidParameter", path=path, times=1)
    service = site.container(
        {**TASKS, "sinks": {"all": {"stream": stream.id}}, "dead_letters": "all"}
        | {"tasks": [{**TASK, "sink": "all"}]},
        MODEL_SERVICE_OVERFLOW_BUCKET="results",
    )
    assert site.run(prompt(1), service=service)["dead_letters"] == 1
    assert site.run(prompt(1), service=service)["repeated"] == 1
    [letter] = [json.loads(entry.value) for entry in stream.entries()]
    assert letter["error"]["status"] == 400
    assert letter["response"]["choices"]


def test_passing_trouble_with_the_overflow_bucket_costs_no_result(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = site.oci.state_of(Queues).create()
    service = site.container(sinks(results={"queue": queue.id}), MODEL_SERVICE_OVERFLOW_BUCKET="results")
    put, failures = service.service.object_storage.put, [UpstreamError("busy", status=503)]

    def failing(*arguments: Any) -> None:
        if failures:
            raise failures.pop()
        put(*arguments)

    monkeypatch.setattr(service.service.object_storage, "put", failing)
    site.oci.script.chat("x" * 300_000)
    assert site.run(prompt(1), service=service)["delivered"] == 1


def test_who_fails_after_another_container_delivered_leaves_no_dead_letter(site: Site) -> None:
    first, other = site.container(), site.container()
    site.oci.script.error(429)

    def meanwhile() -> None:
        assert site.run(prompt(1), service=other)["delivered"] == 1
        site.oci.script.error(400)

    site.pauses.append(meanwhile)
    assert site.run(prompt(1), service=first)["repeated"] == 1
    assert site.objects("failed") == {}


def test_a_bucket_that_vanishes_and_comes_back_costs_no_record(site: Site) -> None:
    service = site.container()
    site.run(prompt(0), service=service)
    for item in site.storage.objects("results"):
        site.storage.delete("results", item.name)
    site.storage.delete_bucket("results")
    with pytest.raises(BatchUnfinished):
        site.run(prompt(1), prompt(2), service=service)
    assert site.asked == 1
    site.storage.create_bucket("results")
    assert site.run(prompt(1), prompt(2), service=service)["delivered"] == 2


def test_a_namespace_that_is_none_is_not_remembered(site: Site) -> None:
    site.oci.script.raw(b"null", content_type="application/json", path="/n")
    service = site.container()
    assert site.run(prompt(1), service=service)["delivered"] == 1
    assert len(site.objects("results")) == 1


# What is read


def event(name: str) -> Record:
    place = {"bucket": "results", "object": name}
    return Record("events", f"events/{name}", b"{}", place)


READING: dict[str, Any] = {
    **TASKS,
    "tasks": [
        {
            **TASK,
            "match": {"bucket": "results"},
            "read": {"as": "text"},
            "request": {**TASK["request"], "messages": [{"role": "user", "content": "{{ content }}"}]},
        }
    ],
}


def test_passing_trouble_with_the_object_of_an_event_passes(site: Site) -> None:
    site.storage.put("results", "in.txt", b"Dear all")
    site.oci.script.error(503, path=site.path("in.txt"))
    assert site.run(event("in.txt"), service=site.container(READING))["delivered"] == 1


def test_a_record_with_an_object_gets_another_chance_where_there_was_no_time(site: Site) -> None:
    for name in ("one.txt", "two.txt"):
        site.storage.put("results", name, name.encode())
    site.oci.script.chat("too late", delay=2.5, times=2)
    service = site.container(READING, concurrency=1)
    with pytest.raises(BatchUnfinished):
        site.run(event("one.txt"), event("two.txt"), service=service, seconds=2)
    assert [letter["id"] for letter in site.objects("failed").values()] == ["events/one.txt"]
    summary = site.run(event("one.txt"), event("two.txt"), service=service)
    assert (summary["repeated"], summary["delivered"]) == (1, 1)


# Time


def test_the_time_of_a_record_is_not_spent_on_looking_it_up(site: Site) -> None:
    site.oci.script.add(Step(delay=1.7, path=site.path("results/streaming/prompts/0/1.json")))
    service = site.container({**TASKS, "tasks": [{**TASK, "timeout": 1.5}]})
    assert site.run(prompt(1), service=service)["delivered"] == 1


def test_when_the_time_is_over_nothing_is_looked_at_any_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    task_for = Tasks.task_for

    def looking(self: Tasks, view: Mapping[str, Any]) -> Any:
        looked.append(view["id"])
        return task_for(self, view)

    monkeypatch.setattr(Tasks, "task_for", looking)
    site.oci.script.add(Step(delay=3, path=site.path("").removesuffix("/")))
    service = site.container(concurrency=1)
    with pytest.raises(BatchUnfinished, match="Left over of 100 records: 100;"):
        site.run(*(prompt(number) for number in range(100)), service=service, seconds=2.5)
    assert len(looked) <= 1


# Threads and containers


def test_native_models_are_asked_by_many_threads_at_once(site: Site) -> None:
    task = {**TASK, "request": {**TASK["request"], "model": "cohere.command-a-03-2025"}}
    service = site.container({**TASKS, "tasks": [task]}, concurrency=16)
    assert site.run(*(prompt(number) for number in range(48)), service=service)["delivered"] == 48


def test_a_tasks_file_that_could_not_be_read_is_read_again(site: Site) -> None:
    site.oci.script.error(503, path=site.path("tasks.json"))
    service = site.container("oci://results/tasks.json")
    with pytest.raises(UpstreamError):
        site.run(prompt(1), service=service)
    with pytest.raises(SettingsError):
        site.run(prompt(1), service=service)
    site.storage.put("results", "tasks.json", json.dumps(TASKS).encode())
    assert site.run(prompt(1), service=service)["delivered"] == 1


def test_a_bug_in_one_record_is_told_and_takes_no_other_with_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that strikes while the failure is written down; then the batch comes again."""
    service = site.container(concurrency=1)
    put_once = service.service.object_storage.put_once

    def failing(place: Any, *arguments: Any, **over: Any) -> Any:
        if place.name.endswith("/1.json"):
            raise OverflowError("a bug")
        return put_once(place, *arguments, **over)

    monkeypatch.setattr(service.service.object_storage, "put_once", failing)
    lines: list[str] = []
    monkeypatch.setattr(log, "write_bug", lambda bug: lines.append(type(bug).__name__))
    with pytest.raises(BatchUnfinished):
        site.run(prompt(1), prompt(2), service=service)
    assert list(site.objects("results")) == ["results/streaming/prompts/0/2.json"]
    assert set(lines) == {"OverflowError"}


def test_a_refused_key_makes_the_batch_come_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    service = site.container()

    def refuse(*_: Any, **__: Any) -> Any:
        raise UpstreamRefused("no", status=401)

    with monkeypatch.context() as patch:
        patch.setattr(service.service.object_storage, "find", refuse)
        patch.setattr(service.service.object_storage, "put_once", refuse)
        with pytest.raises(BatchUnfinished):
            site.run(prompt(1), service=service)
    assert site.run(prompt(1), service=service)["delivered"] == 1


def test_a_key_that_a_model_does_not_know_is_not_the_records_fault(site: Site) -> None:
    site.oci.script.error(401, "NotAuthenticated", containing="prompt 1")
    with pytest.raises(BatchUnfinished, match="model: NotAuthenticated"):
        site.run(prompt(1), prompt(2))
    assert site.objects("failed") == {}
    site.run(prompt(1), prompt(2))
    assert len(site.objects("results")) == 2
