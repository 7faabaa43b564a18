"""The CloudEvents 0.1 that Object Storage tells of its changes, in both versions of their payload.

Shape: docs Events/Reference/eventenvelopereference.htm; version 2.0 as oracle-samples/oracle-functions-samples
(oci-event-display-python/README.md) has captured it, 1.0 as the page's own example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.services.oci_surface import new_uuid, timestamp

CloudEvent = dict[str, Any]
_COMPARTMENT_NAME = "models"


@dataclass(frozen=True)
class Change:
    """``kind`` is the last part of the event type; ``path`` is the resource's below the host."""

    kind: str
    compartment_id: str
    resource: str
    path: str
    details: Mapping[str, Any]


def cloud_event(cloud: Cloud, change: Change, version: str) -> CloudEvent:
    """Write the event of a change; ``version``: 2.0 or 1.0."""
    event = {
        "cloudEventsVersion": "0.1",
        "eventID": new_uuid(cloud, "event"),
        "eventType": f"com.oraclecloud.objectstorage.{change.kind}",
        "eventTime": timestamp(cloud.clock()).replace(".000Z", "Z"),
        "schemaURL": None,
        "contentType": "application/json",
        "extensions": {"compartmentId": change.compartment_id},
    }
    return {**event, **_VERSIONS[version](cloud, change)}


def _second(cloud: Cloud, change: Change) -> CloudEvent:
    details = {"versionId": new_uuid(cloud, "version"), **change.details}
    about = {**_data(change), "resourceId": change.path, "availabilityDomain": "ad1", "additionalDetails": details}
    return {"source": "ObjectStorage", "eventTypeVersion": "2.0", "data": about}


def _first(cloud: Cloud, change: Change) -> CloudEvent:
    del cloud
    tags: Mapping[str, Any] = {"freeFormTags": {}, "definedTags": {}}
    about = {**_data(change), "resourceId": "", "availabilityDomain": "all", **tags}
    return {
        "source": "objectstorage",
        "eventTypeVersion": "1.0",
        "data": {**about, "additionalDetails": dict(change.details)},
    }


def _data(change: Change) -> CloudEvent:
    return {
        "compartmentId": change.compartment_id,
        "compartmentName": _COMPARTMENT_NAME,
        "resourceName": change.resource,
    }


_VERSIONS: dict[str, Callable[[Cloud, Change], CloudEvent]] = {"1.0": _first, "2.0": _second}
