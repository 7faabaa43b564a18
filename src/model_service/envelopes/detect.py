"""How a trigger is recognised: what a row of ENVELOPES looks for in an invocation."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from model_service.fn.invocation import Invocation
from model_service.fn.limits import MEBIBYTE, json_fits

MAX_QUESTION_BYTES: Final = 65_536  # the gateway takes 8 KB of headers
MAX_EVENT_MEMORY: Final = 32 * MEBIBYTE  # of what is read to tell what it is; 6 MB of any text fit
_OBJECT: Final = re.compile(rb"(?:\xef\xbb\xbf)?+[ \t\r\n]*+\{")
_ARRAY: Final = re.compile(rb"(?:\xef\xbb\xbf)?+[ \t\r\n]*+\[")
# What every record of a stream, a log and a metric has, as Connector Hub sends them.
RECORD_FIELDS: Final = (
    frozenset({"stream", "partition", "offset", "value"}),
    frozenset({"data", "id", "oracle"}),
    frozenset({"namespace", "name", "datapoints"}),
)
# Of each, the name that little else has: a body of megabytes is looked through for no others.
_TELLING: Final = (b'"partition"', b'"oracle"', b'"datapoints"')
_CLOUD_EVENTS: Final = (frozenset({"cloudEventsVersion"}), frozenset({"specversion", "type", "source"}))


def is_http(invocation: Invocation) -> bool:
    return invocation.http is not None


def is_authorizer(invocation: Invocation) -> bool:
    return authorizer_question(invocation.body) is not None


def is_notification(invocation: Invocation) -> bool:
    """Source: docs Notification/Concepts/notificationoverview.htm, headers of a message."""
    return not {"x-oci-ns-messageid", "x-oci-ns-messagetype"}.isdisjoint(invocation.headers)


def is_connector_hub(invocation: Invocation) -> bool:
    """Tell an array by its first byte alone: what comes after it may be anything but JSON; and one record beside none.

    A connector waits for the reply: what is called detached comes from somebody else.
    """
    if is_detached(invocation):
        return False
    return _ARRAY.match(invocation.body) is not None or single_record(invocation.body) is not None


def is_cloud_event(invocation: Invocation) -> bool:
    return cloud_event(invocation.body) is not None


def is_detached(invocation: Invocation) -> bool:
    return invocation.headers.get("fn-invoke-type", "").lower() == "detached"


def is_empty_and_detached(invocation: Invocation) -> bool:
    return is_detached(invocation) and not invocation.body.strip()


def is_anything(_invocation: Invocation) -> bool:
    return True


def cloud_event(body: bytes) -> dict[str, Any] | None:
    """Return the CloudEvent that ``body`` is; ``None`` for what is none, though it may speak of one.

    Version 0.1 (docs Events/Reference/eventenvelopereference.htm) or 1.0 (in structured mode,
    https://github.com/cloudevents/spec).
    """
    if b'"cloudEventsVersion"' not in body and b'"specversion"' not in body:
        return None  # no need to parse every chat request twice
    event = json_value(body)
    if isinstance(event, dict) and any(fields <= event.keys() for fields in _CLOUD_EVENTS):
        return event
    return None


def single_record(body: bytes) -> dict[str, Any] | None:
    """Return the one record of Streaming, Logging or Monitoring that ``body`` is, outside of any array."""
    if not _OBJECT.match(body) or not any(name in body for name in _TELLING):
        return None  # no need to parse every chat request twice
    record = json_value(body)
    if isinstance(record, dict) and any(names <= record.keys() for names in RECORD_FIELDS):
        return record
    return None


def authorizer_question(body: bytes) -> dict[str, Any] | None:
    """Return what API Gateway asks its authorizer.

    ``{"type": "TOKEN", "token"}`` or ``{"type": "USER_DEFINED", "data": {…}}``; ``None`` for anything else (docs
    APIGateway/Tasks/apigatewayusingauthorizerfunction.htm).
    """
    if len(body) > MAX_QUESTION_BYTES or not (b'"USER_DEFINED"' in body or b'"TOKEN"' in body):
        return None
    question = json_value(body)
    if not isinstance(question, dict):
        return None
    if question.get("type") == "TOKEN" and question.keys() == {"type", "token"}:
        return question
    is_data = question.get("type") == "USER_DEFINED" and isinstance(question.get("data"), dict)
    return question if is_data and question.keys() == {"type", "data"} else None


def json_value(body: bytes) -> Any:
    """Return the value of ``body`` where it is JSON, be it by a wide reading, and ``None`` where it is not.

    For telling what it is, not for working on it: what would take too much memory is none.
    """
    if not json_fits(body, MAX_EVENT_MEMORY):
        return None
    try:
        return json.loads(body.decode("utf-8", "surrogateescape").removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None


def text_fields(value: Any, *names: str) -> Mapping[str, str]:
    """Return those of the fields that ``value`` has as strings."""
    found = value if isinstance(value, Mapping) else {}
    return {name: found[name] for name in names if isinstance(found.get(name), str)}
