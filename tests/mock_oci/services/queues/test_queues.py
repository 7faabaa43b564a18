from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import oci as sdk
import pytest

from mock_oci import LoopbackServer, MockOci, Request, mock_oci
from mock_oci.services.queues import Message, Messages, Queue, Queues, Settings

Models = sdk.queue.models
WAIT = 10.0


@pytest.fixture
def client(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(sdk.queue.QueueClient)


@pytest.fixture
def admin(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(sdk.queue.QueueAdminClient)


@pytest.fixture
def queue(live: MockOci) -> Queue:
    return live.state_of(Queues).create("work")


@pytest.fixture
def still(oci: MockOci) -> Queue:
    """A queue on a clock that stands still: 30 s hidden, twice delivered, an hour kept."""
    return oci.state_of(Queues).create("work", Settings(deliveries=2, retention=3600))


@pytest.fixture
def messages(oci: MockOci, still: Queue) -> Messages:
    return oci.state_of(Queues).messages(still.id)


def put(client: Any, queue: Queue, *contents: str, channel: str | None = None, **properties: str) -> Any:
    metadata = Models.MessageMetadata(channel_id=channel, custom_properties=properties or None)
    entries = [
        Models.PutMessagesDetailsEntry(content=content, metadata=metadata if channel else None) for content in contents
    ]
    return client.put_messages(queue.id, Models.PutMessagesDetails(messages=entries)).data.messages


def get(client: Any, queue: Queue, limit: int = 10, **named: Any) -> Any:
    return client.get_messages(queue.id, limit=limit, **{"timeout_in_seconds": 0, **named}).data.messages


def refused(ask: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(sdk.exceptions.ServiceError) as refusal:
        ask(*arguments, **named)
    return refusal.value.status, refusal.value.code


def contents(found: Any) -> list[str]:
    return [message.content for message in found]


def test_the_sdk_manages_queues(admin: Any, live: MockOci, server: LoopbackServer) -> None:
    compartment = live.tenancy.compartment_id
    details = Models.CreateQueueDetails(
        display_name="q", compartment_id=compartment, visibility_in_seconds=60, dead_letter_queue_delivery_count=3
    )
    accepted = admin.create_queue(details)
    assert (accepted.status, accepted.data) == (202, None)
    work = admin.get_work_request(accepted.headers["opc-work-request-id"]).data
    assert (work.status, work.operation_type, work.resources[0].action_type) == ("SUCCEEDED", "CREATE_QUEUE", "CREATED")
    made = admin.get_queue(work.resources[0].identifier).data
    assert (made.display_name, made.visibility_in_seconds, made.dead_letter_queue_delivery_count) == ("q", 60, 3)
    assert (made.retention_in_seconds, made.timeout_in_seconds, made.lifecycle_state) == (86_400, 30, "ACTIVE")
    assert made.messages_endpoint == server.endpoint("cell-1.queue.messaging.us-chicago-1.oci.oraclecloud.com")
    assert [item.id for item in admin.list_queues(compartment_id=compartment).data.items] == [made.id]
    admin.update_queue(made.id, Models.UpdateQueueDetails(visibility_in_seconds=5))
    changed = admin.get_queue(made.id).data
    assert (changed.visibility_in_seconds, changed.dead_letter_queue_delivery_count) == (5, 3)
    admin.delete_queue(made.id)
    assert refused(admin.get_queue, made.id) == (404, "NotAuthorizedOrNotFound")


def test_the_sdks_waiter_sees_a_queue_made(admin: Any, live: MockOci) -> None:
    details = Models.CreateQueueDetails(display_name="q", compartment_id=live.tenancy.compartment_id)
    both = sdk.queue.QueueAdminClientCompositeOperations(admin)
    done = both.create_queue_and_wait_for_state(details, wait_for_states=["SUCCEEDED"]).data
    assert live.state_of(Queues).find(done.resources[0].identifier) is not None


def test_a_message_is_taken_hidden_and_deleted(client: Any, queue: Queue) -> None:
    (made,) = put(client, queue, "hello")
    (taken,) = get(client, queue)
    assert (taken.id, taken.content, taken.delivery_count, taken.metadata) == (made.id, "hello", 1, None)
    assert taken.created_at < taken.visible_after < taken.expire_after == made.expire_after
    assert get(client, queue) == []
    assert client.delete_message(queue.id, taken.receipt).status == 204
    assert client.delete_message(queue.id, taken.receipt).status == 204
    stats = client.get_stats(queue.id).data
    assert (stats.queue.visible_messages, stats.queue.in_flight_messages, stats.queue.size_in_bytes) == (0, 0, 0)


def test_messages_come_in_order_up_to_the_limit(client: Any, queue: Queue) -> None:
    put(client, queue, *"abcde")
    assert contents(client.get_messages(queue.id, timeout_in_seconds=0).data.messages) == ["a"]
    assert contents(get(client, queue, limit=2)) == ["b", "c"]
    assert contents(get(client, queue, limit=32)) == ["d", "e"]


def test_a_message_comes_back_when_its_time_is_over(messages: Messages, clock: Any) -> None:
    messages.put("a")
    (first,) = messages.take()
    clock.now += 29
    assert messages.take() == []
    clock.now += 1
    (second,) = messages.take()
    assert (second.id, second.deliveries) == (first.id, 2)
    assert not messages.delete(first.receipt)
    assert messages.delete(second.receipt)


def test_visibility_can_be_chosen_and_prolonged(client: Any, queue: Queue) -> None:
    put(client, queue, "a")
    (peeked,) = get(client, queue, visibility_in_seconds=0)
    (taken,) = get(client, queue, visibility_in_seconds=1000)
    assert (peeked.delivery_count, taken.delivery_count) == (1, 2)
    updated = client.update_message(queue.id, taken.receipt, Models.UpdateMessageDetails(visibility_in_seconds=0)).data
    assert updated.id == taken.id
    assert contents(get(client, queue)) == ["a"]
    late = (client.update_message, queue.id, taken.receipt, Models.UpdateMessageDetails(visibility_in_seconds=9))
    assert refused(*late) == (404, "NotAuthorizedOrNotFound")


def test_prolonging_counts_from_now(still: Queue, messages: Messages, clock: Any, answered: Any) -> None:
    messages.put("a")
    (taken,) = messages.take()
    clock.now += 20
    target = f"/20210201/queues/{still.id}/messages/{taken.receipt}"
    answered("PUT", target, {"visibilityInSeconds": 30})
    clock.now += 29
    assert messages.take() == []
    clock.now += 1
    assert contents(messages.take()) == ["a"]


def test_a_message_expires_with_the_retention(messages: Messages, clock: Any) -> None:
    messages.put("a")
    clock.now += 3600
    assert messages.take() == []
    assert messages.all() == ()


def test_after_the_last_delivery_a_message_is_a_dead_letter(
    still: Queue, messages: Messages, clock: Any, answered: Any
) -> None:
    messages.put("poison", "c")
    for _ in range(2):
        assert contents(messages.take()) == ["poison"]
        clock.now += 30
    assert messages.take() == []
    (dead,) = messages.all(dead=True)
    assert (dead.content, dead.deliveries, dead.channel) == ("poison", 2, "c")
    stats = answered("GET", f"/20210201/queues/{still.id}/stats")
    assert stats["dlq"] == {"visibleMessages": 1, "inFlightMessages": 0, "sizeInBytes": 6}
    assert stats["queue"]["visibleMessages"] == 0
    assert not messages.delete(dead.receipt)


def test_without_dead_letters_a_message_is_delivered_for_ever(oci: MockOci, clock: Any) -> None:
    queues = oci.state_of(Queues)
    messages = queues.messages(queues.create("q", Settings(deliveries=0)).id)
    messages.put("a")
    for number in range(30):
        assert [message.deliveries for message in messages.take()] == [number + 1]
        clock.now += 30


def test_a_long_poll_ends_with_the_first_message(oci: MockOci, still: Queue, answered: Any) -> None:
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            oci.state_of(Queues).messages(still.id).put("late")

    oci.sleep = sleep
    found = answered("GET", f"/20210201/queues/{still.id}/messages")["messages"]
    assert ([message["content"] for message in found], len(naps)) == (["late"], 3)


def test_a_long_poll_gives_up_when_told_to(still: Queue, answered: Any, slept: list[float]) -> None:
    assert answered("GET", f"/20210201/queues/{still.id}/messages?timeoutInSeconds=2") == {"messages": []}
    assert sum(slept) == pytest.approx(2, abs=0.02)
    slept.clear()
    assert answered("GET", f"/20210201/queues/{still.id}/messages?timeoutInSeconds=0") == {"messages": []}
    assert slept == []


def test_a_waiting_consumer_gets_what_another_puts(client: Any, live: MockOci, queue: Queue) -> None:
    asked, found = threading.Event(), []

    def sleep(seconds: float) -> None:
        asked.set()
        threading.Event().wait(seconds)

    live.sleep = sleep
    waiting = threading.Thread(target=lambda: found.extend(get(client, queue, timeout_in_seconds=20)))
    waiting.start()
    assert asked.wait(WAIT)
    live.state_of(Queues).messages(queue.id).put("at last")
    waiting.join(WAIT)
    assert contents(found) == ["at last"]


def test_a_channel_keeps_its_messages_apart(client: Any, queue: Queue) -> None:
    put(client, queue, "plain")
    put(client, queue, "one", "two", channel="call-1", kind="delta")
    put(client, queue, "other", channel="call-2")
    assert client.list_channels(queue.id).data.items == ["call-1", "call-2"]
    found = get(client, queue, channel_filter="call-1")
    assert contents(found) == ["one", "two"]
    assert (found[0].metadata.channel_id, found[0].metadata.custom_properties) == ("call-1", {"kind": "delta"})
    assert get(client, queue, channel_filter="call") == []
    stats = client.get_stats(queue.id, channel_id="call-1").data
    assert (stats.channel_id, stats.queue.in_flight_messages, stats.queue.visible_messages) == ("call-1", 2, 0)
    client.delete_messages(queue.id, Models.DeleteMessagesDetails(entries=[_entry(message) for message in found]))
    assert client.list_channels(queue.id).data.items == ["call-2"]


def _entry(message: Any) -> Any:
    return Models.DeleteMessagesDetailsEntry(receipt=message.receipt)


def test_without_a_filter_each_answer_is_of_one_channel_and_every_channel_has_its_turn(
    client: Any, queue: Queue
) -> None:
    put(client, queue, "plain")
    for channel in ("a", "b"):
        put(client, queue, f"{channel}1", f"{channel}2", channel=channel)
    seen = [contents(get(client, queue)) for _ in range(4)]
    assert sorted(seen) == [[], ["a1", "a2"], ["b1", "b2"], ["plain"]]


def test_batches_tell_each_entrys_fate(client: Any, queue: Queue) -> None:
    put(client, queue, *"abc")
    first, second, third = get(client, queue)
    again = Models.UpdateMessageDetails(visibility_in_seconds=0)
    client.update_message(queue.id, second.receipt, again)
    get(client, queue)  # now the receipt of the first delivery no longer counts
    entries = [_entry(message) for message in (first, second)]
    result = client.delete_messages(queue.id, Models.DeleteMessagesDetails(entries=entries)).data
    assert (result.client_failures, result.server_failures) == (1, 0)
    assert [entry.error_code for entry in result.entries] == [None, 404]
    updates = [
        Models.UpdateMessagesDetailsEntry(receipt=message.receipt, visibility_in_seconds=600)
        for message in (third, second)
    ]
    updated = client.update_messages(queue.id, Models.UpdateMessagesDetails(entries=updates)).data
    assert (updated.client_failures, updated.entries[0].id, updated.entries[1].error_code) == (1, third.id, 404)


@pytest.mark.parametrize(
    ("kind", "channels", "kept", "dead"),
    [
        ("NORMAL", None, [], ["poison"]),
        ("DLQ", None, ["a", "b"], []),
        ("BOTH", None, [], []),
        ("NORMAL", ["x"], ["a"], ["poison"]),
    ],
)
def test_a_queue_is_purged(
    still: Queue, messages: Messages, clock: Any, signed: Any, kind: str, channels: Any, kept: Any, dead: Any
) -> None:
    messages.put("poison")
    for _ in range(2):
        messages.take()
        clock.now += 30
    messages.put("a")
    messages.put("b", "x")
    body = {"purgeType": kind, "channelIds": channels}
    assert signed("POST", f"/20210201/queues/{still.id}/actions/purge", body).status == 202
    assert (contents(messages.all()), contents(messages.all(dead=True))) == (kept, dead)


def test_a_receipt_is_good_for_its_own_queue_only(oci: MockOci, messages: Messages) -> None:
    queues = oci.state_of(Queues)
    other = queues.messages(queues.create("other").id)
    messages.put("a")
    other.put("b")
    (taken,) = messages.take()
    other.take()
    assert other.delete(taken.receipt)
    assert contents(other.all()) == ["b"]


def test_no_two_consumers_get_the_same_message(messages: Messages) -> None:
    for number in range(200):
        messages.put(str(number))
    taken: list[Message] = []

    def take() -> None:
        while found := messages.take(3):
            taken.extend(found)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert sorted(message.id for message in taken) == sorted(message.id for message in messages.all())
    assert len(taken) == 200


def test_what_a_caller_may_not_see_reads_as_not_found(client: Any, admin: Any, live: MockOci, queue: Queue) -> None:
    hidden = (404, "NotAuthorizedOrNotFound")
    assert refused(client.get_stats, "ocid1.queue.oc1..none") == hidden
    assert refused(admin.get_work_request, "ocid1.queueworkrequest.oc1..none") == hidden
    live.deny("user")
    assert refused(put, client, queue, "x") == hidden
    assert refused(get, client, queue) == hidden
    assert refused(admin.get_queue, queue.id) == hidden
    assert refused(admin.list_queues, compartment_id=live.tenancy.compartment_id) == hidden
    assert live.state_of(Queues).messages(queue.id).all() == ()


def test_an_unsigned_request_is_refused(oci: MockOci, still: Queue) -> None:
    assert oci.answer(Request("GET", f"/20210201/queues/{still.id}/messages", {})).status == 401


def test_too_large_a_message_is_refused(client: Any, queue: Queue) -> None:
    put(client, queue, "x" * (256 << 10))
    assert refused(put, client, queue, "x" * ((256 << 10) + 1))[0] == 413
    assert refused(put, client, queue, *["x" * (200 << 10)] * 3)[0] == 413


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "messages", b"["),
        ("POST", "messages", {"messages": []}),
        ("POST", "messages", {"messages": [{}]}),
        ("POST", "messages", {"messages": [{"content": 5}]}),
        ("POST", "messages", {"messages": [{"content": "a", "metadata": "b"}]}),
        ("POST", "messages", {"messages": [{"content": "a", "metadata": {"channelId": 5}}]}),
        ("POST", "messages", {"messages": [{"content": "a"}] * 21}),
        ("GET", "messages?limit=0", b""),
        ("GET", "messages?limit=33", b""),
        ("GET", "messages?timeoutInSeconds=31", b""),
        ("GET", "messages?visibilityInSeconds=x", b""),
        ("DELETE", "messages/nonsense", b""),
        ("DELETE", "messages/eyJpZCI6IFtdfQ", b""),
        ("PUT", "messages/eyJpZCI6IDEsICJkZWxpdmVyeSI6IDF9", {}),
        ("PUT", "messages/eyJpZCI6IDEsICJkZWxpdmVyeSI6IDF9", {"visibilityInSeconds": 43_201}),
        ("POST", "messages/actions/deleteMessages", {"entries": []}),
        ("POST", "messages/actions/updateMessages", {"entries": [{"receipt": "x", "visibilityInSeconds": 1}]}),
        ("POST", "actions/purge", {"purgeType": "SOME"}),
        ("PUT", "", {"retentionInSeconds": 60}),
    ],
)
def test_a_malformed_request_is_refused(still: Queue, answered: Any, method: str, path: str, body: Any) -> None:
    target = f"/20210201/queues/{still.id}/{path}".rstrip("/")
    assert set(answered(method, target, body, expects=400)) == {"code", "message"}


def test_the_real_hosts_are_answered_in_process() -> None:
    with mock_oci(credentials=True) as cloud:
        config, queue = sdk.config.from_file(), cloud.state_of(Queues).create("q")
        made = sdk.queue.QueueAdminClient(config).get_queue(queue.id).data
        assert made.messages_endpoint == "https://cell-1.queue.messaging.us-chicago-1.oci.oraclecloud.com"
        client = sdk.queue.QueueClient(config, service_endpoint=made.messages_endpoint)
        put(client, queue, "a")
        assert contents(get(client, queue)) == ["a"]
