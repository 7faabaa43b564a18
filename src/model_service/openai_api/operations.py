"""What can be asked of the function: a path for HTTP callers, a name for direct ones. OPERATIONS at the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, Protocol, Union
from urllib.parse import unquote

from model_service.errors import InvalidRequest, MethodNotAllowed, PathNotFound
from model_service.light_dataclasses import dataclass
from model_service.oci_names import COMPARTMENT_OCID
from model_service.openai_api.chat import ChatRequest
from model_service.routing import OWN_PREFIX, Route, load_row, resolve

if TYPE_CHECKING:
    from model_service.openai_api.completions import CompletionRequest
    from model_service.openai_api.embeddings import EmbeddingsRequest
    from model_service.openai_api.own_requests import OwnRequest
    from model_service.openai_api.rerank import RerankRequest
    from model_service.openai_api.resources import ResourceRequest
    from model_service.openai_api.responses import SurfaceRequest

DOCTOR_MODEL: Final = "meta.llama-3.3-70b-instruct"  # what the doctor asks where nobody names a model


@dataclass(frozen=True)
class DoctorRequest:
    """What the doctor shall try: a chat with this model, charged to this compartment."""

    model: str = DOCTOR_MODEL
    compartment_id: str | None = None
    project_id: None = None

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> DoctorRequest:
        """Return the checked request; both fields may be missing. Raise ``InvalidRequest``."""
        model, compartment_id = body.get("model") or DOCTOR_MODEL, body.get("compartment_id")
        if not isinstance(model, str):
            raise InvalidRequest("model: must be a string", param="model")
        if compartment_id is not None and not COMPARTMENT_OCID.fullmatch(str(compartment_id)):
            raise InvalidRequest("compartment_id: must be the OCID of a compartment", param="compartment_id")
        return cls(model, compartment_id)

    def route(self, aliases: Mapping[str, str]) -> Route:
        """Return the route to the model."""
        return resolve(self.model, aliases=aliases)


class RoutedRequest(Protocol):
    """A request that knows its route: which model it is for once the aliases are resolved, if it is for one."""

    def route(self, aliases: Mapping[str, str]) -> Route | None: ...


ModelRequest = Union[ChatRequest, "EmbeddingsRequest", "RerankRequest", "SurfaceRequest", "ResourceRequest"]
"""A validated request that one model answers, or that is passed through to what OCI stores."""

AnyRequest = Union[ModelRequest, DoctorRequest, "CompletionRequest", "OwnRequest"]
"""A validated request of whoever waits for its answer."""

RESPONSES_PATH: Final = re.compile(r"/v1/(responses|conversations)(/|$)")
RESOURCES_PATH: Final = re.compile(r"/v1/(files|vector_stores|containers|audio/speech)(/|$)")


@dataclass(frozen=True)
class Operation:
    """``paths`` are how it ends behind a gateway, none where direct callers alone may ask for it.

    ``recognises`` tells a body that does not say ``operation``. A ``parser`` that is a string is imported on first use.
    ``below`` names the field that the rest of the path is, where something follows one of ``paths``.
    """

    name: str
    paths: tuple[str, ...]
    parser: str | Callable[[Mapping[str, Any]], AnyRequest]
    recognises: Callable[[Mapping[str, Any]], bool] = lambda _body: False
    method: str = "POST"
    below: str = ""

    def parse(self, body: Mapping[str, Any]) -> AnyRequest:
        """Return the checked request; raise ``InvalidRequest``."""
        parser = load_row(self.parser) if isinstance(self.parser, str) else self.parser
        request: AnyRequest = parser(body)
        return request


def operation_at(path: str, method: str) -> tuple[Operation, dict[str, str]]:
    """Return the operation at a path, without its query, and the fields that the path itself says.

    Raise ``PathNotFound`` or ``MethodNotAllowed``.
    """
    found = _below(path) or [
        # By its end: whether the deployment's path prefix is still there differs between Oracle's own samples.
        (row, {})
        for row in OPERATIONS
        if row.paths and path.endswith(row.paths)
    ]
    if not found:
        known = ", ".join(f"{row.method} …{row.paths[0]}" for row in OPERATIONS if row.paths)
        raise PathNotFound(
            f"There is nothing at this path. What there is: {known}, and what is below the Responses API."
        )
    operation = next((pair for pair in found if pair[0].method == method), None)
    if operation is None:
        raise MethodNotAllowed(*(row.method for row, _ in found))
    return operation


def _below(path: str) -> list[tuple[Operation, dict[str, str]]]:
    for row in OPERATIONS:
        for parent in row.paths if row.below else ():
            _, slash, rest = path.partition(f"{parent}/")
            if slash:
                return [(row, {row.below: unquote(rest)})]
    return []


def operation_of(body: Mapping[str, Any]) -> Operation:
    """Return the operation that a direct caller means: by its name, else by what the body looks like, else chat."""
    name = body.get("operation")
    if name is None:
        return next((row for row in OPERATIONS if row.recognises(body)), OPERATIONS[0])
    for operation in OPERATIONS:
        if operation.name == name:
            return operation
    known = ", ".join(operation.name for operation in OPERATIONS)
    raise InvalidRequest(f"operation: must be one of {known}", param="operation")


def is_responses_path(path: str) -> bool:
    """Return whether ``path`` belongs to the Responses API, which has paths and methods of its own."""
    return RESPONSES_PATH.search(path) is not None


def responses_request(body: Mapping[str, Any], method: str = "POST", url: str = "/v1/responses") -> SurfaceRequest:
    """Return the request; raise ``PathNotFound``, ``MethodNotAllowed`` or ``InvalidRequest``."""
    # Imported on first use: a chat request has no use for it.
    from model_service.openai_api.responses import surface_request  # noqa: PLC0415 - see above

    return surface_request(method, url, body)


def resource_request(
    method: str, url: str, headers: Mapping[str, str], content: bytes, named: Mapping[str, str]
) -> ResourceRequest:
    """Return the request for files, vector stores, containers or speech; raise as ``responses_request`` does."""
    request: ResourceRequest = load_row("openai_api.resources:resource_request")(method, url, headers, content, named)
    return request


def _embeddings_request(body: Mapping[str, Any]) -> EmbeddingsRequest:
    request: EmbeddingsRequest = load_row("openai_api.embeddings:EmbeddingsRequest").parse(body)
    return request


def _rerank_request(body: Mapping[str, Any]) -> RerankRequest:
    request: RerankRequest = load_row("openai_api.rerank:RerankRequest").parse(body)
    return request


def _is_embeddings(body: Mapping[str, Any]) -> bool:
    model = str(body.get("model")).removeprefix(OWN_PREFIX)
    return "input" in body and any(fnmatchcase(model, embedding) for embedding in EMBEDDING_MODELS)


# A dedicated endpoint does not say what it serves: on plain JSON such a request needs its ``operation``.
EMBEDDING_MODELS: Final = ("*embed*",)

OPERATIONS: Final = (
    Operation("chat", ("/v1/chat/completions",), ChatRequest.parse, lambda body: "messages" in body),
    Operation("embeddings", ("/v1/embeddings",), _embeddings_request, _is_embeddings),
    Operation(
        "rerank",
        ("/v1/rerank", "/v2/rerank", "/rerank"),
        _rerank_request,
        lambda body: "query" in body and "documents" in body,
    ),
    Operation("responses", ("/v1/responses",), responses_request, lambda body: "input" in body),
    # Not behind a gateway: how we are set up is for whom IAM lets invoke the function, not for every client.
    Operation("doctor", (), DoctorRequest.parse),
    Operation("targets", (), "openai_api.own_requests:targets_request"),
    Operation("completions", ("/v1/completions",), "openai_api.completions:completion_request"),
    Operation("health", ("/v1/health",), "openai_api.own_requests:health_request", method="GET"),
    Operation("ready", ("/v1/ready",), "openai_api.own_requests:readiness_request", method="GET"),
    Operation("openapi", ("/v1/openapi.json",), "openai_api.own_requests:openapi_request", method="GET"),
    Operation(
        "playground",
        ("/v1/playground",),
        "openai_api.own_requests:playground_request",
        method="GET",
        below="file",
    ),
    Operation("models", ("/v1/models",), "openai_api.own_requests:models_request", method="GET", below="model"),
)
