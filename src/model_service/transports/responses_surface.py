"""The Responses API's own requests, passed through; apart from the chat's, which has no use for it at a cold start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from model_service.chat import Answer, Complete, Stream
from model_service.errors import UpstreamError
from model_service.exchange import END_SECONDS, Exchange
from model_service.responses.raw_events import RAW_ENDS, RAW_EVENTS, RawEvent, read_raw_events
from model_service.responses.surface import SurfaceRequest
from model_service.routing import Route
from model_service.transports.call import Call, bearing
from model_service.transports.responses import headers_of, named_errors, read_json
from model_service.upstream import Upstream


@dataclass(frozen=True)
class OCIResponsesSurface:
    """Everything below ``/openai/v1/responses`` and ``/openai/v1/conversations``, passed through."""

    route: Route
    upstream: Upstream

    def send(self, request: SurfaceRequest, call: Call) -> Answer:
        """Only the model's name is translated. Raises what ``Upstream.send`` raises, and ``InvalidRequest`` for a
        request that wants stored what may not be."""
        body = request.for_model(self.route.model, may_store=call.may_store)
        method, previous = request.operation.method, (body or {}).get("previous_response_id")
        with named_errors(self.route, call, previous):
            exchange = self.upstream.send(method, request.target, body, headers_of(call), call.deadline)
            if exchange.is_stream:
                return Stream(_raw_events(exchange), exchange.opc_request_id, RAW_EVENTS)
            return Complete(_object(exchange), exchange.opc_request_id, exchange.response.status_code)


def _raw_events(exchange: Exchange) -> Iterator[RawEvent]:
    with bearing(exchange.opc_request_id):
        for event in read_raw_events(exchange.pieces()):
            if event.value.get("type") in RAW_ENDS:
                exchange.expect_end(END_SECONDS)
            yield event


def _object(exchange: Exchange) -> dict[str, Any]:
    answer = read_json(exchange.read())
    if not isinstance(answer, dict):
        raise UpstreamError(
            "OCI answered with something that is no JSON object.", opc_request_id=exchange.opc_request_id
        )
    return answer
