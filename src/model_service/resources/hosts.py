"""Requests to the two OCI hosts that serve resources; bodies are passed through unchanged.

Source: https://docs.oracle.com/en-us/iaas/Content/generative-ai/openai-compatible-api.htm
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from model_service.errors import ModelServiceError
from model_service.openai_api.chat import Answer, Complete, Stream
from model_service.openai_api.encoding import Encoding, write_json
from model_service.openai_api.resources import ResourceRequest
from model_service.transports.call import Call, bearing
from model_service.transports.responses.chat import headers_of
from model_service.upstream.client import UpstreamClient
from model_service.upstream.response import STATUSES_WITHOUT_BODY, UpstreamResponse

if TYPE_CHECKING:
    from model_service.oci_services.large_payloads import Overflow
    from model_service.settings import Settings


class ResourceService(Protocol):
    """The part of the service that is used: both hosts, and the bucket for large answers."""

    @property
    def settings(self) -> Settings: ...

    @property
    def upstream(self) -> UpstreamClient: ...

    @property
    def region_services(self) -> Any: ...

    @property
    def overflow(self) -> Overflow | None: ...


def ask(service: ResourceService, request: ResourceRequest, call: Call) -> UpstreamResponse:
    """Return the response of the host that serves the operation, its body unread."""
    on_control_plane = request.operation.on_control_plane
    host = service.region_services.control_plane(call.deadline) if on_control_plane else service.upstream
    return ask_at(host, request, call)


def ask_at(host: UpstreamClient, request: ResourceRequest, call: Call) -> UpstreamResponse:
    """Return the response of ``host``, its body unread."""
    content = request.form if request.form is not None else request.body
    headers = headers_of(call) | ({"content-type": request.content_type} if request.form is not None else {})
    if request.accept is not None:
        headers["accept"] = request.accept
    return host.send(request.operation.method, request.target, content, headers, call.deadline)


def answer_of(response: UpstreamResponse) -> Answer:
    """Return OCI's answer with unchanged bytes, complete or as a stream of events."""
    headers = {name: value for name in PASSED if (value := response.header(name)) is not None} | dict(SANDBOX)
    if response.status in STATUSES_WITHOUT_BODY:
        response.close()
        return Complete({}, response.opc_request_id, response.status, content=b"")
    if response.is_stream:
        return Stream(_pieces(response), response.opc_request_id, PIECES, headers=headers)
    return Complete({}, response.opc_request_id, response.status, headers=headers, content=response.read())


@dataclass(frozen=True)
class Piece:
    """A piece of a stream that is not parsed."""

    content: bytes = field(repr=False)

    @property
    def value(self) -> Mapping[str, Any]:
        """Return nothing: what a stream of this kind costs is not in it."""
        return {}


def _pieces(response: UpstreamResponse) -> Iterator[Piece]:
    with bearing(response.opc_request_id):
        yield from map(Piece, response.iter_bytes())


def _write_pieces(pieces: Iterable[Piece]) -> Iterator[bytes]:
    try:
        yield from (piece.content for piece in pieces)
    except ModelServiceError as error:
        yield b"\n\nevent: error\ndata: " + write_json(error.body()) + b"\n\n"


PIECES: Final = Encoding("text/event-stream", _write_pieces)

# What OCI says of an answer besides its body.
PASSED: Final = (
    "content-type",
    "content-disposition",
    "model-retirement-info",
    "x-genai-selected-region",
)
# A file is what some caller has uploaded: a browser that opens it shall not run it.
SANDBOX: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
}
