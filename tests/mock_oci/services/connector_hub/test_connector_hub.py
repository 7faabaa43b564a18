from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from typing import Any

import oci as sdk
import pytest

from mock_oci import MockOci
from mock_oci.operations import Refused
from mock_oci.services.connector_hub import (
    Connector,
    ConnectorHub,
    Logs,
    Metrics,
    Run,
    from_queue,
    from_stream,
    to_function,
)
from mock_oci.services.queues import Messages, Queues, Settings
from mock_oci.services.streaming import Stream, Streaming

Models = sdk.sch.models
MB = 1024 * 1024


@pytest.fixture
def hub(oci: MockOci) -> ConnectorHub:
    return oci.state_of(ConnectorHub)


@pytest.fixture
def stream(oci: MockOci) -> Stream:
    return oci.state_of(Streaming).create("prompts")


@pytest.fixture
def connect(hub: ConnectorHub, stream: Stream, function: Any) -> Callable[..., Connector]:
    """A connector from the stream's oldest message on; keywords are those of ``to_function``."""

    def make(cursor: str = "TRIM_HORIZON", **limits: Any) -> Connector:
        return hub.create("prompts", from_stream(stream.id, cursor), to_function(function.id, **limits))

    return make


def put(stream: Stream, *values: str, key: bytes | None = None) -> None:
    stream.put([(key, value.encode()) for value in values])


def values(body: bytes) -> list[str]:
    return [base64.b64decode(entry["value"]).decode() for entry in json.loads(body)]


def statuses(runs: Any) -> list[tuple[int, int, int]]:
    return [(run.records, run.attempt, run.status) for run in runs]


def test_a_streams_messages_reach_the_function_as_documented(
    hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector], function: Any, clock: Any
) -> None:
    connector = connect()
    stream.put([(None, b"Sent a plain message"), (b"k", b"\xff")])
    clock.now += 0.25
    (run,) = hub.pump()
    assert json.loads(function.bodies[0]) == [
        {
            "stream": "prompts",
            "partition": "0",
            "key": None,
            "value": "U2VudCBhIHBsYWluIG1lc3NhZ2U=",
            "offset": 0,
            "timestamp": 1_790_000_000_000,
        },
        {
            "stream": "prompts",
            "partition": "0",
            "key": "aw==",
            "value": "/w==",
            "offset": 1,
            "timestamp": 1790000000000,
        },
    ]
    assert function.headers == [{"content-type": "application/json"}]
    caller = function.callers[0]
    assert (caller.subject_id, caller.subject_type) == (connector.id, "resource")
    assert run == Run(2, len(function.bodies[0]), 1, 200, "", clock.now, clock.now)
    assert connector.runs == (run,)


def test_timestamps_can_be_iso_as_older_captures_have_them(
    hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector], function: Any
) -> None:
    hub.style.iso_timestamps = True
    connect()
    put(stream, "a")
    hub.pump()
    assert json.loads(function.bodies[0])[0]["timestamp"] == "2026-09-21T14:13:20.000Z"


def test_a_batch_goes_when_it_is_full_or_when_its_time_is_up(
    hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector], function: Any, clock: Any
) -> None:
    connect(number=3, seconds=10)
    put(stream, *"abcd")
    assert [run.records for run in hub.pump()] == [3]
    assert hub.pump() == ()
    clock.now += 9.9
    assert hub.pump() == ()
    clock.now += 0.1
    assert [run.records for run in hub.pump()] == [1]
    assert [values(body) for body in function.bodies] == [["a", "b", "c"], ["d"]]
    assert hub.pump() == ()


def test_a_batch_can_be_full_by_its_size_and_never_exceeds_6_mb(
    hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector], function: Any
) -> None:
    connector = connect(kbs=1, seconds=60)
    put(stream, *["x" * 300] * 3)
    (run,) = hub.pump()
    assert (run.records, run.size <= 1024) == (2, True)
    connector.configure({"target": to_function(function.id)})
    put(stream, *["y" * MB] * 6)
    runs = [*hub.pump(), *hub.pump()]
    assert [run.records for run in runs] == [5, 2]
    assert all(len(body) <= 6 * MB for body in function.bodies)
    assert sum(len(values(body)) for body in function.bodies) == 9


