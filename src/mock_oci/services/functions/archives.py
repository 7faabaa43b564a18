"""The archives that functions are made of: taken out of requests, kept beside the function, and never shown again."""

from __future__ import annotations

import base64
import binascii
import hashlib

from mock_oci.cloud import Cloud
from mock_oci.operations import Call
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.oci_surface import invalid, mapping_in, text_in
from mock_oci.services.resources import Resources
from mock_oci.wire import Body


class Archives(Resources[bytes]):
    """The ZIP of each function that is made of one, by the function's OCID. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        del cloud


def archive_of(call: Call, source: Body) -> tuple[Body, bytes]:
    """Return ``sourceDetails`` as they are shown, and the ZIP that a request's have or name. Raises Refused."""
    details = mapping_in(source, "archiveSourceDetails")
    kind = text_in(details, "archiveSourceType")
    if kind == "DIRECT_ARCHIVE":
        archive = _decoded(text_in(details, "archiveFile"))
    elif kind == "OBJECT_STORAGE":
        storage = call.cloud.state_of(ObjectStorage)
        archive = storage.get(text_in(details, "bucketName"), text_in(details, "objectName")).body
    else:
        raise invalid("archiveSourceType must be one of DIRECT_ARCHIVE, OBJECT_STORAGE")
    digest = base64.b64encode(hashlib.sha256(archive).digest()).decode()
    shown = {name: value for name, value in details.items() if name != "archiveFile"}
    return {**source, "archiveSourceDetails": shown, "sourceCodeSha256": digest}, archive


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise invalid("archiveFile must be Base64") from error
