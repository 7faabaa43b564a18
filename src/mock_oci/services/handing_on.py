"""Handing a text on to another service, by the OCID of what should get it: a stream, a queue or a topic."""

from __future__ import annotations

from collections.abc import Callable

from mock_oci.cloud import Cloud
from mock_oci.services.notifications.state import Notifications
from mock_oci.services.queues.state import Queues
from mock_oci.services.streaming.state import Streaming


def hand_on(cloud: Cloud, resource_id: str, text: str, channel: str = "") -> bool:
    """Hand ``text`` on to this stream, queue or topic; return False when there is none.

    ``channel`` is one of the queue; the others have none.
    """
    kind = resource_id.split(".")[1] if resource_id.count(".") >= 2 else ""
    return kind in _KINDS and _KINDS[kind](cloud, resource_id, text, channel)


def _to_stream(cloud: Cloud, stream_id: str, text: str, _channel: str) -> bool:
    stream = cloud.state_of(Streaming).find(stream_id)
    if stream is not None:
        stream.put([(None, text.encode())])
    return stream is not None


def _to_queue(cloud: Cloud, queue_id: str, text: str, channel: str) -> bool:
    queues = cloud.state_of(Queues)
    queue = queues.find(queue_id)
    if queue is not None:
        queues.messages(queue_id).put(text, channel)
    return queue is not None


def _to_topic(cloud: Cloud, topic_id: str, text: str, _channel: str) -> bool:
    notifications = cloud.state_of(Notifications)
    topic = notifications.topics.find(topic_id)
    if topic is not None:
        notifications.publish(topic, text)
    return topic is not None


_KINDS: dict[str, Callable[[Cloud, str, str, str], bool]] = {
    "stream": _to_stream,
    "queue": _to_queue,
    "onstopic": _to_topic,
}
NEEDED_TO_SEND = {"stream": "STREAM_PRODUCE", "queue": "QUEUE_PRODUCE", "onstopic": "ONS_TOPIC_PUBLISH"}
"""The permission to send to each of them."""
