"""The shape that a Chat Completions request must have, and how the surface words it when it has not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mock_oci.operations import json_response
from mock_oci.wire import Body, Response


def openai_error(message: str, param: str = "", code: str = "", status: int = 400) -> Response:
    """OpenAI's error body, as the surface words what it finds wrong with a request."""
    error = {"message": message, "type": "invalid_request_error", "param": param or None, "code": code or None}
    return json_response(status, {"error": error})


def malformed(body: Body) -> Response | None:
    """What is wrong with the shape of a request, or None."""
    for check in _CHECKS:
        response = check(body)
        if response is not None:
            return response
    return None


def _malformed_fields(body: Body) -> Response | None:
    for field, (kinds, name) in _FIELDS.items():
        if not fits(body.get(field), kinds):
            return openai_error(f"Invalid type for '{field}': expected {name}.", field, "invalid_type")
    if "store" in body:
        return openai_error("Unknown parameter: 'store'.", "store", "unknown_parameter")
    return None


def _out_of_range(body: Body) -> Response | None:
    for field in _FROM_ONE:
        if body.get(field) is not None and body[field] < 1:
            message = f"Invalid '{field}': integer below minimum value. Expected a value >= 1."
            return openai_error(message, field, "integer_below_min_value")
    return None


def _malformed_stop(body: Body) -> Response | None:
    stops = body.get("stop")
    if isinstance(stops, list) and not all(isinstance(stop, str) for stop in stops):
        return openai_error("Invalid type for 'stop': expected an array of strings.", "stop", "invalid_type")
    return None


def _malformed_messages(body: Body) -> Response | None:
    if not body.get("messages"):
        return openai_error("Missing required parameter: 'messages'.", "messages", "missing_required_parameter")
    for number, message in enumerate(body["messages"]):
        reason = _malformed_message(message)
        if reason:
            return openai_error(f"Invalid 'messages[{number}]': {reason}.", "messages", "invalid_value")
    return None


def fits(value: Any, kinds: tuple[type, ...]) -> bool:
    """Whether a JSON value is null or one of ``kinds``."""
    # A bool is an int to Python, not to JSON.
    return value is None or (isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool)))


def _malformed_message(message: Any) -> str:
    if not isinstance(message, Mapping):
        return "expected an object"
    role, content = message.get("role"), message.get("content")
    if role not in _ROLES:
        return f"role must be one of {', '.join(_ROLES)}"
    if content is None:
        return "" if role == "assistant" and message.get("tool_calls") else "content is missing"
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        return "a tool message needs a tool_call_id"
    if isinstance(content, list) and all(_is_part(part) for part in content):
        return ""
    return "" if isinstance(content, str) else "content must be a string or a list of parts"


def _is_part(part: Any) -> bool:
    if not isinstance(part, Mapping):
        return False
    kind = part.get("type")
    return kind in _PARTS and isinstance(part.get(kind), _PARTS[kind])


def _malformed_tools(body: Body) -> Response | None:
    for number, tool in enumerate(body.get("tools") or ()):
        function = tool.get("function") if isinstance(tool, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            message = f"Missing required parameter: 'tools[{number}].function.name'."
            return openai_error(message, f"tools[{number}]", "missing_required_parameter")
        if not fits(function.get("parameters"), (dict,)) or not fits(function.get("description"), (str,)):
            return openai_error(f"Invalid type in 'tools[{number}].function'.", f"tools[{number}]", "invalid_type")
    return None


def _malformed_format(body: Body) -> Response | None:
    wanted = body.get("response_format") or {"type": "text"}
    if wanted.get("type") not in _FORMATS:
        return openai_error("Invalid value for 'response_format.type'.", "response_format", "invalid_value")
    if wanted["type"] == "json_schema" and not isinstance(wanted.get("json_schema"), Mapping):
        message = "Missing required parameter: 'response_format.json_schema'."
        return openai_error(message, "response_format.json_schema", "missing_required_parameter")
    if wanted["type"] == "json_schema" and not fits(wanted["json_schema"].get("schema"), (dict,)):
        return openai_error("Invalid schema for response_format.", "response_format", "invalid_type")
    return None


_NUMBERS = ((int, float), "a number")
_INTEGER = ((int,), "an integer")
_OBJECT = ((dict,), "an object")
_LIST = ((list,), "an array")

_FIELDS: dict[str, tuple[tuple[type, ...], str]] = {
    "model": ((str,), "a string"),
    "messages": _LIST,
    "stream": ((bool,), "a boolean"),
    "stream_options": _OBJECT,
    "temperature": _NUMBERS,
    "top_p": _NUMBERS,
    "frequency_penalty": _NUMBERS,
    "presence_penalty": _NUMBERS,
    "max_tokens": _INTEGER,
    "max_completion_tokens": _INTEGER,
    "n": _INTEGER,
    "seed": _INTEGER,
    "stop": ((str, list), "a string or an array of strings"),
    "tools": _LIST,
    "tool_choice": ((str, dict), "a string or an object"),
    "parallel_tool_calls": ((bool,), "a boolean"),
    "response_format": _OBJECT,
    "reasoning_effort": ((str,), "a string"),
    "user": ((str,), "a string"),
}
_ROLES = ("system", "developer", "user", "assistant", "tool")
_PARTS = {"text": str, "image_url": dict, "input_audio": dict, "file": dict, "refusal": str}
_FROM_ONE = ("n", "max_tokens", "max_completion_tokens")
_FORMATS = ("text", "json_object", "json_schema")

_CHECKS: tuple[Callable[[Body], Response | None], ...] = (
    _malformed_fields,
    _out_of_range,
    _malformed_stop,
    _malformed_messages,
    _malformed_tools,
    _malformed_format,
)
