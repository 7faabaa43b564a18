"""How a model is reached: each transport speaks Chat Completions to us and its own wire format to OCI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from model_service.chat import ChatRequest, Complete, Stream
from model_service.errors import TransportNotAvailable
from model_service.routing import Route, TransportName
from model_service.transports.call import Call
from model_service.transports.v1 import OCIOpenAIModel
from model_service.upstream import Upstream


class ChatModel(Protocol):
    """One model behind one transport. Everything that goes wrong is a ``ModelServiceError``; ``stream`` raises
    what is known before the first chunk from the call itself, and the rest from the iteration."""

    def __init__(self, route: Route, upstream: Upstream) -> None: ...

    def complete(self, request: ChatRequest, call: Call) -> Complete: ...

    def stream(self, request: ChatRequest, call: Call) -> Stream: ...


def chat_model(route: Route, upstream: Upstream) -> ChatModel:
    """The model at the end of ``route``; raises ``TransportNotAvailable`` for a transport that is not built yet."""
    transport = TRANSPORTS.get(route.transport)
    if transport is None:
        raise TransportNotAvailable(
            f"The model {route.model} needs the transport {route.transport}, which is not available yet.",
            param="model",
        )
    return transport(route, upstream)


TRANSPORTS: Final[Mapping[TransportName, type[ChatModel]]] = {
    "v1": OCIOpenAIModel,
}