def test_a_record_that_alone_is_too_large_is_a_batch_of_its_own(
    hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector]
) -> None:
    connect(kbs=1)
    put(stream, "x" * 2000, "y")
    assert [run.records for run in (*hub.pump(), *hub.pump())] == [1, 1]


@pytest.mark.parametrize("status", [502, 504, 503, 429, 404])
def test_a_failed_batch_is_sent_again_from_the_same_place_and_later_each_time(
    hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector], function: Any, clock: Any, status: int
) -> None:
    connector = connect(number=2)
    put(stream, *"abc")
    function.statuses = [status, status]
    assert statuses(hub.pump()) == [(2, 1, status)]
    assert hub.pump() == ()
    clock.now += 1
    assert statuses(hub.pump()) == [(2, 2, status)]
    clock.now += 1
    assert hub.pump() == ()
    clock.now += 1
    assert statuses(hub.pump()) == [(2, 3, 200)]
    assert statuses(hub.pump()) == [(1, 1, 200)]
    assert [values(body) for body in function.bodies] == [["a", "b"]] * 3 + [["c"]]
    assert [run.code for run in connector.runs] == ["AsTold", "AsTold", "", ""]


def test_the_backoff_is_anybodys_to_choose(
    hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector], function: Any
) -> None:
    hub.backoff = lambda failures: 0.0
    connect()
    put(stream, "a")
    function.statuses = [502] * 10
    assert [hub.pump()[0].attempt for _ in range(11)] == [*range(1, 12)]
    assert hub.pump() == ()


def test_what_fails_for_a_week_is_deactivated_and_goes_on_when_it_is_activated(
    hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector], function: Any, clock: Any
) -> None:
    connector = connect()
    put(stream, "a")
    function.statuses = [502] * 2
    hub.pump()
    clock.now += 7 * 86_400
    put(stream, "b")  # the first is gone by then: a stream keeps a message for a day
    hub.pump()
    assert (connector.state, "502 AsTold" in connector.state_details) == ("INACTIVE", True)
    clock.now += 3600
    assert hub.pump() == ()
    connector.activate()
    assert statuses(hub.pump()) == [(1, 1, 200)]
    assert values(function.bodies[-1]) == ["b"]


def test_offsets_that_retention_has_removed_are_left_out(
    hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector], function: Any, clock: Any
) -> None:
    connect()
    put(stream, "old")
    clock.now += 23 * 3600
    put(stream, "young")
    clock.now += 2 * 3600
    hub.pump()
    assert [values(body) for body in function.bodies] == [["young"]]
    assert json.loads(function.bodies[0])[0]["offset"] == 1


def test_the_latest_cursor_begins_with_what_comes_after_the_connector(
    hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector], function: Any
) -> None:
    put(stream, "before")
    connect("LATEST")
    put(stream, "after")
    hub.pump()
    assert [values(body) for body in function.bodies] == [["after"]]


def test_every_partition_is_read_in_its_order_and_none_is_starved(
    oci: MockOci, hub: ConnectorHub, function: Any
) -> None:
    stream = oci.state_of(Streaming).create("wide", partitions=3)
    hub.create("wide", from_stream(stream.id), to_function(function.id, number=2))
    put(stream, *(str(number) for number in range(9)))  # without keys: spread in turns
    while hub.pump():
        put(stream, *(["x"] if len(function.bodies) < 3 else []))
    partitions = [entry["partition"] for body in function.bodies for entry in json.loads(body)]
    assert set(partitions[:6]) == {"0", "1", "2"}
    for partition in "012":
        entries = [entry for body in function.bodies for entry in json.loads(body) if entry["partition"] == partition]
        assert [entry["offset"] for entry in entries] == [*range(len(entries))]


def test_one_connector_sends_one_batch_at_a_time(
    hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector], function: Any
) -> None:
    connect(number=1)
    put(stream, "a", "b")
    meanwhile: list[Any] = []
    function.during = lambda: meanwhile.append(hub.pump())
    assert [run.records for run in hub.pump()] == [1]
    assert meanwhile == [()]


