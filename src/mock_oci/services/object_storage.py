"""Object Storage: its operations in one table, and the state that tests reach for."""

from __future__ import annotations

from mock_oci.services import object_storage_buckets, object_storage_links, object_storage_objects
from mock_oci.services.object_storage_pars import Par, Pars
from mock_oci.services.object_storage_state import Bucket, ObjectStorage, StoredObject

__all__ = ["OPERATIONS", "Bucket", "ObjectStorage", "Par", "Pars", "StoredObject"]

OPERATIONS = (
    *object_storage_buckets.OPERATIONS,
    *object_storage_objects.OPERATIONS,
    *object_storage_links.OPERATIONS,
)
