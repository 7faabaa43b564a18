"""What a CloudEvent says of itself and of the object that it is about, in 0.1 and 1.0.

Sources: https://docs.oracle.com/en-us/iaas/Content/Events/Reference/eventenvelopereference.htm and
https://github.com/cloudevents/spec.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from model_service.openai_api.validation import invalid_field

_OBJECT_STORAGE: Final = "com.oraclecloud.objectstorage."
_RESOURCE_ID: Final = re.compile(r"/n/(?P<namespace>[^/]+)/b/(?P<bucket>[^/]+)/o/(?P<object>.+)", re.DOTALL)
_NAMES_0_1: Final = {"event_id": "eventID", "type": "eventType", "time": "eventTime"}
_NAMES_1_0: Final = {"event_id": "id", "type": "type", "time": "time"}


def is_cloud_event(value: Any) -> bool:
    """Return whether a value is a CloudEvent of either version, as an object."""
    return isinstance(value, Mapping) and (
        "cloudEventsVersion" in value or {"specversion", "type", "source"} <= value.keys()
    )


def event_metadata(event: Mapping[str, Any]) -> dict[str, str]:
    """Return what an event says of itself and of its object; raise ``InvalidRequest`` where a field is not a string.

    ``type``, ``event_id``, ``time``; of Object Storage ``bucket``, ``namespace``, ``object``, ``etag``,
    ``compartment``, as far as the event has them.
    """
    names = _NAMES_0_1 if "cloudEventsVersion" in event else _NAMES_1_0
    metadata = {ours: _string(event, theirs) for ours, theirs in names.items()}
    if metadata["type"].startswith(_OBJECT_STORAGE):
        metadata |= _object_metadata(metadata["type"], event)
    return {name: value for name, value in metadata.items() if value}


def _object_metadata(kind: str, event: Mapping[str, Any]) -> dict[str, str]:
    about = _object(event, "data")
    details = _object(about, "additionalDetails")
    resource = _RESOURCE_ID.fullmatch(_string(about, "resourceId"))
    named = resource.groupdict() if resource else {}
    return {
        "namespace": _string(details, "namespace") or named.get("namespace", ""),
        "bucket": _string(details, "bucketName") or named.get("bucket", ""),
        "object": _object_name(about, named.get("object", "")) if kind.endswith("object") else "",
        "etag": _string(details, "eTag"),
        "compartment": _string(about, "compartmentId"),
    }


def _object_name(about: Mapping[str, Any], in_resource: str) -> str:
    """Return ``resourceName``, unless the ``resourceId`` of version 2.0 has it with the folders before it."""
    name = _string(about, "resourceName")
    return next((longer for longer in _spellings(in_resource) if longer.endswith(f"/{name}")), name) or in_resource


def _spellings(name: str) -> Iterator[str]:
    yield name
    yield unquote(name)


def _string(source: Mapping[str, Any], name: str) -> str:
    """Return a field, an empty string where there is none."""
    value = source.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid_field(name, "must be a string.")
    return value or ""


def _object(source: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = source.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise invalid_field(name, "must be an object.")
    return value or {}
