"""The Responses API's own requests, passed through; apart from the chat's, which has no use for it at a cold start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Any, Final

from model_service.errors import InvalidRequest, ModelServiceError, StreamBroken, UpstreamError
from model_service.openai_api.chat import Answer, Complete, Stream
from model_service.openai_api.encoding import DONE, Encoding, write_json
from model_service.openai_api.event_stream import NamedEvent, read_event_groups
from model_service.openai_api.responses import BASE, SurfaceRequest, no_relay
from model_service.routing import Route
from model_service.transports.call import Call, bearing
from model_service.transports.responses.chat import headers_of, named_errors
from model_service.transports.responses.events import ENDS, read_event
from model_service.transports.responses.input_items import sendable_items
from model_service.transports.responses.ownership import (
    OWNER_FIELD,
    OWNER_MARK,
    check_owner,
    check_stored,
    object_of,
    with_owner,
    without_owner,
)
from model_service.upstream.client import UpstreamClient
from model_service.upstream.response import END_SECONDS, UpstreamResponse, read_object


@dataclass(frozen=True)
class OCIResponsesSurface:
    """Everything below ``/openai/v1/responses`` and ``/openai/v1/conversations``, passed through."""

    route: Route
    upstream: UpstreamClient

    def send(self, request: SurfaceRequest, call: Call) -> Answer:
        """Return the answer; only the model's name is translated.

        Raise what ``UpstreamClient.send`` raises, and ``InvalidRequest`` for a request that wants stored what may not
        be.
        """
        if request.relay is not None:
            raise no_relay()
        body = request.for_model(self.route.model, may_store=call.may_store)
        method, previous = request.operation.method, (body or {}).get("previous_response_id")
        if body is not None and isinstance(body.get(request.operation.items), list):
            body = {**body, request.operation.items: sendable_items(body[request.operation.items])}
        with _counted(request), named_errors(self.route, call, previous):
            if call.owner is not None:
                return self._send_owned(request, body, call, call.owner)
            response = self.upstream.send(method, request.target, body, headers_of(call), call.deadline)
            is_stream, pieces = response.sniffed()
            if is_stream:
                return Stream(_raw_events(pieces, response), response.opc_request_id, RAW_EVENTS)
            return Complete(read_object(response, pieces), response.opc_request_id, response.status)

    def _send_owned(self, request: SurfaceRequest, body: dict[str, Any] | None, call: Call, owner: str) -> Answer:
        """Do the same for a caller who sees its own alone: a look-up for each object or item that is named."""
        about = None if request.counts_tokens else object_of(request.target)  # its path is like that of a response
        method = request.operation.method
        # What reads the object itself says whose it is; anything else is looked up first.
        reads_it = method == "GET" and request.target.partition("?")[0] == f"{BASE}{about}"
        check_stored(
            body or {}, owner, lambda path: self._stored(path, call), *([about] if about and not reads_it else [])
        )
        if request.operation.has_metadata:
            body = with_owner(body or {}, owner)
        response = self.upstream.send(method, request.target, body, headers_of(call), call.deadline)
        is_stream, pieces = response.sniffed()
        if is_stream:
            events = _raw_events(pieces, response)
            shown = _owned_events(events, owner) if reads_it else map(_without_owner, events)
            return Stream(shown, response.opc_request_id, RAW_EVENTS)
        answer = read_object(response, pieces)
        if reads_it:
            check_owner(answer, owner)
        return Complete(without_owner(answer), response.opc_request_id, response.status)

    def _stored(self, path: str, call: Call) -> dict[str, Any]:
        return read_object(self.upstream.send("GET", BASE + path, None, headers_of(call), call.deadline))


@contextmanager
def _counted(request: SurfaceRequest) -> Iterator[None]:
    """Say of tokens that OCI does not count that they are not counted: an estimate would be taken for a count."""
    try:
        yield
    except UpstreamError as error:
        if not request.counts_tokens or error.status not in (404, 405, 501):
            raise
        raise InvalidRequest(
            "OCI does not count the input tokens of this model here, and this service does not estimate them.",
            status=501,
            code="input_tokens_not_counted",
            hint=f"OCI answered {error.status}; usage of an answer says how many there were.",
            opc_request_id=error.opc_request_id,
        ) from error


def _raw_events(pieces: Iterable[bytes], response: UpstreamResponse) -> Iterator[RawEvent]:
    with bearing(response.opc_request_id):
        for event in read_raw_events(pieces):
            if event.value.get("type") in RAW_ENDS:
                response.expect_end(END_SECONDS)
            yield event


def _owned_events(events: Iterator[RawEvent], owner: str) -> Iterator[RawEvent]:
    """Yield the events of a stored response that is read as a stream, once its first one has said whose it is."""
    first = next(events, None)
    response = first.value.get("response") if first is not None else None
    check_owner(response if isinstance(response, dict) else {}, owner)
    assert first is not None  # noqa: S101 - nothing has no owner
    yield from map(_without_owner, chain([first], events))


def _without_owner(event: RawEvent) -> RawEvent:
    if OWNER_FIELD not in event.text and OWNER_MARK.search(event.text) is None:
        return event
    value = without_owner(dict(event.value))
    return RawEvent(event.name, write_json(value).decode(), value)


@dataclass(frozen=True)
class RawEvent:
    """One server-sent event: its ``event`` name, if it has one, and the text of its ``data``.

    ``value`` is that text read, for whoever wants the usage of the last one; it is empty for ``[DONE]``.
    ``is_followed`` says that the next one has arrived already.
    """

    name: str | None
    text: str
    value: Mapping[str, Any]
    is_followed: bool = field(default=False, compare=False)

    def write(self) -> bytes:
        """Return the event as it stands on the wire."""
        name = [f"event: {self.name}"] if self.name else []
        return "\n".join([*name, *(f"data: {line}" for line in self.text.split("\n")), "", ""]).encode()


def read_raw_events(pieces: Iterable[bytes]) -> Iterator[RawEvent]:
    """Yield every event of a stream, of whatever type.

    What keeps the connection alive is passed over. Raise ``StreamBroken`` for what is no event, and for an end before
    the response has one.
    """
    ended = False
    for (name, text), (_, following) in chain.from_iterable(map(_with_next, read_event_groups(pieces))):
        event = read_event(text, name)
        value = event or {}
        ended = ended or value.get("type") in RAW_ENDS
        if "NaN" in text or "Infinity" in text:
            text = write_json(value).decode()  # noqa: PLW2901 - the same value, as JSON
        if event is not None or text == DONE:
            yield RawEvent(name, text, value, is_followed=following.startswith(SURELY_AN_EVENT))
    if not ended:
        raise StreamBroken("OCI ended the stream before the response was complete.")


def _with_next(events: list[NamedEvent]) -> Iterator[tuple[NamedEvent, NamedEvent]]:
    """Return each event with the one that came together with it, if there is one."""
    return pairwise([*events, (None, "")])


def write_raw_events(events: Iterable[RawEvent]) -> Iterator[bytes]:
    """Yield server-sent events for OpenAI's clients.

    A stream that breaks ends with an ``error`` event of the same API.
    """
    number = -1
    try:
        for event in events:
            said_number = event.value.get("sequence_number")
            number = said_number if isinstance(said_number, int) else number
            yield event.write()
    except ModelServiceError as error:
        said = error.body()["error"] | {"type": "error", "sequence_number": number + 1}
        yield RawEvent("error", write_json(said).decode(), said).write()


SURELY_AN_EVENT: Final = '{"type":"response.'
RAW_ENDS: Final = (*ENDS, "response.cancelled")  # the last one is of a response that ran in the background

RAW_EVENTS: Final = Encoding("text/event-stream", write_raw_events)
