"""What OCI says when it refuses: every shape of error body that it is known to send, read into one of ours."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any, Final

from model_service.errors import UpstreamError, UpstreamRefused, UpstreamThrottled
from model_service.light_dataclasses import dataclass
from model_service.logs.redaction import redact

MAX_DEPTH: Final = 8  # of errors inside errors; four is the worst that has been seen
MAX_REPR_CHARACTERS: Final = 8192  # of a Python dict that is read for the error in it


@dataclass(frozen=True)
class ErrorBody:
    """What an error body says, in whatever shape it came; ``status`` is an HTTP status that it names, 400 to 599."""

    message: str
    code: str | None = None
    param: str | None = None
    status: int | None = None


def upstream_error(
    status: int, body: bytes, *, opc_request_id: str | None, retry_after: str | None = None
) -> UpstreamError:
    """Return the error to raise for an answer without success; it keeps OCI's status (>= 400), message and code."""
    error = read_error_body(body)
    return _kind(status)(
        redact(error.message) or f"OCI answered {status} and said nothing.",
        status=status if 400 <= status < 600 else None,  # a redirect is none to follow, and HTTP has none above
        code=error.code,
        param=error.param,
        opc_request_id=opc_request_id,
        retry_after=retry_after,
    )


def error_in_success(value: Any, otherwise: str, *, opc_request_id: str | None) -> UpstreamError:
    """Return the error to raise for a success whose JSON is no answer: the provider's words, or else ``otherwise``."""
    error = error_in(value) or ErrorBody("")
    status = error.status or (429 if error.code in THROTTLED else None)
    return _kind(status or 502)(
        redact(error.message) or otherwise,
        status=status,
        code=error.code,
        param=error.param,
        opc_request_id=opc_request_id,
    )


def error_in(value: Any) -> ErrorBody | None:
    """Return the error that JSON describes in the place of an answer; ``None`` where it describes none.

    Its message is the provider's, or empty: it never quotes the rest of ``value``, which may be the model's own words.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return None
    is_error = value.get("error") or "error" in (value.get("type"), value.get("object"))
    names_code = "code" in value and isinstance(value.get("message"), str)
    return _of_object(value, depth=0) if is_error or names_code or set(value) == {"detail"} else None


def error_in_repr(text: str) -> ErrorBody | None:
    """Return the error in the repr of a Python dict, as transient errors come in streams (jetuse, ``chat.py:969``)."""
    if not text.startswith("{") or len(text) > MAX_REPR_CHARACTERS:
        return None
    import ast  # noqa: PLC0415 - on first use: a cold start has none for it

    try:
        with warnings.catch_warnings(action="ignore", category=SyntaxWarning):
            return error_in(ast.literal_eval(text))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def read_error_body(body: bytes) -> ErrorBody:
    """Return what an error's body says.

    Knows ``{code, message}``, ``{error: {…}}``, ``{code, error: "…"}``, an error inside ``message`` as JSON (once or
    twice), each of them in a list, plain text, and nothing at all.
    """
    text = body.decode("utf-8", "replace").strip()
    value = _json_object(text)
    error = _of_object(value, depth=0) if value is not None else ErrorBody("")
    return error if error.message else ErrorBody(text, error.code, error.param, error.status)


def _of_object(value: Mapping[str, Any], depth: int) -> ErrorBody:
    found = (value.get(name) for name in ("error", "message", "detail"))
    message = next((said for said in found if said and isinstance(said, str | dict)), "")
    inner = message if isinstance(message, dict) else _json_object(message.strip())
    if inner is not None and depth < MAX_DEPTH:
        outer = {name: value.get(name) for name in ("code", "status", "param")}
        return _of_object(outer | {name: field for name, field in inner.items() if field is not None}, depth + 1)
    statuses = (_status(value.get(name)) for name in ("code", "status"))
    return ErrorBody(
        message if isinstance(message, str) else "",
        _code(value.get("code")),
        _text(value.get("param")),
        next((status for status in statuses if status), None),
    )


def _code(code: Any) -> str | None:
    # The native surface puts the status there, as a string: that says nothing that the status does not.
    text = _text(code)
    return None if text is None or text.isdigit() else text


def _text(value: Any) -> str | None:
    return redact(value) if isinstance(value, str) and value else None


def _status(value: Any) -> int | None:
    text = str(value) if isinstance(value, int | str) else ""
    return int(text) if len(text) == 3 and text.isascii() and text.isdigit() and 400 <= int(text) < 600 else None


def _json_object(text: str) -> dict[str, Any] | None:
    """Return the object that ``text`` is as JSON, or that is the first of its array; ``None`` for anything else."""
    if not text.startswith(("{", "[")):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, dict) else None


def _kind(status: int) -> type[UpstreamError]:
    return ERRORS.get(status, UpstreamRefused if 400 <= status < 500 else UpstreamError)


THROTTLED: Final = ("rate_limit_exceeded", "TooManyRequests", "rate_limit_error")

ERRORS: Final[Mapping[int, type[UpstreamError]]] = {429: UpstreamThrottled}
