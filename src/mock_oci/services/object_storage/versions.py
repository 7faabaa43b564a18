"""A bucket, and the objects of one, each with its versions: the oldest first, delete markers among them.

Source: docs Object/Tasks/usingversioning.htm. Unverified: what deleting an object in a bucket whose versioning is
suspended does to a version that was made before (verify: version-suspended); here it stays, as a previous one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


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

    @property
    def versioning(self) -> str:
        """Return whether versions are kept: Disabled, Enabled, or Suspended once they have been."""
        return str(self.details.get("versioning") or "Disabled")


@dataclass(frozen=True)
class StoredObject:
    """One version of an object; ``version_id`` is empty for what was put while its bucket kept no versions.

    ``headers`` are what a GET gives back of the PUT: content-type and the like, and opc-meta-*; lower-case names.
    ``created`` and ``modified`` in Unix seconds.
    """

    name: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    etag: str
    created: float
    modified: float
    version_id: str = ""
    is_delete_marker: bool = False

    @property
    def md5(self) -> str:
        return md5_of(self.body)


Expired = Callable[[StoredObject, float | None, float], bool]
"""Tells of an object, since when it is a previous version (``None``: it is none) and the time, whether it goes now."""
Marked = Callable[[str], StoredObject | None]
"""Makes the delete marker of a name; ``None``: this bucket keeps no versions now."""


class VersionedObjects:
    """The objects of one bucket by their names. Not thread-safe: Object Storage has the lock."""

    def __init__(self) -> None:
        self._held: dict[str, list[StoredObject]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._held.values()))

    def current(self, name: str) -> StoredObject | None:
        """Return the latest version; ``None`` when there is none, or it is a delete marker."""
        versions = self._held.get(name)
        return versions[-1] if versions and not versions[-1].is_delete_marker else None

    def version(self, name: str, version_id: str) -> StoredObject | None:
        """Return the version of this id, which may be a delete marker."""
        return next((item for item in self._held.get(name, ()) if version_id and item.version_id == version_id), None)

    def all(self) -> tuple[StoredObject, ...]:
        """Return the latest version of each object, in the order of their names in UTF-8, as lists have them."""
        found = (self.current(name) for name in sorted(self._held, key=str.encode))
        return tuple(item for item in found if item is not None)

    def every_version(self) -> Iterator[StoredObject]:
        """Yield every version of every object, by name, the latest first."""
        for name in sorted(self._held, key=str.encode):
            yield from reversed(self._held[name])

    def add(self, item: StoredObject) -> None:
        """Make ``item`` the latest version; one without an id takes the place of the other one without."""
        kept = self._held.setdefault(item.name, [])
        if not item.version_id:
            kept[:] = [other for other in kept if other.version_id]
        kept.append(item)

    def remove(self, item: StoredObject) -> None:
        """Remove this version for good; the one before is the latest then, if this was.

        What hides the others while versions are suspended has no id to be removed by, and goes with the last of them.
        """
        self._held[item.name].remove(item)
        if all(other.is_delete_marker and not other.version_id for other in self._held[item.name]):
            del self._held[item.name]

    def delete(self, item: StoredObject, marked: Marked) -> StoredObject | None:
        """Delete the latest version; return the delete marker that stands in its place where versions are kept."""
        marker = marked(item.name)
        if marker is None and not item.version_id:
            self._held[item.name].remove(item)
        if marker is not None:
            self.add(marker)
        elif self._held[item.name]:  # suspended: what was made before stays, and the object is gone
            nobody = StoredObject(item.name, b"", {}, "", item.created, item.modified, is_delete_marker=True)
            self.add(nobody)
        else:
            del self._held[item.name]
        return marker

    def expire(self, expired: Expired, now: float, marked: Marked) -> None:
        """Delete what ``expired`` says: previous versions for good, the latest as a caller would."""
        for name, versions in list(self._held.items()):
            followed = zip(list(versions), versions[1:], strict=False)
            for item in [item for item, after in followed if expired(item, after.modified, now)]:
                self.remove(item)
            latest = self.current(name)
            if latest is not None and expired(latest, None, now):
                self.delete(latest, marked)


def md5_of(body: bytes) -> str:
    """Return the MD5 in Base64, as Content-MD5 has it."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
