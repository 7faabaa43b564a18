"""A file that is too large for the platform: its content goes to a bucket by a link, and from there to OCI.

A client asks for the link with the size, uses it, and names the upload where the form would have the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from model_service.errors import InvalidRequest, RequestTooLarge, UpstreamRefused
from model_service.oci_names import ObjectLocation
from model_service.oci_services.large_payloads import LIFETIME, Overflow
from model_service.openai_api.chat import Answer, Complete
from model_service.openai_api.resources import ResourceRequest
from model_service.openai_api.validation import optional_count, reject_unknown_fields, require_string
from model_service.resources.form import DEFAULT_TYPE, Part, fields_of, write_form
from model_service.resources.hosts import ResourceService, answer_of, ask
from model_service.resources.owned import OwnedResources
from model_service.transports.call import Call
from model_service.transports.responses.ownership import NotFound

UPLOAD: Final = re.compile(r"upl_[0-9a-f]{32}")
OF_A_LINK: Final = frozenset({"bytes", "filename", "purpose"})


@dataclass(frozen=True)
class Uploads:
    """The two steps around the one that a client takes alone."""

    service: ResourceService

    def answer(self, request: ResourceRequest, call: Call) -> Answer:
        """Return a link for ``bytes`` of content, or the file that an ``upload`` has become."""
        body = dict(request.body or {})
        if request.operation.kind != "files":
            raise InvalidRequest(
                "upload: must be made a file first; a container takes its file_id.", param="upload", code="invalid_form"
            )
        if "upload" in body:
            return self._file(request, body, call)
        return self._link(body, call)

    def _link(self, body: dict[str, Any], call: Call) -> Complete:
        reject_unknown_fields(body, OF_A_LINK)
        size, most = optional_count(body, "bytes"), self.service.settings.limits.stored_request_bytes
        if size is None or size > most:
            raise RequestTooLarge(
                f"bytes: must be at most {most}, which this function has memory for.",
                param="bytes",
                hint="More memory (memory_in_mbs of the function) takes larger files.",
            )
        upload = f"upl_{uuid4().hex}"
        expires = (datetime.now(UTC) + LIFETIME).replace(microsecond=0)
        place = self._place(upload, call)
        return Complete(
            {
                "object": "model_service.upload",
                "id": upload,
                "method": "PUT",
                "url": self._overflow.storage.link(place, expires, call.deadline, writes=True),
                "expires_at": expires.isoformat().replace("+00:00", "Z"),
                "max_bytes": most,
            }
        )

    def _file(self, request: ResourceRequest, body: dict[str, Any], call: Call) -> Answer:
        upload, name = body.pop("upload"), require_string(body, "filename")
        if not isinstance(upload, str) or not UPLOAD.fullmatch(upload):
            raise InvalidRequest("upload: must be the id of an upload.", param="upload")
        kind = body.pop("content_type", None) or DEFAULT_TYPE
        del body["filename"]
        fields = list(fields_of(body))
        parts = [*fields, Part("file", self._content(upload, call), name, str(kind))]
        owned = call.owner and OwnedResources(self.service, call, call.owner)
        form, content_type = write_form(owned.marked(parts) if owned else parts)
        made = replace(request, form=form, content_type=content_type, body=None)
        return owned.shown(made) if owned else answer_of(ask(self.service, made, call))

    def _content(self, upload: str, call: Call) -> bytes:
        most = self.service.settings.limits.stored_request_bytes
        try:
            return self._overflow.storage.get(self._place(upload, call), most, call.deadline)
        except UpstreamRefused as refusal:
            if refusal.code != "ObjectNotFound":
                raise
            raise NotFound("There is no such upload, or nothing has been put there.", param="upload") from refusal

    def _place(self, upload: str, call: Call) -> ObjectLocation:
        """Return where the content lies, which another owner's request does not find."""
        return replace(self._overflow.bucket, name=f"model-service/uploads/{call.owner or 'all'}/{upload}")

    @property
    def _overflow(self) -> Overflow:
        overflow = self.service.overflow
        if overflow is None:
            raise InvalidRequest(
                "Files beyond 6 MB cannot be uploaded here.",
                status=501,
                code="uploads_unavailable",
                hint="The operator has to name a bucket for what is too large (MODEL_SERVICE_OVERFLOW_BUCKET).",
            )
        return overflow