def test_a_denied_connector_gets_ocis_404_and_loses_nothing(
    oci: MockOci, hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector], function: Any, clock: Any
) -> None:
    connect()
    put(stream, "a")
    oci.deny("serviceconnector")
    assert [(run.status, run.code) for run in hub.pump()] == [(404, "NotAuthorizedOrNotFound")]
    oci.allow("serviceconnector")
    clock.now += 1
    hub.pump()
    assert [values(body) for body in function.bodies] == [["a"]]


def test_a_stream_that_is_gone_is_a_failure_that_can_be_seen(
    oci: MockOci, hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector]
) -> None:
    connect()
    oci.state_of(Streaming).delete(stream.id)
    assert [(run.records, run.status) for run in hub.pump()] == [(0, 404)]
    assert hub.pump() == ()


class TestQueue:
    @pytest.fixture
    def messages(self, oci: MockOci, hub: ConnectorHub, function: Any) -> Messages:
        queue = oci.state_of(Queues).create("work", Settings(deliveries=2))
        hub.create("work", from_queue(queue.id), to_function(function.id, number=50))
        return oci.state_of(Queues).messages(queue.id)

    def test_contents_are_spliced_as_they_are_and_deleted_when_they_have_arrived(
        self, hub: ConnectorHub, messages: Messages, function: Any
    ) -> None:
        for content in ('"a plain string, end"', '{"name": "foo",  "age": 3}'):
            messages.put(content)
        hub.pump()
        assert function.bodies == [b'["a plain string, end",{"name": "foo",  "age": 3}]']
        assert messages.all() == ()

    def test_one_message_that_is_not_json_makes_the_whole_batch_no_json(
        self, hub: ConnectorHub, messages: Messages, function: Any
    ) -> None:
        for content in ("a plain string", "1"):
            messages.put(content)
        hub.pump()
        assert function.bodies == [b"[a plain string,1]"]
        with pytest.raises(ValueError, match="Expecting value"):
            json.loads(function.bodies[0])

    def test_channels_are_mixed_and_more_are_taken_than_a_client_could(
        self, hub: ConnectorHub, messages: Messages
    ) -> None:
        for number in range(60):
            messages.put(str(number), channel=str(number % 3))
        assert [run.records for run in (*hub.pump(), *hub.pump())] == [50, 10]

    def test_what_fails_is_visible_again_and_ends_among_the_dead_letters(
        self, hub: ConnectorHub, messages: Messages, function: Any, clock: Any
    ) -> None:
        messages.put("1")
        function.statuses = [502, 502]
        hub.pump()
        assert [(message.deliveries, message.visible <= clock.now) for message in messages.all()] == [(1, True)]
        clock.now += 1
        hub.pump()
        clock.now += 60
        assert hub.pump() == ()
        assert messages.all() == ()
        assert [message.content for message in messages.all(dead=True)] == ["1"]

    def test_a_message_does_not_come_back_while_a_slow_function_works_on_it(
        self, hub: ConnectorHub, messages: Messages, function: Any, clock: Any
    ) -> None:
        messages.put("1")

        def work() -> None:
            clock.now += 300
            assert messages.take() == []

        function.during = work
        hub.pump()
        assert (messages.all(), messages.all(dead=True)) == ((), ())

    def test_messages_are_given_back_when_nobody_could_be_asked(
        self, hub: ConnectorHub, messages: Messages, function: Any
    ) -> None:
        messages.put("1")
        function.statuses = [None]
        with pytest.raises(RuntimeError):
            hub.pump()
        assert [run.status for run in hub.pump()] == [200]

    def test_a_queue_can_be_read_by_channel(self, oci: MockOci, hub: ConnectorHub, function: Any) -> None:
        queue = oci.state_of(Queues).create("channels")
        source = from_queue(queue.id)
        hub.create(
            "one", {**source, "configMap": {**source["configMap"], "channelFilter": "a"}}, to_function(function.id)
        )
        for channel in "ab":
            oci.state_of(Queues).messages(queue.id).put(f'"{channel}"', channel=channel)
        hub.pump()
        assert function.bodies == [b'["a"]']


