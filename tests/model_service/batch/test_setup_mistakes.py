"""What is set up wrongly: nothing is drained into dead letters, the log says what it is, and then all goes well."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming
from model_service.batch.record import BatchRequest, Record
from model_service.batch.sinks import ledgered
from model_service.batch.tasks.file import read_tasks
from model_service.dispatch import Dispatch
from model_service.doctor.checks import Check, examine
from model_service.errors import BatchUnfinished, SettingsError
from model_service.fn.invocation import Deadline
from model_service.openai_api.operations import DoctorRequest
from model_service.service import Service
from model_service.settings import Settings

LLAMA = "meta.llama-3.3-70b-instruct"
REQUEST = {"model": LLAMA, "messages": [{"role": "user", "content": "{{ text }}"}]}
CHAT = "/openai/v1/chat/completions"


def tasks(result: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    task = {"name": "all", "request": REQUEST, "sink": "results", **more}
    sinks = {"results": result or {"bucket": "results"}, "failed": {"bucket": "failed"}}
    return {"sinks": sinks, "dead_letters": "failed", "tasks": [task]}


class Site:
    def __init__(self, oci: MockOci, environment: dict[str, str]) -> None:
        self.oci = oci
        self.environment = environment
        self.storage = oci.state_of(ObjectStorage)
        self.storage.create_bucket("failed")
        self.service: Service | None = None

    def settings(self, said: dict[str, Any]) -> Settings:
        place = {"MODEL_SERVICE_OCI_ENDPOINT": self.environment["OCI_GENAI_ENDPOINT"]}
        return Settings.load({**self.environment, **place, "MODEL_SERVICE_TASKS": json.dumps(said)})

    def run(self, said: dict[str, Any], *records: Record) -> dict[str, Any]:
        """In the container that there is, or in a first one."""
        if self.service is None:
            self.service = Service(self.settings(said))
            self.dispatch = Dispatch(self.service)
        answer = self.dispatch.answer(BatchRequest(records), Deadline.after(30))
        return answer.completion  # type: ignore[union-attr]

    @property
    def asked(self) -> int:
        return sum(request.path == CHAT for request in self.oci.requests)

    def doctor(self, said: dict[str, Any]) -> Check:
        with closing(Service(self.settings(said))) as service:
            report = examine(service, Dispatch(service).answer, DoctorRequest(), Deadline.after(30))
        return next(check for check in report.checks if check.name == "tasks")


@pytest.fixture
def site(oci: MockOci, environment: dict[str, str]) -> Iterator[Site]:
    site = Site(oci, environment)
    yield site
    if site.service is not None:
        site.service.close()


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """The lines of the log."""
    kept: list[dict[str, Any]] = []
    handler = logging.Handler()
    handler.emit = lambda record: kept.append(json.loads(record.getMessage()))  # type: ignore[method-assign]
    logger = logging.getLogger("model_service")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield kept
    logger.removeHandler(handler)
    logger.setLevel(level)


def records(count: int = 3) -> list[Record]:
    return [Record("streaming", f"streaming/a/0/{number}", b"Hello") for number in range(count)]


def test_a_bucket_that_is_missing_drains_nothing_and_costs_nothing(site: Site, lines: list[dict[str, Any]]) -> None:
    with pytest.raises(BatchUnfinished, match="results: BucketNotFound"):
        site.run(tasks(), *records())
    assert site.asked == 0
    assert site.storage.objects("failed") == ()
    [left] = [line for line in lines if line["event"] == "record_left"]
    assert (left["where"], left["error"], left["status"]) == ("results", "BucketNotFound", 404)
    site.storage.create_bucket("results")
    assert site.run(tasks(), *records())["delivered"] == 3


@pytest.mark.parametrize("kind", ["stream", "queue"])
def test_a_stream_or_queue_that_is_missing_is_paid_for_once_at_most(
    site: Site, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgered, "LONGER_SECONDS", -60)  # nobody else has the record in hand
    said = tasks({kind: f"ocid1.{kind}.oc1..gone"})
    for _ in range(3):
        with pytest.raises(BatchUnfinished, match="results: "):
            site.run(said, *records(1))
    assert site.asked == 1
    assert site.storage.objects("failed") == ()


def test_when_one_record_shows_it_the_others_are_not_paid_for(site: Site) -> None:
    with pytest.raises(BatchUnfinished):
        site.run(tasks({"stream": "ocid1.stream.oc1..gone"}), *records(100))
    assert site.asked <= 8  # those that were under way


@pytest.mark.parametrize("change", [{"model": "meta.lama-9"}, {"compartment_id": "ocid1.compartment.oc1..gone"}])
def test_a_model_that_a_task_names_and_that_is_missing_is_no_records_fault(
    site: Site, change: dict[str, str], lines: list[dict[str, Any]]
) -> None:
    site.storage.create_bucket("results")
    site.oci.script.error(404, "NotAuthorizedOrNotFound", "my words", times=8)
    with pytest.raises(BatchUnfinished, match="model: NotAuthorizedOrNotFound"):
        site.run(tasks(request={**REQUEST, **change}), *records())
    assert site.storage.objects("failed") == ()
    assert "my words" not in json.dumps(lines)  # what the model's surface says may quote a prompt


def test_a_model_that_a_record_names_and_that_is_missing_is_that_records_fault(site: Site) -> None:
    site.storage.create_bucket("results")
    site.oci.script.error(404, "NotAuthorizedOrNotFound")
    said = tasks(request={**REQUEST, "model": "{{ text }}"})
    assert site.run(said, Record("queue", "queue/1", b"meta.lama-9"))["dead_letters"] == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"model": "my secret wish"},
        {"model": "cohere.command-a-03-2025", "my secret field": 1},
        {"n": "my secret number", "messages": "my secret words"},
    ],
)
def test_what_a_record_says_where_it_should_not_is_not_logged(
    site: Site, lines: list[dict[str, Any]], odd: dict[str, Any]
) -> None:
    site.storage.create_bucket("results")
    said = {**tasks(), "tasks": [{"name": "requests", "sink": "results"}]}
    assert site.run(said, Record("queue", "queue/1", json.dumps({**REQUEST, **odd}).encode()))["dead_letters"] == 1
    assert "secret" not in json.dumps(lines)


def event(name: str, number: int = 1, bucket: str = "inbox") -> Record:
    place = {"type": "com.oraclecloud.objectstorage.createobject", "bucket": bucket, "object": name}
    return Record("events", f"events/{number}", b"{}", {**place, "namespace": "mine"})


def test_a_source_bucket_that_may_not_be_read_drains_nothing(site: Site) -> None:
    site.storage.create_bucket("results")
    said = tasks(match={"bucket": "inbox"}, read={"as": "text"}, request={**REQUEST, "user": "{{ content }}"})
    with pytest.raises(BatchUnfinished, match="read: BucketNotFound"):
        site.run(said, event("a.txt"))
    site.storage.create_bucket("inbox")
    assert site.run(said, event("a.txt"))["dead_letters"] == 1  # an object that is gone is its record's


def test_results_make_no_results(site: Site) -> None:
    site.storage.create_bucket("results")
    sinks = {"results": {"bucket": "inbox", "name": "out/{{ id }}.json"}, "failed": {"bucket": "failed"}}
    said = {**tasks(match={"source": "events"}), "sinks": sinks, "ledger": {"bucket": "inbox"}}
    names = ["out/events/1.json", "model-service/ledger/results/a.json"]
    own = [event(name, number) for number, name in enumerate(names)] + [event("any.json", 9, "failed")]
    assert site.run(said, *own)["ignored"] == 3
    assert site.asked == 0


@pytest.mark.parametrize(
    ("name", "prefix"),
    [("{{ id }}.json", None), ("{{ id }}.json", "in/"), ("out/{{ id }}", "out/"), ("o{{ id }}", "out")],
)
def test_a_task_for_what_the_tasks_themselves_write_is_refused(name: str, prefix: str | None) -> None:
    match = {"bucket": "inbox", **({"prefix": prefix} if prefix else {})}
    said = tasks({"bucket": "inbox", "name": name}, match=match)
    with pytest.raises(SettingsError, match="give its name a folder"):
        read_tasks(json.dumps(said), "tasks.json")
    apart = tasks({"bucket": "inbox", "name": "out/{{ id }}"}, match={"bucket": "inbox", "prefix": "in/"})
    assert read_tasks(json.dumps(apart), "tasks.json").tasks


def test_the_doctor_finds_what_is_missing(site: Site) -> None:
    stream, queue = site.oci.state_of(Streaming).create("s"), site.oci.state_of(Queues).create()
    missing = ({"bucket": "results"}, {"stream": f"{stream.id}x"}, {"queue": f"{queue.id}x"})
    for place in missing:
        found = site.doctor(tasks(place))
        assert found.verdict == "fail"
        assert found.detail.startswith("the sink results: ")
    assert site.doctor({**tasks({"stream": stream.id}), "ledger": {"bucket": "gone"}}).detail.startswith("the ledger: ")
    site.storage.create_bucket("results")
    for place in ({"bucket": "results"}, {"stream": stream.id}, {"queue": queue.id}):
        assert site.doctor(tasks(place)).verdict == "ok"


def test_a_record_that_takes_longer_than_its_task_allows_is_told_so(site: Site) -> None:
    site.storage.create_bucket("results")
    site.oci.script.chat("late", stall_after=0)
    assert site.run(tasks(timeout=0.5), *records(1))["dead_letters"] == 1
    [letter] = site.storage.objects("failed")
    assert json.loads(letter.body)["error"]["message"] == "OCI did not answer within the 0.5 s of the task."
