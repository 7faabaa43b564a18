"""The way to a topic of Notifications: a message for each record, to whoever has subscribed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from model_service.invocation import Deadline
from model_service.region_services import NOTIFICATIONS_VERSION, RegionServices
from model_service.templates import Template


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
