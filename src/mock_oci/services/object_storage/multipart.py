"""Objects that are uploaded in parts, as ``UploadManager`` and ``oci os object put`` do with large ones.

Client: oci.object_storage.ObjectStorageClient (docs: Object/Tasks/usingmultipartuploads.htm).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.signatures import SIGNED_HEAD
from mock_oci.operations import Call, Operation, Refused, json_response, oci_error, refusing
from mock_oci.services.object_storage.buckets import bucket_of, storage_of
from mock_oci.services.object_storage.checksums import Checksum, asked_for, checked
from mock_oci.services.object_storage.errors import unmatched_md5
from mock_oci.services.object_storage.lifecycle import is_aborted
from mock_oci.services.object_storage.objects import checked_name, conditions_of, name_of, version_of
from mock_oci.services.object_storage.versions import md5_of
from mock_oci.services.oci_surface import (
    invalid,
    new_uuid,
    number_in,
    object_in,
    objects_in,
    page_of,
    text_in,
    timestamp,
)
from mock_oci.services.resources import Resources
from mock_oci.wire import Body, Response

MAX_PARTS = 10_000
_HEADERS = {
    "contentType": "content-type",
    "contentLanguage": "content-language",
    "contentEncoding": "content-encoding",
    "contentDisposition": "content-disposition",
    "cacheControl": "cache-control",
}


@dataclass
class Upload:
    """One upload that is under way; ``parts`` by their numbers, each with its ETag."""

    id: str
    bucket: str
    name: str
    headers: Mapping[str, str]
    created: float
    checksum: Checksum | None = None
    parts: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Uploads(Resources[Upload]):
    """What is uploaded in parts, by the upload's id. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        del cloud


def create_upload(call: Call) -> Response:
    details = object_in(call.request.body)
    name = checked_name(text_in(details, "object"))
    bucket = bucket_of(call, name)
    storage_of(call).check(bucket.name, name, **conditions_of(call))
    headers = {header: text_in(details, field) for field, header in _HEADERS.items() if details.get(field)}
    for key, value in (details.get("metadata") or {}).items():
        headers[key if key.startswith("opc-meta-") else f"opc-meta-{key}"] = str(value)
    id_ = new_uuid(call.cloud, "upload")
    upload = Upload(id_, bucket.name, name, headers, call.cloud.clock(), asked_for(call.request.headers))
    call.cloud.state_of(Uploads).keep(id_, upload)
    return json_response(200, _shown(call, upload))


def upload_part(call: Call) -> Response:
    """Keep one part, in place of an earlier one of its number. Raises Refused."""
    upload, body = _upload_of(call), call.request.body
    number = number_in(call.request.query, "uploadPartNum", 0, 1, MAX_PARTS)
    if not number:
        raise invalid("uploadPartNum must not be null", "MissingParameter")
    stated, actual = call.request.headers.get("content-md5"), md5_of(body)
    if stated not in (None, actual):
        raise unmatched_md5(actual, stated)
    storage_of(call).check(upload.bucket, upload.name, **conditions_of(call))
    asked = asked_for(call.request.headers) or upload.checksum
    if asked != upload.checksum:
        raise invalid("opc-checksum-algorithm is not that of the upload")
    kept = {**checked(call.request.headers, body), **({asked.header: asked.of(body)} if asked else {})}
    etag = new_uuid(call.cloud, "part")
    with upload.lock:
        upload.parts[number] = (etag, body)
    return Response(200, {"etag": etag, "opc-content-md5": actual, **kept})


def list_parts(call: Call) -> Response:
    upload = _upload_of(call)
    with upload.lock:
        parts = sorted(upload.parts.items())
    rows = [
        {"partNumber": number, "etag": etag, "md5": md5_of(body), "size": len(body)} for number, (etag, body) in parts
    ]
    page, headers = page_of(rows, call.request.query)
    return json_response(200, page, headers)


