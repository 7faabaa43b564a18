"""Errors where a success should be: inside a 200, in a stream, and in the framing of HTTP itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from mock_oci.oddities.events import SentEvent, SentEvents
from mock_oci.wire import Disconnect, Response

ERROR = {"message": "Provider is overloaded", "type": "server_error", "code": 503}
_JSON = {"content-type": "application/json"}
_SSE = {"content-type": "text/event-stream"}

ResponseChange = Callable[[Response], Response]


def answered(value: Any, headers: dict[str, str] = _JSON) -> ResponseChange:
    """Answer ``value`` in the place of what was meant, with status 200, whole though a stream was asked for."""

    def change(response: Response) -> Response:
        response.close()
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        kept = {name: text for name, text in response.headers.items() if name != "content-type"}
        return Response(200, {**kept, **headers}, body)

    return change


IN_A_200 = answered({"error": ERROR})
AS_A_LIST = answered([{"error": ERROR}])
LABELLED_A_STREAM = answered({"error": ERROR}, _SSE)


def after_first(written: bytes) -> Callable[[SentEvents, str], Iterator[SentEvent | bytes]]:
    """Send ``written`` after the first event that says something, and nothing more."""

    def change(events: SentEvents, _surface: str) -> Iterator[SentEvent | bytes]:
        for number, event in enumerate(events):
            yield event
            if number == 1:
                break
        yield written

    return change


IN_A_STREAM = after_first(b"data: " + json.dumps({"error": ERROR}).encode() + b"\n\n")
AS_AN_EVENT = after_first(b"event: error\ndata: " + json.dumps(ERROR).encode() + b"\n\n")
AS_PYTHON = after_first(f"data: {ERROR!r}\n\n".encode())
TORN_JSON = after_first(b'data: {"id":"x","choices":[{"ind')


def relabelled(content_type: str | None) -> ResponseChange:
    """Answer the same with another content type, or with none."""

    def change(response: Response) -> Response:
        headers = {name: value for name, value in response.headers.items() if name != "content-type"}
        return replace(response, headers={**headers, **({"content-type": content_type} if content_type else {})})

    return change


def torn_in_half(response: Response) -> Response:
    """Answer the first half of a body, under a length that fits."""
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    return replace(response, body=body[: len(body) // 2])


def length_off_by(difference: int) -> ResponseChange:
    """State a content length that is more or less than what is sent; the connection ends after it."""

    def change(response: Response) -> Response:
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        return replace(response, body=body, content_length=max(0, len(body) + difference))

    return change


def torn_head(response: Response) -> Response:
    """Cut the connection in the middle of the status line."""
    response.close()
    raise Disconnect("as scripted", sent=b"HTTP/1.1 20")


def reset_before(response: Response) -> Response:
    """Reset the connection before the head."""
    response.close()
    raise Disconnect("as scripted", reset=True)


def reset_within(response: Response) -> Response:
    """Reset the connection in the middle of the body: after two pieces of a stream, or half of a whole answer."""
    whole = response.body if isinstance(response.body, bytes) else None
    pieces: Iterable[bytes] = [whole[: len(whole) // 2]] if isinstance(whole, bytes) else response.body  # type: ignore[assignment]  # what is not bytes is pieces

    def sent() -> Iterator[bytes]:
        for number, piece in enumerate(pieces):
            if number == 2:
                break
            yield piece
        raise Disconnect("as scripted", reset=True)

    return replace(response, body=sent())
