"""Files, vector stores, containers and speech: which paths there are, on which host, and what may stand in them.

Sources: https://platform.openai.com/docs/api-reference/files, …/vector-stores, …/containers and …/audio/createSpeech,
as far as OCI has them: https://docs.oracle.com/en-us/iaas/Content/generative-ai/openai-compatible-api.htm
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Literal

from model_service.errors import InvalidRequest, MethodNotAllowed, PathNotFound
from model_service.oci_names import COMPARTMENT_OCID, PROJECT_OCID
from model_service.openai_api.encoding import read_json_object
from model_service.openai_api.own_requests import PAYER
from model_service.openai_api.responses import (
    BASE,
    SurfaceOperation,
    ocid_in,
    operations_at,
    query_of,
)
from model_service.openai_api.validation import optional_region, require_string
from model_service.routing import Route, resolve

ResourceKind = Literal["files", "vector_stores", "containers", "speech"]

CONTROL_BASE: Final = "/20231130/openai/v1"  # on the host of the control plane
FORM: Final = re.compile(r"multipart/form-data;[ -~]{0,200}\bboundary=[ -~]{1,100}", re.IGNORECASE)
HEADER_VALUE: Final = re.compile(r"[ -~]{1,200}")


@dataclass(frozen=True)
class ResourceOperation(SurfaceOperation):
    """A row of RESOURCES. ``kind`` is whose it is; ``on_control_plane`` says which of OCI's two hosts serves it.

    ``takes_form`` says that a multipart body may come with it, ``needs_body`` that a POST makes no sense without one.
    """

    kind: ResourceKind = "files"
    on_control_plane: bool = False
    takes_form: bool = False
    needs_body: bool = True
    id_pattern: ClassVar[re.Pattern[str]] = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,255}")  # or an OCID

    @property
    def is_of_all(self) -> bool:
        """Return whether it is of no one object: it makes one, or lists them."""
        return "{id}" not in self.path

    @property
    def reads_object(self) -> bool:
        """Return whether its answer is the object itself, which says whose it is."""
        return self.method == "GET" and self.path == f"/{self.kind}/{{id}}"


@dataclass(frozen=True)
class ResourceRequest:
    """A request that is fit to be signed.

    ``path`` is below the base of its host, ``query`` follows it. ``form`` is a multipart body as it came, and
    ``content_type`` says how it is cut up; ``body`` are the fields of a JSON one, ``None`` where none is sent.
    """

    operation: ResourceOperation
    path: str = field(repr=False)
    query: str = field(default="", repr=False)
    form: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"
    body: dict[str, Any] | None = field(default=None, repr=False)
    accept: str | None = None
    compartment_id: str | None = None
    project_id: str | None = None
    region: str | None = None

    @property
    def target(self) -> str:
        """Return the path and query at OCI."""
        return (CONTROL_BASE if self.operation.on_control_plane else BASE) + self.path + self.query

    @property
    def object_path(self) -> str | None:
        """Return the path of the object that it is about; ``None`` where it makes one or lists them."""
        return None if self.operation.is_of_all else "/".join(self.path.split("/")[:3])

    def route(self, aliases: Mapping[str, str]) -> Route | None:  # noqa: ARG002 - speech has a model
        """Return a route for the log: no model is asked."""
        return Route("", "passthrough", row=self.operation.path)


@dataclass(frozen=True)
class SpeechRequest(ResourceRequest):
    """A request that a model answers with a sound."""

    def route(self, aliases: Mapping[str, str]) -> Route:
        """Return the route to the model that speaks; raise ``InvalidRequest`` where none is named."""
        found = resolve(require_string(self.body or {}, "model"), aliases=aliases)
        return replace(found, transport="passthrough", row=self.operation.path)


def resource_request(
    method: str, url: str, headers: Mapping[str, str], content: bytes, named: Mapping[str, str]
) -> ResourceRequest:
    """Return the request of a client, with the payer that its headers have ``named``.

    Raise ``PathNotFound``, ``MethodNotAllowed`` or ``InvalidRequest``, which names the parameter.
    """
    found = list(operations_at(url, RESOURCES))
    if not found:
        raise PathNotFound("There is nothing at this path of the files, vector stores, containers and speech.")
    operation, path = next((pair for pair in found if pair[0].method == method), (None, ""))
    if operation is None:
        raise MethodNotAllowed(*(pair[0].method for pair in found))
    query = query_of(operation, url.partition("?")[2])
    kind = SpeechRequest if operation.kind == "speech" else ResourceRequest
    request = _paid_by(kind(operation, path, query, accept=_printable(headers.get("accept"))), named)
    content_type = headers.get("content-type", "")
    if method == "POST" and content_type.lower().startswith("multipart/"):
        if not (operation.takes_form and FORM.fullmatch(content_type)):
            expected = "multipart/form-data with a boundary" if operation.takes_form else "application/json"
            raise InvalidRequest(f"Content-Type: must be {expected}.", code="invalid_form")
        return replace(request, form=content, content_type=content_type)
    if method != "POST" or not (content or operation.needs_body):
        return request
    fields = read_json_object(content)
    own: dict[str, Any] = {name: fields.pop(name) for name in (*PAYER, "region") if name in fields}
    return _paid_by(replace(request, body=fields), {**named, **own})


def _paid_by(request: ResourceRequest, fields: Mapping[str, Any]) -> ResourceRequest:
    compartment_id = ocid_in(fields, "compartment_id", COMPARTMENT_OCID)
    project_id = ocid_in(fields, "project_id", PROJECT_OCID)
    return replace(request, compartment_id=compartment_id, project_id=project_id, region=optional_region(fields))


def _printable(value: str | None) -> str | None:
    return value if value and HEADER_VALUE.fullmatch(value) else None


_PAGE: Final = ("after", "limit", "order")
_PAGES: Final = (*_PAGE, "before")


def _file(method: str, path: str, query: tuple[str, ...] = (), **more: Any) -> ResourceOperation:
    return ResourceOperation(method, f"/files{path}", query, **more)


def _container(method: str, path: str, query: tuple[str, ...] = (), **more: Any) -> ResourceOperation:
    return ResourceOperation(method, f"/containers{path}", query, kind="containers", **more)


def _store(method: str, path: str, query: tuple[str, ...] = (), **more: Any) -> ResourceOperation:
    return ResourceOperation(method, f"/vector_stores{path}", query, kind="vector_stores", **more)


RESOURCES: Final = (
    _file("POST", "", takes_form=True),
    _file("GET", "", (*_PAGE, "purpose")),
    _file("GET", "/{id}"),
    _file("DELETE", "/{id}"),
    _file("GET", "/{id}/content"),
    _store("POST", "", on_control_plane=True),
    _store("GET", "", _PAGES, on_control_plane=True),
    _store("GET", "/{id}", on_control_plane=True),
    _store("POST", "/{id}", on_control_plane=True),
    _store("DELETE", "/{id}", on_control_plane=True),
    _store("POST", "/{id}/search"),
    _store("POST", "/{id}/files"),
    _store("GET", "/{id}/files", (*_PAGES, "filter")),
    _store("GET", "/{id}/files/{id}"),
    _store("POST", "/{id}/files/{id}"),
    _store("DELETE", "/{id}/files/{id}"),
    _store("GET", "/{id}/files/{id}/content"),
    _store("POST", "/{id}/file_batches"),
    _store("GET", "/{id}/file_batches/{id}"),
    _store("POST", "/{id}/file_batches/{id}/cancel", needs_body=False),
    _store("GET", "/{id}/file_batches/{id}/files", (*_PAGES, "filter")),
    _container("POST", ""),
    _container("GET", "", (*_PAGE, "name")),
    _container("GET", "/{id}"),
    _container("DELETE", "/{id}"),
    _container("POST", "/{id}/files", takes_form=True),
    _container("GET", "/{id}/files", _PAGE),
    _container("GET", "/{id}/files/{id}"),
    _container("DELETE", "/{id}/files/{id}"),
    _container("GET", "/{id}/files/{id}/content"),
    ResourceOperation("POST", "/audio/speech", names_model=True, kind="speech"),
)
