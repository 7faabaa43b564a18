"""The JSON schema of a tool's parameters as Cohere's parameter definitions, whose types are Python's.

Source: oci.generative_ai_inference.models.CohereParameterDefinition
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from model_service.transports.native.formats.json_schemas import JsonSchema, all_of_merged, resolved, restrictions
from model_service.transports.native.formats.parameters import NativeFields, require_object, require_string
from model_service.transports.native.formats.translation import WorkBudget, refusal


def parameter_definitions(path: str, parameters: JsonSchema, budget: WorkBudget) -> tuple[NativeFields, str]:
    """Return ``{name: {type, description, isRequired}}``, and what that cannot say of the parameters together.

    What a definition cannot say (nested objects, enumerations, limits) stands in its description as the JSON schema
    that it is, references written out: the model reads it there, as it reads the second text in the tool's description.
    """
    whole = all_of_merged(path, resolved(path, parameters, budget), budget)
    if whole.get("type", "object") not in ("object", ["object"]):
        raise refusal(f"{path}.type", "must be object: the parameters of a tool are the properties of an object.")
    properties: dict[str, Any] = {}
    required: set[str] = set()
    for branch, is_certain in _branches(whole):
        named = require_object(f"{path}.properties", branch.get("properties") or {})
        properties |= named
        budget.spend(path, steps=len(named))
        names = branch.get("required")
        if is_certain and isinstance(names, list):
            required.update(name for name in names if isinstance(name, str))
    definitions = {
        name: _definition(f"{path}.properties.{name}", schema, name in required, budget)
        for name, schema in properties.items()
    }
    untold = {key: value for key, value in restrictions(whole) if key not in TOLD_AT_THE_TOP}
    return definitions, _as_text(path, untold, budget) if untold else ""


def _branches(schema: JsonSchema) -> Iterator[tuple[JsonSchema, bool]]:
    """Yield the schemas that name the parameters, and whether they surely hold: an alternative need not."""
    yield schema, True
    for key in ("anyOf", "oneOf"):
        alternatives = schema.get(key)
        if isinstance(alternatives, list):
            for branch in alternatives:
                if isinstance(branch, Mapping):
                    yield branch, len(alternatives) == 1


def _definition(path: str, schema: Any, is_required: bool, budget: WorkBudget) -> NativeFields:
    schema = schema if isinstance(schema, Mapping) else {}  # "true" is a schema: anything goes
    described = require_string(f"{path}.description", schema.get("description") or "")
    kind = python_type(schema)
    rest = {key: value for key, value in schema.items() if key not in ("description", "title")}
    if rest != SAID_BY_TYPE.get(kind):
        described = f"{described} {_as_text(path, rest, budget)}".strip()
    return {"type": kind, "description": described, "isRequired": is_required}


def _as_text(path: str, schema: JsonSchema, budget: WorkBudget) -> str:
    text = json.dumps(schema, ensure_ascii=False)
    budget.spend(path, size=len(text))
    return f"JSON schema: {text}"


def python_type(schema: JsonSchema, depth: int = 0) -> str:
    """Return ``List[str]`` and its like; where several types are possible, ``str``.

    A bare ``List`` makes the backend fail with a 500, ``list`` does not (https://github.com/BerriAI/litellm/pull/30780).
    """
    kinds = {_single_type(schema, kind, depth) for kind in _types(schema)}
    for key in ("anyOf", "oneOf"):
        if isinstance(schema.get(key), list):
            kinds = {python_type(branch, depth) for branch in schema[key] if isinstance(branch, Mapping)}
            break
    if len(kinds) > 1:
        kinds.discard("None")
    return kinds.pop() if len(kinds) == 1 else "str"


def _types(schema: JsonSchema) -> set[str]:
    """Return the JSON types that the schema allows."""
    kind, enum = schema.get("type"), schema.get("enum")
    if kind is None and isinstance(enum, list):
        return {JSON_TYPES.get(type(value), "string") for value in enum}
    return {str(one) for one in kind} if isinstance(kind, list) else {str(kind)}


def _single_type(schema: JsonSchema, kind: str, depth: int) -> str:
    items = schema.get("items")
    says_of_what = isinstance(items, Mapping) and "type" in items and depth < MAX_LISTS
    if kind == "array" and says_of_what:
        return f"List[{python_type(schema['items'], depth + 1)}]"
    return PYTHON_TYPES.get(kind, "str")


MAX_LISTS: Final = 4  # in lists; what is in deeper ones stands in the description

PYTHON_TYPES: Final[Mapping[str, str]] = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
    "null": "None",
}

JSON_TYPES: Final[Mapping[type, str]] = {
    int: "integer",
    float: "number",
    bool: "boolean",
    list: "array",
    dict: "object",
    type(None): "null",
}

# The schemas of which a Python type says everything.
SAID_BY_TYPE: Final[Mapping[str, JsonSchema]] = {
    **{python: {"type": kind} for kind, python in PYTHON_TYPES.items()},
    **{f"List[{python}]": {"type": "array", "items": {"type": kind}} for kind, python in PYTHON_TYPES.items()},
}

# Of the parameters together, the definitions themselves say these.
TOLD_AT_THE_TOP: Final = frozenset({"properties", "required", "type"})
