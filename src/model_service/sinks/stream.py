"""The way into a stream: a message for each record, of its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model_service.invocation import Deadline
from model_service.posting import LARGEST_IN_STREAM, LONGEST_LABEL, put_in_stream
from model_service.record import digest_of
from model_service.region_services import RegionServices
from model_service.templates import Template


@dataclass(frozen=True)
class StreamCarrier:
    """``key`` is a template; without one, the key is the record's id. One that is longer than a key can be is told by
    its digest, so that what belongs together stays in one partition; an empty one is none."""

    services: RegionServices
    ocid: str
    key: Template | None = None
    largest = LARGEST_IN_STREAM
    seconds = 5.0

    def label(self, record: str, view: Mapping[str, Any]) -> str:
        return self.key.text(view) if self.key else record

    def carry(self, label: str, body: bytes, deadline: Deadline) -> None:
        key = label.encode(errors="surrogatepass")
        if len(key) > LONGEST_LABEL:
            key = digest_of(key).encode()
        put_in_stream(self.services, self.ocid, key, body, deadline)
