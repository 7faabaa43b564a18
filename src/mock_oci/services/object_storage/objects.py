"""Objects on the wire: put, get, head, delete and list, by signature or by pre-authenticated request.

Client: oci.object_storage.ObjectStorageClient. A PUT's signature may leave the body out (docs:
API/Concepts/signingrequests.htm#ObjectStoragePut), and the SDK's does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from email.utils import formatdate
from urllib.parse import unquote

from mock_oci.identity.signatures import SIGNED_HEAD
from mock_oci.operations import Call, Operation, Refused, json_response, oci_error, refusing
from mock_oci.services.object_storage.buckets import bucket_of, storage_of
from mock_oci.services.object_storage.checksums import checked
from mock_oci.services.object_storage.errors import if_match_failed, unmatched_md5, unsatisfiable_range
from mock_oci.services.object_storage.listing import list_object_versions, list_objects
from mock_oci.services.object_storage.pars import through_par
from mock_oci.services.object_storage.versions import StoredObject, md5_of
from mock_oci.services.oci_surface import (
    invalid,
    object_in,
    objects_in,
    optional_text_in,
    text_in,
    timestamp,
    with_or_without_slash,
)
from mock_oci.wire import Response

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_NAME_BYTES = 1024
_MAX_DELETED = 1000


def put_object(call: Call) -> Response:
    name, headers = name_of(call), call.request.headers
    bucket = bucket_of(call, name, needs=_needed_to_put(call, name))
    stated, actual = headers.get("content-md5"), md5_of(call.request.body)
    if stated not in (None, actual):
        raise unmatched_md5(actual, stated)
    kept = checked(headers, call.request.body)
    if headers.get("opc-multipart", "").lower() == "true":
        raise Refused(oci_error(501, "mock_oci: opc-multipart is not emulated", "NotImplemented"))
    stored = storage_of(call).put(
        bucket.name,
        name,
        call.request.body,
        headers={
            **{name: value for name, value in headers.items() if name in _KEPT or name.startswith("opc-meta-")},
            **kept,
        },
        **conditions_of(call),
    )
    own = {"etag": stored.etag, "opc-content-md5": actual, **kept}
    return Response(200, {**own, **version_of(stored), **_modified(stored)})


def get_object(call: Call) -> Response:
    name, headers = name_of(call), call.request.headers
    item = storage_of(call).get(bucket_of(call, name).name, name, _version_in(call))
    if headers.get("if-match", "*") not in ("*", item.etag):
        raise if_match_failed()
    if headers.get("if-none-match") in ("*", item.etag):
        return Response(304, {"etag": item.etag})
    overrides = {header: call.request.query[name] for name, header in _OVERRIDES.items() if name in call.request.query}
    # What was uploaded in parts has a digest of their digests, and none of the whole.
    md5 = {} if "opc-multipart-md5" in item.headers else {"content-md5": item.md5, "opc-content-md5": item.md5}
    own = {"etag": item.etag, **md5, **version_of(item), **_modified(item)}
    headers_out = {**item.headers, **own, "storage-tier": "Standard", "accept-ranges": "bytes", **overrides}
    piece = _piece(headers.get("range", ""), len(item.body))
    if piece is None:
        return Response(200, headers_out, item.body)
    part = item.body[piece.start : piece.stop]
    place = f"bytes {piece.start}-{piece.stop - 1}/{len(item.body)}"
    return Response(206, {**headers_out, "content-range": place}, part)


def delete_object(call: Call) -> Response:
    """Delete an object, by a delete marker where versions are kept, or one version of it for good. Raises Refused."""
    name, version_id = name_of(call), _version_in(call)
    bucket = bucket_of(call, name, needs="OBJECT_VERSION_DELETE" if version_id else "")
    if_match = call.request.headers.get("if-match", "")
    marker = storage_of(call).delete(bucket.name, name, version_id=version_id, if_match=if_match)
    gone = version_id or (marker.version_id if marker else "")
    told = {"version-id": gone, "is-delete-marker": str(marker is not None).lower()} if gone else {}
    return Response(204, {**told, "last-modified": formatdate(call.cloud.clock(), usegmt=True)})


def batch_delete(call: Call) -> Response:
    """Delete up to 1000 objects as DeleteObject would, and tell of each. Raises Refused."""
    bucket, details, storage = bucket_of(call), object_in(call.request.body), storage_of(call)
    deleted, failed = [], []
    for item in objects_in(details, "objects", _MAX_DELETED):
        name = text_in(item, "objectName")
        try:
            storage.delete(bucket.name, name, if_match=optional_text_in(item, "ifMatch"))
            deleted.append({"objectName": name, "timeLastModified": timestamp(call.cloud.clock())})
        except Refused as refusal:
            error = json.loads(bytes(refusal.response.body))  # type: ignore[arg-type]  # an error is whole
            told = {"statusCode": refusal.response.status, "errorMessage": error["message"]}
            failed.append({"objectName": name, **told})
    told_of = [] if details.get("isSkipDeletedResult") is True else deleted
    return json_response(200, {"deleted": told_of, "failed": failed})


def version_of(item: StoredObject) -> dict[str, str]:
    """Return the header that names a version; there is none for what was put while none were kept.

    The latter is unverified (verify: version-id).
    """
    return {"version-id": item.version_id} if item.version_id else {}


def _version_in(call: Call) -> str:
    """Return the ``versionId`` that the query names, if it does. Raises Refused."""
    return optional_text_in(call.request.query, "versionId")


def _needed_to_put(call: Call, name: str) -> str:
    """Return the permission that a put asks for; one that may only create asks for no more.

    The latter is unverified (verify: who-creates-objects).
    """
    overwrites = storage_of(call).has(unquote(call.parameters["bucket"]), name)
    creates_only = "if-none-match" in call.request.headers
    return "OBJECT_OVERWRITE" if overwrites and not creates_only else "OBJECT_CREATE"


def conditions_of(call: Call) -> dict[str, str]:
    """Return what the object that is written must be, or not be, as ``ObjectStorage.put`` takes it. Raises Refused."""
    headers = call.request.headers
    if headers.get("if-none-match", "*") != "*":
        raise invalid("The only valid value of If-None-Match is '*'", "InvalidConditionalHeaders")
    return {"if_match": headers.get("if-match", ""), "if_none_match": headers.get("if-none-match", "")}


def name_of(call: Call) -> str:
    """Return the object's name: slashes in it are written as they are, or as %2F. Raises Refused."""
    return checked_name(unquote(call.parameters["object"]))


