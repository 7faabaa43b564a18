"""/20231130/openai/v1/vector_stores, on the control plane: for IAM callers alone (docs: vector-stores-api.htm)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.signatures import SIGNATURE
from mock_oci.operations import Call, json_response
from mock_oci.services.generative_ai.openai_errors import openai_error
from mock_oci.services.generative_ai.responses.rules import check_metadata
from mock_oci.services.generative_ai.stored.files import FILES, File
from mock_oci.services.generative_ai.stored.stored import Shelf, Store, body_with, new_id, operation, project_id
from mock_oci.wire import Body, Response

_INDEXED = frozenset({"c", "csv", "html", "json", "md", "pdf", "py", "txt", "yaml", "docx", "pptx"})
_CHUNKS = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}


@dataclass(frozen=True)
class StoreFile:
    """A file in a vector store, indexed at once."""

    file: File
    created: float
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def wire(self, store_id: str) -> Body:
        return {
            "id": self.file.id,
            "object": "vector_store.file",
            "created_at": int(self.created),
            "vector_store_id": store_id,
            "usage_bytes": len(self.file.content),
            "status": "completed",
            "last_error": None,
            "attributes": dict(self.attributes),
            "chunking_strategy": _CHUNKS,
        }


@dataclass(frozen=True)
class VectorStore:
    """``created`` and ``used`` in Unix seconds; ``days`` after its last use it is over, where it is not 0."""

    id: str
    project_id: str
    created: float
    used: float
    details: Mapping[str, Any]
    days: int = 0
    files: tuple[StoreFile, ...] = ()
    batches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def wire(self, now: float) -> Body:
        del now
        return {
            "name": None,
            "description": None,
            "metadata": {},
            **self.details,
            "id": self.id,
            "object": "vector_store",
            "created_at": int(self.created),
            "last_active_at": int(self.used),
            "status": "completed",
            "usage_bytes": sum(len(one.file.content) for one in self.files),
            "file_counts": counts(len(self.files)),
            "expires_after": {"anchor": "last_active_at", "days": self.days} if self.days else None,
            "expires_at": int(self.used + self.days * 86400) if self.days else None,
        }


def counts(completed: int) -> dict[str, int]:
    others = dict.fromkeys(("in_progress", "failed", "cancelled"), 0)
    return {**others, "completed": completed, "total": completed}


class VectorStores(Store[VectorStore]):
    """The vector stores of a tenancy."""


def create(call: Call) -> Response:
    project, now = project_id(call, ""), call.cloud.clock()
    body = body_with(call, (*_DETAILS, "expires_after", "file_ids", "chunking_strategy"))
    check_metadata(body.get("metadata"))
    made = VectorStore(new_id(call.cloud, "vs_"), project, now, now, _details(body), _days(body))
    files = tuple(indexed(call, file_id) for file_id in body.get("file_ids") or ())
    return json_response(200, VECTOR_STORES.store(call).keep(replace(made, files=files)).wire(now))


def update(call: Call) -> Response:
    found = VECTOR_STORES.found(call)
    body = body_with(call, (*_DETAILS, "expires_after"))
    check_metadata(body.get("metadata"))
    days = _days(body) if "expires_after" in body else found.days
    changed = replace(found, details={**found.details, **_details(body)}, days=days)
    return json_response(200, VECTOR_STORES.store(call).keep(changed).wire(call.cloud.clock()))


def indexed(call: Call, file_id: Any, attributes: Any = None) -> StoreFile:
    """Return a file as a store holds it. Raises Refused for one that is not there, or of a type that none indexes."""
    found = call.cloud.state_of(FILES.state).find(str(file_id), project_id(call, call_host(call)))
    if found is None:
        raise openai_error(f"File {file_id} not found.", "file_id", "invalid_value")
    kind = found.filename.rpartition(".")[2].lower()
    if kind not in _INDEXED:
        message = f"Unsupported file type '{kind}' found for {file_id}"
        raise openai_error(message, "file_id", "unsupported_file")
    if attributes is not None and not isinstance(attributes, Mapping):
        raise openai_error("Invalid type for 'attributes': expected an object.", "attributes", "invalid_type")
    return StoreFile(found, call.cloud.clock(), dict(attributes or {}))


def call_host(call: Call) -> str:
    """Return which of the two hosts serves the path that was asked."""
    return "" if call.request.path.startswith("/20231130/") else "inference."


def _details(body: Body) -> Body:
    for name in ("name", "description"):
        if not isinstance(body.get(name), str | None):
            raise openai_error(f"Invalid type for '{name}': expected a string.", name, "invalid_type")
    return {name: body[name] for name in _DETAILS if body.get(name) is not None}


def _days(body: Body) -> int:
    expires = body.get("expires_after")
    if expires is None:
        return 0
    days = expires.get("days") if isinstance(expires, Mapping) and expires.get("anchor") == "last_active_at" else None
    if type(days) is not int or not 1 <= days <= 365:
        raise openai_error("Invalid 'expires_after'.", "expires_after", "invalid_value")
    return days


def _vector_stores(cloud: Cloud) -> VectorStores:
    return VectorStores(cloud)


VECTOR_STORES = Shelf[VectorStore](_vector_stores, "VectorStore", "vector_store.deleted", hosts="")

_DETAILS = ("name", "description", "metadata")
_ALL = "/20231130/openai/v1/vector_stores"
_ONE = f"{_ALL}/{{id}}"
OPERATIONS = (
    operation("POST", _ALL, create, (SIGNATURE,)),
    operation("GET", _ALL, VECTOR_STORES.list, (SIGNATURE,)),
    operation("GET", _ONE, VECTOR_STORES.read, (SIGNATURE,)),
    operation("POST", _ONE, update, (SIGNATURE,)),
    operation("DELETE", _ONE, VECTOR_STORES.remove, (SIGNATURE,)),
)
