"""Native events and answers as JSON objects, and everything that comes in the place of one as an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from model_service.errors import StreamBroken
from model_service.logs.redaction import redact
from model_service.openai_api.encoding import DONE, read_json
from model_service.upstream.error_body import ErrorBody, error_in, error_in_repr, error_in_success

Watch = Callable[[Mapping[str, Any]], None]
"""Sees each event before it is read: who waits for the next one wants to know what this one says about the end."""


def ignore(_: Mapping[str, Any]) -> None:
    """Watch nothing."""


def native_events(events: Iterator[str], watch: Watch = ignore) -> Iterator[Mapping[str, Any]]:
    """Yield events until ``[DONE]``, which only Llama sends; raise ``StreamBroken`` for an error in place of an event.

    A transient error arrives as ``{"code", "message"}``, or as text that is no JSON at all, such as the repr of a
    Python dict. What could be half an event is not quoted: it may be the model's own words.
    """
    for event in events:
        if event.strip() == DONE:
            return
        try:
            value = read_json(event)
        except ValueError:
            text = "" if event.startswith(("{", "[")) else event
            error: ErrorBody | None = error_in_repr(event) or ErrorBody(text)
        else:
            error = None if is_event(value) else error_in(value) or ErrorBody(_text_of(value))
        if error is None:
            watch(value)
            yield value
        else:
            said = redact(error.message) or "OCI sent something other than an event."
            raise StreamBroken(said, code=error.code, status=error.status)


def is_event(value: Any) -> bool:
    """Return whether a value is an event, of whatever kind, and no error: GENERIC and COHEREV2 have an object there."""
    if not isinstance(value, dict) or value.get("error"):
        return False
    return not isinstance(value.get("message"), str) and value.get("type") != "error"


def _text_of(value: Any) -> str:
    message = value.get("message") if isinstance(value, dict) else None
    return message if isinstance(message, str) else ""


def native_answer(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``chatResponse``; raise ``UpstreamError``, in the provider's words, for an error in its place."""
    response = answer.get("chatResponse")
    error = answer if response is None else response
    if not isinstance(response, Mapping) or error_in(error) is not None:
        raise error_in_success(error, "OCI answered without an answer.", opc_request_id=None)
    return response
