"""The shape that a Chat Completions request must have, and how the surface words it when it has not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mock_oci.services.generative_ai.openai_errors import (
    check_at_least_one,
    check_fields,
    missing_parameter,
    openai_error,
)
from mock_oci.services.generative_ai.quirks import MAX_TOOLS
from mock_oci.services.shapes import Check, array, mapping, text, truth, typed
from mock_oci.wire import Body


def check_request(body: Body) -> None:
    """Raise Refused for what is wrong with the shape of a request."""
    check_fields(body, _FIELDS)
    if "store" in body:
        raise openai_error("Unknown parameter: 'store'.", "store", "unknown_parameter")
    check_at_least_one(body, "n", "max_tokens", "max_completion_tokens")
    stops = body.get("stop")
    if isinstance(stops, list) and not all(isinstance(stop, str) for stop in stops):
        raise openai_error("Invalid type for 'stop': expected an array of strings.", "stop", "invalid_type")
    _check_messages(body)
    _check_tools(body)
    _check_format(body)


def _check_messages(body: Body) -> None:
    if not body.get("messages"):
        raise missing_parameter("messages")
    for index, message in enumerate(body["messages"]):
        reason = _malformed_message(message)
        if reason:
            raise openai_error(f"Invalid 'messages[{index}]': {reason}.", "messages", "invalid_value")


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
    kind = part.get("type") if isinstance(part, Mapping) else None
    return isinstance(kind, str) and kind in _PARTS and isinstance(part.get(kind), _PARTS[kind])


def check_tool_count(body: Body) -> None:
    """Raise Refused for more tools than the service takes; the words are those of OpenAI's API.

    That this surface has the limit of the native one is unverified (verify: openai-tools).
    """
    count = len(body.get("tools") or ())
    if count > MAX_TOOLS:
        expected = f"Expected an array with maximum length {MAX_TOOLS}, but got an array with length {count} instead."
        raise openai_error(f"Invalid 'tools': array too long. {expected}", "tools", "array_above_max_length")


def _check_tools(body: Body) -> None:
    check_tool_count(body)
    for index, tool in enumerate(body.get("tools") or ()):
        function = tool.get("function") if isinstance(tool, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            message = f"Missing required parameter: 'tools[{index}].function.name'."
            raise openai_error(message, f"tools[{index}]", "missing_required_parameter")
        if not is_described(function):
            raise openai_error(f"Invalid type in 'tools[{index}].function'.", f"tools[{index}]", "invalid_type")


def is_described(function: Mapping[str, Any]) -> bool:
    """Tell whether a function's parameters are an object and its description a string, where it has them."""
    parameters, description = function.get("parameters"), function.get("description")
    return isinstance(parameters, dict | None) and isinstance(description, str | None)


def _check_format(body: Body) -> None:
    wanted = body.get("response_format") or {"type": "text"}
    if wanted.get("type") not in ("text", "json_object", "json_schema"):
        raise openai_error("Invalid value for 'response_format.type'.", "response_format", "invalid_value")
    if wanted["type"] == "json_schema" and not isinstance(wanted.get("json_schema"), Mapping):
        raise missing_parameter("response_format.json_schema")
    if wanted["type"] == "json_schema" and not isinstance(wanted["json_schema"].get("schema"), dict | None):
        raise openai_error("Invalid schema for response_format.", "response_format", "invalid_type")


NUMBER = typed("a number", int, float)
INTEGER = typed("an integer", int)
CHOICE = typed("a string or an object", str, dict)

_FIELDS: dict[str, Check] = {
    "model": text,
    "messages": array,
    "stream": truth,
    "stream_options": mapping,
    "temperature": NUMBER,
    "top_p": NUMBER,
    "frequency_penalty": NUMBER,
    "presence_penalty": NUMBER,
    "max_tokens": INTEGER,
    "max_completion_tokens": INTEGER,
    "n": INTEGER,
    "seed": INTEGER,
    "stop": typed("a string or an array of strings", str, list),
    "tools": array,
    "tool_choice": CHOICE,
    "parallel_tool_calls": truth,
    "response_format": mapping,
    "reasoning_effort": text,
    "user": text,
}
_ROLES = ("system", "developer", "user", "assistant", "tool")
_PARTS = {"text": str, "image_url": dict, "input_audio": dict, "file": dict, "refusal": str}
