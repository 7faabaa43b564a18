"""What Object Storage keeps: buckets and their objects, with conditional writes that are atomic."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.services.object_storage.errors import (
    bucket_exists,
    bucket_not_empty,
    bucket_not_found,
    if_match_failed,
    if_none_match_failed,
    object_not_found,
)
from mock_oci.services.object_storage.events import Change, CloudEvent, cloud_event
from mock_oci.services.oci_surface import new_uuid

NAMESPACE = "axmockoci123"  # twelve letters and digits, as new tenancies get (docs: understandingnamespaces.htm)


@dataclass(frozen=True)
class StoredObject:
    """``headers`` are what a GET gives back of the PUT: content-type and the like, and opc-meta-*; lower-case names.

    ``created`` and ``modified`` in Unix seconds.
    """

    name: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    etag: str
    created: float
    modified: float

    @property
    def md5(self) -> str:
        return md5_of(self.body)


@dataclass(frozen=True)
class Bucket:
    """``details`` is what else it was created with, as oci.object_storage.models.CreateBucketDetails has it."""

    name: str
    compartment_id: str
    id: str
    etag: str
    created: float
    created_by: str = ""
    object_events: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


class ObjectStorage:
    """The buckets of one tenancy in one region. Thread-safe.

    ``subscribers`` are called with each event, in the thread of the request that caused it, after its change is
    visible. ``event_version``: ``2.0``, or ``1.0`` as older captures have it. Its methods raise Refused, with the
    response that a client would get.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}
        self._objects: dict[str, dict[str, StoredObject]] = {}
        self._expired: dict[str, Callable[[StoredObject, float], bool]] = {}
        self.namespace = NAMESPACE
        self.subscribers: list[Callable[[CloudEvent], None]] = []
        self.event_version = "2.0"

    def create_bucket(
        self,
        name: str,
        *,
        object_events: bool = False,
        compartment_id: str = "",
        created_by: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> Bucket:
        """Create a bucket; ``object_events``: whether its objects' changes are told to the subscribers."""
        bucket = Bucket(
            name=name,
            compartment_id=compartment_id or self._cloud.tenancy.compartment_id,
            id=ocid("bucket", f"{self.namespace}/{name}", self._cloud.region),
            etag=new_uuid(self._cloud, "bucket"),
            created=self._cloud.clock(),
            created_by=created_by or self._cloud.tenancy.user_id,
            object_events=object_events,
            details=details or {},
        )
        with self._lock:
            if name in self._buckets:
                raise bucket_exists(name)
            self._buckets[name], self._objects[name] = bucket, {}
        self._tell_of_bucket("createbucket", bucket)
        return bucket

    def bucket(self, name: str) -> Bucket:
        with self._lock:
            return self._found(name)

    def buckets(self) -> tuple[Bucket, ...]:
        with self._lock:
            return tuple(sorted(self._buckets.values(), key=lambda bucket: bucket.name))

    def update_bucket(self, name: str, changes: Mapping[str, Any], *, if_match: str = "") -> Bucket:
        """Change what a bucket was created with, and return it as it is then."""
        with self._lock:
            before = self._found(name)
            if if_match not in ("", "*", before.etag):
                raise if_match_failed()
            details = {**before.details, **changes}
            events = details.get("objectEventsEnabled") is True
            etag = new_uuid(self._cloud, "bucket")
            bucket = replace(before, etag=etag, object_events=events, details=details)
            self._buckets[name] = bucket
        self._tell_of_bucket("updatebucket", bucket)
        return bucket

    def expire_by(self, bucket: str, expired: Callable[[StoredObject, float], bool] | None) -> None:
        """Delete objects of which ``expired`` is true at a time in Unix seconds, before they are next looked at."""
        with self._lock:
            if expired is None:
                self._expired.pop(bucket, None)
            else:
                self._expired[bucket] = expired

    def delete_bucket(self, name: str, *, if_match: str = "") -> None:
        with self._lock:
            bucket = self._found(name)
            if if_match not in ("", "*", bucket.etag):
                raise if_match_failed()
            if self._objects[name]:
                raise bucket_not_empty(name)
            del self._buckets[name], self._objects[name]
            self._expired.pop(name, None)
        self._tell_of_bucket("deletebucket", bucket)

    def put(
        self,
        bucket: str,
        name: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        if_match: str = "",
        if_none_match: str = "",
    ) -> StoredObject:
        """Write an object; ``if_none_match="*"`` only when there is none, ``if_match`` only over that ETag."""
        with self._lock:
            found = self._found(bucket)
            before = self._objects[bucket].get(name)
            _check_conditions(before, if_match, if_none_match)
            now = self._cloud.clock()
            stored = StoredObject(
                name=name,
                body=body,
                headers={"content-type": "application/octet-stream", **(headers or {})},
                etag=new_uuid(self._cloud, "object"),
                created=before.created if before else now,
                modified=now,
            )
            self._objects[bucket][name] = stored
        self._tell_of_object("updateobject" if before else "createobject", found, stored)
        return stored

    def get(self, bucket: str, name: str) -> StoredObject:
        with self._lock:
            self._found(bucket)
            return self._object(bucket, name)

    def has(self, bucket: str, name: str) -> bool:
        """Tell whether the bucket is there and has this object."""
        with self._lock:
            return name in self._objects.get(bucket, {})

    def objects(self, bucket: str) -> tuple[StoredObject, ...]:
        """Return the objects of one bucket, in the order of their names in UTF-8, as lists have them."""
        with self._lock:
            self._found(bucket)
            return tuple(sorted(self._objects[bucket].values(), key=lambda item: item.name.encode()))

    def delete(self, bucket: str, name: str, *, if_match: str = "") -> None:
        with self._lock:
            found, gone = self._found(bucket), self._object(bucket, name)
            _check_conditions(gone, if_match, "")
            del self._objects[bucket][name]
        self._tell_of_object("deleteobject", found, gone)

    def _found(self, name: str) -> Bucket:
        if name not in self._buckets:
            raise bucket_not_found(name, self.namespace)
        expired = self._expired.get(name)
        if expired is not None:
            now = self._cloud.clock()
            kept = {key: item for key, item in self._objects[name].items() if not expired(item, now)}
            self._objects[name] = kept
        return self._buckets[name]

    def _object(self, bucket: str, name: str) -> StoredObject:
        if name not in self._objects[bucket]:
            raise object_not_found(name, bucket, self.namespace)
        return self._objects[bucket][name]

    def _tell_of_bucket(self, kind: str, bucket: Bucket) -> None:
        path, details = f"/n/{self.namespace}/b/{bucket.name}", {"eTag": bucket.etag, **self._place(bucket)}
        self._tell(Change(kind, bucket.compartment_id, bucket.name, path, details))

    def _tell_of_object(self, kind: str, bucket: Bucket, item: StoredObject) -> None:
        if not bucket.object_events:
            return
        path = f"/n/{self.namespace}/b/{bucket.name}/o/{item.name}"
        details = {"eTag": item.etag, "archivalState": "Available", **self._place(bucket)}
        self._tell(Change(kind, bucket.compartment_id, item.name, path, details))

    def _place(self, bucket: Bucket) -> dict[str, str]:
        return {"namespace": self.namespace, "bucketName": bucket.name, "bucketId": bucket.id}

    def _tell(self, change: Change) -> None:
        if not self.subscribers:
            return
        event = cloud_event(self._cloud, change, self.event_version)
        for subscriber in tuple(self.subscribers):
            subscriber(event)


def md5_of(body: bytes) -> str:
    """Return the MD5 in Base64, as Content-MD5 has it."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def _check_conditions(held: StoredObject | None, if_match: str, if_none_match: str) -> None:
    if if_none_match and held is not None:
        raise if_none_match_failed()
    if if_match and (held is None or if_match not in ("*", held.etag)):
        raise if_match_failed()
