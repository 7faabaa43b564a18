"""The events of a native stream as JSON objects, and everything that comes in the place of one as an error."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from model_service.errors import StreamBroken
from model_service.logs.redaction import redact
from model_service.openai_api.encoding import DONE
from model_service.upstream.error_body import read_error_body


def native_events(events: Iterator[str]) -> Iterator[Mapping[str, Any]]:
    """Ends at ``[DONE]``, which only Llama sends; raises ``StreamBroken`` for an error in the place of an event.

    A transient error arrives as ``{"code", "message"}``, or as text that is no JSON at all, such as the repr of a
    Python dict.
    """
    for event in events:
        if event.strip() == DONE:
            return
        yield _event(event)


def _event(text: str) -> Mapping[str, Any]:
    value = _json(text)
    # An event of GENERIC and COHEREV2 has an object under "message"; an error has a text there.
    if isinstance(value, dict) and "error" not in value and not isinstance(value.get("message"), str):
        return value
    complaint = read_error_body(text.encode("utf-8", "replace"))
    raise StreamBroken(redact(complaint.message) or "OCI sent something that is no event.", code=complaint.code)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
