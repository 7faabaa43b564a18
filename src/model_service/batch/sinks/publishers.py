"""The way to another function: a detached call for each record, with its outcome as the body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from model_service.batch.record import digest_of
from model_service.batch.tasks.templates import Template
from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline
from model_service.oci_services.clients import FUNCTIONS_VERSION, NOTIFICATIONS_VERSION, RegionServices
from model_service.oci_services.messages import (
    MAX_LABEL_BYTES,
    MAX_QUEUE_MESSAGE_BYTES,
    MAX_STREAM_MESSAGE_BYTES,
    put_in_stream,
    put_on_queue,
)


@dataclass(frozen=True)
class FunctionCarrier:
    """The function answers 202 as soon as it begins, which may take the start of a container. It needs FN_INVOCATION,
    and FN_FUNCTION_READ for where to call.

    Source: https://docs.oracle.com/en-us/iaas/Content/Functions/Tasks/functionsinvokingfunctions.htm
    """

    services: RegionServices
    ocid: str
    largest = 6 * 1024 * 1024
    seconds = 30.0

    def label(self, record: str, view: Mapping[str, Any]) -> str:  # noqa: ARG002 - a call has none
        return ""

    def carry(self, label: str, body: bytes, deadline: Deadline) -> None:  # noqa: ARG002 - a call has none
        path = f"{FUNCTIONS_VERSION}/functions/{quote(self.ocid, safe='')}/actions/invoke"
        upstream = self.services.function(self.ocid, deadline)
        upstream.send("POST", path, body, {"fn-invoke-type": "detached"}, deadline).read()


@dataclass(frozen=True)
class QueueCarrier:
    """``channel`` is a template; without one, or where it gives an empty text, the message is in none."""

    services: RegionServices
    ocid: str
    channel: Template | None = None
    largest = MAX_QUEUE_MESSAGE_BYTES
    seconds = 5.0

    def label(self, record: str, view: Mapping[str, Any]) -> str:  # noqa: ARG002 - others have it in their labels
        channel = self.channel.text(view) if self.channel else ""
        if len(channel.encode(errors="replace")) > MAX_LABEL_BYTES or not channel.isprintable():
            raise InvalidRequest(
                f"The sink's template gives this record no channel: {MAX_LABEL_BYTES} printable bytes at most.",
                code="bad_channel",
            )
        return channel

    def carry(self, label: str, body: bytes, deadline: Deadline) -> None:
        put_on_queue(self.services, self.ocid, label, body, deadline)


@dataclass(frozen=True)
class StreamCarrier:
    """``key`` is a template; without one, the key is the record's id. One that is longer than a key can be is told by
    its digest, so that what belongs together stays in one partition; an empty one is none."""

    services: RegionServices
    ocid: str
    key: Template | None = None
    largest = MAX_STREAM_MESSAGE_BYTES
    seconds = 5.0

    def label(self, record: str, view: Mapping[str, Any]) -> str:
        return self.key.text(view) if self.key else record

    def carry(self, label: str, body: bytes, deadline: Deadline) -> None:
        key = label.encode(errors="surrogatepass")
        if len(key) > MAX_LABEL_BYTES:
            key = digest_of(key).encode()
        put_in_stream(self.services, self.ocid, key, body, deadline)


@dataclass(frozen=True)
class TopicCarrier:
    """``title`` is a template, whose text becomes one line; subscribers by mail see it as the subject.

    A message has at most 64 KB, and a topic takes 60 in a minute
    (https://docs.oracle.com/en-us/iaas/api/#/en/notification/20181201/NotificationTopic/PublishMessage).
    """

    services: RegionServices
    ocid: str
    title: Template | None = None
    largest = 64_000
    seconds = 5.0

    def label(self, record: str, view: Mapping[str, Any]) -> str:  # noqa: ARG002 - others have it in their labels
        title = self.title.text(view) if self.title else ""
        return re.sub(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+", " ", title).strip()

    def carry(self, label: str, body: bytes, deadline: Deadline) -> None:
        message = {"body": body.decode()} | ({"title": label} if label else {})
        path = f"{NOTIFICATIONS_VERSION}/topics/{quote(self.ocid, safe='')}/messages"
        self.services.topic(self.ocid).send("POST", path, message, {"messagetype": "RAW_TEXT"}, deadline).read()
