"""The operations of a control plane that only keeps what it is asked for: create, read, list, update, delete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.operations import Call, Operation, Refused, json_response, not_found, refusing
from mock_oci.services.control_planes.resource_types import ANY_TYPE, ResourceType
from mock_oci.services.oci_surface import invalid, object_in, permitted, text_in, timestamp
from mock_oci.services.resources import Collection, Resources, etag_of
from mock_oci.services.work_requests import Subject, WorkRequests, work_request
from mock_oci.wire import Body, Response

_PUNCTUATION = str.maketrans("", "", "-:T")


@dataclass(frozen=True)
class StoredResource:
    """A resource as its control plane shows it; ``body`` is its JSON."""

    id: str
    compartment_id: str
    kind: ResourceType
    body: Body


Accept = Callable[[Call, StoredResource], None]
"""Acts on a resource before it is kept. May raise Refused."""


class StoredResources(Resources[StoredResource]):
    """What the control planes keep, of every kind. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        del cloud

    def of(self, noun: str) -> OfOneKind:
        """Return those that the SDK calls ``noun``."""
        return OfOneKind(self, noun)

    def referring_to(self, resource_id: str) -> StoredResource | None:
        """Return a resource that names another by its OCID; ``None`` when none does."""
        return next((item for item in self.all() if resource_id in {id_ for _, id_ in references(item)}), None)


class OfOneKind(Resources[StoredResource]):
    """The resources of one kind, out of all that are kept."""

    def __init__(self, documents: StoredResources, noun: str) -> None:
        super().__init__()
        self._documents, self._noun = documents, noun

    def find(self, resource_id: str) -> StoredResource | None:
        found = self._documents.find(resource_id)
        return found if found is not None and self._noun in (found.kind.noun, ANY_TYPE) else None

    def all(self) -> tuple[StoredResource, ...]:
        return tuple(item for item in self._documents.all() if item.kind.noun == self._noun)

    def delete(self, resource_id: str) -> None:
        self._documents.delete(resource_id)

    def keep(self, resource_id: str, resource: StoredResource) -> StoredResource:
        return self._documents.keep(resource_id, resource)


def references(document: StoredResource) -> Iterator[tuple[str, str]]:
    """Yield the noun and the OCID of each resource that a document names."""
    for place, noun in document.kind.refers.items():
        yield from ((noun, id_) for id_ in _values(document.body, place.split(".")))


