"""Ownership of files, vector stores and containers: the owner is stored with the object at OCI; others get a 404.

A vector store has metadata, as a response has. A file and a container have a name alone, which their owner's goes
before; it is taken off again wherever a caller reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from model_service.errors import InvalidRequest, ModelServiceError, UpstreamRefused
from model_service.openai_api.chat import Answer, Complete
from model_service.openai_api.encoding import read_json, write_json
from model_service.openai_api.resources import RESOURCES, ResourceKind, ResourceRequest
from model_service.resources.form import Part, read_form, write_form
from model_service.resources.hosts import ResourceService, answer_of, ask
from model_service.transports.call import Call
from model_service.transports.responses.ownership import (
    OWNER_FIELD,
    OWNER_MARK,
    NotFound,
    with_owner,
    without_owner,
)
from model_service.upstream.response import read_object

PAGE: Final = 100  # objects; the most that each of the lists gives at once
MAX_PAGES: Final = 10  # of a list, of which only the caller's own are shown
ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,255}")


@dataclass(frozen=True)
class OwnedResources:
    """The objects of one owner. Objects of others give the same 404 as objects that do not exist."""

    service: ResourceService
    call: Call
    owner: str

    def send(self, request: ResourceRequest) -> Answer:
        """Answer a request; at most one object is looked up, or further pages of a list."""
        operation = request.operation
        if operation.is_of_all:
            return self._list(request) if operation.method == "GET" else self.shown(self._create(request))
        if operation.reads_object:
            return self.shown(request, check=True)
        name = request.path.split("/")[2]
        self.check(operation.kind, name)
        if request.form is not None:  # as it was read here, so that nobody reads it otherwise
            form, content_type = write_form(read_form(request.form, request.content_type))
            request = replace(request, form=form, content_type=content_type)
        body = request.body
        if operation.kind == "vector_stores" and operation.path.endswith("s/{id}") and body and "metadata" in body:
            request = replace(request, body=with_owner(body, self.owner))
        return self.shown(request)

    def check(self, kind: ResourceKind, name: str) -> None:
        """Raise ``NotFound`` unless the object exists and belongs to the owner."""
        if not ID.fullmatch(name):
            raise _absent(kind)
        reading = next(row for row in RESOURCES if row.kind == kind and row.reads_object)
        request = ResourceRequest(reading, f"/{kind}/{name}")
        self._check(kind, self._read(request))

    def _read(self, request: ResourceRequest) -> dict[str, Any]:
        try:
            return read_object(ask(self.service, request, self.call))
        except UpstreamRefused as refusal:
            if refusal.status != 404 or request.object_path is None:
                raise
            # What is not there, and what is another's, are told in the same words.
            raise _absent(request.operation.kind) from refusal

    def _check(self, kind: ResourceKind, found: Mapping[str, Any]) -> None:
        if OWNER_IN[kind](found) != self.owner:
            raise _absent(kind)

    def shown(self, request: ResourceRequest, *, check: bool = False) -> Answer:
        """Return an answer without owners' names; with ``check`` it is the object itself, which says whose it is."""
        if check:
            found = self._read(request)
            self._check(request.operation.kind, found)
            return Complete(without_owner(found))
        answer = answer_of(ask(self.service, request, self.call))
        if not isinstance(answer, Complete) or not answer.headers.get("content-type", "").startswith(JSON):
            return answer
        content = answer.content or b""
        if request.path.endswith("/content") or not (MARK in content or FIELD in content):
            return answer
        return replace(answer, content=write_json(without_owner(read_json(content))))

    def _create(self, request: ResourceRequest) -> ResourceRequest:
        """Return a request that creates an object of this owner."""
        if request.form is not None:
            form, content_type = write_form(self.marked(read_form(request.form, request.content_type)))
            return replace(request, form=form, content_type=content_type)
        body = request.body or {}
        if request.operation.kind == "vector_stores":
            return replace(request, body=with_owner(body, self.owner))
        if not isinstance(body.get("name"), str):
            raise InvalidRequest("name: must be a string.", param="name")
        return replace(request, body={**body, "name": self.mark + body["name"]})

    @property
    def mark(self) -> str:
        """Return the prefix for the name of a file or a container."""
        return f"{MARK.decode()}{self.owner}-"

    def marked(self, parts: list[Part]) -> list[Part]:
        """Return the fields of a form whose one file bears its owner's name; raise ``InvalidRequest`` for others."""
        files = [part for part in parts if part.filename is not None or part.name == "file"]
        if len(files) != 1 or files[0].name != "file" or not files[0].filename:
            raise InvalidRequest("file: must be one file with a name.", param="file")
        return [replace(part, filename=self.mark + part.filename) if part.filename else part for part in parts]

    def _list(self, request: ResourceRequest) -> Complete:
        """Return the page that a list of the owner's own would have; pages of all are read until it is full."""
        query = dict(parse_qsl(request.query.removeprefix("?")))
        wanted, kind = _limit(query), request.operation.kind
        if "before" in query:
            raise InvalidRequest("before: must not be used where callers are kept apart; after may be.", param="before")
        if "after" in query:
            self.check(kind, query["after"])
        if "name" in query:  # of a container, which bears its owner's
            query["name"] = self.mark + query["name"]
        own: list[dict[str, Any]] = []
        for _ in range(MAX_PAGES):
            page = self._read(replace(request, query=f"?{urlencode({**query, 'limit': str(PAGE)})}"))
            rows = [row for row in page.get("data") or () if isinstance(row, dict)]
            own += [row for row in rows if OWNER_IN[kind](row) == self.owner]
            more = bool(page.get("has_more") and rows)
            if len(own) >= wanted or not more:
                shown = own[:wanted]
                ids = [row.get("id") for row in shown] or [None]
                ends = {"first_id": ids[0], "last_id": ids[-1], "has_more": more or len(own) > wanted}
                return Complete({"object": "list", "data": without_owner(shown), **ends})
            query["after"] = str(rows[-1].get("id"))
        raise ListTooLong(f"None of the first {MAX_PAGES * PAGE} objects that others share this project with fills it.")


class ListTooLong(ModelServiceError):
    """Raised for a list with too many objects of other owners."""

    status = 503
    code = "list_too_long"
    hint = "Name the objects by their ids, or give each team a project of its own (project_id)."


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(PAGE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= PAGE):
        raise InvalidRequest(f"limit: must be an integer from 1 to {PAGE}.", param="limit")
    return int(text)


def _absent(kind: ResourceKind) -> NotFound:
    return NotFound(f"There is no such {kind.removesuffix('s').replace('_', ' ')}.")


def _of_name(field: str) -> Callable[[Mapping[str, Any]], str | None]:
    def owner_in(found: Mapping[str, Any]) -> str | None:
        match = OWNER_MARK.match(str(found.get(field)))
        return match["owner"] if match else None

    return owner_in


def _of_metadata(found: Mapping[str, Any]) -> str | None:
    metadata = found.get("metadata")
    return metadata.get(OWNER_FIELD) if isinstance(metadata, Mapping) else None


OWNER_IN: Final[Mapping[ResourceKind, Callable[[Mapping[str, Any]], str | None]]] = {
    "files": _of_name("filename"),
    "containers": _of_name("name"),
    "vector_stores": _of_metadata,
}
JSON: Final = "application/json"
FIELD: Final = OWNER_FIELD.encode()
MARK: Final = b"ms-owner-"
