"""Responses, OCI's stateful API, spoken to in Chat Completions: requests are translated into it, answers out of it.

Source: https://docs.oracle.com/en-us/iaas/Content/generative-ai/responses-api.htm
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import UpstreamError
from model_service.openai_api.chat import ChatRequest, Chunk, Complete, Completion, Stream, chunk_of
from model_service.openai_api.encoding import read_events
from model_service.routing import Route
from model_service.transports.call import Call, bearing
from model_service.transports.responses.answer import completion_of
from model_service.transports.responses.continuation import TurnToSend, turn_of
from model_service.transports.responses.request import responses_request
from model_service.transports.responses.stream import chunks_of
from model_service.upstream.client import UpstreamClient
from model_service.upstream.response import UpstreamResponse, read_object

PATH: Final = "/openai/v1/responses"


@dataclass(frozen=True)
class OCIResponsesModel:
    """A model behind ``/openai/v1/responses``, spoken to in Chat Completions."""

    route: Route
    upstream: UpstreamClient

    def complete(self, request: ChatRequest, call: Call) -> Complete:
        """Return the response as a chat completion."""
        turn = turn_of(request.wire(), may_store=call.may_store)
        with named_errors(self.route, call, turn.previous_response_id):
            response = self._post(request, turn, call, stream=False)
            return Complete(_completion(response, turn), response.opc_request_id)

    def stream(self, request: ChatRequest, call: Call) -> Stream:
        """Return the events as chunks; one chunk where OCI answers at once."""
        turn = turn_of(request.wire(), may_store=call.may_store)
        with named_errors(self.route, call, turn.previous_response_id):
            response = self._post(request, turn, call, stream=True)
            if response.is_stream:
                return Stream(self._chunks(response, request, turn, call), response.opc_request_id)
            return Stream(iter([chunk_of(_completion(response, turn))]), response.opc_request_id, at_once=True)

    def _post(self, request: ChatRequest, turn: TurnToSend, call: Call, *, stream: bool) -> UpstreamResponse:
        body = responses_request(request.wire(), turn, model=self.route.model, stream=stream)
        if call.owner is not None:
            # On first use: most services keep nobody apart.
            from model_service.transports.responses.ownership import owned  # noqa: PLC0415 - see above

            body = owned(body, call.owner, lambda path: self._stored(path, call))
        return self.upstream.send("POST", PATH, body, headers_of(call), call.deadline)

    def _stored(self, path: str, call: Call) -> dict[str, Any]:
        response = self.upstream.send("GET", f"/openai/v1{path}", None, headers_of(call), call.deadline)
        return read_object(response)

    def _chunks(
        self, response: UpstreamResponse, request: ChatRequest, turn: TurnToSend, call: Call
    ) -> Iterator[Chunk]:
        events = read_events(response.iter_bytes())
        with named_errors(self.route, call, turn.previous_response_id), bearing(response.opc_request_id):
            yield from chunks_of(events, stored=turn.stored, include_usage=request.include_usage)


def headers_of(call: Call) -> dict[str, str]:
    """Return the headers that Responses wants."""
    return call.compartment_headers | call.project_headers


def _completion(response: UpstreamResponse, turn: TurnToSend) -> Completion:
    with bearing(response.opc_request_id):
        return completion_of(read_json(response.read()), stored=turn.stored)


@contextmanager
def named_errors(route: Route, call: Call, previous_response_id: str | None) -> Iterator[None]:
    """Let an error of OCI that leaves this block be called by its name, or have at least a hint."""
    try:
        with call.hints(route):
            yield
    except UpstreamError as error:
        # Imported on first use: it is for errors only, and a cold start counts every millisecond.
        from model_service.transports.responses.error_names import Asked, named  # noqa: PLC0415 - see above

        asked = Asked(route.model, call.compartment_id, call.project_id, previous_response_id)
        known = named(error, asked)
        if known is None:
            raise
        raise known from error


def read_json(text: bytes) -> Any:
    """Return the value, or ``None`` for what is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
