"""A CloudEvent from a rule of OCI Events, of 0.1 in both versions of Object Storage's payload, or of 1.0."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from model_service.batch.record import BatchRequest, Record, digest_of, record_id
from model_service.envelopes.detect import cloud_event
from model_service.envelopes.unattended import UnattendedEnvelope
from model_service.errors import InvalidRequest
from model_service.openai_api.validation import invalid_field

_OBJECT_STORAGE: Final = "com.oraclecloud.objectstorage."
_RESOURCE_ID: Final = re.compile(r"/n/(?P<namespace>[^/]+)/b/(?P<bucket>[^/]+)/o/(?P<object>.+)", re.DOTALL)

# Source: docs Events/Reference/eventenvelopereference.htm; https://github.com/cloudevents/spec, 1.0.
_NAMES_0_1: Final = {"event_id": "eventID", "type": "eventType", "time": "eventTime"}
_NAMES_1_0: Final = {"event_id": "id", "type": "type", "time": "time"}


class EventEnvelope(UnattendedEnvelope):
    trigger = "event"
    may_name_its_body = False

    def decode(self) -> BatchRequest:
        body = self._invocation.body
        return BatchRequest((event_record(body, cloud_event(body) or {}),))


def event_record(body: bytes, event: Mapping[str, Any], arrived: Mapping[str, Any] | None = None) -> Record:
    """The record of ``event``, which ``body`` holds; ``arrived`` is what is known of its way here.

    ``metadata``: ``type``, ``event_id``, ``time``; of Object Storage ``bucket``, ``namespace``, ``object``, ``etag``,
    ``compartment``. What the event does not have is not there.
    """
    way = dict(arrived or {})
    try:
        metadata = way | _metadata(event)
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


def _metadata(event: Mapping[str, Any]) -> dict[str, str]:
    names = _NAMES_0_1 if "cloudEventsVersion" in event else _NAMES_1_0
    metadata = {ours: _text(event, theirs) for ours, theirs in names.items()}
    if metadata["type"].startswith(_OBJECT_STORAGE):
        metadata |= _object_place(metadata["type"], event)
    return {name: value for name, value in metadata.items() if value}


def _object_place(kind: str, event: Mapping[str, Any]) -> dict[str, str]:
    about = _object(event, "data")
    details = _object(about, "additionalDetails")
    resource = _RESOURCE_ID.fullmatch(_text(about, "resourceId"))
    named = resource.groupdict() if resource else {}
    return {
        "namespace": _text(details, "namespace") or named.get("namespace", ""),
        "bucket": _text(details, "bucketName") or named.get("bucket", ""),
        "object": _object_name(about, named.get("object", "")) if kind.endswith("object") else "",
        "etag": _text(details, "eTag"),
        "compartment": _text(about, "compartmentId"),
    }


def _object_name(about: Mapping[str, Any], in_resource: str) -> str:
    """``resourceName``, unless the ``resourceId`` of version 2.0 has it with the folders before it."""
    name = _text(about, "resourceName")
    return next((longer for longer in _spellings(in_resource) if longer.endswith(f"/{name}")), name) or in_resource


def _spellings(name: str) -> Iterator[str]:
    yield name
    yield unquote(name)


def _text(source: Mapping[str, Any], name: str) -> str:
    """Empty where there is none."""
    value = source.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid_field(name, "must be a string.")
    return value or ""


def _object(source: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = source.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise invalid_field(name, "must be an object.")
    return value or {}
