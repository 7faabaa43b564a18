"""The Responses API itself, passed through: which paths there are, what may stand in them, and its raw events.

Source: https://platform.openai.com/docs/api-reference/responses and …/conversations, as far as OCI has them (a list of
conversations it has not): https://docs.oracle.com/en-us/iaas/Content/generative-ai/responses-api.htm
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Protocol, TypeVar
from urllib.parse import parse_qsl, urlencode

from model_service.errors import InvalidRequest, MethodNotAllowed, PathNotFound
from model_service.oci_names import COMPARTMENT_OCID, PROJECT_OCID
from model_service.openai_api.chat import OWN_FIELDS
from model_service.openai_api.stored_state import NOTHING_IS_STORED, refuse_kept_here, unstored
from model_service.openai_api.validation import optional_region
from model_service.routing import Route, TransportName, resolve

BASE: Final = "/openai/v1"
ID: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
KEPT: Final = re.compile(
    r"/openai/v1/(?:responses/(?=resp)|conversations/(?=conv))(?P<id>(resp|conv)_chat_[0-9a-f]{32})(?=[/?]|$)"
)
QUERY_VALUE: Final = re.compile(r"[A-Za-z0-9_.-]{1,256}")


@dataclass(frozen=True)
class SurfaceOperation:
    """A row of SURFACE.

    In ``path`` ``{id}`` stands for one; ``query`` names the parameters that may follow; ``keeps`` says that it writes
    what OCI keeps, ``has_metadata`` that metadata may be written with it, and ``items`` the field of its body that has
    items; ``names_model`` that its body names a model.
    """

    method: str
    path: str
    query: tuple[str, ...] = ()
    keeps: bool = False
    has_metadata: bool = False
    items: str = ""
    names_model: bool = False
    id_pattern: ClassVar[re.Pattern[str]] = ID

    def matches(self, path: str) -> bool:
        """Return whether ``path``, below ``/v1``, is of this row."""
        wanted, given = self.path.split("/"), path.split("/")
        fits = (
            self.id_pattern.fullmatch(part) if name == "{id}" else name == part
            for name, part in zip(wanted, given, strict=False)
        )
        return len(wanted) == len(given) and all(fits)


class ConversationKeeper(Protocol):
    """The settings, which say who keeps conversations."""

    def keeps_conversations(self, project_id: str | None) -> bool: ...


SurfaceRow = TypeVar("SurfaceRow", bound=SurfaceOperation)


@dataclass(frozen=True)
class SurfaceRequest:
    """A request that is fit to be signed.

    ``target`` is its path and query at OCI, ``body`` is ``None`` where none is sent. ``compartment_id``, ``project_id``
    and ``region`` are the caller's own, if there are any. ``relay`` and ``unsupported`` are as in a chat; they count
    where the model is asked one. ``conversation_model`` is the model that a new conversation is for, where it says so.
    """

    operation: SurfaceOperation
    target: str
    body: dict[str, Any] | None = field(default=None, repr=False)
    compartment_id: str | None = None
    project_id: str | None = None
    region: str | None = None
    relay: Mapping[str, Any] | None = None
    unsupported: str | None = None
    conversation_model: str | None = None

    @property
    def creates_response(self) -> bool:
        return self.operation is CREATE

    @property
    def model(self) -> str | None:
        """Return the model as the caller names it; ``None`` where none is asked."""
        model = (self.body or {}).get("model") if self.operation.names_model else None
        return model if isinstance(model, str) else None

    @property
    def kept_id(self) -> str | None:
        """Return the id of what this service keeps and not OCI, a response or a conversation, that this is about."""
        match = KEPT.match(self.target)
        return match["id"] if match else None

    def is_by_chat(self, route: Route, keeper: ConversationKeeper, project_id: str | None) -> bool:
        """Return whether a chat with the model or the bucket of this service answers it, and not OCI's Responses.

        ``keeper`` decides on a new conversation that names no model.
        """
        if self.operation is CREATE_CONVERSATION and self.conversation_model is None:
            return keeper.keeps_conversations(project_id)
        chooses = self.creates_response or self.operation is CREATE_CONVERSATION
        return self.kept_id is not None or (chooses and route.transport != "responses")

    @property
    def counts_tokens(self) -> bool:
        """Return whether no model runs for it: its tokens are counted alone."""
        return self.operation is COUNT

    def route(self, aliases: Mapping[str, str], override: TransportName | None = None) -> Route:
        """Return the route to the model that creates the response; one for the log where there is none.

        It is that of a chat, which ``override`` is for, where OCI's Responses does not serve the model.
        """
        if not self.operation.names_model:
            model = self.conversation_model
            row, served = self.operation.path, resolve(model, aliases=aliases) if model else None
            return Route("", "responses" if served is None or served.has_responses else served.transport, row=row)
        if not self.model:
            raise InvalidRequest("model: must be a non-empty string.", param="model")
        if not self.creates_response:
            return resolve(self.model, aliases=aliases, override="responses")
        tools = bool((self.body or {}).get("tools"))
        route = resolve(self.model, aliases=aliases, override=override, tools=tools)
        return replace(route, transport="responses") if route.has_responses else route

    def for_model(self, model: str, *, may_store: bool) -> dict[str, Any] | None:
        """Return the body to send, with the upstream name of the model.

        Where nothing may be stored, that is what it says; raise ``InvalidRequest`` for a request that makes no sense
        then.
        """
        if self.operation.keeps and not may_store:
            raise InvalidRequest(f"This cannot be created: {NOTHING_IS_STORED}", code="store_disabled")
        if not self.operation.names_model or self.body is None:
            return self.body
        body = self.body | {"model": model}
        refuse_kept_here(body)
        if not self.creates_response:
            return body
        return body if may_store else unstored(body)


def surface_request(method: str, url: str, fields: Mapping[str, Any]) -> SurfaceRequest:
    """Return the request.

    ``fields`` are the JSON body's, and what headers say of ``compartment_id`` and ``project_id``.

    Raise ``PathNotFound``, ``MethodNotAllowed`` or ``InvalidRequest``, which names the parameter.
    """
    found = list(operations_at(url, SURFACE))
    if not found:
        raise PathNotFound("There is nothing at this path of the Responses API.")
    operation, path = next((pair for pair in found if pair[0].method == method), (None, ""))
    if operation is None:
        raise MethodNotAllowed(*(pair[0].method for pair in found))
    relay, unsupported = fields.get("relay"), fields.get("unsupported")
    if relay is not None and operation is not CREATE:
        raise no_relay()
    if unsupported not in (None, "drop", "refuse"):
        raise InvalidRequest("unsupported: must be one of drop, refuse.", param="unsupported")
    body = {name: value for name, value in fields.items() if name not in OWN_FIELDS}
    conversation_model = body.pop("model", None) if operation is CREATE_CONVERSATION else None
    if conversation_model is not None and not (isinstance(conversation_model, str) and conversation_model):
        raise InvalidRequest("model: must be a non-empty string.", param="model")
    return SurfaceRequest(
        operation,
        BASE + path + query_of(operation, url.partition("?")[2]),
        body if method == "POST" and (body or operation.names_model) else None,
        ocid_in(fields, "compartment_id", COMPARTMENT_OCID),
        ocid_in(fields, "project_id", PROJECT_OCID),
        optional_region(fields),
        relay,
        unsupported,
        conversation_model,
    )


def no_relay() -> InvalidRequest:
    """Return the error for a relay of what OCI's own Responses answers."""
    return InvalidRequest("relay: only the answers to chat requests can be relayed.", param="relay")


