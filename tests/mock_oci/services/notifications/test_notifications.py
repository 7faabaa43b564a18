from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import oci as sdk
import pytest

from mock_oci import LoopbackServer, MockOci, Request, Response, mock_oci
from mock_oci.services.notifications import Delivery, Notifications, Topic

Models = sdk.ons.models
FUNCTION = "ocid1.fnfunc.oc1.us-chicago-1.aaaa"


@pytest.fixture
def control(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(sdk.ons.NotificationControlPlaneClient)


@pytest.fixture
def client(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(sdk.ons.NotificationDataPlaneClient)


@pytest.fixture
def state(live: MockOci) -> Notifications:
    return live.state_of(Notifications)


@pytest.fixture
def topic(state: Notifications) -> Topic:
    return state.create_topic("alarms")


@pytest.fixture
def still(oci: MockOci) -> Notifications:
    """Notifications on a clock that stands still."""
    return oci.state_of(Notifications)


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[Request]]]:
    """An HTTP endpoint on this machine, and what it was sent."""
    received: list[Request] = []

    def answer(request: Request) -> Response:
        received.append(request)
        return Response(200)

    with LoopbackServer(answer) as server:
        yield f"{server.url}/hook?x=1", received


def refused(ask: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(sdk.exceptions.ServiceError) as refusal:
        ask(*arguments, **named)
    return refusal.value.status, refusal.value.code


def publish(client: Any, topic: Topic, body: str, **named: Any) -> Any:
    return client.publish_message(topic.id, Models.MessageDetails(title="t", body=body), **named)


def subscribe(client: Any, topic: Topic, protocol: str, endpoint: str) -> Any:
    details = Models.CreateSubscriptionDetails(
        topic_id=topic.id, compartment_id=topic.compartment_id, protocol=protocol, endpoint=endpoint
    )
    return client.create_subscription(details).data


def test_the_sdk_manages_topics(control: Any, live: MockOci, server: LoopbackServer) -> None:
    compartment = live.tenancy.compartment_id
    details = Models.CreateTopicDetails(name="alarms", compartment_id=compartment, description="d")
    made = control.create_topic(details).data
    assert (made.name, made.description, made.lifecycle_state) == ("alarms", "d", "ACTIVE")
    assert made.topic_id.startswith("ocid1.onstopic.oc1.us-chicago-1.")
    assert made.api_endpoint == server.endpoint("cell1.notification.us-chicago-1.oraclecloud.com")
    assert refused(control.create_topic, details)[0] == 409
    assert control.get_topic(made.topic_id).data.name == "alarms"
    assert [item.topic_id for item in control.list_topics(compartment, name="alarms").data] == [made.topic_id]
    assert [item.topic_id for item in control.list_topics(compartment, id=made.topic_id).data] == [made.topic_id]
    assert control.list_topics(compartment, name="others").data == []
    control.delete_topic(made.topic_id)
    assert refused(control.get_topic, made.topic_id) == (404, "NotAuthorizedOrNotFound")


def test_a_message_is_accepted_and_recorded(client: Any, state: Notifications, topic: Topic) -> None:
    response = publish(client, topic, "prompt failed")
    (message,) = state.published
    assert (response.status, response.data.message_id) == (202, message.id)
    assert response.data.time_stamp is not None
    assert (message.topic, message.body, message.title) == (topic, "prompt failed", "t")


def test_a_function_gets_the_raw_message_with_its_headers(client: Any, state: Notifications, topic: Topic) -> None:
    received: list[Delivery] = []

    def invoke(delivery: Delivery) -> int:
        received.append(delivery)
        return 200

    state.hooks["ORACLE_FUNCTIONS"] = invoke
    made = subscribe(client, topic, "ORACLE_FUNCTIONS", FUNCTION)
    assert made.lifecycle_state == "ACTIVE"
    sent = publish(client, topic, '{"a": 1}').data
    (delivery,) = received
    assert (delivery.endpoint, delivery.body) == (FUNCTION, b'{"a": 1}')
    headers = delivery.headers
    assert (headers["X-OCI-NS-MessageId"], headers["X-OCI-NS-TopicOcid"]) == (sent.message_id, topic.id)
    assert (headers["X-OCI-NS-TopicName"], headers["X-OCI-NS-MessageType"]) == ("alarms", "Notification")
    assert headers["Content-Type"] == "application/json"
    assert "unsubscription" in headers["X-OCI-NS-UnsubscribeURL"]
    assert [attempt.status for attempt in state.deliveries] == [200]
    publish(client, topic, "plain")
    assert received[1].headers["Content-Type"] == "text/plain; charset=UTF-8"


def test_of_a_json_message_the_default_is_delivered(client: Any, state: Notifications, topic: Topic) -> None:
    publish(client, topic, '{"default": "breached", "Email": "breached: <url>"}', message_type="JSON")
    assert state.published[0].body == "breached"
    assert refused(publish, client, topic, '{"Email": "x"}', message_type="JSON")[0] == 400


def test_an_endpoint_confirms_before_it_gets_messages(
    client: Any, state: Notifications, topic: Topic, endpoint: tuple[str, list[Request]]
) -> None:
    url, received = endpoint
    made = subscribe(client, topic, "CUSTOM_HTTPS", url)
    assert made.lifecycle_state == "PENDING"
    publish(client, topic, "too early")
    (asked,) = received
    assert (asked.method, asked.target) == ("POST", "/hook?x=1")
    assert asked.headers["x-oci-ns-messagetype"] == "SubscriptionConfirmation"
    link = asked.headers["x-oci-ns-confirmationurl"]
    assert json.loads(asked.body) == {"ConfirmationURL": link}
    confirmed = httpx.get(link, trust_env=False).json()
    assert (confirmed["subscriptionId"], confirmed["topicName"]) == (made.id, "alarms")
    assert client.get_subscription(made.id).data.lifecycle_state == "ACTIVE"
    publish(client, topic, "now")
    assert (received[1].body, received[1].headers["x-oci-ns-messagetype"]) == (b"now", "Notification")
    assert httpx.get(received[1].headers["x-oci-ns-unsubscribeurl"], trust_env=False).status_code == 200
    publish(client, topic, "later")
    assert len(received) == 2
    assert [attempt.acknowledged for attempt in state.deliveries] == [True, True]


def test_the_sdk_confirms_with_the_token_alone(client: Any, state: Notifications, topic: Topic) -> None:
    made = subscribe(client, topic, "EMAIL", "ops@example.com")
    held = state.subscriptions.find(made.id)
    assert held is not None
    assert held.token not in repr(held)
    assert refused(client.get_confirm_subscription, made.id, "guess", "EMAIL") == (404, "NotAuthorizedOrNotFound")
    assert client.get_confirm_subscription(made.id, held.token, "EMAIL").data.endpoint == "ops@example.com"
    assert "no longer" in client.get_unsubscription(made.id, held.token, "EMAIL").data
    assert state.subscriptions.all() == ()


def test_the_sdk_lists_and_deletes_subscriptions(client: Any, state: Notifications, topic: Topic) -> None:
    other = state.create_topic("other")
    one, two = subscribe(client, topic, "EMAIL", "a@b.c"), subscribe(client, other, "ORACLE_FUNCTIONS", FUNCTION)
    everywhere = client.list_subscriptions(topic.compartment_id).data
    assert [item.id for item in everywhere] == [one.id, two.id]
    assert [item.id for item in client.list_subscriptions(topic.compartment_id, topic_id=other.id).data] == [two.id]
    client.delete_subscription(one.id)
    state.topics.delete(other.id)
    assert state.subscriptions.all() == ()


def test_what_is_not_acknowledged_is_tried_again_until_two_hours_are_over(still: Notifications, clock: Any) -> None:
    tried: list[tuple[float, int]] = []
    began = clock.now

    def fail(delivery: Delivery) -> int:
        tried.append((clock.now - began, delivery.attempt))
        return 503

    still.hooks["ORACLE_FUNCTIONS"] = fail
    topic = still.create_topic("t")
    still.subscribe(topic, "ORACLE_FUNCTIONS", FUNCTION)
    still.publish(topic, "x")
    for _ in range(3 * 60):
        still.retry()
        clock.now += 60
    minutes = [seconds / 60 for seconds, _ in tried]
    assert minutes == [0, 0, 1, 3, 7, 15, 31, 63, 95]
    assert [attempt for _, attempt in tried] == list(range(1, 10))
    assert still.retry() == 0


def test_a_functions_subscription_invokes_it_and_only_its_200_is_an_acknowledgement(
    still: Notifications, function: Any, clock: Any
) -> None:
    topic = still.create_topic("t")
    subscription = still.subscribe(topic, "ORACLE_FUNCTIONS", function.id)
    function.statuses = [502, 504]
    message = still.publish(topic, "plain text")
    assert [still.retry(), still.retry()] == [1, 0]
    clock.now += 60
    assert still.retry() == 1
    assert [delivery.status for delivery in still.deliveries] == [502, 504, 200]
    assert function.bodies == [b"plain text"] * 3
    seen, caller = function.headers[0], function.callers[0]
    assert (seen["x-oci-ns-messageid"], seen["x-oci-ns-topicocid"]) == (message.id, topic.id)
    assert seen["content-type"] == "text/plain; charset=UTF-8"
    assert (caller.subject_id, caller.subject_type) == (subscription.id, "resource")


def test_a_function_that_is_not_there_acknowledges_nothing(still: Notifications) -> None:
    topic = still.create_topic("t")
    still.subscribe(topic, "ORACLE_FUNCTIONS", FUNCTION)
    still.publish(topic, "x")
    assert [delivery.status for delivery in still.deliveries] == [404]


def test_a_retry_that_is_acknowledged_is_the_last(still: Notifications) -> None:
    outcomes = iter([RuntimeError("down"), 200])

    def deliver(_delivery: Delivery) -> int:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    still.hooks["ORACLE_FUNCTIONS"] = deliver
    topic = still.create_topic("t")
    still.subscribe(topic, "ORACLE_FUNCTIONS", FUNCTION)
    still.publish(topic, "x")
    assert (still.retry(), still.retry()) == (1, 0)
    assert [(attempt.attempt, attempt.status) for attempt in still.deliveries] == [(1, 0), (2, 200)]


@pytest.mark.parametrize("url", ["https://127.0.0.1/x", "http://example.com/x", "ftp://localhost", "http://[", "x"])
def test_nothing_is_posted_to_another_machine(still: Notifications, url: str) -> None:
    topic = still.create_topic("t")
    still.subscribe(topic, "CUSTOM_HTTPS", url)
    still.publish(topic, "x")
    assert [attempt.status for attempt in still.deliveries] == [0]


def test_a_hook_may_publish_itself(still: Notifications) -> None:
    first, second = still.create_topic("first"), still.create_topic("second")
    still.subscribe(first, "ORACLE_FUNCTIONS", FUNCTION)

    def forward(delivery: Delivery) -> int:
        still.publish(second, delivery.body.decode())
        return 200

    still.hooks["ORACLE_FUNCTIONS"] = forward
    still.publish(first, "x")
    assert [message.topic.name for message in still.published] == ["first", "second"]


def test_what_a_caller_may_not_see_reads_as_not_found(client: Any, control: Any, live: MockOci, topic: Topic) -> None:
    hidden = (404, "NotAuthorizedOrNotFound")
    assert refused(client.publish_message, "ocid1.onstopic.oc1..none", Models.MessageDetails(body="x")) == hidden
    assert refused(client.get_subscription, "ocid1.onssubscription.oc1..none") == hidden
    live.deny("user")
    assert refused(publish, client, topic, "x") == hidden
    assert refused(control.get_topic, topic.id) == hidden
    assert refused(control.list_topics, live.tenancy.compartment_id) == hidden
    assert refused(subscribe, client, topic, "EMAIL", "a@b.c") == hidden
    assert not live.state_of(Notifications).published


def test_an_unsigned_request_is_refused(oci: MockOci, still: Notifications) -> None:
    target = f"/20181201/topics/{still.create_topic('t').id}/messages"
    assert oci.answer(Request("POST", target, {}, b'{"body": "x"}')).status == 401


def test_a_message_is_at_most_64_kib(client: Any, topic: Topic) -> None:
    publish(client, topic, "x" * (64 << 10))
    assert refused(publish, client, topic, "x" * ((64 << 10) + 1))[0] == 413


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("topics", b"["),
        ("topics", {"name": "x"}),
        ("topics/{topic}/messages", {}),
        ("topics/{topic}/messages", {"body": 5}),
        ("subscriptions", {"compartmentId": "{home}", "topicId": "{topic}", "endpoint": "x"}),
        ("subscriptions", {"compartmentId": "{home}", "topicId": "{topic}", "endpoint": "x", "protocol": "PIGEON"}),
        ("subscriptions", {"compartmentId": "{home}", "topicId": "{topic}", "protocol": "EMAIL"}),
    ],
)
def test_a_malformed_request_is_refused(
    oci: MockOci, still: Notifications, answered: Any, path: str, body: Any
) -> None:
    places = {"{home}": oci.tenancy.compartment_id, "{topic}": still.create_topic("t").id}
    if isinstance(body, dict):
        body = {name: places.get(value, value) for name, value in body.items()}
    answered("POST", f"/20181201/{path.replace('{topic}', places['{topic}'])}", body, expects=400)


def test_the_real_host_is_answered_in_process() -> None:
    with mock_oci(credentials=True) as cloud:
        state = cloud.state_of(Notifications)
        topic, client = state.create_topic("t"), sdk.ons.NotificationDataPlaneClient(sdk.config.from_file())
        made = subscribe(client, topic, "EMAIL", "a@b.c")
        link = state.deliveries[0].headers["X-OCI-NS-ConfirmationURL"]
        assert urlsplit(link).hostname == "notification.us-chicago-1.oraclecloud.com"
        assert httpx.get(link).json()["subscriptionId"] == made.id
        assert publish(client, topic, "x").status == 202
