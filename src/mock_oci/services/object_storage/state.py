"""What Object Storage keeps: buckets and their objects, with conditional writes that are atomic."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
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
    retained,
)
from mock_oci.services.object_storage.events import Change, CloudEvent, cloud_event
from mock_oci.services.object_storage.versions import Bucket, Expired, StoredObject, VersionedObjects
from mock_oci.services.oci_surface import new_uuid

NAMESPACE = "axmockoci123"  # twelve letters and digits, as new tenancies get (docs: understandingnamespaces.htm)


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
        self._objects: dict[str, VersionedObjects] = {}
        self._expired: dict[str, Expired] = {}
        self._held: dict[str, Callable[[StoredObject, float], bool]] = {}
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
            self._buckets[name], self._objects[name] = bucket, VersionedObjects()
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

    def expire_by(self, bucket: str, expired: Expired | None) -> None:
        """Delete what ``expired`` is true of, before it is next looked at; ``None``: nothing any more."""
        with self._lock:
            self._expired.pop(bucket, None)
            if expired is not None:
                self._expired[bucket] = expired

    def hold_by(self, bucket: str, held: Callable[[StoredObject, float], bool]) -> None:
        """Refuse to overwrite or delete objects of which ``held`` is true at a time in Unix seconds."""
        with self._lock:
            self._held[bucket] = held

    def delete_bucket(self, name: str, *, if_match: str = "") -> None:
        with self._lock:
            bucket = self._found(name)
            if if_match not in ("", "*", bucket.etag):
                raise if_match_failed()
            if self._objects[name]:
                raise bucket_not_empty(name)
            del self._buckets[name], self._objects[name]
            self._expired.pop(name, None)
            self._held.pop(name, None)
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
            before = self._objects[bucket].current(name)
            _check_conditions(before, if_match, if_none_match)
            if before is not None and found.versioning != "Enabled":
                self._check_held(before, bucket)
            now = self._cloud.clock()
            stored = StoredObject(
                name=name,
                body=body,
                headers={"content-type": "application/octet-stream", **(headers or {})},
                etag=new_uuid(self._cloud, "object"),
                created=before.created if before else now,
                modified=now,
                version_id=self._new_version(found),
            )
            self._objects[bucket].add(stored)
        self._tell_of_object("updateobject" if before else "createobject", found, stored)
        return stored

    def check(self, bucket: str, name: str, *, if_match: str = "", if_none_match: str = "") -> None:
        """Raise Refused where ``put`` would for these conditions."""
        with self._lock:
            self._found(bucket)
            _check_conditions(self._objects[bucket].current(name), if_match, if_none_match)

    def get(self, bucket: str, name: str, version_id: str = "") -> StoredObject:
        """Return the latest version of an object, or the one of this id; delete markers cannot be read."""
        with self._lock:
            self._found(bucket)
            return self._object(bucket, name, version_id)

    def has(self, bucket: str, name: str) -> bool:
        """Tell whether the bucket is there and has this object."""
        with self._lock:
            return bucket in self._objects and self._objects[bucket].current(name) is not None

    def objects(self, bucket: str) -> tuple[StoredObject, ...]:
        """Return the objects of one bucket, in the order of their names in UTF-8, as lists have them."""
        with self._lock:
            self._found(bucket)
            return self._objects[bucket].all()

    def versions(self, bucket: str) -> tuple[StoredObject, ...]:
        """Return every version of every object of one bucket, by name, the latest first."""
        with self._lock:
            self._found(bucket)
            return tuple(self._objects[bucket].every_version())

    def delete(self, bucket: str, name: str, *, version_id: str = "", if_match: str = "") -> StoredObject | None:
        """Delete an object, or one version of it for good; return the delete marker that was made or deleted."""
        with self._lock:
            found, objects = self._found(bucket), self._objects[bucket]
            gone = objects.version(name, version_id) if version_id else objects.current(name)
            if gone is None:
                raise object_not_found(name, bucket, self.namespace)
            _check_conditions(gone, if_match, "")
            if version_id or found.versioning != "Enabled":
                self._check_held(gone, bucket)
            if version_id:
                objects.remove(gone)
                marker = gone if gone.is_delete_marker else None
            else:
                marker = objects.delete(gone, lambda name: self._marker(found, name))
        self._tell_of_object("deleteobject", found, gone)
        return marker

    def _found(self, name: str) -> Bucket:
        if name not in self._buckets:
            raise bucket_not_found(name, self.namespace)
        bucket, expired = self._buckets[name], self._expired.get(name)
        if expired is not None:
            self._objects[name].expire(expired, self._cloud.clock(), lambda object_: self._marker(bucket, object_))
        return bucket

    def _object(self, bucket: str, name: str, version_id: str) -> StoredObject:
        objects = self._objects[bucket]
        found = objects.version(name, version_id) if version_id else objects.current(name)
        if found is None or found.is_delete_marker:
            raise object_not_found(name, bucket, self.namespace)
        return found

    def _new_version(self, bucket: Bucket) -> str:
        return new_uuid(self._cloud, "version") if bucket.versioning == "Enabled" else ""

    def _marker(self, bucket: Bucket, name: str) -> StoredObject | None:
        version_id, now = self._new_version(bucket), self._cloud.clock()
        etag = new_uuid(self._cloud, "object") if version_id else ""
        marker = StoredObject(name, b"", {}, etag, now, now, version_id, is_delete_marker=True)
        return marker if version_id else None

    def _check_held(self, item: StoredObject, bucket: str) -> None:
        held = self._held.get(bucket)
        if held is not None and held(item, self._cloud.clock()):
            raise retained(item.name)

    def _tell_of_bucket(self, kind: str, bucket: Bucket) -> None:
        path, details = f"/n/{self.namespace}/b/{bucket.name}", {"eTag": bucket.etag, **self._place(bucket)}
        self._tell(Change(kind, bucket.compartment_id, bucket.name, path, details))

    def _tell_of_object(self, kind: str, bucket: Bucket, item: StoredObject) -> None:
        if not bucket.object_events:
            return
        path = f"/n/{self.namespace}/b/{bucket.name}/o/{item.name}"
        details = {"eTag": item.etag, "archivalState": "Available", **self._place(bucket)}
        if item.version_id:
            details["versionId"] = item.version_id
        self._tell(Change(kind, bucket.compartment_id, item.name, path, details))

    def _place(self, bucket: Bucket) -> dict[str, str]:
        return {"namespace": self.namespace, "bucketName": bucket.name, "bucketId": bucket.id}

    def _tell(self, change: Change) -> None:
        if not self.subscribers:
            return
        event = cloud_event(self._cloud, change, self.event_version)
        for subscriber in tuple(self.subscribers):
            subscriber(event)


def _check_conditions(held: StoredObject | None, if_match: str, if_none_match: str) -> None:
    if if_none_match and held is not None:
        raise if_none_match_failed()
    if if_match and (held is None or if_match not in ("*", held.etag)):
        raise if_match_failed()
