"""V1, OCI's OpenAI-compatible Chat Completions: what the caller wrote goes out, what OCI answered comes back.

Source: https://docs.oracle.com/en-us/iaas/Content/generative-ai/chat-completions-api.htm
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from model_service.light_dataclasses import dataclass
from model_service.openai_api.chat import ChatRequest, Complete, Completion, Message, Stream, chunk_of
from model_service.routing import Route
from model_service.transports.call import Call, DroppedParameters
from model_service.upstream.client import UpstreamClient
from model_service.upstream.error_body import error_in_success
from model_service.upstream.response import UpstreamResponse, read_value

OWN_MESSAGE_FIELDS: Final = ("provider_state", "response_items", "response_annotations")
PATH: Final = "/openai/v1/chat/completions"


@dataclass(frozen=True)
class OCIOpenAIModel:
    """A model behind ``/openai/v1/chat/completions``."""

    route: Route
    upstream: UpstreamClient

    def complete(self, request: ChatRequest, call: Call) -> Complete:
        """Return the answer as OCI sent it."""
        dropped = DroppedParameters(call.refuses_unsupported)
        response = self._post(request, call, dropped, stream=False)
        is_stream, pieces = response.sniffed()
        if not is_stream:
            return Complete(_completion(pieces, response), response.opc_request_id, dropped=tuple(dropped.names))
        # Imported on first use: it is a backend's oddity.
        from model_service.openai_api.accumulator import ChunkAccumulator  # noqa: PLC0415 - see above
        from model_service.transports.v1_stream import read_chunks  # noqa: PLC0415 - see above

        whole = ChunkAccumulator()
        for chunk in read_chunks(pieces, response, request):
            whole.add(chunk)
        return Complete(whole.completion(), response.opc_request_id, dropped=tuple(dropped.names))

    def stream(self, request: ChatRequest, call: Call) -> Stream:
        """Return the chunks as OCI sends them; one chunk where OCI answers at once."""
        dropped = DroppedParameters(call.refuses_unsupported)
        response = self._post(request, call, dropped, stream=True)
        is_stream, pieces = response.sniffed()
        if is_stream:
            from model_service.transports.v1_stream import read_chunks  # noqa: PLC0415 - streams alone need it

            return Stream(read_chunks(pieces, response, request), response.opc_request_id, dropped=tuple(dropped.names))
        chunk = chunk_of(_completion(pieces, response))
        return Stream(iter([chunk]), response.opc_request_id, at_once=True, dropped=tuple(dropped.names))

    def _post(self, request: ChatRequest, call: Call, dropped: DroppedParameters, *, stream: bool) -> UpstreamResponse:
        body = self.route.quirks.apply(request.body, dropped.drop) | {"model": self.route.model}
        body["messages"] = list(map(_without_ours, request.messages))
        if stream or "stream" in body:
            body["stream"] = stream
        with call.hints(self.route):
            return self.upstream.send("POST", PATH, body, call.compartment_headers, call.deadline)


def _without_ours(message: Message) -> Message:
    """Return a message without the fields that replies of ours have for the Responses API; the rest is the caller's."""
    if message.keys().isdisjoint(OWN_MESSAGE_FIELDS):
        return message
    return {name: value for name, value in message.items() if name not in OWN_MESSAGE_FIELDS}


def _completion(pieces: Iterable[bytes], response: UpstreamResponse) -> Completion:
    answer = read_value(response, pieces, "a chat completion")
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if not isinstance(choices, list) or not all(map(_is_choice, choices)):
        otherwise = "OCI answered with something other than a chat completion."
        raise error_in_success(answer, otherwise, opc_request_id=response.opc_request_id)
    completion: Completion = answer
    return completion


def _is_choice(value: Any) -> bool:
    message = (value.get("message") or {}) if isinstance(value, dict) else None
    calls = (message.get("tool_calls") or []) if isinstance(message, dict) else None
    return isinstance(calls, list) and all(isinstance(call, dict) for call in calls)