def test_log_entries_arrive_as_logging_hands_them_on(oci: MockOci, hub: ConnectorHub, function: Any) -> None:
    logs = oci.state_of(Logs)
    logs.add("before the connector")
    place = logs.add("of another log", log_id="ocid1.log.oc1..other")["oracle"]
    sources = [
        {"compartmentId": place["compartmentid"], "logGroupId": place["loggroupid"], "logId": "ocid1.log.oc1..a"}
    ]
    hub.create("logs", {"kind": "logging", "logSources": sources}, to_function(function.id))
    logs.add({"message": "hello", "src": "stdout"}, log_id="ocid1.log.oc1..a", subject="schedule")
    logs.add("not wanted")
    hub.pump()
    (entry,) = json.loads(function.bodies[0])
    assert entry["data"] == {"message": "hello", "src": "stdout"}
    assert (entry["specversion"], entry["subject"], entry["oracle"]["logid"]) == ("1.0", "schedule", "ocid1.log.oc1..a")
    assert entry["type"] == "com.oraclecloud.functions.application.functioninvoke"
    assert hub.pump() == ()


def test_metrics_arrive_as_monitoring_hands_them_on(oci: MockOci, hub: ConnectorHub, function: Any) -> None:
    metrics, compartment_id = oci.state_of(Metrics), oci.tenancy.compartment_id
    chosen = {"kind": "selected", "namespaces": [{"namespace": "oci_faas", "metrics": {"kind": "all"}}]}
    sources = [{"compartmentId": compartment_id, "namespaceDetails": chosen}]
    hub.create("metrics", {"kind": "monitoring", "monitoringSources": sources}, to_function(function.id))
    metrics.add("oci_queue", "Depth", 7)
    metrics.add("oci_faas", "FunctionInvocationCount", 1.0, dimensions={"resourceId": "x"})
    hub.pump()
    assert json.loads(function.bodies[0]) == [
        {
            "namespace": "oci_faas",
            "resourceGroup": None,
            "compartmentId": compartment_id,
            "name": "FunctionInvocationCount",
            "dimensions": {"resourceId": "x"},
            "metadata": {},
            "datapoints": [{"timestamp": 1_790_000_000_000, "value": 1.0, "count": 1}],
        }
    ]


SOURCE = {"kind": "streaming", "streamId": "STREAM"}
TARGET = {"kind": "functions", "functionId": "ocid1.fnfunc.oc1..a"}
REFUSED = [
    ({**SOURCE, "kind": "kafka"}, TARGET, "known: streaming, plugin, logging, monitoring"),
    (SOURCE, {"kind": "carrierPigeon"}, "known: functions, objectStorage"),
    (SOURCE, {"kind": "loggingAnalytics"}, "a target of kind loggingAnalytics is not emulated"),
    ({"kind": "plugin", "pluginName": "Other", "configMap": {}}, TARGET, "known: QueueSource"),
    ({**SOURCE, "cursor": {"kind": "AT_OFFSET"}}, TARGET, "LATEST, TRIM_HORIZON"),
    (SOURCE, {**TARGET, "batchSizeInNum": 1, "batchSizeInKbs": 1}, "Only one of"),
    (SOURCE, {**TARGET, "batchSizeInKbs": 6145}, "between 1 and 6144"),
    ({**SOURCE, "streamId": "ocid1.stream.oc1..gone"}, TARGET, "not found"),
    ({"kind": "plugin", "pluginName": "QueueSource", "configMap": {"queueId": "gone"}}, TARGET, "not found"),
    ({"kind": "monitoring", "monitoringSources": [{"compartmentId": "a"}]}, TARGET, "must be selected"),
]


