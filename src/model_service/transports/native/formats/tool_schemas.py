"""Tools, schemas of answers and arguments of calls of a request, as all native formats want them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from model_service.transports.native.formats.json_schemas import JsonSchema, resolved
from model_service.transports.native.formats.messages import CACHE_HINT
from model_service.transports.native.formats.parameters import (
    ChatBody,
    NativeFields,
    known_fields,
    require_object,
    require_string,
)
from model_service.transports.native.formats.translation import Translation, refusal


def function_tools(body: ChatBody, translation: Translation) -> list[NativeFields]:
    """Return ``{name, description?, parameters}`` of each tool.

    Without parameters, they are an object without properties: some backends refuse anything less. Raise
    ``InvalidRequest`` for a tool of another type.
    """
    functions: list[NativeFields] = []
    for number, tool in enumerate(body.get("tools") or []):
        path = f"tools.{number}"
        if tool["type"] != "function" or tool.get("function") is None:
            raise refusal(f"{path}.type", "must be function: OCI has no other tools.")
        if known_fields(path, tool, "type", "function", CACHE_HINT).get(CACHE_HINT):
            translation.leave_out(f"tools.{CACHE_HINT}")
        path = f"{path}.function"
        function = dict(known_fields(path, tool["function"], "name", "description", "parameters", "strict"))
        function.pop("strict", None)
        parameters = function.get("parameters") or {}
        if "$ref" in parameters:
            parameters = resolved(f"{path}.parameters", parameters, translation.budget)
        functions.append({**function, "parameters": {**NO_PARAMETERS, **parameters}})
    return functions


def leave_out_strict(body: ChatBody, translation: Translation) -> None:
    """Note ``strict``, which the formats lack for one tool.

    The model follows the schema as well as it can, and clients set it by default (OpenAI's Agents SDK does).
    """
    if any(tool["function"].get("strict") for tool in body.get("tools") or []):
        translation.dropped.drop("tools.function.strict")


def chosen_tools(choice: Any, functions: list[NativeFields]) -> tuple[str, list[NativeFields]]:
    """Return ``auto``, ``none``, ``required`` or ``function``, and the functions that the choice leaves to call.

    Raise ``InvalidRequest`` for a choice that OpenAI does not have, or of functions that are not in ``tools``.
    """
    if isinstance(choice, str):
        if choice not in ("auto", "none", "required"):
            raise refusal("tool_choice", "must be one of auto, none, required, or an object that names a function.")
        return choice, functions
    kind, path, named = "function", "tool_choice", [choice]
    if choice.get("type") == "allowed_tools":
        path = "tool_choice.allowed_tools"
        allowed = known_fields(path, choice.get("allowed_tools"), "mode", "tools")
        named = allowed.get("tools") or []
        kind = require_string(f"{path}.mode", allowed.get("mode"))
        if kind not in ("auto", "required"):
            raise refusal(f"{path}.mode", "must be one of auto, required.")
        if not isinstance(named, list) or not named:
            raise refusal(f"{path}.tools", "must be a non-empty array.")
    names = {function_name(path, one) for one in named}
    left = [function for function in functions if function["name"] in names]
    if len({function["name"] for function in left}) < len(names):
        raise refusal(path, "must name functions of tools.")
    return kind, left


def function_name(path: str, choice: Any) -> str:
    """Return the name in ``{"type": "function", "function": {"name": …}}``."""
    if require_object(path, choice).get("type") != "function":
        raise refusal(f"{path}.type", "must be function: OCI has no other tools.")
    function = require_object(f"{path}.function", choice.get("function"))
    return require_string(f"{path}.function.name", function.get("name"))


def response_schema(response_format: Any) -> NativeFields:
    """Return OCI's ``jsonSchema`` for OpenAI's ``response_format``."""
    given = known_fields("response_format", response_format, "type", "json_schema")
    if given.get("type") != "json_schema":
        raise refusal("response_format.type", "must be one of text, json_object, json_schema.")
    path = "response_format.json_schema"
    schema = known_fields(path, given.get("json_schema"), "name", "description", "schema", "strict")
    require_string(f"{path}.name", schema.get("name"))
    if "schema" in schema:
        require_object(f"{path}.schema", schema["schema"])
    return {"isStrict" if key == "strict" else key: value for key, value in schema.items()}


def arguments_text(native: Any) -> str:
    """Return the arguments of a call as JSON text, whether they came as an object or as text; "" for null."""
    if native is None:
        return ""
    return native if isinstance(native, str) else json.dumps(native, ensure_ascii=False)


def arguments_object(path: str, arguments: str) -> JsonSchema:
    """Return the arguments of a call; raise ``InvalidRequest`` for what is no JSON object: Cohere has nothing else."""
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, Mapping):
        raise refusal(f"{path}.function.arguments", "must be a JSON object, as a string.")
    return value


NO_PARAMETERS: Final[JsonSchema] = {"type": "object", "properties": {}}
