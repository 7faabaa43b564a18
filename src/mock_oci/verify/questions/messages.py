"""What is not documented of streams, queues and topics."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from mock_oci.verify.question import Cost, CouldNotAsk, Observation, Question
from mock_oci.verify.service import AskedService

_ADMIN, _STREAM = "StreamAdminClient", "StreamClient"
_QUEUE_ADMIN, _QUEUE = "QueueAdminClient", "QueueClient"
_TOPICS, _PUBLISH = "NotificationControlPlaneClient", "NotificationDataPlaneClient"
_STREAMS = "/20180418/streams"
_MOST_DELIVERIES = 6
_LOOKS = 30


def _host_of(endpoint: str) -> str:
    return endpoint.partition("://")[2].partition("/")[0]


def own_stream(service: AskedService) -> dict[str, Any]:
    """Return a stream of ours that can be used; it is made once."""

    def make() -> Any:
        details = {"name": service.name("stream"), "partitions": 1, "compartmentId": service.compartment_id}
        return service.make_active("stream", _ADMIN, _STREAMS, details)

    stream: dict[str, Any] = service.shared("stream", make)
    return stream


def ask_same_name(service: AskedService) -> Observation:
    """Create a second stream of one name."""
    stream = own_stream(service)
    details = {"name": stream["name"], "partitions": 1, "compartmentId": service.compartment_id}
    made = service.make("stream", _ADMIN, _STREAMS, details)
    return {**made.seen, "another": made.status < 300 and made.body["id"] != stream["id"]}


def ask_key(service: AskedService) -> Observation:
    """Put a message without a key, and read it."""
    stream = own_stream(service)
    host, path = _host_of(stream["messagesEndpoint"]), f"{_STREAMS}/{stream['id']}"
    value = base64.b64encode(b"verify").decode()
    service.require("POST", _STREAM, f"{path}/messages", {"messages": [{"value": value}]}, host=host)
    cursor = {"partition": "0", "type": "TRIM_HORIZON"}
    at = service.require("POST", _STREAM, f"{path}/cursors", cursor, host=host).body["value"]
    for _ in range(_LOOKS):
        answer = service.require("GET", _STREAM, f"{path}/messages?cursor={quote(at, safe='')}", host=host)
        if answer.body:
            return {"key": "null" if answer.body[0]["key"] is None else "made by the service"}
        at = answer.headers["opc-next-cursor"]
        service.pause(1.0)
    raise CouldNotAsk("the message did not come back")


def ask_cursor(service: AskedService) -> Observation:
    """Read with a cursor that is none."""
    stream = own_stream(service)
    path = f"{_STREAMS}/{stream['id']}/messages?cursor=bm9uZQ%3D%3D"
    return service.ask("GET", _STREAM, path, host=_host_of(stream["messagesEndpoint"])).seen


def ask_dead_letter(service: AskedService) -> Observation:
    """Count how often a message is delivered before it goes to the dead letter queue, of a queue that says two."""
    path, host = _new_queue(service, {"deadLetterQueueDeliveryCount": 2})
    service.require("POST", _QUEUE, path, {"messages": [{"content": "verify"}]}, host=host)
    delivered = 0
    for _ in range(_MOST_DELIVERIES):
        asked = service.require("GET", _QUEUE, f"{path}?visibilityInSeconds=1&timeoutInSeconds=2", host=host)
        delivered += len(asked.body["messages"])
        service.pause(2.0)
    return {"delivered": delivered}


def ask_control_characters(service: AskedService) -> Observation:
    """Put a message with characters that XML and logs do not take, and read it."""
    path, host = _new_queue(service, {})
    content = "verify\x00\x07\x1b"
    put = service.ask("POST", _QUEUE, path, {"messages": [{"content": content}]}, host=host)
    if put.status >= 300:
        return put.seen
    got = service.require("GET", _QUEUE, f"{path}?timeoutInSeconds=10", host=host).body["messages"]
    return {**put.seen, "comes back": [message["content"] == content for message in got]}


def _new_queue(service: AskedService, details: dict[str, Any]) -> tuple[str, str]:
    """Make a queue, and return the path of its messages and its host. Raises CouldNotAsk."""
    name, home = service.name("queue"), service.compartment_id
    named = {"displayName": name, "compartmentId": home, **details}
    made = service.make("queue", _QUEUE_ADMIN, "/20210201/queues", named)
    if made.status >= 300:
        raise CouldNotAsk(f"no queue can be made: {made.status} {made.code}")
    queue = _own_queue(service, f"/20210201/queues?compartmentId={home}&displayName={name}")
    return f"/20210201/queues/{queue['id']}/messages", _host_of(queue["messagesEndpoint"])


def _own_queue(service: AskedService, listed: str) -> dict[str, Any]:
    for _ in range(_LOOKS):
        items = service.require("GET", _QUEUE_ADMIN, listed).body["items"]
        if items and items[0]["lifecycleState"] == "ACTIVE":
            queue: dict[str, Any] = items[0]
            service.owns(queue["id"])
            return queue
        service.pause(2.0)
    raise CouldNotAsk("the queue did not become active")


def own_topic(service: AskedService) -> dict[str, Any]:
    """Return a topic of ours; it is made once."""

    def make() -> Any:
        details = {"name": service.name("topic"), "compartmentId": service.compartment_id}
        return service.make_active("topic", _TOPICS, "/20181201/topics", details)

    topic: dict[str, Any] = service.shared("topic", make)
    return topic


def ask_regional_host(service: AskedService) -> Observation:
    """Publish to the region's host in place of the topic's own."""
    topic = own_topic(service)
    host = service.hosts.of_client(_PUBLISH)
    path = f"/20181201/topics/{topic['topicId']}/messages"
    answer = service.ask("POST", _PUBLISH, path, {"body": "verify"}, host=host)
    return {"status": answer.status}


def ask_topic_that_is_not_there(service: AskedService) -> Observation:
    """Subscribe to a topic that is not there."""
    topic = own_topic(service)["topicId"]
    other = f"{topic[:-8]}aaaaaaaa"
    return _subscribed(service, other, _no_function(service))


def ask_subscribed_function(service: AskedService) -> Observation:
    """Subscribe a function that is not there."""
    return _subscribed(service, own_topic(service)["topicId"], _no_function(service))


def _subscribed(service: AskedService, topic: str, function: str) -> Observation:
    details = {"topicId": topic, "compartmentId": service.compartment_id, "protocol": "ORACLE_FUNCTIONS"}
    return service.make("subscription", _TOPICS, "/20181201/subscriptions", {**details, "endpoint": function}).seen


def _no_function(service: AskedService) -> str:
    return f"ocid1.fnfunc.oc1.{service.credentials.region}.aaaaaaaa{'mockociverify' * 4}"


def ask_moved_pool(service: AskedService) -> Observation:
    """Move a pool with a stream to another compartment."""
    details = {"name": service.name("pool"), "compartmentId": service.compartment_id}
    pool = service.make_active("stream pool", _ADMIN, "/20180418/streampools", details)["id"]
    pooled = {"name": service.name("pooled"), "streamPoolId": pool, "partitions": 1}
    stream = service.make_active("stream", _ADMIN, _STREAMS, pooled)["id"]
    other = {"compartmentId": service.given["other_compartment"]}
    service.require("POST", _ADMIN, f"/20180418/streampools/{pool}/actions/changeCompartment", other)
    service.pause(10.0)
    moved = service.until_active(_ADMIN, f"{_STREAMS}/{stream}").body["compartmentId"]
    return {"the stream is in": "the other" if moved == other["compartmentId"] else "the first"}


_WITH_STREAM, _WITH_TOPIC = "a stream with one partition (OCI keeps the default pool that it is made in)", "a topic"
QUESTIONS = (
    Question(
        "stream-same-name",
        "Whether two streams of a pool may have one name.",
        "Creates a stream, and another of its name.",
        Cost(30, resources=2),
        ask_same_name,
        _WITH_STREAM,
    ),
    Question(
        "stream-key",
        "What is read as the key of a message that was put without one.",
        "Puts one message on a stream, and reads it.",
        Cost(60, resources=1),
        ask_key,
        _WITH_STREAM,
    ),
    Question(
        "stream-cursor",
        "The code of the refusal of a cursor that is none.",
        "Reads a stream of its own with such a cursor.",
        Cost(30, resources=1),
        ask_cursor,
        _WITH_STREAM,
    ),
    Question(
        "queue-dead-letter",
        "Whether a message is moved after as many deliveries as the queue says, or after one more.",
        "Puts one message on a queue that says 2, and takes it until it does not come any more.",
        Cost(50, resources=1),
        ask_dead_letter,
        "a queue",
    ),
    Question(
        "queue-control-characters",
        "Whether a queue takes a message with control characters, and gives it back as it was.",
        "Puts one message with three of them, and takes it.",
        Cost(40, resources=1),
        ask_control_characters,
        "a queue",
    ),
    Question(
        "topic-host",
        "Whether a topic can be published to at the region's host, or only at its apiEndpoint.",
        "Publishes one message to a topic that nobody is subscribed to.",
        Cost(10, resources=1),
        ask_regional_host,
        _WITH_TOPIC,
    ),
    Question(
        "subscription-topic",
        "What a subscription to a topic that is not there answers.",
        "Subscribes a function that is not there to it.",
        Cost(10, resources=1),
        ask_topic_that_is_not_there,
        _WITH_TOPIC,
    ),
    Question(
        "subscription-function",
        "What a subscription of a function that is not there answers.",
        "Subscribes it to a topic of its own.",
        Cost(10, resources=2),
        ask_subscribed_function,
        _WITH_TOPIC,
    ),
    Question(
        "pool-moved",
        "Whether the streams of a pool go with it to another compartment.",
        "Moves a pool with a stream to the compartment that --given other_compartment names.",
        Cost(60, resources=2),
        ask_moved_pool,
        "a stream pool with a stream",
        needs=("other_compartment",),
    ),
)