def _values(value: Any, place: list[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _values(item, place)
    elif place and isinstance(value, dict):
        yield from _values(value.get(place[0]), place[1:])
    elif not place and isinstance(value, str) and value:
        yield value


def collection_of(kind: ResourceType) -> Collection[StoredResource]:
    """Return how resources of a kind are read, listed and deleted."""
    return Collection(
        parameter=kind.parameter,
        resources=lambda cloud: cloud.state_of(StoredResources).of(kind.noun),
        wire=lambda _call, document: document.body,
        summary=lambda _call, document: _row(document.body, kind.not_listed),
        filters=kind.filters,
        aliases=kind.aliases,
        in_items=kind.in_items,
        compartment_id=partial(_listed_compartment, kind),
        deleted=partial(_answered, kind, "DELETE"),
    )


def _row(body: Body, not_listed: tuple[str, ...]) -> Body:
    """Return what a list has of a resource, without fields of it, and of the items of its arrays (``items.field``)."""
    row = {name: value for name, value in body.items() if name not in not_listed}
    for place in not_listed:
        name, dot, field = place.partition(".")
        if dot and name in row:
            row[name] = [{key: value for key, value in item.items() if key != field} for item in row[name]]
    return row


def create(kind: ResourceType, call: Call, *, accept: Accept | None = None) -> Response:
    """Answer a Create operation; ``accept`` is told of the resource first and may refuse it. Raises Refused."""
    asked = {name: value for name, value in object_in(call.request.body).items() if value is not None}
    if kind.within and kind.within in call.parameters:
        asked[kind.within] = unquote(call.parameters[kind.within])
    for name in kind.required:
        if name not in asked or asked[name] == "":
            raise invalid(f"{name} must not be null", "MissingParameter")
    compartment_id = _home(kind, call, asked)
    permitted(call, compartment_id)
    id_ = ocid(kind.type, f"{kind.noun}/{call.cloud.next_serial()}", call.region)
    document = document_of(kind, call, id_, {**asked, "compartmentId": compartment_id})
    _check_references(call, document)
    if accept is not None:
        accept(call, document)
    call.cloud.state_of(StoredResources).keep(id_, document)
    return _answered(kind, "CREATE", call, document)


def document_of(kind: ResourceType, call: Call, id_: str, asked: Body) -> StoredResource:
    """Return a new resource of what was asked for, OCI's defaults, and what OCI makes of both."""
    now = timestamp(call.cloud.clock())
    name = {"displayName": f"{kind.type}{now[:19]}".translate(_PUNCTUATION)} if "displayName" in kind.settable else {}
    times = {"timeCreated": now, **({kind.updated: now} if kind.updated else {})}
    body = {**name, **kind.defaults, "freeformTags": {}, "definedTags": {}, **asked, **times, "id": id_}
    return StoredResource(id_, asked["compartmentId"], kind, {**body, **kind.made(call, body)})


def update(kind: ResourceType, call: Call, *, accept: Accept | None = None) -> Response:
    """Answer an Update operation: what the request names is replaced, if ``accept`` takes it. Raises Refused."""
    document = collection_of(kind).of(call)
    asked = {name: value for name, value in object_in(call.request.body).items() if value is not None}
    changed = {**document.body, **asked}
    if kind.updated:
        changed[kind.updated] = timestamp(call.cloud.clock())
    made = {name: value for name, value in kind.made(call, changed).items() if name not in document.body}
    after = StoredResource(document.id, document.compartment_id, kind, {**changed, **made})
    _check_references(call, after)
    if accept is not None:
        accept(call, after)
    call.cloud.state_of(StoredResources).keep(document.id, after)
    return _answered(kind, "UPDATE", call, after)


def delete(kind: ResourceType, call: Call) -> Response:
    """Answer a Delete operation; 409 while another resource names this one. Raises Refused."""
    collection, documents = collection_of(kind), call.cloud.state_of(StoredResources)
    document = collection.of(call)
    user = documents.referring_to(document.id)
    if user is not None:
        raise invalid(f"The resource is in use by {user.id}", "IncorrectState", 409)
    return collection.remove(call)


def operations_of(
    kind: ResourceType,
    *,
    versions: tuple[str, ...] = ("",),
    accept: Accept | None = None,
    removed: Callable[[Call], Response] | None = None,
) -> tuple[Operation, ...]:
    """Return the five operations of a resource type.

    ``versions`` are the API's under which they are served; ``accept`` is asked before one is made or changed, and
    ``removed`` answers a deletion in place of ``delete``.
    """
    collection = collection_of(kind)
    first = kind.path.split("/")[1]
    paths = [kind.path.replace(first, version or first, 1) for version in versions]
    return tuple(
        operation
        for path in paths
        for operation in (
            Operation("POST", path, refusing(partial(create, kind, accept=accept))),
            Operation("GET", path, refusing(collection.list)),
            Operation("GET", f"{path}/{{{kind.parameter}}}", refusing(collection.read)),
            Operation("PUT", f"{path}/{{{kind.parameter}}}", refusing(partial(update, kind, accept=accept))),
            Operation("DELETE", f"{path}/{{{kind.parameter}}}", refusing(removed or partial(delete, kind))),
        )
    )


def work_requests_of(version: str) -> Operation:
    """Return the operation that reads the work requests of a service."""
    return Operation("GET", f"/{version}/workRequests/{{id}}", refusing(work_request))


def named(call: Call, noun: str, resource_id: str) -> StoredResource:
    """Return the resource of this OCID that another one names. Raises Refused with OCI's 404."""
    document = call.cloud.state_of(StoredResources).of(noun).find(resource_id)
    if document is None:
        raise Refused(not_found())
    permitted(call, document.compartment_id)
    return document


def _home(kind: ResourceType, call: Call, asked: Body) -> str:
    if not kind.within:
        return text_in(asked, "compartmentId")
    return named(call, kind.refers[kind.within], text_in(asked, kind.within)).compartment_id


def _listed_compartment(kind: ResourceType, call: Call) -> str:
    where: Mapping[str, str] = {**call.request.query, **call.parameters}
    if not kind.within:
        return text_in(where, "compartmentId")
    return named(call, kind.refers[kind.within], unquote(text_in(where, kind.within))).compartment_id


def _check_references(call: Call, document: StoredResource) -> None:
    for noun, id_ in references(document):
        named(call, noun, id_)


def _answered(kind: ResourceType, verb: str, call: Call, document: StoredResource) -> Response:
    headers = {"etag": etag_of(document)} if verb != "DELETE" else {}
    if kind.work:
        where = f"/{kind.path.split('/', 2)[2]}/{document.id}"
        subject = Subject(kind.work, where, document.id, document.compartment_id)
        work = call.cloud.state_of(WorkRequests).add(f"{verb}_{kind.noun.upper()}", f"{verb}D", subject)
        headers["opc-work-request-id"] = work.id
        if not {"CREATE": kind.answers_with_body, "UPDATE": kind.updates_with_body}.get(verb, False):
            return Response(202, headers)
    return json_response(200, document.body, headers) if verb != "DELETE" else Response(204, headers)
