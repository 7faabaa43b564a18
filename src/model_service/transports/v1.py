"""V1, OCI's OpenAI-compatible Chat Completions: what the caller wrote goes out, what OCI answered comes back.

Source: https://docs.oracle.com/en-us/iaas/Content/generative-ai/chat-completions-api.htm
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import StreamBroken, UpstreamError
from model_service.logs.redaction import redact
from model_service.openai_api.chat import ChatRequest, Chunk, Complete, Completion, Stream, chunk_of, finish_reasons
from model_service.openai_api.encoding import DONE, read_events
from model_service.routing import Route
from model_service.transports.call import Call
from model_service.upstream.client import UpstreamClient
from model_service.upstream.error_body import read_error_body
from model_service.upstream.response import END_SECONDS, USAGE_SECONDS, UpstreamResponse

PATH: Final = "/openai/v1/chat/completions"


@dataclass(frozen=True)
class OCIOpenAIModel:
    """A model behind ``/openai/v1/chat/completions``."""

    route: Route
    upstream: UpstreamClient

    def complete(self, request: ChatRequest, call: Call) -> Complete:
        """Return the answer as OCI sent it."""
        response = self._post(request, call, stream=False)
        return Complete(_completion(response), response.opc_request_id)

    def stream(self, request: ChatRequest, call: Call) -> Stream:
        """Return the chunks as OCI sends them; one chunk where OCI answers at once."""
        response = self._post(request, call, stream=True)
        chunks = _chunks(response, request) if response.is_stream else iter([chunk_of(_completion(response))])
        return Stream(chunks, response.opc_request_id, at_once=not response.is_stream)

    def _post(self, request: ChatRequest, call: Call, *, stream: bool) -> UpstreamResponse:
        body = self.route.quirks.apply(request.wire()) | {"model": self.route.model}
        if stream or "stream" in body:
            body["stream"] = stream
        with call.hints(self.route):
            return self.upstream.send("POST", PATH, body, call.compartment_headers, call.deadline)


def _completion(response: UpstreamResponse) -> Completion:
    answer = _json(response.read())
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise UpstreamError(
            "OCI answered with something other than a chat completion.", opc_request_id=response.opc_request_id
        )
    completion: Completion = answer
    return completion


def _chunks(response: UpstreamResponse, request: ChatRequest) -> Iterator[Chunk]:
    finished: set[int] = set()
    awaits_usage = request.include_usage
    for event in read_events(response.iter_bytes()):
        if event == DONE:
            return
        chunk = _chunk(event, response)
        finished |= {index for index, reason in finish_reasons(chunk).items() if reason}
        awaits_usage = awaits_usage and not chunk.get("usage")
        if len(finished) >= request.choices:
            response.expect_end(USAGE_SECONDS if awaits_usage else END_SECONDS)
        yield chunk
    if not finished:
        raise StreamBroken(
            "OCI ended the stream before the answer was complete.", opc_request_id=response.opc_request_id
        )


def _chunk(event: str, response: UpstreamResponse) -> Chunk:
    chunk = _json(event)
    if isinstance(chunk, dict) and not chunk.get("error") and "choices" in chunk:
        return chunk
    # A transient error arrives as JSON, or as the repr of a Python dict, in the place of a chunk.
    complaint = read_error_body(event.encode())
    raise StreamBroken(
        redact(complaint.message) or "OCI sent something other than a chunk.",
        code=complaint.code,
        opc_request_id=response.opc_request_id,
    )


def _json(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
