"""One message onto a queue or into a stream: what relays and sinks have in common.

Sources: https://docs.oracle.com/en-us/iaas/api/#/en/queue/20210201/ and …/#/en/streaming/20180418/
"""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import quote

from model_service.errors import UpstreamThrottled
from model_service.fn.invocation import Deadline
from model_service.oci_services.clients import QUEUE_VERSION, STREAMING_VERSION, RegionServices
from model_service.upstream.response import read_object

MAX_QUEUE_MESSAGE_BYTES: Final = 256_000  # bytes; a message of a queue has at most 256 KB
MAX_STREAM_MESSAGE_BYTES: Final = 1_000_000  # bytes; a request to a stream has at most 1 MB, keys and values
MAX_LABEL_BYTES: Final = 256  # bytes; of a stream's key (oci.streaming.models.PutMessagesDetailsEntry)


def queue_path(ocid: str) -> str:
    return f"{QUEUE_VERSION}/queues/{quote(ocid, safe='')}/messages"


def stream_path(ocid: str) -> str:
    return f"{STREAMING_VERSION}/streams/{quote(ocid, safe='')}"


def put_on_queue(services: RegionServices, ocid: str, channel: str, content: bytes, deadline: Deadline) -> None:
    """``content`` is UTF-8; without a ``channel`` the queue takes it itself."""
    message = {"content": content.decode()} | ({"metadata": {"channelId": channel}} if channel else {})
    upstream = services.queue(ocid, deadline)
    upstream.send("POST", queue_path(ocid), {"messages": [message]}, {}, deadline).read()


def put_in_stream(services: RegionServices, ocid: str, key: bytes, content: bytes, deadline: Deadline) -> None:
    """Messages of one key stay in order; raises ``UpstreamThrottled`` where the stream did not take this one."""
    message = {"key": as_base64(key) if key else None, "value": as_base64(content)}
    upstream = services.stream(ocid, deadline)
    sent = upstream.send("POST", f"{stream_path(ocid)}/messages", {"messages": [message]}, {}, deadline)
    if read_object(sent).get("failures"):  # a status of 200 says only that the request was read
        raise UpstreamThrottled("The stream did not take the message.", opc_request_id=sent.opc_request_id)


def as_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
