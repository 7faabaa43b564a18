"""Object Storage's namespace and buckets on the wire (client: oci.object_storage.ObjectStorageClient)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from mock_oci.operations import Call, Operation, json_response, refusing
from mock_oci.services.object_storage.errors import (
    bucket_has_requests,
    bucket_not_found,
    if_match_failed,
    namespace_not_found,
)
from mock_oci.services.object_storage.pars import Pars
from mock_oci.services.object_storage.rules import LifecyclePolicies, RetentionRules
from mock_oci.services.object_storage.state import ObjectStorage
from mock_oci.services.object_storage.versions import Bucket
from mock_oci.services.oci_surface import (
    invalid,
    object_in,
    page_of,
    permitted,
    text_in,
    timestamp,
    with_or_without_slash,
)
from mock_oci.wire import Response

_NAME = re.compile(r"[A-Za-z0-9._-]{1,256}")


def storage_of(call: Call) -> ObjectStorage:
    """Return the state, once the namespace in the path is found to be the tenancy's."""
    storage = call.cloud.state_of(ObjectStorage)
    if (namespace := unquote(call.parameters.get("namespace", storage.namespace))) != storage.namespace:
        raise namespace_not_found(namespace)
    return storage


def bucket_of(call: Call, object_name: str = "", *, needs: str = "") -> Bucket:
    """Return the bucket in the path, when the caller may do what it asks for to it, or to an object in it.

    ``needs``: see ``Call.may``. Raises Refused.
    """
    storage, name = storage_of(call), unquote(call.parameters["bucket"])
    bucket = storage.bucket(name)
    target = {"target.bucket.name": (bucket.name,), **({"target.object.name": (object_name,)} if object_name else {})}
    if not call.may(bucket.compartment_id, target, needs):
        raise bucket_not_found(name, storage.namespace)
    return bucket


def get_namespace(call: Call) -> Response:
    compartment_id = call.request.query.get("compartmentId") or ""
    # Only who names a compartment is asked for a permission (docs: objectstoragepolicyreference.htm).
    needs = "OBJECTSTORAGE_NAMESPACE_READ" if compartment_id else ""
    permitted(call, compartment_id or call.cloud.tenancy.tenancy_id, needs=needs)
    return json_response(200, storage_of(call).namespace)


def create_bucket(call: Call) -> Response:
    storage, details = storage_of(call), object_in(call.request.body)
    name, compartment_id = text_in(details, "name"), text_in(details, "compartmentId")
    if not _NAME.fullmatch(name):
        raise invalid(f"Invalid bucket name '{name}'", "InvalidBucketName")
    permitted(call, compartment_id, target={"target.bucket.name": (name,)})
    bucket = storage.create_bucket(
        name,
        object_events=details.get("objectEventsEnabled") is True,
        compartment_id=compartment_id,
        created_by=call.principal.id,
        details={field: value for field, value in details.items() if value is not None},
    )
    location = f"/n/{storage.namespace}/b/{name}"
    return json_response(200, _wire(call, bucket), {"etag": bucket.etag, "location": location})


def list_buckets(call: Call) -> Response:
    storage, query = storage_of(call), call.request.query
    compartment_id = query.get("compartmentId", "")
    permitted(call, compartment_id)
    rows = [bucket for bucket in storage.buckets() if bucket.compartment_id == compartment_id]
    page, headers = page_of(rows, query)
    tagged = "tags" in query.get("fields", "").split(",")
    return json_response(200, [{**_summary(call, bucket), **_tags(bucket, tagged)} for bucket in page], headers)


def _tags(bucket: Bucket, asked: bool) -> dict[str, Any]:
    """Return what a row of the list has of a bucket's tags: nothing unless the query asks for them."""
    return {name: bucket.details.get(name) or {} if asked else None for name in ("freeformTags", "definedTags")}


