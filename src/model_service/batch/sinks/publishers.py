"""The ways to places that cannot be asked what is there: a stream, a queue, a topic, another function."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
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
class _Publisher:
    """Publish to the resource ``ocid``; ``template`` gives each message its header, if the kind has one."""

    services: RegionServices
    ocid: str
    template: Template | None = None
    seconds: ClassVar[float] = 5.0

    def header(self, record: str, view: Mapping[str, Any]) -> str:  # noqa: ARG002 - a stream's key is the record's id
        """Return what the template gives for this record, an empty string without one."""
        return self.template.text(view) if self.template else ""


class FunctionPublisher(_Publisher):
    """Call a function, detached, with the outcome as the body: it answers 202 as soon as it begins.

    It needs FN_INVOCATION, and FN_FUNCTION_READ for where to call.
    Source: https://docs.oracle.com/en-us/iaas/Content/Functions/Tasks/functionsinvokingfunctions.htm
    """

    largest: ClassVar[int] = 6 * 1024 * 1024
    seconds: ClassVar[float] = 30.0  # which may take the start of a container

    def publish(self, header: str, body: bytes, deadline: Deadline) -> None:  # noqa: ARG002 - a call has none
        path = f"{FUNCTIONS_VERSION}/functions/{quote(self.ocid, safe='')}/actions/invoke"
        upstream = self.services.function(self.ocid, deadline)
        upstream.send("POST", path, body, {"fn-invoke-type": "detached"}, deadline).read()


class QueuePublisher(_Publisher):
    """Put messages on a queue, in the channel that the template gives; in none without one, or for an empty string."""

    largest: ClassVar[int] = MAX_QUEUE_MESSAGE_BYTES

    def header(self, record: str, view: Mapping[str, Any]) -> str:
        channel = super().header(record, view)
        if len(channel.encode(errors="replace")) > MAX_LABEL_BYTES or not channel.isprintable():
            raise InvalidRequest(
                f"The sink's template gives this record no channel: {MAX_LABEL_BYTES} printable bytes at most.",
                code="bad_channel",
            )
        return channel

    def publish(self, header: str, body: bytes, deadline: Deadline) -> None:
        put_on_queue(self.services, self.ocid, header, body, deadline)


class StreamPublisher(_Publisher):
    """Put messages into a stream, with the key that the template gives, or the record's id without one.

    A key that is too long becomes its digest, so that what belongs together stays in one partition; an empty one is
    none.
    """

    largest: ClassVar[int] = MAX_STREAM_MESSAGE_BYTES

    def header(self, record: str, view: Mapping[str, Any]) -> str:
        return super().header(record, view) if self.template else record

    def publish(self, header: str, body: bytes, deadline: Deadline) -> None:
        key = header.encode(errors="surrogatepass")
        if len(key) > MAX_LABEL_BYTES:
            key = digest_of(key).encode()
        put_in_stream(self.services, self.ocid, key, body, deadline)


class TopicPublisher(_Publisher):
    """Publish messages to a topic, with the title that the template gives, in one line: the subject of a mail.

    A message has at most 64 KB, and a topic takes 60 in a minute
    (https://docs.oracle.com/en-us/iaas/api/#/en/notification/20181201/NotificationTopic/PublishMessage).
    """

    largest: ClassVar[int] = 64_000

    def header(self, record: str, view: Mapping[str, Any]) -> str:
        return re.sub(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+", " ", super().header(record, view)).strip()

    def publish(self, header: str, body: bytes, deadline: Deadline) -> None:
        message = {"body": body.decode()} | ({"title": header} if header else {})
        path = f"{NOTIFICATIONS_VERSION}/topics/{quote(self.ocid, safe='')}/messages"
        self.services.topic(self.ocid, deadline).send(
            "POST", path, message, {"messagetype": "RAW_TEXT"}, deadline
        ).read()
