"""Every way in, on its whole way: what OCI's services send, through the function under its real FDK, to a result."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mock_oci import LoopbackServer, MockOci
from mock_oci.fn.functions import DETACHED, LocalFunctions
from mock_oci.fn.local_function import LocalFunction
from mock_oci.services.connector_hub import ConnectorHub
from mock_oci.services.connector_hub.batches import from_queue, to_function
from mock_oci.services.connector_hub.feeds import Logs, Metrics
from mock_oci.services.events import Events
from mock_oci.services.functions import Functions
from mock_oci.services.notifications import Notifications
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming

ROOT = Path(__file__).resolve().parents[2]
CHAT = "/openai/v1/chat/completions"
TASKS = """
sinks:
  results: {bucket: results, name: "results/{{ id }}.json"}
  failed: {bucket: results, name: "failed/{{ id }}.json"}
dead_letters: failed
tasks:
  - name: files
    match: {type: com.oraclecloud.objectstorage.*object, bucket: inbox, prefix: in/}
    read: {as: text}
    request: {model: meta.llama-3.3-70b-instruct, messages: [{role: user, content: "File {{ object }}: {{ content }}"}]}
    sink: results
  - {name: other-files, match: {source: events}, ignore: true}
  - name: nightly
    match: {source: schedule}
    request: {model: meta.llama-3.3-70b-instruct, messages: [{role: user, content: "What happened today?"}]}
    sink: results
  - name: jobs
    match: {source: detached, where: value.job}
    request: {model: meta.llama-3.3-70b-instruct, messages: [{role: user, content: "Job {{ value.job }}"}]}
    sink: results
"""
OTHERS = """
  - name: {source}
    match: {{source: {source}}}
    request: {{model: meta.llama-3.3-70b-instruct, messages: [{{role: user, content: "{source} {{{{ text }}}}"}}]}}
    sink: results
"""
CALL = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hello"}]}


@dataclass
class ObjectLocation:
    """One function with its tasks, kept up for all tests here; what is in the bucket is each test's own."""

    oci: MockOci
    functions: LocalFunctions
    function: LocalFunction
    url: str

    def results(self, folder: str, source: str) -> list[dict[str, Any]]:
        """Of one source; they are taken away."""
        storage, prefix = self.oci.state_of(ObjectStorage), f"{folder}/{source}/"
        found = [item for item in storage.objects("results") if item.name.startswith(prefix)]
        for item in found:
            storage.delete("results", item.name)
        return [json.loads(item.body) for item in found]

    def asked(self) -> list[str]:
        requests = [json.loads(request.body) for request in self.oci.requests if request.path == CHAT]
        self.oci.requests.clear()
        return [request["messages"][0]["content"] for request in requests]


@pytest.fixture(scope="module")
def kept() -> Iterator[ObjectLocation]:
    oci = MockOci()
    for bucket in ("results", "inbox"):
        oci.state_of(ObjectStorage).create_bucket(bucket, object_events=bucket == "inbox")
    said = TASKS + "".join(OTHERS.format(source=one) for one in ("notifications", "queue", "logging", "monitoring"))
    failures = oci.state_of(Streaming).create("failures")
    with LoopbackServer(oci.answer) as server, LocalFunctions(oci, server.url) as functions:
        config = {"MODEL_SERVICE_TASKS": said, "MODEL_SERVICE_OCI_ENDPOINT": server.url}
        function = functions.deploy(
            ROOT, name="ways-in", config=config, success_destination=failures.id, failure_destination=failures.id
        )
        yield ObjectLocation(oci, functions, function, server.url)


@pytest.fixture
def place(kept: ObjectLocation) -> ObjectLocation:
    kept.oci.requests.clear()
    kept.oci.script.clear()
    return kept


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_file_that_is_uploaded_is_read_and_asked_about(place: ObjectLocation, version: str) -> None:
    events, storage = place.oci.state_of(Events), place.oci.state_of(ObjectStorage)
    storage.event_version = version
    rule = events.create(
        "files",
        json.dumps({"eventType": "com.oraclecloud.objectstorage.*"}),
        [events.action("FAAS", place.function.id)],
    )
    storage.put("inbox", f"in/a letter {version}.txt", b"Dear all")
    storage.put("inbox", f"out/{version}.txt", b"not for us")
    assert [delivery.status for delivery in events.pump()] == [200, 200]
    [result] = place.results("results", "events")
    assert result["record"]["object"] == f"in/a letter {version}.txt"
    assert place.asked() == [f"File in/a letter {version}.txt: Dear all"]
    assert place.results("failed", "events") == []
    events.delete(rule.id)


def test_an_event_that_comes_directly_and_through_a_topic_is_asked_about_once(place: ObjectLocation) -> None:
    events, notifications = place.oci.state_of(Events), place.oci.state_of(Notifications)
    topic = notifications.create_topic("files")
    notifications.subscribe(topic, "ORACLE_FUNCTIONS", place.function.id)
    actions = [events.action("FAAS", place.function.id), events.action("ONS", topic.id)]
    rule = events.create("both", json.dumps({"eventType": "com.oraclecloud.objectstorage.createobject"}), actions)
    place.oci.state_of(ObjectStorage).put("inbox", "in/once.txt", b"Hello")
    assert {delivery.status for delivery in events.pump()} == {200, 202}
    assert [delivery.status for delivery in notifications.deliveries] == [200]
    assert len(place.results("results", "events")) == 1
    assert place.asked() == ["File in/once.txt: Hello"]
    events.delete(rule.id)


