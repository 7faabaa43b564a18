"""What OCI says when it refuses: every shape of error body that it is known to send, read into one of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from model_service.errors import UpstreamError, UpstreamRefused, UpstreamThrottled
from model_service.logs.redaction import redact

DEEPEST: Final = 8  # errors inside errors; four is the worst that has been seen


@dataclass(frozen=True)
class ErrorBody:
    """What an error body says, in whatever shape it came."""

    message: str
    code: str | None = None
    param: str | None = None


def upstream_error(
    status: int, body: bytes, *, opc_request_id: str | None, retry_after: str | None = None
) -> UpstreamError:
    """The error to raise for an answer that is no success; it keeps OCI's status (>= 400), message and code."""
    complaint = read_error_body(body)
    kind = ERRORS.get(status, UpstreamRefused if 400 <= status < 500 else UpstreamError)
    return kind(
        redact(complaint.message) or f"OCI answered {status} and said nothing.",
        status=status if status >= 400 else None,  # a redirect is no answer that a caller could follow
        code=complaint.code,
        param=complaint.param,
        opc_request_id=opc_request_id,
        retry_after=retry_after,
    )


def read_error_body(body: bytes) -> ErrorBody:
    """Knows ``{code, message}``, ``{error: {…}}``, ``{code, error: "…"}``, an error inside ``message`` as JSON
    (once or twice), plain text, and nothing at all."""
    text = body.decode("utf-8", "replace").strip()
    value = _json_object(text)
    complaint = _of_object(value, depth=0) if value is not None else ErrorBody(text)
    return complaint if complaint.message else replace(complaint, message=text)


def _of_object(value: Mapping[str, Any], depth: int) -> ErrorBody:
    message = value.get("error") or value.get("message") or value.get("detail") or ""
    inner = message if isinstance(message, dict) else _json_object(_words(message).strip())
    if inner is not None and depth < DEEPEST:
        return _of_object({"code": value.get("code"), **inner}, depth + 1)
    return ErrorBody(_words(message), _code(value.get("code")), _text(value.get("param")))


def _words(message: Any) -> str:
    return message if isinstance(message, str) else ""  # anything else stays in the text of the whole body


def _code(code: Any) -> str | None:
    # The native surface puts the status there, as a string: that says nothing that the status does not.
    text = _text(code)
    return None if text is None or text.isdigit() else text


def _text(value: Any) -> str | None:
    return redact(value) if isinstance(value, str) and value else None


def _json_object(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


ERRORS: Final[Mapping[int, type[UpstreamError]]] = {429: UpstreamThrottled}
