"""The way onto a queue: a message for each record, in its channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model_service.errors import InvalidRequest
from model_service.invocation import Deadline
from model_service.posting import LARGEST_IN_QUEUE, LONGEST_LABEL, put_on_queue
from model_service.region_services import RegionServices
from model_service.templates import Template


@dataclass(frozen=True)
class QueueCarrier:
    """``channel`` is a template; without one, or where it gives an empty text, the message is in none."""

    services: RegionServices
    ocid: str
    channel: Template | None = None
    largest = LARGEST_IN_QUEUE
    seconds = 5.0

    def label(self, record: str, view: Mapping[str, Any]) -> str:  # noqa: ARG002 - others have it in their labels
        channel = self.channel.text(view) if self.channel else ""
        if len(channel.encode(errors="replace")) > LONGEST_LABEL or not channel.isprintable():
            raise InvalidRequest(
                f"The sink's template gives this record no channel: {LONGEST_LABEL} printable bytes at most.",
                code="bad_channel",
            )
        return channel

    def carry(self, label: str, body: bytes, deadline: Deadline) -> None:
        put_on_queue(self.services, self.ocid, label, body, deadline)
