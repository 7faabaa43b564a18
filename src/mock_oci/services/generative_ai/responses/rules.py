"""The shape that a Responses request must have, and how the surface words it when it has not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mock_oci.operations import Call, Refused
from mock_oci.services.generative_ai.chat.rules import CHOICE, INTEGER, NUMBER, check_tool_count, is_described
from mock_oci.services.generative_ai.openai_errors import (
    check_at_least_one,
    check_fields,
    missing_parameter,
    openai_error,
)
from mock_oci.services.shapes import Check, array, mapping, text, truth
from mock_oci.wire import Body, Response

_ANY_INPUT = "data did not match any variant of untagged enum ResponseInput"


def deserialized(call: Call) -> Body:
    """Return the request's body. Raises Refused with the plain text of serde (oracle/langchain-oracle#242)."""
    try:
        body = json.loads(call.request.body)
    except (ValueError, RecursionError):
        raise _in_plain_text(
            400, "Failed to parse the request body as JSON: expected value at line 1 column 1"
        ) from None
    if not isinstance(body, dict):
        raise _undeserialized("invalid type: expected struct CreateResponse")
    for name in ("input", "model"):
        if name not in body:
            raise _undeserialized(f"missing field '{name}'")
    if not isinstance(body["input"], str | list):
        raise _undeserialized(f"input: {_ANY_INPUT}")
    return body


def _undeserialized(reason: str) -> Refused:
    return _in_plain_text(422, f"Failed to deserialize the JSON body into the target type: {reason}")


def _in_plain_text(status: int, message: str) -> Refused:
    return Refused(Response(status, {"content-type": "text/plain; charset=utf-8"}, message.encode()))


def check_request(body: Body) -> None:
    """Raise Refused for what is wrong with the shape of a request to create a response."""
    check_fields(body, _FIELDS)
    check_at_least_one(body, "max_output_tokens")
    if not isinstance(body["input"], str):
        check_items(body["input"])
    _check_supported(body)
    conversation = body.get("conversation")
    if isinstance(conversation, dict) and not isinstance(conversation.get("id"), str):
        raise missing_parameter("conversation.id")
    check_metadata(body.get("metadata"))
    _check_tools(body)
    _check_choice(body)
    _check_format(body)


def check_items(items: Any) -> None:
    """Raise Refused unless ``items`` are input items, each with its ``type`` (seen by a third party, Jun 2026)."""
    if not (isinstance(items, list) and items and all(_is_item(item) for item in items)):
        message = "Invalid 'input': expected a valid Responses API input payload."
        raise openai_error(message, "input", "invalid_value")


def check_metadata(metadata: Any) -> None:
    """Raise Refused unless ``metadata`` is null or an object whose values are strings."""
    if metadata is None:
        return
    if not isinstance(metadata, Mapping) or not all(isinstance(value, str) for value in metadata.values()):
        raise openai_error("Invalid type for 'metadata': expected a map of strings.", "metadata", "invalid_type")


def _is_item(item: Any) -> bool:
    if not isinstance(item, Mapping) or not isinstance(item.get("id"), str | None):
        return False
    kind = item.get("type")
    return isinstance(kind, str) and kind in _ITEMS and _ITEMS[kind](item)


def _is_message(item: Mapping[str, Any]) -> bool:
    return item.get("role") in _ROLES and _is_content(item.get("content"))


def _is_result(item: Mapping[str, Any]) -> bool:
    return isinstance(item.get("call_id"), str) and _is_content(item.get("output"))


def _is_content(content: Any) -> bool:
    """Tell whether this is a string, or an array of parts that each have one of their fields at least."""
    if not isinstance(content, list):
        return isinstance(content, str)
    for part in content:
        kind = part.get("type") if isinstance(part, Mapping) else None
        fields = _PARTS.get(kind, ()) if isinstance(kind, str) else ()
        if not any(isinstance(part.get(name), str) for name in fields):
            return False
    return True


def _check_supported(body: Body) -> None:
    if "max_tokens" in body:
        message = "'max_tokens' is not supported on /v1/responses — use 'max_output_tokens'"
        raise openai_error(message, "max_tokens", "unsupported_parameter")
    if body.get("conversation") and body.get("previous_response_id"):
        message = "Mutually exclusive parameters: 'previous_response_id' and 'conversation'."
        raise openai_error(message, "", "mutually_exclusive_parameters")


def _check_tools(body: Body) -> None:
    check_tool_count(body)
    for index, tool in enumerate(body.get("tools") or ()):
        kind = tool.get("type") if isinstance(tool, Mapping) else None
        if kind != "function":
            message = f"mock_oci: tools of type {kind!r} are not emulated; known: 'function'."
            raise openai_error(message, f"tools[{index}].type", "invalid_value")
        if not isinstance(tool.get("name"), str):
            raise missing_parameter(f"tools[{index}].name")
        if not is_described(tool):
            raise openai_error(f"Invalid type in 'tools[{index}]'.", f"tools[{index}]", "invalid_type")


def _check_choice(body: Body) -> None:
    choice = body.get("tool_choice")
    if isinstance(choice, Mapping):
        if choice.get("type") != "function":
            message = "mock_oci: 'tool_choice' is emulated as a string or as a function."
            raise openai_error(message, "tool_choice", "invalid_value")
        if not isinstance(choice.get("name"), str):
            raise missing_parameter("tool_choice.name")
    elif choice not in (None, "auto", "none", "required"):
        raise openai_error("Invalid value for 'tool_choice'.", "tool_choice", "invalid_value")


def _check_format(body: Body) -> None:
    wanted = (body.get("text") or {}).get("format")
    if wanted is None:
        return
    if not isinstance(wanted, Mapping) or wanted.get("type") not in ("text", "json_object", "json_schema"):
        raise openai_error("Invalid value for 'text.format.type'.", "text.format.type", "invalid_value")
    if wanted["type"] == "json_schema":
        for name, kind in (("name", str), ("schema", dict)):
            if not isinstance(wanted.get(name), kind):
                raise missing_parameter(f"text.format.{name}")


_FIELDS: dict[str, Check] = {
    "model": text,
    "instructions": text,
    "previous_response_id": text,
    "conversation": CHOICE,
    "stream": truth,
    "store": truth,
    "background": truth,
    "parallel_tool_calls": truth,
    "temperature": NUMBER,
    "top_p": NUMBER,
    "max_output_tokens": INTEGER,
    "tools": array,
    "tool_choice": CHOICE,
    "include": array,
    "text": mapping,
    "reasoning": mapping,
    "truncation": text,
    "user": text,
}
_ROLES = ("user", "assistant", "system", "developer")
# A part, and the fields of which it has at least one.
_PARTS = {
    "input_text": ("text",),
    "output_text": ("text",),
    "refusal": ("refusal",),
    "input_image": ("image_url", "file_id"),
    "input_file": ("file_data", "file_id", "file_url"),
}
_ITEMS: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "message": _is_message,
    "function_call": lambda item: all(isinstance(item.get(name), str) for name in ("call_id", "name", "arguments")),
    "function_call_output": _is_result,
    "reasoning": lambda item: isinstance(item.get("summary"), list),
}