def operations_at(url: str, rows: Sequence[SurfaceRow]) -> Iterator[tuple[SurfaceRow, str]]:
    """Yield each of ``rows`` that a path is of, with the path as OCI knows it.

    Without query, and without what precedes ``/v1``.
    """
    path = url.partition("?")[0].rstrip("/")
    at = path.find("/v1/")
    while at >= 0:
        below = path[at + len("/v1") :]
        yield from ((operation, below) for operation in rows if operation.matches(below))
        at = path.find("/v1/", at + 1)


def query_of(operation: SurfaceOperation, query: str) -> str:
    """Return the query again, written by ourselves: it becomes part of what is signed."""
    pairs = parse_qsl(query, keep_blank_values=True)
    for name, value in pairs:
        if name.removesuffix("[]") not in operation.query:
            known = ", ".join(operation.query) or "none"
            raise InvalidRequest(f"The query has an unknown parameter; must be one of: {known}.", param="query")
        if not QUERY_VALUE.fullmatch(value):
            raise InvalidRequest(f"{name}: must consist of letters, digits, and the characters _ . -", param=name)
    return "?" + urlencode(pairs) if pairs else ""


def ocid_in(fields: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str | None:
    """Return the OCID in a field, or ``None``; raise ``InvalidRequest`` for anything else."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidRequest(f"{name}: must be an OCID of this kind.", param=name)
    return value


_PAGE: Final = ("after", "include", "limit", "order")

CREATE: Final = SurfaceOperation("POST", "/responses", has_metadata=True, items="input", names_model=True)
COUNT: Final = SurfaceOperation("POST", "/responses/input_tokens", items="input", names_model=True)
CREATE_CONVERSATION: Final = SurfaceOperation("POST", "/conversations", keeps=True, has_metadata=True, items="items")

SURFACE: Final = (
    CREATE,
    COUNT,
    SurfaceOperation("GET", "/responses/{id}", ("include", "include_obfuscation", "starting_after", "stream")),
    SurfaceOperation("DELETE", "/responses/{id}"),
    SurfaceOperation("POST", "/responses/{id}/cancel"),
    SurfaceOperation("GET", "/responses/{id}/input_items", _PAGE),
    CREATE_CONVERSATION,
    SurfaceOperation("GET", "/conversations/{id}"),
    SurfaceOperation("POST", "/conversations/{id}", keeps=True, has_metadata=True),
    SurfaceOperation("DELETE", "/conversations/{id}"),
    SurfaceOperation("GET", "/conversations/{id}/items", _PAGE),
    SurfaceOperation("POST", "/conversations/{id}/items", ("include",), keeps=True, items="items"),
    SurfaceOperation("GET", "/conversations/{id}/items/{id}", ("include",)),
    SurfaceOperation("DELETE", "/conversations/{id}/items/{id}"),
)
