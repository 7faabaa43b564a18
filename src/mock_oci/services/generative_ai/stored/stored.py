"""What files, vector stores and containers have in common: a project, an id, a list, and one way to be missing."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from mock_oci.cloud import Cloud
from mock_oci.operations import Call, Operation, Refused, json_response, no_such_path, refusing
from mock_oci.services.generative_ai.openai_errors import missing_parameter, openai_error
from mock_oci.services.generative_ai.openai_surface import body_of, check_compartment
from mock_oci.services.generative_ai.projects import project_of
from mock_oci.services.generative_ai.responses.context import missing
from mock_oci.services.generative_ai.responses.items import list_of
from mock_oci.wire import Body, Response

_INFERENCE = "inference."
_REAL = ".oci."


class Stored(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def project_id(self) -> str: ...
    def wire(self, now: float) -> Body: ...


S = TypeVar("S", bound=Stored)


class Store(Generic[S]):
    """Objects by their ids, each found in its own project only. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._by_id: dict[str, S] = {}

    def keep(self, stored: S) -> S:
        with self._lock:
            self._by_id[stored.id] = stored
        return stored

    def find(self, id_: str, project_id: str) -> S | None:
        with self._lock:
            found = self._by_id.get(id_)
        return found if found is not None and found.project_id == project_id else None

    def all(self, project_id: str) -> list[S]:
        """Return every object of a project, in the order of their making."""
        with self._lock:
            return [stored for stored in self._by_id.values() if stored.project_id == project_id]

    def delete(self, id_: str) -> None:
        with self._lock:
            self._by_id.pop(id_, None)


@dataclass(frozen=True)
class Shelf(Generic[S]):
    """How one type of object is found, listed and deleted on the wire; ``word`` is its name in a message."""

    state: Callable[[Cloud], Store[S]]
    word: str
    deleted: str
    most: int = 100
    usual: int = 20
    hosts: str = _INFERENCE
    filters: tuple[str, ...] = ()

    def store(self, call: Call) -> Store[S]:
        return call.cloud.state_of(self.state)

    def found(self, call: Call, id_: str = "") -> S:
        """Return the object in the path, or the named one. Raises Refused."""
        id_ = id_ or call.parameters["id"]
        stored = self.store(call).find(id_, project_id(call, self.hosts))
        if stored is None:
            raise missing(f"{self.word} {id_} not found.")
        return stored

    def read(self, call: Call) -> Response:
        return json_response(200, self.found(call).wire(call.cloud.clock()))

    def remove(self, call: Call) -> Response:
        found = self.found(call)
        self.store(call).delete(found.id)
        return json_response(200, {"id": found.id, "object": self.deleted, "deleted": True})

    def list(self, call: Call) -> Response:
        project = project_id(call, self.hosts)
        rows = [stored.wire(call.cloud.clock()) for stored in self.store(call).all(project)]
        return json_response(200, page_of_rows(call, rows, self.filters, most=self.most, usual=self.usual))


def project_id(call: Call, host: str = _INFERENCE) -> str:
    """Return whose project it is, once host and compartment are found right. Raises Refused."""
    check_host(call, host)
    check_compartment(call, "opc-compartment-id")
    return project_of(call).id


def check_host(call: Call, host: str) -> None:
    """Raise Refused for a real host name that is the other one of the two; a loopback door is both."""
    asked = call.request.headers.get("host", "")
    if _REAL in asked and asked.startswith(_INFERENCE) != (host == _INFERENCE):
        raise Refused(no_such_path())


def body_with(call: Call, known: Collection[str], required: Iterable[str] = ()) -> Body:
    """Return the request's JSON object. Raises Refused for a field that is not known, or missing."""
    body = body_of(call, b"{}")
    for name in body:
        if name not in known:
            raise openai_error(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    for name in required:
        if body.get(name) is None:
            raise missing_parameter(name)
    return body


def page_of_rows(
    call: Call,
    rows: list[Body],
    filters: Collection[str] = (),
    *,
    known: Collection[str] = (),
    most: int = 100,
    usual: int = 20,
) -> dict[str, Any]:
    """Return one page of ``rows``, newest first unless asked.

    ``filters`` are fields that a query may narrow it by, ``known`` other parameters that it may have.
    """
    query = call.request.query
    for name in query:
        if name not in ("after", "before", "limit", "order", *filters, *known):
            raise openai_error(f"Unknown query parameter: '{name}'.", name, "unknown_parameter")
    limit = query.get("limit", str(usual))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:6]) <= most):
        raise openai_error(f"Invalid 'limit': expected an integer from 1 to {most}.", "limit", "invalid_value")
    if query.get("order", "desc") not in ("asc", "desc"):
        raise openai_error("Invalid 'order': expected 'asc' or 'desc'.", "order", "invalid_value")
    rows = [row for row in rows if all(row.get(name) == query[name] for name in filters if name in query)]
    rows = rows if query.get("order") == "asc" else rows[::-1]
    ids = [row["id"] for row in rows]
    if "before" in query:
        rows = rows[: ids.index(query["before"])] if query["before"] in ids else rows
    first = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
    return list_of(rows[first : first + int(limit)], has_more=len(rows) > first + int(limit))


def new_id(cloud: Cloud, prefix: str) -> str:
    """Make an id such as ``file-`` and 24 hex digits; two runs give the same ones."""
    return prefix + hashlib.sha256(f"stored/{cloud.next_serial()}".encode()).hexdigest()[:24]


def operation(method: str, path: str, answer: Callable[[Call], Response], credentials: tuple[str, ...]) -> Operation:
    return Operation(method, path, refusing(answer), credentials)