@pytest.mark.parametrize(("source", "target", "reason"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_is_not_known_is_refused_with_what_is(
    hub: ConnectorHub, stream: Stream, source: dict[str, Any], target: dict[str, Any], reason: str
) -> None:
    named = {**source, **({"streamId": stream.id} if source.get("streamId") == "STREAM" else {})}
    with pytest.raises(Refused) as refused:
        hub.create("refused", named, target)
    assert reason in str(refused.value.response.body)
    assert hub.all() == ()


def test_the_sdk_makes_reads_changes_stops_and_deletes_a_connector(
    live: MockOci, sdk_client: Callable[[Any], Any]
) -> None:
    client, stream = sdk_client(sdk.sch.ServiceConnectorClient), live.state_of(Streaming).create("prompts")
    compartment_id = live.tenancy.compartment_id
    details = Models.CreateServiceConnectorDetails(
        display_name="prompts",
        compartment_id=compartment_id,
        source=Models.StreamingSourceDetails(stream_id=stream.id, cursor=Models.TrimHorizonStreamingCursor()),
        target=Models.FunctionsTargetDetails(function_id="ocid1.fnfunc.oc1..a", batch_size_in_num=100),
        freeform_tags={"a": "b"},
    )
    composite = sdk.sch.ServiceConnectorClientCompositeOperations(client)
    made = composite.create_service_connector_and_wait_for_state(details, ["SUCCEEDED"]).data
    assert (made.operation_type, made.resources[0].action_type) == ("CREATE_SERVICE_CONNECTOR", "CREATED")
    connector_id = made.resources[0].identifier
    found = client.get_service_connector(connector_id).data
    assert (found.display_name, found.lifecycle_state, found.freeform_tags) == ("prompts", "ACTIVE", {"a": "b"})
    assert (found.source.kind, found.source.cursor.kind, found.target.batch_size_in_num) == (
        "streaming",
        "TRIM_HORIZON",
        100,
    )
    (row,) = client.list_service_connectors(compartment_id, lifecycle_state="ACTIVE").data.items
    assert row.id == connector_id
    client.deactivate_service_connector(connector_id)
    assert client.get_service_connector(connector_id).data.lifecycle_state == "INACTIVE"
    with pytest.raises(sdk.exceptions.ServiceError) as conflict:
        client.deactivate_service_connector(connector_id)
    assert (conflict.value.status, conflict.value.code) == (409, "IncorrectState")
    client.activate_service_connector(connector_id)
    client.update_service_connector(connector_id, Models.UpdateServiceConnectorDetails(display_name="renamed"))
    assert client.get_service_connector(connector_id).data.display_name == "renamed"
    client.delete_service_connector(connector_id)
    with pytest.raises(sdk.exceptions.ServiceError) as gone:
        client.get_service_connector(connector_id)
    assert gone.value.status == 404


def test_the_sdk_is_told_what_is_not_emulated(live: MockOci, sdk_client: Callable[[Any], Any]) -> None:
    client, stream = sdk_client(sdk.sch.ServiceConnectorClient), live.state_of(Streaming).create("prompts")
    source = Models.StreamingSourceDetails(stream_id=stream.id)
    function = Models.FunctionsTargetDetails(function_id="ocid1.fnfunc.oc1..a")
    common = {"display_name": "a", "compartment_id": live.tenancy.compartment_id, "source": source}
    tasks = [Models.FunctionTaskDetails(function_id="ocid1.fnfunc.oc1..a")]
    refused = [
        Models.CreateServiceConnectorDetails(**common, target=function, tasks=tasks),
        Models.CreateServiceConnectorDetails(**common, target=Models.NotificationsTargetDetails(topic_id="t")),
    ]
    for details in refused:
        with pytest.raises(sdk.exceptions.ServiceError, match="is not emulated") as refusal:
            client.create_service_connector(details)
        assert refusal.value.status == 501


def test_a_change_of_the_target_keeps_the_place_and_a_change_of_the_source_begins_anew(
    hub: ConnectorHub, stream: Stream, connect: Callable[..., Connector], function: Any
) -> None:
    connector = connect(number=1)
    put(stream, "a", "b")
    hub.pump()
    connector.configure({"target": to_function(function.id, number=5)})
    hub.pump()
    connector.configure({"source": from_stream(stream.id, "LATEST")})
    put(stream, "c")
    hub.pump()
    assert [values(body) for body in function.bodies] == [["a"], ["b"], ["c"]]


def test_in_the_background_it_pumps_until_the_block_ends(live: MockOci, live_function: Any) -> None:
    function, hub = live_function, live.state_of(ConnectorHub)
    stream, arrived = live.state_of(Streaming).create("prompts"), threading.Event()
    function.during = arrived.set
    hub.create("prompts", from_stream(stream.id), to_function(function.id))
    before = threading.enumerate()  # a stack that many tests share has pumps of its own
    with hub.pumping():
        put(stream, "a")
        assert arrived.wait(10)
    put(stream, "b")
    assert [values(body) for body in function.bodies] == [["a"]]
    assert not {thread for thread in threading.enumerate() if thread.name == "mock_oci pump"} - set(before)
