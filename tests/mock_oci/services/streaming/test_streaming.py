from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import oci as sdk
import pytest

from mock_oci import LoopbackServer, MockOci, Request, Response, mock_oci
from mock_oci.services.streaming import Stream, Streaming

Models = sdk.streaming.models


@pytest.fixture
def client(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(sdk.streaming.StreamClient)


@pytest.fixture
def admin(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(sdk.streaming.StreamAdminClient)


@pytest.fixture
def stream(live: MockOci) -> Stream:
    return live.state_of(Streaming).create("prompts", partitions=3)


@pytest.fixture
def still(oci: MockOci) -> Stream:
    """A stream of one partition, on a clock that stands still."""
    return oci.state_of(Streaming).create("relay")


def text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def put(client: Any, stream: Stream, *messages: tuple[str | None, str]) -> Any:
    entries = [Models.PutMessagesDetailsEntry(key=key and text(key), value=text(value)) for key, value in messages]
    return client.put_messages(stream.id, Models.PutMessagesDetails(messages=entries)).data


def read_all(client: Any, stream: Stream, cursor: str, limit: int = 100) -> tuple[list[Any], str]:
    """Everything from the cursor on until nothing comes, and the cursor to go on with."""
    seen: list[Any] = []
    while True:
        response = client.get_messages(stream.id, cursor, limit=limit)
        cursor = response.headers["opc-next-cursor"]
        if not response.data:
            return seen, cursor
        seen += response.data


def refused(ask: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(sdk.exceptions.ServiceError) as refusal:
        ask(*arguments, **named)
    return refusal.value.status, refusal.value.code


def test_the_sdk_manages_streams(admin: Any, live: MockOci, server: LoopbackServer) -> None:
    compartment = live.tenancy.compartment_id
    details = Models.CreateStreamDetails(name="s", partitions=2, compartment_id=compartment, retention_in_hours=48)
    made = admin.create_stream(details).data
    assert (made.name, made.partitions, made.retention_in_hours, made.lifecycle_state) == ("s", 2, 48, "ACTIVE")
    assert made.messages_endpoint == server.endpoint("cell-1.streaming.us-chicago-1.oci.oraclecloud.com")
    assert made.stream_pool_id.startswith("ocid1.streampool.")
    assert admin.get_stream(made.id).data.id == made.id
    assert [item.id for item in admin.list_streams(compartment_id=compartment, name="s").data] == [made.id]
    pool = Models.CreateStreamDetails(name="p", partitions=1, stream_pool_id=made.stream_pool_id)
    assert admin.create_stream(pool).data.compartment_id == compartment
    assert [item.name for item in admin.list_streams(stream_pool_id=made.stream_pool_id).data] == ["s", "p"]
    assert admin.delete_stream(made.id).status == 202
    assert refused(admin.get_stream, made.id) == (404, "NotAuthorizedOrNotFound")


def test_messages_come_back_in_order(client: Any, stream: Stream) -> None:
    result = put(client, stream, *(("key", f"value {number}") for number in range(10)))
    assert result.failures == 0
    assert [entry.offset for entry in result.entries] == list(range(10))
    (partition,) = {entry.partition for entry in result.entries}
    details = Models.CreateCursorDetails(partition=partition, type="TRIM_HORIZON")
    cursor = client.create_cursor(stream.id, details).data.value
    seen, _ = read_all(client, stream, cursor, limit=3)
    assert [base64.b64decode(message.value).decode() for message in seen] == [f"value {n}" for n in range(10)]
    first = seen[0]
    assert (first.stream, first.partition, first.offset) == ("prompts", partition, 0)
    assert (base64.b64decode(first.key), first.timestamp) == (b"key", result.entries[0].timestamp)


def test_a_key_always_goes_to_the_same_partition_and_keys_are_spread(client: Any, stream: Stream) -> None:
    twice = [put(client, stream, *((f"key {number}", "x") for number in range(60))) for _ in range(2)]
    places = [[entry.partition for entry in result.entries] for result in twice]
    assert places[0] == places[1]
    assert set(Counter(places[0])) == {"0", "1", "2"}


def test_messages_without_a_key_are_spread_and_have_none(client: Any, stream: Stream) -> None:
    result = put(client, stream, *((None, str(number)) for number in range(6)))
    assert Counter(entry.partition for entry in result.entries) == {"0": 2, "1": 2, "2": 2}
    cursor = client.create_cursor(stream.id, Models.CreateCursorDetails(partition="0", type="TRIM_HORIZON")).data.value
    assert client.get_messages(stream.id, cursor).data[0].key is None


def test_each_type_of_cursor_begins_where_it_says(oci: MockOci, still: Stream, clock: Any, answered: Any) -> None:
    for number in range(4):
        still.put([(None, str(number).encode())])
        clock.now += 10

    def values(**details: Any) -> list[str]:
        path = f"/20180418/streams/{still.id}"
        cursor = answered("POST", f"{path}/cursors", {"partition": "0", **details})["value"]
        still_there = answered("GET", f"{path}/messages?cursor={cursor}")
        return [base64.b64decode(message["value"]).decode() for message in still_there]

    at = datetime.fromtimestamp(clock.now - 25, UTC).isoformat()
    assert values(type="TRIM_HORIZON") == ["0", "1", "2", "3"]
    assert values(type="AT_OFFSET", offset=1) == ["1", "2", "3"]
    assert values(type="AFTER_OFFSET", offset=1) == ["2", "3"]
    assert values(type="AFTER_OFFSET", offset=3) == []
    assert values(type="AT_TIME", time=at) == ["2", "3"]
    assert values(type="AT_TIME", time="2100-01-01T00:00:00Z") == []
    assert values(type="LATEST") == []


def test_latest_sees_only_what_comes_after_it(client: Any, stream: Stream) -> None:
    put(client, stream, ("key", "before"))
    partition = str(stream.partition_of(b"key"))
    cursor = client.create_cursor(stream.id, Models.CreateCursorDetails(partition=partition, type="LATEST")).data.value
    seen, cursor = read_all(client, stream, cursor)
    assert seen == []
    put(client, stream, ("key", "after"))
    seen, _ = read_all(client, stream, cursor)
    assert [base64.b64decode(message.value) for message in seen] == [b"after"]


def test_messages_go_with_the_retention(still: Stream, clock: Any, answered: Any) -> None:
    path = f"/20180418/streams/{still.id}"
    still.put([(None, b"old")])
    clock.now += 23 * 3600
    still.put([(None, b"new")])
    clock.now += 2 * 3600
    cursor = answered("POST", f"{path}/cursors", {"partition": "0", "type": "TRIM_HORIZON"})["value"]
    (message,) = answered("GET", f"{path}/messages?cursor={cursor}")
    assert (base64.b64decode(message["value"]), message["offset"]) == (b"new", 1)
    answered("POST", f"{path}/cursors", {"partition": "0", "type": "AT_OFFSET", "offset": 0}, expects=400)
    clock.now += 24 * 3600
    assert still.entries() == []


def test_offsets_may_have_gaps(client: Any, live: MockOci) -> None:
    stream = live.state_of(Streaming).create("gaps")
    put(client, stream, (None, "a"))
    stream.logs[0].skip(3)
    put(client, stream, (None, "b"))
    details = Models.CreateCursorDetails(partition="0", type="AT_OFFSET", offset=2)
    seen, _ = read_all(client, stream, client.create_cursor(stream.id, details).data.value)
    assert [message.offset for message in seen] == [4]


def test_a_cursor_expires_five_minutes_after_it_was_given_out(still: Stream, clock: Any, answered: Any) -> None:
    path = f"/20180418/streams/{still.id}"
    cursor = answered("POST", f"{path}/cursors", {"partition": "0", "type": "LATEST"})["value"]
    clock.now += 300
    answered("GET", f"{path}/messages?cursor={cursor}")
    clock.now += 1
    error = answered("GET", f"{path}/messages?cursor={cursor}", expects=400)
    assert "expired" in error["message"]


def test_an_answer_stops_at_a_mebibyte(still: Stream, answered: Any) -> None:
    path = f"/20180418/streams/{still.id}"
    still.put([(None, b"x" * 400_000)] * 4)
    cursor = answered("POST", f"{path}/cursors", {"partition": "0", "type": "TRIM_HORIZON"})["value"]
    assert len(answered("GET", f"{path}/messages?cursor={cursor}")) == 2


def test_single_messages_may_fail_in_a_request_that_succeeds(client: Any, stream: Stream) -> None:
    stream.fail_next(2)
    result = put(client, stream, ("k", "a"), ("k", "b"), ("k", "c"))
    assert result.failures == 2
    assert [entry.error for entry in result.entries] == ["429", "429", None]
    assert [entry.value for entry in stream.entries()] == [b"c"]


def test_a_request_can_be_scripted_to_fail(client: Any, live: MockOci, stream: Stream) -> None:
    live.script.error(429, "TooManyRequests", path=f"/20180418/streams/{stream.id}/messages")
    assert refused(put, client, stream, ("k", "a")) == (429, "TooManyRequests")
    assert put(client, stream, ("k", "b")).failures == 0


def test_a_request_is_at_most_a_mebibyte(client: Any, stream: Stream) -> None:
    put(client, stream, (None, "x" * (1 << 20)))
    assert refused(put, client, stream, (None, "x" * (1 << 19)), (None, "x" * (1 << 19)), ("k", ""))[0] == 413
    assert len(stream.entries()) == 1


def group_cursor(client: Any, stream: Stream, instance: str, group: str = "g", **named: Any) -> str:
    details = Models.CreateGroupCursorDetails(
        type=named.pop("type", "TRIM_HORIZON"), group_name=group, instance_name=instance, **named
    )
    return str(client.create_group_cursor(stream.id, details).data.value)


def test_a_group_reads_every_message_once(client: Any, stream: Stream) -> None:
    put(client, stream, *((f"key {number}", str(number)) for number in range(30)))
    seen, _ = read_all(client, stream, group_cursor(client, stream, "one"), limit=4)
    values = [base64.b64decode(message.value).decode() for message in seen]
    assert sorted(values, key=int) == [str(number) for number in range(30)]


def test_members_share_the_partitions(client: Any, stream: Stream) -> None:
    put(client, stream, *((None, str(number)) for number in range(30)))
    cursors = {name: group_cursor(client, stream, name) for name in ("one", "two")}
    seen = {name: read_all(client, stream, cursor)[0] for name, cursor in cursors.items()}
    partitions = {name: {message.partition for message in messages} for name, messages in seen.items()}
    assert sorted(len(numbers) for numbers in partitions.values()) == [1, 2]
    assert not partitions["one"] & partitions["two"]
    group = client.get_group(stream.id, "g").data
    assert {held.partition: held.reserved_instance for held in group.reservations} == {
        partition: name for name, numbers in partitions.items() for partition in numbers
    }


def test_a_member_more_than_there_are_partitions_waits(client: Any, live: MockOci) -> None:
    stream = live.state_of(Streaming).create("single")
    put(client, stream, (None, "a"))
    group_cursor(client, stream, "one")
    second = group_cursor(client, stream, "two")
    assert client.get_messages(stream.id, second).data == []


def test_what_was_read_is_committed_by_the_next_get(client: Any, live: MockOci) -> None:
    stream = live.state_of(Streaming).create("single")
    put(client, stream, *((None, str(number)) for number in range(4)))

    def committed() -> Any:
        return client.get_group(stream.id, "g").data.reservations[0].committed_offset

    first = client.get_messages(stream.id, group_cursor(client, stream, "one"), limit=2)
    assert ([message.offset for message in first.data], committed()) == ([0, 1], None)
    second = client.get_messages(stream.id, first.headers["opc-next-cursor"], limit=2)
    assert ([message.offset for message in second.data], committed()) == ([2, 3], 1)
    client.consumer_commit(stream.id, second.headers["opc-next-cursor"])
    assert committed() == 3


def test_a_silent_members_uncommitted_messages_go_to_another(still: Stream, clock: Any, answered: Any) -> None:
    path = f"/20180418/streams/{still.id}"
    still.put([(None, b"0"), (None, b"1")])

    def join(name: str) -> str:
        details = {"groupName": "g", "instanceName": name, "type": "TRIM_HORIZON"}
        return str(answered("POST", f"{path}/groupCursors", details)["value"])

    one = join("one")
    assert len(answered("GET", f"{path}/messages?cursor={one}")) == 2
    clock.now += 25
    one = answered("POST", f"{path}/heartbeat?cursor={one}")["value"]
    clock.now += 25
    assert answered("GET", f"{path}/messages?cursor={join('two')}") == []
    clock.now += 30
    assert [message["offset"] for message in answered("GET", f"{path}/messages?cursor={join('two')}")] == [0, 1]
    assert answered("GET", f"{path}/messages?cursor={one}") == []


def test_a_member_that_lost_its_partition_commits_nothing(still: Stream, clock: Any, signed: Any) -> None:
    path = f"/20180418/streams/{still.id}"
    still.put([(None, b"0"), (None, b"1")])

    def ask(method: str, rest: str, body: Any = b"") -> Response:
        return signed(method, f"{path}/{rest}", body)

    def join(name: str) -> str:
        details = {"groupName": "g", "instanceName": name, "type": "TRIM_HORIZON"}
        return str(json.loads(ask("POST", "groupCursors", details).body)["value"])

    read = ask("GET", f"messages?cursor={join('one')}").headers["opc-next-cursor"]
    clock.now += 31
    join("two")
    ask("POST", f"commit?cursor={read}")
    group = still.group("g")
    assert group is not None
    assert group.committed == {0: 0}


def test_without_commit_on_get_only_a_commit_commits(client: Any, live: MockOci) -> None:
    stream = live.state_of(Streaming).create("single")
    put(client, stream, *((None, str(number)) for number in range(4)))
    cursor = group_cursor(client, stream, "one", commit_on_get=False)
    seen, cursor = read_all(client, stream, cursor, limit=1)
    assert [message.offset for message in seen] == [0, 1, 2, 3]
    assert client.get_group(stream.id, "g").data.reservations[0].committed_offset is None
    client.consumer_commit(stream.id, cursor)
    assert client.get_group(stream.id, "g").data.reservations[0].committed_offset == 3


def test_the_type_counts_only_for_a_new_group(client: Any, live: MockOci) -> None:
    stream = live.state_of(Streaming).create("single")
    put(client, stream, (None, "before"))
    cursor = group_cursor(client, stream, "one", type="LATEST")
    assert read_all(client, stream, cursor)[0] == []
    assert read_all(client, stream, group_cursor(client, stream, "one", type="TRIM_HORIZON"))[0] == []


def test_a_group_can_be_moved_back(client: Any, live: MockOci) -> None:
    stream = live.state_of(Streaming).create("single")
    put(client, stream, (None, "a"), (None, "b"))
    seen, cursor = read_all(client, stream, group_cursor(client, stream, "one"))
    assert len(seen) == 2
    client.update_group(stream.id, "g", Models.UpdateGroupDetails(type="TRIM_HORIZON"))
    again, _ = read_all(client, stream, cursor)
    assert [message.offset for message in again] == [0, 1]


def test_what_a_caller_may_not_see_reads_as_not_found(client: Any, admin: Any, live: MockOci, stream: Stream) -> None:
    unknown = "ocid1.stream.oc1..none"
    details = Models.CreateCursorDetails(partition="0", type="LATEST")
    assert refused(client.create_cursor, unknown, details) == (404, "NotAuthorizedOrNotFound")
    assert refused(client.get_group, stream.id, "none") == (404, "NotAuthorizedOrNotFound")
    cursor = client.create_cursor(stream.id, details).data.value
    live.deny("user")
    for ask in (
        lambda: client.get_messages(stream.id, cursor),
        lambda: put(client, stream, (None, "x")),
        lambda: admin.get_stream(stream.id),
        lambda: admin.list_streams(compartment_id=live.tenancy.compartment_id),
    ):
        assert refused(ask) == (404, "NotAuthorizedOrNotFound")
    assert stream.entries() == []


def test_an_unsigned_request_is_refused(oci: MockOci, still: Stream) -> None:
    target = f"/20180418/streams/{still.id}/messages"
    assert oci.answer(Request("POST", target, {}, b"{}")).status == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("messages", b"["),
        ("messages", {}),
        ("messages", {"messages": []}),
        ("messages", {"messages": [5]}),
        ("messages", {"messages": [{"key": "YQ=="}]}),
        ("messages", {"messages": [{"value": "not base64"}]}),
        ("messages", {"messages": [{"value": "YQ==", "key": "!"}]}),
        ("messages", {"messages": [{"value": "YQ==", "key": "YWFh" * 100}]}),
        ("cursors", {"type": "LATEST"}),
        ("cursors", {"partition": "1", "type": "LATEST"}),
        ("cursors", {"partition": "x", "type": "LATEST"}),
        ("cursors", {"partition": "0"}),
        ("cursors", {"partition": "0", "type": "SOMEWHERE"}),
        ("cursors", {"partition": "0", "type": "AT_OFFSET"}),
        ("cursors", {"partition": "0", "type": "AT_OFFSET", "offset": 7}),
        ("cursors", {"partition": "0", "type": "AFTER_OFFSET", "offset": "1"}),
        ("cursors", {"partition": "0", "type": "AT_TIME"}),
        ("cursors", {"partition": "0", "type": "AT_TIME", "time": "now"}),
        ("groupCursors", {"type": "LATEST"}),
        ("groupCursors", {"groupName": "g", "type": "AT_OFFSET", "offset": 0}),
        ("commit?cursor=x", b""),
        ("commit", b""),
    ],
)
def test_a_malformed_request_is_refused(still: Stream, answered: Any, path: str, body: Any) -> None:
    answered("POST", f"/20180418/streams/{still.id}/{path}", body, expects=400)


@pytest.mark.parametrize("cursor", ["", "x", "e30", "eyJraW5kIjogImdyb3VwIn0", "W10", "%C3%A9", "eyJraW5kIjogW119"])
def test_a_cursor_that_is_none_is_refused(still: Stream, answered: Any, cursor: str) -> None:
    answered("GET", f"/20180418/streams/{still.id}/messages?cursor={cursor}", expects=400)


@pytest.mark.parametrize(
    "change",
    [
        {"partition": 1},
        {"partition": -1},
        {"offset": "x"},
        {"issued": None},
        {"kind": "group"},
        {
            "kind": "group",
            "group": "g",
            "instance": "i",
            "timeout_ms": 1,
            "commit_on_get": 1,
            "positions": 5,
            "last": 0,
        },
    ],
)
def test_a_cursor_that_was_changed_is_refused(still: Stream, answered: Any, change: dict[str, Any]) -> None:
    path = f"/20180418/streams/{still.id}"
    cursor = answered("POST", f"{path}/cursors", {"partition": "0", "type": "LATEST"})["value"]
    parts = {**json.loads(base64.urlsafe_b64decode(cursor + "==")), **change}
    changed = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
    answered("GET", f"{path}/messages?cursor={changed}", expects=400)


def test_a_cursor_is_good_for_its_own_stream_only(oci: MockOci, still: Stream, answered: Any) -> None:
    other = oci.state_of(Streaming).create("other")
    details = {"partition": "0", "type": "LATEST"}
    cursor = answered("POST", f"/20180418/streams/{other.id}/cursors", details)["value"]
    answered("GET", f"/20180418/streams/{still.id}/messages?cursor={cursor}", expects=400)


@pytest.mark.parametrize(
    "details",
    [
        {"name": "s", "partitions": 1},
        {"partitions": 1, "compartmentId": "{home}"},
        {"name": "s", "compartmentId": "{home}"},
        {"name": "s", "partitions": 0, "compartmentId": "{home}"},
        {"name": "s", "partitions": True, "compartmentId": "{home}"},
        {"name": "s", "partitions": 1, "compartmentId": "{home}", "retentionInHours": 1},
        {"name": "s", "partitions": 1, "compartmentId": "{home}", "streamPoolId": "x"},
    ],
)
def test_a_malformed_stream_is_refused(oci: MockOci, answered: Any, details: dict[str, Any]) -> None:
    home = oci.tenancy.compartment_id
    body = {name: home if value == "{home}" else value for name, value in details.items()}
    answered("POST", "/20180418/streams", body, expects=400)


def test_the_real_hosts_are_answered_in_process() -> None:
    with mock_oci(credentials=True) as cloud:
        config = sdk.config.from_file()
        admin = sdk.streaming.StreamAdminClient(config)
        details = Models.CreateStreamDetails(name="s", partitions=1, compartment_id=cloud.tenancy.compartment_id)
        made = admin.create_stream(details).data
        assert made.messages_endpoint == "https://cell-1.streaming.us-chicago-1.oci.oraclecloud.com"
        client = sdk.streaming.StreamClient(config, made.messages_endpoint)
        stream = cloud.state_of(Streaming).find(made.id)
        assert stream is not None
        assert put(client, stream, (None, "x")).failures == 0
        at = Models.CreateCursorDetails(partition="0", type="AT_TIME", time=datetime.now(UTC) - timedelta(minutes=1))
        assert len(read_all(client, stream, client.create_cursor(made.id, at).data.value)[0]) == 1
