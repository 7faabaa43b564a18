"""/openai/v1/files: uploaded as a form, listed, read and deleted (docs: generative-ai/files-api.htm)."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote

from mock_oci.cloud import Cloud
from mock_oci.identity.signatures import API_KEY, SIGNATURE
from mock_oci.operations import Call, json_response
from mock_oci.services.generative_ai.openai_errors import missing_parameter, openai_error
from mock_oci.services.generative_ai.stored.form import form_of
from mock_oci.services.generative_ai.stored.stored import Shelf, Store, new_id, operation, project_id
from mock_oci.wire import Body, Response


@dataclass(frozen=True)
class File:
    """``created`` and ``expires`` in Unix seconds; ``expires`` is 0 for a file that stays."""

    id: str
    project_id: str
    filename: str
    purpose: str
    created: float
    expires: float = 0
    content: bytes = field(default=b"", repr=False)

    def wire(self, now: float) -> Body:
        del now
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": int(self.created),
            "expires_at": int(self.expires) or None,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
        }


class Files(Store[File]):
    """The files of a tenancy."""

    def find(self, id_: str, project_id: str) -> File | None:
        found = super().find(id_, project_id)
        gone = found is not None and found.expires and self._cloud.clock() >= found.expires
        return None if gone else found

    def all(self, project_id: str) -> list[File]:
        now = self._cloud.clock()
        return [file for file in super().all(project_id) if not file.expires or now < file.expires]


def upload(call: Call) -> Response:
    project = project_id(call)
    form = form_of(call, _FIELDS)
    purpose = form.fields.get("purpose")
    if not purpose:
        raise missing_parameter("purpose")
    if purpose not in _PURPOSES:
        raise openai_error(f"'{purpose}' is not one of {list(_PURPOSES)} - 'purpose'", "purpose", "invalid_value")
    now = call.cloud.clock()
    file = File(
        new_id(call.cloud, "file-"), project, form.filename, purpose, now, _expires(form.fields, now), form.content
    )
    return json_response(200, FILES.store(call).keep(file).wire(now))


def _expires(fields: dict[str, str], now: float) -> float:
    seconds, anchor = fields.get("expires_after[seconds]"), fields.get("expires_after[anchor]")
    if seconds is None and anchor is None:
        return 0
    if anchor != "created_at" or not (seconds or "").isdigit() or not 3600 <= int(seconds or 0) <= 2_592_000:
        raise openai_error("Invalid 'expires_after'.", "expires_after", "invalid_value")
    return now + int(seconds or 0)


def content(call: Call) -> Response:
    found = FILES.found(call)
    name = quote(found.filename, safe="")
    headers = {
        "content-type": "application/octet-stream",
        "content-disposition": f"attachment; filename*=UTF-8''{name}",
    }
    return Response(200, headers, found.content)


def _files(cloud: Cloud) -> Files:
    return Files(cloud)


FILES = Shelf[File](_files, "No such File object:", "file", most=10_000, usual=10_000, filters=("purpose",))

_FIELDS = ("file", "purpose", "expires_after")
_PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
_CREDENTIALS = (SIGNATURE, API_KEY)
_ALL = "/openai/v1/files"
OPERATIONS = (
    operation("POST", _ALL, upload, _CREDENTIALS),
    operation("GET", _ALL, FILES.list, _CREDENTIALS),
    operation("GET", f"{_ALL}/{{id}}", FILES.read, _CREDENTIALS),
    operation("DELETE", f"{_ALL}/{{id}}", FILES.remove, _CREDENTIALS),
    operation("GET", f"{_ALL}/{{id}}/content", content, _CREDENTIALS),
)
