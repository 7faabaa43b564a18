"""Object Storage: its operations in one table, and the state that tests reach for."""

from __future__ import annotations

from mock_oci.services.object_storage import buckets, lifecycle, links, multipart, objects, renaming, retention_rules
from mock_oci.services.object_storage.pars import Par, Pars
from mock_oci.services.object_storage.state import ObjectStorage
from mock_oci.services.object_storage.versions import Bucket, StoredObject

__all__ = ["OPERATIONS", "Bucket", "ObjectStorage", "Par", "Pars", "StoredObject"]

OPERATIONS = (
    *buckets.OPERATIONS,
    *objects.OPERATIONS,
    *links.OPERATIONS,
    *lifecycle.OPERATIONS,
    *multipart.OPERATIONS,
    *renaming.OPERATIONS,
    *retention_rules.OPERATIONS,
)
