"""What the control planes have in common: resources kept by OCID, and how they are read, listed and deleted."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, is_dataclass
from typing import Generic, Protocol, TypeVar
from urllib.parse import unquote

from mock_oci.cloud import Cloud
from mock_oci.operations import Call, Refused, json_response, not_found
from mock_oci.services.oci_surface import filtered, match_etag, page_of, permitted, sorted_by, text_in
from mock_oci.wire import Body, Response

T = TypeVar("T")


class Resource(Protocol):
    """What every resource has."""

    @property
    def id(self) -> str: ...
    @property
    def compartment_id(self) -> str: ...


R = TypeVar("R", bound=Resource)


class Resources(Generic[T]):
    """Resources by their OCID. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._by_id: dict[str, T] = {}

    def find(self, resource_id: str) -> T | None:
        """Return the resource of this OCID; None when there is none."""
        with self._lock:
            return self._by_id.get(resource_id)

    def all(self) -> tuple[T, ...]:
        """Return every resource, in the order of their creation."""
        with self._lock:
            return tuple(self._by_id.values())

    def delete(self, resource_id: str) -> None:
        """Forget the resource of this OCID, if there is one."""
        with self._lock:
            self._by_id.pop(resource_id, None)

    def keep(self, resource_id: str, resource: T) -> T:
        """Keep ``resource``, in place of one of the same OCID, and return it."""
        with self._lock:
            self._by_id[resource_id] = resource
        return resource


@dataclass(frozen=True)
class Collection(Generic[R]):
    """How one type of resource is read, listed and deleted on the wire.

    ``parameter`` names its OCID in an operation's path. ``wire`` words one resource, ``summary`` a row of the list.
    ``filters`` are the fields that a list can be narrowed by, and ``aliases`` other names for them in a query;
    ``in_items``: the list is the field ``items`` of an object, not an array. ``compartment_id`` gives the compartment
    that is listed, ``deleted`` the answer to a deletion. ``usual_order``: the ``sortBy`` of a list that is always
    sorted. ``etag`` gives the version of a resource.
    """

    parameter: str
    resources: Callable[[Cloud], Resources[R]]
    wire: Callable[[Call, R], Body]
    summary: Callable[[Call, R], Body]
    filters: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    in_items: bool = False
    compartment_id: Callable[[Call], str] = lambda call: text_in(call.request.query, "compartmentId")
    deleted: Callable[[Call, R], Response] = lambda _call, _resource: Response(204)
    usual_order: str = ""
    etag: Callable[[Call, R], str] = lambda _call, resource: etag_of(resource)

    def named(self, call: Call, resource_id: str) -> R:
        """Return the resource of this OCID. Raises Refused with one 404 for what is absent and what is out of sight."""
        resource = self.resources(call.cloud).find(resource_id)
        if resource is None:
            raise Refused(not_found())
        permitted(call, resource.compartment_id, resource.id)
        return resource

    def of(self, call: Call) -> R:
        """Return the resource in the path, in the version that the caller changes (if-match). Raises Refused."""
        resource = self.named(call, unquote(call.parameters[self.parameter]))
        if call.request.method != "GET":
            match_etag(call, self.etag(call, resource))
        return resource

    def shown(self, call: Call, resource: R, headers: Mapping[str, str] | None = None) -> Response:
        """Answer 200 with the resource and its ETag."""
        own = {"etag": self.etag(call, resource), **(headers or {})}
        return json_response(200, self.wire(call, resource), own)

    def read(self, call: Call) -> Response:
        """Answer a Get operation. Raises Refused."""
        return self.shown(call, self.of(call))

    def list(self, call: Call) -> Response:
        """Answer a List operation with one page. Raises Refused."""
        permitted(call, self.compartment_id(call))
        rows = [self.summary(call, resource) for resource in self.resources(call.cloud).all()]
        asked = {**call.parameters, **call.request.query}  # a part is listed below the path of the whole
        query = {self.aliases.get(name, name): value for name, value in asked.items()}
        rows = filtered(rows, query, self.filters)
        if self.usual_order or {"sortBy", "sortOrder"} & query.keys():
            rows = sorted_by(rows, query, self.usual_order or "timeCreated")
        page, headers = page_of(rows, query)
        return json_response(200, {"items": page} if self.in_items else page, headers)

    def remove(self, call: Call) -> Response:
        """Answer a Delete operation. Raises Refused."""
        resource = self.of(call)
        self.resources(call.cloud).delete(resource.id)
        return self.deleted(call, resource)


def etag_of(resource: Resource) -> str:
    """Return a resource's ETag: another one when what is kept of it has changed."""
    digest = hashlib.sha256(repr(sorted(vars(resource).items(), key=str)).encode()) if is_dataclass(resource) else None
    return f"{resource.id[-8:]}-{digest.hexdigest()[:8] if digest else 0}"


def details_in(body: Mapping[str, object], *names: str) -> Body:
    """Return those of the named fields that the request gives a value."""
    return {name: body[name] for name in names if body.get(name)}
