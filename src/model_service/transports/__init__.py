"""How a model is reached: each transport speaks Chat Completions to us and its own wire format to OCI.

A row of TRANSPORTS is imported on first use: a cold start pays for the one transport that its first call needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from model_service.light_dataclasses import dataclass
from model_service.openai_api.chat import Answer, ChatRequest, Complete, Stream
from model_service.routing import Route, TransportName, load_row
from model_service.transports.call import Call

if TYPE_CHECKING:
    from model_service.openai_api.embeddings import EmbeddingsRequest
    from model_service.openai_api.rerank import RerankRequest
    from model_service.openai_api.responses import SurfaceRequest
    from model_service.transports.native.endpoint_families import EndpointFamilies
    from model_service.transports.native.surface import NativeSurface
    from model_service.upstream.client import UpstreamClient


class Connections(Protocol):
    """The ways to OCI, each made when it is first asked for."""

    @property
    def upstream(self) -> UpstreamClient:
        """To the OpenAI-compatible surface."""

    @property
    def native(self) -> NativeSurface: ...

    @property
    def families(self) -> EndpointFamilies: ...


class ChatModel(Protocol):
    """One model behind one transport.

    Everything that goes wrong is a ``ModelServiceError``; ``stream`` raises what is known before the first chunk from
    the call itself, and the rest from the iteration.
    """

    def complete(self, request: ChatRequest, call: Call) -> Complete: ...

    def stream(self, request: ChatRequest, call: Call) -> Stream: ...


class EmbeddingModel(Protocol):
    def embed(self, request: EmbeddingsRequest, call: Call) -> Complete: ...


class RerankModel(Protocol):
    def rerank(self, request: RerankRequest, call: Call) -> Complete: ...


class ResponsesSurface(Protocol):
    """The Responses API itself, for requests that are its own."""

    def send(self, request: SurfaceRequest, call: Call) -> Answer: ...


@dataclass(frozen=True)
class Transport:
    """A lazy row: ``model`` is a class that takes a route and then each of ``connections``."""

    model: str
    connections: tuple[str, ...]

    def open(self, route: Route, to: Connections) -> Any:
        """Return the model at the end of ``route``."""
        return load_row(self.model)(route, *(getattr(to, name) for name in self.connections))


def chat_model(route: Route, to: Connections) -> ChatModel:
    """Return the chat model at the end of ``route``."""
    model: ChatModel = TRANSPORTS[route.transport].open(route, to)
    return model


TRANSPORTS: Final[Mapping[TransportName, Transport]] = {
    "v1": Transport("transports.v1:OCIOpenAIModel", ("upstream",)),
    "responses": Transport("transports.responses.chat:OCIResponsesModel", ("upstream",)),
    "sdk": Transport("transports.native.chat:OCIModel", ("native", "families")),
}

# What is not a chat has one way each, whatever the route says of the transport.
EMBEDDINGS: Final = Transport("transports.native.embed_text:OCIEmbeddingModel", ("native",))
RERANK: Final = Transport("transports.native.rerank_text:OCIRerankModel", ("native",))
RESPONSES: Final = Transport("transports.responses.passthrough:OCIResponsesSurface", ("upstream",))


def answer_of(route: Route, request: Any, call: Call, to: Connections) -> Answer:
    """Return what the model at the end of ``route`` answers a request of any type."""
    return ANSWERS.get(type(request).__name__, _responses)(route, request, call, to)


def _chat(route: Route, request: ChatRequest, call: Call, to: Connections) -> Answer:
    model = chat_model(route, to)
    if not request.stream:
        return model.complete(request, call)
    request = request.with_usage()
    return replace(model.stream(request, call), hides_usage=request.hides_usage)


def _embeddings(route: Route, request: EmbeddingsRequest, call: Call, to: Connections) -> Answer:
    model: EmbeddingModel = EMBEDDINGS.open(route, to)
    return model.embed(request, call)


def _rerank(route: Route, request: RerankRequest, call: Call, to: Connections) -> Answer:
    model: RerankModel = RERANK.open(route, to)
    return model.rerank(request, call)


def _responses(route: Route, request: Any, call: Call, to: Connections) -> Answer:
    surface: ResponsesSurface = RESPONSES.open(route, to)
    return surface.send(request, call)


# By the name of the request's type, which is loaded no sooner than a caller sends one. Any other request is one of the
# Responses API's own.
ANSWERS: Final[Mapping[str, Callable[[Route, Any, Call, Connections], Answer]]] = {
    "ChatRequest": _chat,
    "EmbeddingsRequest": _embeddings,
    "RerankRequest": _rerank,
}
