"""OCI's native chat formats: OpenAI's Chat Completions translated into each, and its answers and streams back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from model_service.openai_api.chat import ChatRequest, Chunk, Completion
from model_service.routing import Route
from model_service.transports.native.formats.cohere import Cohere
from model_service.transports.native.formats.cohere_v2 import CohereV2
from model_service.transports.native.formats.generic import Generic
from model_service.transports.native.formats.openai_answers import Identity
from model_service.transports.native.formats.stream_events import Watch, ignore
from model_service.transports.native.formats.translation import Translation, WorkBudget

__all__ = ["FORMATS", "Format", "Identity", "Translation", "WorkBudget", "offered_tools"]


class Format(Protocol):
    """A translation there and back, without network, clock or SDK.

    What goes in and out natively is JSON as it stands on the wire, so that a content type or an enumeration's value
    that the SDK does not know survives.
    """

    @property
    def api_format(self) -> str: ...

    def request(
        self, request: ChatRequest, route: Route, *, stream: bool, translation: Translation | None = None
    ) -> dict[str, Any]:
        """Return the JSON under ``chatRequest``; raise ``InvalidRequest`` that names what the format cannot carry.

        ``translation`` comes back with what was left out and with how the answer is to be read.
        """

    def completion(self, answer: Mapping[str, Any], identity: Identity) -> Completion:
        """Return ``{modelId, modelVersion, chatResponse}`` as OpenAI's; raise ``UpstreamError`` for a failure in it."""

    def chunks(
        self, events: Iterator[str], identity: Identity, *, include_usage: bool, watch: Watch = ignore
    ) -> Iterator[Chunk]:
        """Yield the chunks of the data of server-sent events, each of which ``watch`` sees first.

        Raise ``StreamBroken`` where the stream breaks, carries an error, or ends before the answer is complete, and
        ``UpstreamError`` where the model failed.
        """


def offered_tools(request: ChatRequest) -> frozenset[str]:
    """Return the names for ``Identity.tools``."""
    functions = (tool.get("function") for tool in request.body.get("tools") or [])
    return frozenset(function["name"] for function in functions if function)


FORMATS: Final[Mapping[str, Format]] = {
    "GENERIC": Generic(),
    "COHERE": Cohere(),
    "COHEREV2": CohereV2(),
}
