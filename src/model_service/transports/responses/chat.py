"""Responses, OCI's stateful API, spoken to in Chat Completions: requests are translated into it, answers out of it.

Source: https://docs.oracle.com/en-us/iaas/Content/generative-ai/responses-api.htm
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import UpstreamError
from model_service.openai_api.chat import ChatRequest, Chunk, Complete, Completion, Stream, chunk_of
from model_service.routing import Route
from model_service.transports.call import Call, DroppedParameters, bearing
from model_service.transports.responses.answer import completion_of
from model_service.transports.responses.continuation import TurnToSend, turn_of
from model_service.transports.responses.events import ENDS, ResponseEvent, read_response_events
from model_service.transports.responses.request import responses_request
from model_service.transports.responses.stream import chunks_of
from model_service.upstream.client import UpstreamClient
from model_service.upstream.response import END_SECONDS, UpstreamResponse, read_object, read_value

PATH: Final = "/openai/v1/responses"
NEVER_ON_RESPONSES: Final = frozenset({"stop", "frequency_penalty", "presence_penalty"})


@dataclass(frozen=True)
class OCIResponsesModel:
    """A model behind ``/openai/v1/responses``, spoken to in Chat Completions."""

    route: Route
    upstream: UpstreamClient

    def complete(self, request: ChatRequest, call: Call) -> Complete:
        """Return the response as a chat completion."""
        turn = turn_of(request.wire(), may_store=call.may_store)
        dropped = DroppedParameters(call.refuses_unsupported)
        with named_errors(self.route, call, turn.previous_response_id):
            response = self._post(request, turn, call, dropped, stream=False)
            return Complete(_read(response, turn), response.opc_request_id, dropped=tuple(dropped.names))

    def stream(self, request: ChatRequest, call: Call) -> Stream:
        """Return the events as chunks; one chunk where OCI answers at once."""
        turn = turn_of(request.wire(), may_store=call.may_store)
        dropped = DroppedParameters(call.refuses_unsupported)
        with named_errors(self.route, call, turn.previous_response_id):
            response = self._post(request, turn, call, dropped, stream=True)
            is_stream, pieces = response.sniffed()
            if is_stream:
                chunks = self._chunks(pieces, response, request, turn, call)
                return Stream(chunks, response.opc_request_id, dropped=tuple(dropped.names))
            chunk = chunk_of(_completion(pieces, response, turn))
            return Stream(iter([chunk]), response.opc_request_id, at_once=True, dropped=tuple(dropped.names))

    def _post(
        self, request: ChatRequest, turn: TurnToSend, call: Call, dropped: DroppedParameters, *, stream: bool
    ) -> UpstreamResponse:
        chat = self.route.quirks.supported(request.body, dropped.drop, NEVER_ON_RESPONSES)
        body = responses_request(chat, turn, model=self.route.model, stream=stream, drop=dropped.drop)
        if call.owner is not None:
            # On first use: most services keep nobody apart.
            from model_service.transports.responses.ownership import owned  # noqa: PLC0415 - see above

            body = owned(body, call.owner, lambda path: self._stored(path, call))
        return self.upstream.send("POST", PATH, body, headers_of(call), call.deadline)

    def _stored(self, path: str, call: Call) -> dict[str, Any]:
        response = self.upstream.send("GET", f"/openai/v1{path}", None, headers_of(call), call.deadline)
        return read_object(response)

    def _chunks(
        self, pieces: Iterable[bytes], response: UpstreamResponse, request: ChatRequest, turn: TurnToSend, call: Call
    ) -> Iterator[Chunk]:
        with named_errors(self.route, call, turn.previous_response_id), _begun(), bearing(response.opc_request_id):
            events = _until_the_end(read_response_events(pieces), response)
            usage = {"include_usage": request.include_usage, "usage_apart": not request.hides_usage}
            yield from chunks_of(events, stored=turn.stored, **usage)


@contextmanager
def _begun() -> Iterator[None]:
    """Note on an error of OCI that leaves this block that a model may have run: a response was begun before it."""
    try:
        yield
    except UpstreamError as error:
        error.may_be_charged = True
        raise


def headers_of(call: Call) -> dict[str, str]:
    """Return the headers that Responses wants."""
    return call.compartment_headers | call.project_headers


def _until_the_end(events: Iterable[ResponseEvent], response: UpstreamResponse) -> Iterator[ResponseEvent]:
    for event in events:
        if event["type"] in ENDS:
            response.expect_end(END_SECONDS)
        yield event


def _read(response: UpstreamResponse, turn: TurnToSend) -> Completion:
    """Return the completion, also of a backend that streams unasked: its last event has the whole response."""
    is_stream, pieces = response.sniffed()
    if not is_stream:
        return _completion(pieces, response, turn)
    from model_service.openai_api.accumulator import ChunkAccumulator  # noqa: PLC0415 - a backend's oddity

    whole = ChunkAccumulator()
    with bearing(response.opc_request_id):
        for chunk in chunks_of(read_response_events(pieces), stored=turn.stored, include_usage=True):
            whole.add(chunk)
    return whole.completion()


def _completion(pieces: Iterable[bytes], response: UpstreamResponse, turn: TurnToSend) -> Completion:
    with bearing(response.opc_request_id):
        return completion_of(read_value(response, pieces, "a response"), stored=turn.stored)


def named_errors(route: Route, call: Call, previous_response_id: str | None) -> AbstractContextManager[None]:
    """Let an error of OCI that leaves this block be called by its name, or have at least a hint."""
    return call.hints(route, previous_response_id, "responses")