def checked_name(name: str) -> str:
    """Return a name that an object may have. Raises Refused."""
    if len(name.encode()) > _NAME_BYTES or set(name) & set("\r\n\0"):
        raise invalid("The object name is invalid", "InvalidObjectName")
    return name


def _modified(item: StoredObject) -> dict[str, str]:
    return {"last-modified": formatdate(item.modified, usegmt=True)}


def _piece(header: str, size: int) -> range | None:
    """Return what a Range header asks for; None, the whole, for what is no single range of bytes (RFC 9110, 14.2)."""
    match = _RANGE.fullmatch(header)
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if start >= size or (first and last and int(last) < start):
        raise unsatisfiable_range(size)
    return range(start, stop)


def _linked(access: str, answer: Callable[[Call], Response]) -> Callable[[Call], Response]:
    named = (lambda call: call.request.query.get("prefix", "")) if access == "List" else name_of
    return refusing(through_par(access, _IN_THE_SDK[access], named, answer))


_KEPT = frozenset(
    {"content-type", "content-language", "content-encoding", "content-disposition", "cache-control", "expires"}
)
_OVERRIDES = {
    "httpResponseContentDisposition": "content-disposition",
    "httpResponseCacheControl": "cache-control",
    "httpResponseContentType": "content-type",
    "httpResponseContentLanguage": "content-language",
    "httpResponseContentEncoding": "content-encoding",
    "httpResponseExpires": "expires",
}
_IN_THE_SDK = {
    "Read": "ObjectStorageClient.get_object",
    "Write": "ObjectStorageClient.put_object",
    "List": "ObjectStorageClient.list_objects",
}
_ALL = "/n/{namespace}/b/{bucket}/o"
_ONE = f"{_ALL}/{{object+}}"
_LINK = "/p/{token}"
OPERATIONS = (
    Operation("PUT", _ONE, refusing(put_object), (SIGNED_HEAD,)),
    Operation("GET", _ONE, refusing(get_object)),
    Operation("HEAD", _ONE, refusing(get_object)),
    Operation("DELETE", _ONE, refusing(delete_object)),
    *with_or_without_slash("GET", _ALL, list_objects),
    Operation("GET", "/n/{namespace}/b/{bucket}/objectversions", refusing(list_object_versions)),
    Operation("POST", "/n/{namespace}/b/{bucket}/actions/batchDeleteObjects", refusing(batch_delete)),
    Operation("PUT", f"{_LINK}{_ONE}", _linked("Write", put_object), ()),
    Operation("GET", f"{_LINK}{_ONE}", _linked("Read", get_object), ()),
    Operation("HEAD", f"{_LINK}{_ONE}", _linked("Read", get_object), ()),
    Operation("GET", f"{_LINK}{_ALL}", _linked("List", list_objects), ()),
    Operation("GET", f"{_LINK}{_ALL}/", _linked("List", list_objects), ()),
)
