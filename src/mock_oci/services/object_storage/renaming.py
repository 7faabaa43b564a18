"""Objects under another name: renamed in their bucket, or copied to a bucket of this region.

Client: oci.object_storage.ObjectStorageClient (docs: Object/Tasks/{renamingobjects,copyingobjects}.htm).
"""

from __future__ import annotations

from mock_oci.operations import Call, Operation, refusing
from mock_oci.services.object_storage.buckets import bucket_of, storage_of
from mock_oci.services.object_storage.objects import checked_name
from mock_oci.services.oci_surface import invalid, object_in, optional_text_in, permitted, text_in
from mock_oci.services.work_requests import Subject, accepted, work_request
from mock_oci.wire import Body, Response


def rename_object(call: Call) -> Response:
    """Give an object another name, at once. Raises Refused."""
    bucket, details, storage = bucket_of(call), object_in(call.request.body), storage_of(call)
    source, name = text_in(details, "sourceName"), checked_name(text_in(details, "newName"))
    before = storage.get(bucket.name, source)
    if details.get("srcObjIfMatchETag") not in (None, before.etag):
        raise invalid("The ETag of the source does not match", "IfMatchFailed", 412)
    if source == name:
        raise invalid("newName must be another name")
    stored = storage.put(bucket.name, name, before.body, headers=before.headers, **_conditions(details, "newObjIf"))
    storage.delete(bucket.name, source)
    return Response(200, {"etag": stored.etag})


def copy_object(call: Call) -> Response:
    """Copy an object, by a work request that is done at once. Raises Refused: regions and namespaces are one here."""
    bucket, details, storage = bucket_of(call), object_in(call.request.body), storage_of(call)
    for name, here in (("destinationRegion", call.region), ("destinationNamespace", storage.namespace)):
        if text_in(details, name) != here:
            raise invalid(f"mock_oci: another {name} of a copy is not emulated", "NotImplemented", 501)
    version_id = optional_text_in(details, "sourceVersionId")
    source = storage.get(bucket.name, text_in(details, "sourceObjectName"), version_id)
    if details.get("sourceObjectIfMatchETag") not in (None, source.etag):
        raise invalid("The ETag of the source does not match", "IfMatchFailed", 412)
    target = storage.bucket(text_in(details, "destinationBucket"))
    named = {"target.bucket.name": (target.name,)}
    permitted(call, target.compartment_id, target=named, needs="OBJECT_CREATE")
    name = checked_name(text_in(details, "destinationObjectName"))
    metadata = details.get("destinationObjectMetadata")
    kept = {key: value for key, value in source.headers.items() if metadata is None or not key.startswith("opc-meta-")}
    own = {f"opc-meta-{key.removeprefix('opc-meta-')}": str(value) for key, value in (metadata or {}).items()}
    storage.put(target.name, name, source.body, headers={**kept, **own}, **_conditions(details, "destinationObjectIf"))
    where = f"/n/{storage.namespace}/b/{target.name}/o/{name}"
    subject = Subject("object", where, name, target.compartment_id)
    return accepted(call, "COPY_OBJECT", "WRITTEN", subject, "COMPLETED")


def _conditions(details: Body, stem: str) -> dict[str, str]:
    return {
        "if_match": optional_text_in(details, f"{stem}MatchETag"),
        "if_none_match": optional_text_in(details, f"{stem}NoneMatchETag"),
    }


_ACTIONS = "/n/{namespace}/b/{bucket}/actions"
OPERATIONS = (
    Operation("POST", f"{_ACTIONS}/renameObject", refusing(rename_object)),
    Operation("POST", f"{_ACTIONS}/copyObject", refusing(copy_object)),
    Operation("GET", "/workRequests/{id}", refusing(work_request)),
)
