"""How a model is reached: each transport speaks Chat Completions to us and its own wire format to OCI.

Each is imported on first use: a cold start pays for the one transport that its first call needs.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from model_service.chat import ChatRequest, Complete, Stream
from model_service.errors import TransportNotAvailable
from model_service.routing import Route, TransportName
from model_service.transports.call import Call
from model_service.upstream import Upstream

if TYPE_CHECKING:
    from model_service.transports.responses import OCIResponsesSurface


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
            f"The model {route.model} needs the transport {route.transport}, which is not available yet.", param="model"
        )
    return transport()(route, upstream)


def responses_surface(route: Route, upstream: Upstream) -> OCIResponsesSurface:
    """The Responses API itself, for requests that are its own."""
    from model_service.transports.responses import OCIResponsesSurface

    return OCIResponsesSurface(route, upstream)


def _v1() -> type[ChatModel]:
    from model_service.transports.v1 import OCIOpenAIModel

    return OCIOpenAIModel


def _responses() -> type[ChatModel]:
    from model_service.transports.responses import OCIResponsesModel

    return OCIResponsesModel


TRANSPORTS: Final[Mapping[TransportName, Callable[[], type[ChatModel]]]] = {
    "v1": _v1,
    "responses": _responses,
}
