"""A CloudEvent from a rule of OCI Events, of 0.1 in both versions of Object Storage's payload, or of 1.0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model_service.batch.cloud_events import event_metadata
from model_service.batch.record import BatchRequest, Record, digest_of, record_id
from model_service.envelopes.detect import cloud_event
from model_service.envelopes.unattended import UnattendedEnvelope
from model_service.errors import InvalidRequest


class EventEnvelope(UnattendedEnvelope):
    trigger = "event"
    may_name_its_body = False
    may_name_the_payer = True

    def decode(self) -> BatchRequest:
        body = self._invocation.body
        return BatchRequest((event_record(body, cloud_event(body) or {}),))


def event_record(body: bytes, event: Mapping[str, Any], arrived: Mapping[str, Any] | None = None) -> Record:
    """Return the record of ``event``, which ``body`` holds; ``arrived`` is what is known of its way here.

    Its metadata is what ``event_metadata`` finds.
    """
    way = dict(arrived or {})
    try:
        metadata = way | event_metadata(event)
    except InvalidRequest as fault:
        identity = record_id("events", digest_of(body))
        return Record("events", identity, body, way, fault.with_traceback(None))
    return Record("events", _identity(event, metadata, body), body, metadata)


def _identity(event: Mapping[str, Any], metadata: Mapping[str, Any], body: bytes) -> str:
    if "event_id" not in metadata:
        return record_id("events", digest_of(body))
    if "cloudEventsVersion" in event:
        return record_id("events", metadata["event_id"])
    return record_id("events", event["source"], metadata["event_id"])  # 1.0: the two together are unique
