"""Tools and JSON schemas of a request, as the native formats want them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from model_service.transports.native.formats.parameters import (
    ChatBody,
    NativeFields,
    known_fields,
    refusal,
    require_object,
    require_string,
)

Schema = Mapping[str, Any]


def function_tools(body: ChatBody) -> Iterator[NativeFields]:
    """``{name, description?, parameters?}`` of each tool; raises ``InvalidRequest`` for a tool of another type.

    ``strict`` is left out: no format has it for a single tool, the model follows the schema as well as it can, and
    clients set it by default (OpenAI's Agents SDK does).
    """
    for number, tool in enumerate(body.get("tools") or []):
        path = f"tools.{number}"
        if tool["type"] != "function" or tool.get("function") is None:
            raise refusal(f"{path}.type", "OCI knows only tools of the type function.")
        known_fields(path, tool, "type", "function")
        function = known_fields(f"{path}.function", tool["function"], "name", "description", "parameters", "strict")
        yield {key: value for key, value in function.items() if key != "strict"}


def response_schema(response_format: Any) -> NativeFields:
    """OCI's ``jsonSchema`` for OpenAI's ``response_format``."""
    given = known_fields("response_format", response_format, "type", "json_schema")
    if given.get("type") != "json_schema":
        raise refusal("response_format.type", "OCI knows text, json_object and json_schema.")
    path = "response_format.json_schema"
    schema = known_fields(path, given.get("json_schema"), "name", "description", "schema", "strict")
    require_string(f"{path}.name", schema.get("name"))
    return {"isStrict" if key == "strict" else key: value for key, value in schema.items()}


def arguments_text(native: Any) -> str:
    """The arguments of a call as JSON text, whether they came as an object or as text; "" for null."""
    if native is None:
        return ""
    return native if isinstance(native, str) else json.dumps(native, ensure_ascii=False)


def arguments_object(path: str, arguments: str) -> Schema:
    """Raises ``InvalidRequest`` for arguments that are no JSON object: Cohere takes nothing else."""
    try:
        value = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, Mapping):
        raise refusal(f"{path}.function.arguments", "this should be a JSON object, as text.")
    return value


def parameter_definitions(path: str, parameters: Schema) -> NativeFields:
    """A JSON schema as Cohere's ``{name: {type, description, isRequired}}``, where a type is one of Python's.

    What that cannot say (nested objects, enumerations, limits) stands in the description as the JSON schema that it
    is, references resolved: the model reads it there.
    Source: oci.generative_ai_inference.models.CohereParameterDefinition
    """
    for key, value in parameters.items():
        if key not in _TOP_LEVEL or (key == "additionalProperties" and isinstance(value, Mapping)):
            raise refusal(f"{path}.{key}", "OCI's COHERE format describes parameters one by one, and cannot say this.")
    if parameters.get("type", "object") != "object":
        raise refusal(f"{path}.type", "the parameters of a tool should be an object.")
    required = parameters.get("required")
    required = required if isinstance(required, list) else []
    whole = resolved(path, parameters)
    return {
        name: _definition(schema, name in required)
        for name, schema in require_object(f"{path}.properties", whole.get("properties") or {}).items()
    }


def resolved(path: str, schema: Schema) -> Schema:
    """The schema with its own definitions put in the place of ``$ref``; raises ``InvalidRequest`` for one that leads
    nowhere or back to itself."""
    try:
        value: Schema = _References(f"{path}.$ref", schema).resolve(schema)
    except RecursionError:
        raise refusal(path, "this schema is nested too deeply.") from None
    return {key: one for key, one in value.items() if key not in ("$defs", "definitions")}


class _References:
    """The references of one schema; ``MAX_REFERENCES`` bounds what a small schema can unfold into."""

    def __init__(self, path: str, root: Schema) -> None:
        self._path = path
        self._root = root
        self._left = MAX_REFERENCES

    def resolve(self, value: Any, within: tuple[str, ...] = ()) -> Any:
        if isinstance(value, list):
            return [self.resolve(one, within) for one in value]
        if not isinstance(value, Mapping):
            return value
        reference = value.get("$ref")
        if isinstance(reference, str):
            beside = {key: one for key, one in value.items() if key != "$ref"}
            found = {**self._target(reference, within), **beside}
            return self.resolve(found, (*within, reference))
        definitions = ("$defs", "definitions") if value is self._root else ()
        return {key: one if key in definitions else self.resolve(one, within) for key, one in value.items()}

    def _target(self, reference: str, within: tuple[str, ...]) -> Schema:
        self._left -= 1
        if reference in within or self._left < 0:
            raise refusal(self._path, f"{reference} refers to itself, or too often, to be written out.")
        target: Any = self._root
        for step in reference.removeprefix("#/").split("/"):
            target = target.get(step) if isinstance(target, Mapping) else None
        if not reference.startswith("#/") or not isinstance(target, Mapping):
            raise refusal(self._path, f"{reference} leads nowhere in this schema.")
        return target


def _definition(schema: Any, is_required: bool) -> NativeFields:
    schema = schema if isinstance(schema, Mapping) else {}  # "true" is a schema: anything goes
    described = require_string("description", schema.get("description") or "")
    kind = python_type(schema)
    if _says_more(schema, kind):
        rest = {key: value for key, value in schema.items() if key not in ("description", "title")}
        described = f"{described} JSON schema: {json.dumps(rest, ensure_ascii=False)}".strip()
    return {"type": kind, "description": described, "isRequired": is_required}


def _says_more(schema: Schema, kind: str) -> bool:
    said = {key: value for key, value in schema.items() if key not in ("description", "title")}
    return said != _SAID_BY_TYPE.get(kind)


def python_type(schema: Schema) -> str:
    """``List[str]`` and its like; a bare ``List`` makes the backend fail with a 500, ``list`` does not
    (https://github.com/BerriAI/litellm/pull/30780). Where several types are possible: ``str``."""
    alternatives = _alternatives(schema)
    if alternatives is None:
        return _single_type(schema)
    kinds = {python_type(one) for one in alternatives} - {"None"}
    return kinds.pop() if len(kinds) == 1 else "str"


def _alternatives(schema: Schema) -> list[Schema] | None:
    for key in ("anyOf", "oneOf"):
        if isinstance(schema.get(key), list):
            return [one for one in schema[key] if isinstance(one, Mapping)]
    kind, enum = schema.get("type"), schema.get("enum")
    if isinstance(kind, list):
        return [{**schema, "type": one} for one in kind]
    if kind is None and isinstance(enum, list):
        return [{"type": _JSON_TYPES.get(type(one), "string")} for one in enum]
    return None


def _single_type(schema: Schema) -> str:
    items = schema.get("items")
    if schema.get("type") == "array" and isinstance(items, Mapping) and "type" in items:
        return f"List[{python_type(items)}]"
    return PYTHON_TYPES.get(str(schema.get("type")), "str")


MAX_REFERENCES: Final = 1000

PYTHON_TYPES: Final[Mapping[str, str]] = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
    "null": "None",
}

_JSON_TYPES: Final[Mapping[type, str]] = {
    int: "integer",
    float: "number",
    bool: "boolean",
    list: "array",
    dict: "object",
    type(None): "null",
}

# The schemas of which a Python type says everything.
_SAID_BY_TYPE: Final[Mapping[str, Schema]] = {
    **{python: {"type": kind} for kind, python in PYTHON_TYPES.items()},
    **{f"List[{python}]": {"type": "array", "items": {"type": kind}} for kind, python in PYTHON_TYPES.items()},
}

# Of these, only "properties" and "required" say something; the others have no effect on what a tool accepts, or only
# describe, or are resolved.
_TOP_LEVEL: Final = frozenset(
    {
        "$comment",
        "$defs",
        "$id",
        "$schema",
        "additionalProperties",
        "definitions",
        "description",
        "examples",
        "properties",
        "required",
        "title",
        "type",
    }
)
