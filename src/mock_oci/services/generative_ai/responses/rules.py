"""The shape that a Responses request must have, and how the surface words it when it has not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mock_oci.operations import Call, Refused
from mock_oci.services.generative_ai.chat.rules import fits, openai_error
from mock_oci.wire import Body, Response

_ANY_INPUT = "data did not match any variant of untagged enum ResponseInput"


def deserialized(call: Call) -> Body:
    """The request's body, or the plain text with which serde refuses one (oracle/langchain-oracle#242)."""
    try:
        body = json.loads(call.request.body)
    except (ValueError, RecursionError):
        raise _text(400, "Failed to parse the request body as JSON: expected value at line 1 column 1") from None
    if not isinstance(body, dict):
        raise _undeserialized("invalid type: expected struct CreateResponse")
    for name in ("input", "model"):
        if name not in body:
            raise _undeserialized(f"missing field '{name}'")
    if not isinstance(body["input"], str | list):
        raise _undeserialized(f"input: {_ANY_INPUT}")
    return body


def _undeserialized(reason: str) -> Refused:
    return _text(422, f"Failed to deserialize the JSON body into the target type: {reason}")


def _text(status: int, message: str) -> Refused:
    return Refused(Response(status, {"content-type": "text/plain; charset=utf-8"}, message.encode()))


def check_request(body: Body) -> None:
    """Raises Refused for what is wrong with the shape of a request to create a response."""
    for check in _CHECKS:
        refusal = check(body)
        if refusal is not None:
            raise Refused(refusal)


def check_items(items: Any) -> None:
    """Raises Refused unless ``items`` are input items, each with its ``type`` (seen by a third party, Jun 2026)."""
    refusal = _malformed_items(items)
    if refusal is not None:
        raise Refused(refusal)


def check_metadata(metadata: Any) -> None:
    refusal = _malformed_metadata({"metadata": metadata})
    if refusal is not None:
        raise Refused(refusal)


def _malformed_input(body: Body) -> Response | None:
    return None if isinstance(body["input"], str) else _malformed_items(body["input"])


def _malformed_items(items: Any) -> Response | None:
    if isinstance(items, list) and items and all(_is_item(item) for item in items):
        return None
    message = "Invalid 'input': expected a valid Responses API input payload."
    return openai_error(message, "input", "invalid_value")


def _is_item(item: Any) -> bool:
    if not isinstance(item, Mapping) or not fits(item.get("id"), (str,)):
        return False
    kind = item.get("type")
    return isinstance(kind, str) and kind in _ITEMS and _ITEMS[kind](item)


def _is_message(item: Mapping[str, Any]) -> bool:
    content = item.get("content")
    return item.get("role") in _ROLES and (isinstance(content, str) or _are_parts(content))


def _are_parts(content: Any) -> bool:
    return isinstance(content, list) and all(_is_part(part) for part in content)


def _is_part(part: Any) -> bool:
    if not isinstance(part, Mapping) or not isinstance(part.get("type"), str):
        return False
    named = _PARTS.get(part["type"])
    return named is not None and any(isinstance(part.get(name), str) for name in named)


def _is_call(item: Mapping[str, Any]) -> bool:
    return all(isinstance(item.get(name), str) for name in ("call_id", "name", "arguments"))


def _is_result(item: Mapping[str, Any]) -> bool:
    output = item.get("output")
    return isinstance(item.get("call_id"), str) and (isinstance(output, str) or _are_parts(output))


def _unsupported_fields(body: Body) -> Response | None:
    if "max_tokens" in body:
        message = "'max_tokens' is not supported on /v1/responses — use 'max_output_tokens'"
        return openai_error(message, "max_tokens", "unsupported_parameter")
    if body.get("conversation") and body.get("previous_response_id"):
        message = "Mutually exclusive parameters: 'previous_response_id' and 'conversation'."
        return openai_error(message, "", "mutually_exclusive_parameters")
    return None


def _malformed_fields(body: Body) -> Response | None:
    for field, (kinds, name) in _FIELDS.items():
        if not fits(body.get(field), kinds):
            return openai_error(f"Invalid type for '{field}': expected {name}.", field, "invalid_type")
    limit = body.get("max_output_tokens")
    if limit is not None and limit < 1:
        message = "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 1."
        return openai_error(message, "max_output_tokens", "integer_below_min_value")
    return None


