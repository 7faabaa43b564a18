"""The events of a Responses stream, read: what each is, and what is an error or nothing instead.

Source: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from model_service.errors import StreamBroken
from model_service.logs.redaction import redact
from model_service.openai_api.encoding import DONE, read_json
from model_service.openai_api.event_stream import read_named_events
from model_service.upstream.error_body import ErrorBody, error_in, error_in_repr

ResponseEvent = Mapping[str, Any]


def read_response_events(pieces: Iterable[bytes]) -> Iterator[ResponseEvent]:
    """Yield the events of a stream that have a type; raise ``StreamBroken`` as ``read_event`` does."""
    for name, text in read_named_events(pieces):
        event = read_event(text, name)
        if event is not None:
            yield event


def read_event(text: str, name: str | None = None) -> ResponseEvent | None:
    """Return an event; ``None`` for one that keeps the connection alive, and for ``[DONE]``.

    Raise ``StreamBroken`` for an error, which may come as JSON or as the repr of a Python dict, and for what is not
    JSON. It quotes the provider, and never the model.
    """
    if text == DONE:
        return None
    try:
        value = read_json(text)
    except ValueError:
        value, error = None, error_in_repr(text) or (ErrorBody(text) if name == "error" else None)
    else:
        if isinstance(value, dict):
            kind = value.get("type") or (name if name and name.startswith(("response.", "error")) else None)
            if isinstance(kind, str) and (kind == "error" or not value.get("error")):
                return value if value.get("type") == kind else {**value, "type": kind}
        error = error_in(value)
    if error is None and (isinstance(value, dict) or name not in (None, "message") or text == "null"):
        return None
    described = error or ErrorBody("")
    message = redact(described.message) or "OCI sent something other than an event."
    raise StreamBroken(message, code=described.code, status=described.status)


def place_of(event: ResponseEvent) -> int:
    """Return the ``output_index``; raise ``StreamBroken`` where it is none."""
    place = event.get("output_index", 0)
    if not isinstance(place, int):
        raise StreamBroken("OCI sent an event whose output_index is not an integer.")
    return place


def part_of(event: ResponseEvent) -> int:
    """Return the index of the part of an item that an event is about."""
    part = event.get("summary_index", event.get("content_index"))
    return part if isinstance(part, int) else 0


def delta_of(event: ResponseEvent) -> str:
    """Return the piece of text; raise ``StreamBroken`` where it is none."""
    delta = event.get("delta", "")
    if not isinstance(delta, str):
        raise StreamBroken("OCI sent an event whose delta is not a string.")
    return delta


def item_of(event: ResponseEvent) -> Mapping[str, Any]:
    """Return the item that an event is about, empty where there is none."""
    item = event.get("item")
    return item if isinstance(item, dict) else {}


ENDS: Final = ("response.completed", "response.incomplete", "response.failed", "error")
