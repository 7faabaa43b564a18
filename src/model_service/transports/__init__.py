"""How a model is reached: each transport speaks Chat Completions to us and its own wire format to OCI.

Each is imported on first use: a cold start pays for the one transport that its first call needs.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from model_service.openai_api.chat import ChatRequest, Complete, Stream
from model_service.routing import Route, TransportName
from model_service.transports.call import Call

if TYPE_CHECKING:
    from model_service.transports.native.embed_text import OCIEmbeddingModel
    from model_service.transports.native.endpoint_families import EndpointFamilies
    from model_service.transports.native.rerank_text import OCIRerankModel
    from model_service.transports.native.surface import NativeSurface
    from model_service.transports.responses.passthrough import OCIResponsesSurface
    from model_service.upstream.client import Upstream


class Connections(Protocol):
    """The ways to OCI, each made when it is first asked for."""

    @property
    def upstream(self) -> Upstream:
        """To the OpenAI-compatible surface."""

    @property
    def native(self) -> NativeSurface: ...

    @property
    def families(self) -> EndpointFamilies: ...


class ChatModel(Protocol):
    """One model behind one transport. Everything that goes wrong is a ``ModelServiceError``; ``stream`` raises
    what is known before the first chunk from the call itself, and the rest from the iteration."""

    def complete(self, request: ChatRequest, call: Call) -> Complete: ...

    def stream(self, request: ChatRequest, call: Call) -> Stream: ...


def chat_model(route: Route, to: Connections) -> ChatModel:
    """The model at the end of ``route``."""
    return TRANSPORTS[route.transport](route, to)


def responses_surface(route: Route, to: Connections) -> OCIResponsesSurface:
    """The Responses API itself, for requests that are its own."""
    from model_service.transports.responses.passthrough import OCIResponsesSurface

    return OCIResponsesSurface(route, to.upstream)


def embedding_model(route: Route, to: Connections) -> OCIEmbeddingModel:
    from model_service.transports.native.embed_text import OCIEmbeddingModel

    return OCIEmbeddingModel(route, to.native)


def rerank_model(route: Route, to: Connections) -> OCIRerankModel:
    from model_service.transports.native.rerank_text import OCIRerankModel

    return OCIRerankModel(route, to.native)


def _v1(route: Route, to: Connections) -> ChatModel:
    from model_service.transports.v1 import OCIOpenAIModel

    return OCIOpenAIModel(route, to.upstream)


def _responses(route: Route, to: Connections) -> ChatModel:
    from model_service.transports.responses.chat import OCIResponsesModel

    return OCIResponsesModel(route, to.upstream)


def _sdk(route: Route, to: Connections) -> ChatModel:
    from model_service.transports.native.chat import OCIModel

    return OCIModel(route, to.native, to.families)


TRANSPORTS: Final[Mapping[TransportName, Callable[[Route, Connections], ChatModel]]] = {
    "v1": _v1,
    "responses": _responses,
    "sdk": _sdk,
}