@pytest.mark.parametrize("body", ["It is hot.", '{"text": "It is hot."}', "[1, 2]"])
def test_a_message_of_a_topic_is_asked_about(place: ObjectLocation, body: str) -> None:
    notifications = place.oci.state_of(Notifications)
    topic = notifications.create_topic(f"bell {body}")
    notifications.subscribe(topic, "ORACLE_FUNCTIONS", place.function.id)
    message = notifications.publish(topic, body)
    [result] = place.results("results", "notifications")
    assert result["record"]["message_id"] == message.id
    assert place.asked() == [f"notifications {body}"]


def test_a_message_that_cannot_be_dealt_with_now_comes_again(place: ObjectLocation) -> None:
    notifications = place.oci.state_of(Notifications)
    topic = notifications.create_topic("again")
    notifications.subscribe(topic, "ORACLE_FUNCTIONS", place.function.id)
    place.oci.deny(place.function.id)  # nothing can be looked up, and nothing written down
    notifications.publish(topic, "Hello")
    assert notifications.deliveries[-1].status == 502
    place.oci.allow(place.function.id)
    assert notifications.retry() == 1
    assert len(place.results("results", "notifications")) == 1


def test_a_subscription_is_confirmed_and_no_model_asked(place: ObjectLocation) -> None:
    notifications = place.oci.state_of(Notifications)
    topic = notifications.create_topic("new")
    subscription = notifications.subscribe(
        topic, "ORACLE_FUNCTIONS", place.function.id, confirmed=False, base_url=place.url
    )
    found = notifications.subscriptions.find(subscription.id)
    assert found is not None
    assert found.state == "ACTIVE"
    assert place.asked() == []


def test_a_queue_whose_batch_is_no_json_because_of_one_message_has_the_others_answered(place: ObjectLocation) -> None:
    queues, hub = place.oci.state_of(Queues), place.oci.state_of(ConnectorHub)
    queue = queues.create()
    for content in ('"one"', "plain, text", '{"n": 3}'):
        queues.messages(queue.id).put(content)
    connector = hub.create("queue", from_queue(queue.id), to_function(place.function.id))
    run = connector.pump()
    assert run is not None
    assert (run.status, run.records) == (200, 3)
    assert sorted(place.asked()) == ['queue "one"', 'queue {"n": 3}']
    [letter] = place.results("failed", "queue")
    assert base64.b64decode(letter["original"]) == b"plain, text"
    assert "quotes" in letter["error"]["hint"]
    assert queues.messages(queue.id).all() == ()
    assert len(place.results("results", "queue")) == 2
    hub.delete(connector.id)


def test_log_entries_and_metrics_are_asked_about(place: ObjectLocation) -> None:
    hub, compartment = place.oci.state_of(ConnectorHub), place.oci.tenancy.compartment_id
    entry = place.oci.state_of(Logs).add("before")
    group = {"compartmentId": compartment, "logGroupId": entry["oracle"]["loggroupid"]}
    source = {"kind": "logging", "logSources": [group]}
    chosen = {"kind": "selected", "namespaces": [{"namespace": "oci_faas", "metrics": {"kind": "all"}}]}
    metrics = {"kind": "monitoring", "monitoringSources": [{"compartmentId": compartment, "namespaceDetails": chosen}]}
    connectors = [hub.create("any", one, to_function(place.function.id)) for one in (source, metrics)]
    place.oci.state_of(Logs).add("the disk is full")
    place.oci.state_of(Metrics).add("oci_faas", "FunctionInvocationCount", 3)
    for connector in connectors:
        run = connector.pump()
        assert run is not None
        assert run.status == 200
        hub.delete(connector.id)
    asked = sorted(place.asked())
    assert asked[0].startswith("logging ")
    assert "the disk is full" in asked[0]
    assert asked[1].startswith("monitoring ")
    assert [len(place.results("results", source)) for source in ("logging", "monitoring")] == [1, 1]


def test_a_schedule_asks_its_question(place: ObjectLocation) -> None:
    response = place.oci.state_of(Functions).on_schedule(place.function.id)
    assert response.status == 202
    place.function.detached_runs[-1].outcome.result(20)
    assert place.asked() == ["What happened today?"]
    assert len(place.results("results", "schedule")) == 1


def detached(place: ObjectLocation, body: Any) -> dict[str, Any]:
    """The record that a detached call leaves at its destination."""
    stream = next(one for one in place.oci.state_of(Streaming).all() if one.name == "failures")
    before = len(stream.entries())
    place.functions.invoke(place.function.id, json.dumps(body).encode(), invoke_type=DETACHED)
    place.function.detached_runs[-1].outcome.result(20)
    [entry] = stream.entries()[before:]
    record: dict[str, Any] = json.loads(entry.value)
    return record


def test_a_detached_call_that_a_task_asks_for_has_a_result(place: ObjectLocation) -> None:
    detached(place, {"job": 7})
    assert place.asked() == ["Job 7"]
    assert len(place.results("results", "detached")) == 1


def test_a_detached_call_that_no_task_asks_for_is_answered_for_its_destination(place: ObjectLocation) -> None:
    record = detached(place, CALL)
    assert "chat.completion" in json.dumps(record)
    assert place.results("results", "detached") == place.results("failed", "detached") == []


def test_a_detached_call_that_fails_is_a_failure_for_the_platform(place: ObjectLocation) -> None:
    record = detached(place, {"model": "meta.llama-3.3-70b-instruct"})
    assert "FunctionInvokeExecutionFailed" in json.dumps(record)