def _malformed_conversation(body: Body) -> Response | None:
    given = body.get("conversation")
    if given is None or isinstance(given, str) or isinstance(given.get("id"), str):
        return None
    return openai_error(
        "Missing required parameter: 'conversation.id'.", "conversation.id", "missing_required_parameter"
    )


def _malformed_metadata(body: Body) -> Response | None:
    metadata = body.get("metadata")
    if metadata is None:
        return None
    if isinstance(metadata, Mapping) and all(isinstance(value, str) for value in metadata.values()):
        return None
    return openai_error("Invalid type for 'metadata': expected a map of strings.", "metadata", "invalid_type")


def _malformed_tools(body: Body) -> Response | None:
    for number, tool in enumerate(body.get("tools") or ()):
        if not isinstance(tool, Mapping) or tool.get("type") != "function":
            kind = tool.get("type") if isinstance(tool, Mapping) else None
            message = f"mock_oci: tools of type {kind!r} are not emulated; known: 'function'."
            return openai_error(message, f"tools[{number}].type", "invalid_value")
        if not isinstance(tool.get("name"), str):
            return _missing(f"tools[{number}].name")
        if not fits(tool.get("parameters"), (dict,)) or not fits(tool.get("description"), (str,)):
            return openai_error(f"Invalid type in 'tools[{number}]'.", f"tools[{number}]", "invalid_type")
    return None


def _malformed_choice(body: Body) -> Response | None:
    choice = body.get("tool_choice")
    if isinstance(choice, Mapping):
        if choice.get("type") != "function":
            message = "mock_oci: 'tool_choice' is emulated as a word or as a function."
            return openai_error(message, "tool_choice", "invalid_value")
        return None if isinstance(choice.get("name"), str) else _missing("tool_choice.name")
    if choice not in (None, "auto", "none", "required"):
        return openai_error("Invalid value for 'tool_choice'.", "tool_choice", "invalid_value")
    return None


def _malformed_format(body: Body) -> Response | None:
    wanted = (body.get("text") or {}).get("format")
    if wanted is None:
        return None
    if not isinstance(wanted, Mapping) or wanted.get("type") not in ("text", "json_object", "json_schema"):
        return openai_error("Invalid value for 'text.format.type'.", "text.format.type", "invalid_value")
    if wanted["type"] != "json_schema":
        return None
    absent = [name for name, kind in (("name", str), ("schema", dict)) if not isinstance(wanted.get(name), kind)]
    return _missing(f"text.format.{absent[0]}") if absent else None


def _missing(param: str) -> Response:
    """OpenAI's words for it, which it also uses for what Chat Completions nests deeper."""
    return openai_error(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


_NUMBER = ((int, float), "a number")
_BOOLEAN = ((bool,), "a boolean")
_OBJECT = ((dict,), "an object")
_STRING = ((str,), "a string")
_FIELDS: dict[str, tuple[tuple[type, ...], str]] = {
    "model": _STRING,
    "instructions": _STRING,
    "previous_response_id": _STRING,
    "conversation": ((str, dict), "a string or an object"),
    "stream": _BOOLEAN,
    "store": _BOOLEAN,
    "background": _BOOLEAN,
    "parallel_tool_calls": _BOOLEAN,
    "temperature": _NUMBER,
    "top_p": _NUMBER,
    "max_output_tokens": ((int,), "an integer"),
    "tools": ((list,), "an array"),
    "tool_choice": ((str, dict), "a string or an object"),
    "include": ((list,), "an array"),
    "text": _OBJECT,
    "reasoning": _OBJECT,
    "truncation": _STRING,
    "user": _STRING,
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
    "function_call": _is_call,
    "function_call_output": _is_result,
    "reasoning": lambda item: isinstance(item.get("summary"), list),
}
_CHECKS: tuple[Callable[[Body], Response | None], ...] = (
    _malformed_fields,
    _malformed_input,
    _unsupported_fields,
    _malformed_conversation,
    _malformed_metadata,
    _malformed_tools,
    _malformed_choice,
    _malformed_format,
)