def get_bucket(call: Call) -> Response:
    """Answer a bucket; its count and size, which OCI only estimates, when ``fields`` names them."""
    bucket, wanted_etag = bucket_of(call), call.request.headers.get("if-match", "*")
    if wanted_etag not in ("*", bucket.etag):
        raise if_match_failed()
    if call.request.headers.get("if-none-match") in ("*", bucket.etag):
        return Response(304, {"etag": bucket.etag})
    sizes = [len(item.body) for item in storage_of(call).objects(bucket.name)]
    known = {"approximateCount": len(sizes), "approximateSize": sum(sizes)}
    wanted = call.request.query.get("fields", "").split(",")
    counted = {name: value for name, value in known.items() if name in wanted}
    return json_response(200, {**_wire(call, bucket), **counted}, {"etag": bucket.etag})


def head_bucket(call: Call) -> Response:
    """Answer whether there is a bucket, and its ETag. Raises Refused."""
    found = get_bucket(call)
    return Response(found.status, {"etag": found.headers["etag"]})


def update_bucket(call: Call) -> Response:
    """Change a bucket in place; it keeps its name, namespace and compartment. Raises Refused."""
    bucket, details = bucket_of(call), object_in(call.request.body)
    own = {"name": bucket.name, "namespace": storage_of(call).namespace, "compartmentId": bucket.compartment_id}
    given = {name: value for name, value in details.items() if value is not None}
    moved = [name for name, value in own.items() if given.get(name, value) != value]
    if moved:
        raise invalid(f"mock_oci: another {moved[0]} of a bucket is not emulated", "NotImplemented", 501)
    changes = {name: value for name, value in given.items() if name not in own}
    _check_versioning(call, bucket, changes)
    changed = storage_of(call).update_bucket(bucket.name, changes, if_match=call.request.headers.get("if-match", ""))
    return json_response(200, _wire(call, changed), {"etag": changed.etag})


def _check_versioning(call: Call, bucket: Bucket, changes: dict[str, Any]) -> None:
    """Raise Refused for versions under retention rules (docs: usingversioning.htm); the code is unverified.

    (verify: retention-codes)
    """
    if changes.get("versioning") == "Enabled" and call.cloud.state_of(RetentionRules).of_bucket(bucket.name):
        raise invalid("Versioning cannot be enabled on a bucket with retention rules", "IncorrectState", 409)


def delete_bucket(call: Call) -> Response:
    bucket = bucket_of(call)
    if call.cloud.state_of(Pars).of_bucket(bucket.name):
        raise bucket_has_requests(bucket.name)
    storage_of(call).delete_bucket(bucket.name, if_match=call.request.headers.get("if-match", ""))
    call.cloud.state_of(LifecyclePolicies).delete(bucket.name)
    call.cloud.state_of(RetentionRules).forget(bucket.name)
    return Response(204)


def _summary(call: Call, bucket: Bucket) -> dict[str, Any]:
    return {
        "namespace": call.cloud.state_of(ObjectStorage).namespace,
        "name": bucket.name,
        "compartmentId": bucket.compartment_id,
        "createdBy": bucket.created_by,
        "timeCreated": timestamp(bucket.created),
        "etag": bucket.etag,
    }


def _wire(call: Call, bucket: Bucket) -> dict[str, Any]:
    """Write a bucket as oci.object_storage.models.Bucket has it."""
    usual = {"publicAccessType": "NoPublicAccess", "storageTier": "Standard", "versioning": "Disabled"}
    usual |= {"autoTiering": "Disabled", "bucketScope": "NAMESPACE"}
    details = {**usual, "metadata": {}, "freeformTags": {}, "definedTags": {}, **bucket.details}
    own = {"id": bucket.id, "objectEventsEnabled": bucket.object_events, "isReadOnly": False}
    return {**details, **_summary(call, bucket), **own}


_ALL = "/n/{namespace}/b"
_ONE = f"{_ALL}/{{bucket}}"
OPERATIONS = (
    *with_or_without_slash("GET", "/n", get_namespace),
    *with_or_without_slash("POST", _ALL, create_bucket),
    *with_or_without_slash("GET", _ALL, list_buckets),
    Operation("GET", _ONE, refusing(get_bucket)),
    Operation("HEAD", _ONE, refusing(head_bucket)),
    Operation("POST", _ONE, refusing(update_bucket)),
    Operation("DELETE", _ONE, refusing(delete_bucket)),
)