def list_uploads(call: Call) -> Response:
    bucket = bucket_of(call)
    found = [item for item in call.cloud.state_of(Uploads).all() if item.bucket == bucket.name and _lasts(call, item)]
    page, headers = page_of([_shown(call, item) for item in found], call.request.query)
    return json_response(200, page, headers)


def commit_upload(call: Call) -> Response:
    """Put the parts together, in the order of their numbers; each is committed or excluded. Raises Refused."""
    upload, details = _upload_of(call), object_in(call.request.body)
    wanted = {_number(item): text_in(item, "etag") for item in objects_in(details, "partsToCommit", MAX_PARTS)}
    with upload.lock:
        parts = dict(upload.parts)
    left_out = set(parts) - set(wanted) - set(details.get("partsToExclude") or [])
    wrong = [number for number, etag in wanted.items() if number not in parts or parts[number][0] != etag]
    if wrong or left_out:
        number = min(wrong or left_out)
        raise invalid(f"Part {number} of the upload is not as it was named", "InvalidUploadPart")
    bodies = [parts[number][1] for number in sorted(wanted)]
    own = _digests_of(upload, bodies)
    stored = storage_of(call).put(
        upload.bucket,
        upload.name,
        b"".join(bodies),
        headers={**upload.headers, **own},
        **conditions_of(call),
    )
    call.cloud.state_of(Uploads).delete(upload.id)
    modified = {"last-modified": formatdate(stored.modified, usegmt=True)}
    return Response(200, {"etag": stored.etag, **own, **version_of(stored), **modified})


def _digests_of(upload: Upload, bodies: list[bytes]) -> dict[str, str]:
    """Return the digest of the parts' digests, as Object Storage gives it in place of one of the whole.

    A CRC32C is of the whole all the same (oci-go-sdk, GetObjectResponse).
    """
    digests = b"".join(hashlib.md5(body, usedforsecurity=False).digest() for body in bodies)
    own = {"opc-multipart-md5": f"{md5_of(digests)}-{len(bodies)}"}
    if upload.checksum is None:
        return own
    if upload.checksum.name == "CRC32C":
        return {**own, upload.checksum.header: upload.checksum.of(b"".join(bodies))}
    every = b"".join(upload.checksum.digest(body) for body in bodies)
    return {**own, upload.checksum.of_parts: f"{upload.checksum.of(every)}-{len(bodies)}"}


def abort_upload(call: Call) -> Response:
    call.cloud.state_of(Uploads).delete(_upload_of(call).id)
    return Response(204)


def _upload_of(call: Call) -> Upload:
    """Return the upload that the query names, of the object in the path. Raises Refused."""
    name = name_of(call)
    bucket = bucket_of(call, name)
    upload = call.cloud.state_of(Uploads).find(text_in(call.request.query, "uploadId"))
    if upload is None or (upload.bucket, upload.name) != (bucket.name, name) or not _lasts(call, upload):
        raise Refused(oci_error(404, "The upload does not exist.", "NoSuchUpload"))
    return upload


def _lasts(call: Call, upload: Upload) -> bool:
    return not is_aborted(call.cloud, upload.bucket, upload.name, upload.created)


def _number(item: Body) -> int:
    return number_in(item, "partNum", 0, 1, MAX_PARTS)


def _shown(call: Call, upload: Upload) -> dict[str, Any]:
    return {
        "namespace": storage_of(call).namespace,
        "bucket": upload.bucket,
        "object": upload.name,
        "uploadId": upload.id,
        "timeCreated": timestamp(upload.created),
        "storageTier": "Standard",
    }


_ALL = "/n/{namespace}/b/{bucket}/u"
_ONE = f"{_ALL}/{{object+}}"
OPERATIONS = (
    Operation("POST", _ALL, refusing(create_upload)),
    Operation("GET", _ALL, refusing(list_uploads)),
    Operation("PUT", _ONE, refusing(upload_part), (SIGNED_HEAD,)),
    Operation("GET", _ONE, refusing(list_parts)),
    Operation("POST", _ONE, refusing(commit_upload)),
    Operation("DELETE", _ONE, refusing(abort_upload)),
)
