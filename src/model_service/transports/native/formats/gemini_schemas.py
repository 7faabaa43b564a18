"""JSON schemas without what Gemini's backend refuses, which is told to the model in words instead.

It takes the schema of OpenAPI 3.0 and no more: ``Unknown name "exclusiveMinimum"``, "Proto field is not repeating" (for
a list of types), "specified other fields alongside any_of. When using any_of, it must be the only field set".
Sources: https://cloud.google.com/vertex-ai/docs/reference/rest/v1/Schema, https://github.com/oracle/langchain-oracle
(chat_models/providers/generic.py), https://github.com/anomalyco/opencode/issues/14788
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from model_service.transports.native.formats.json_schemas import (
    JsonSchema,
    all_of_merged,
    json_size,
    resolved,
    restrictions,
)
from model_service.transports.native.formats.translation import WorkBudget


def gemini_schema(path: str, schema: JsonSchema, budget: WorkBudget) -> JsonSchema:
    """Return the schema as Gemini takes it; raise ``InvalidRequest`` for one that refers to itself."""
    written = _GeminiWriter(path, budget).write(resolved(path, schema, budget))
    budget.spend(path, size=json_size(written, {}))
    return written


class _GeminiWriter:
    """What several references lead to is written once."""

    def __init__(self, path: str, budget: WorkBudget) -> None:
        self._path = path
        self._budget = budget
        self._written: dict[int, dict[str, Any]] = {}

    def write(self, schema: Any) -> dict[str, Any]:
        if not isinstance(schema, Mapping):
            return {}  # true: anything goes
        if id(schema) not in self._written:
            self._budget.spend(self._path, steps=len(schema))
            self._written[id(schema)] = self._write(all_of_merged(self._path, schema, self._budget))
        return self._written[id(schema)]

    def _write(self, schema: JsonSchema) -> dict[str, Any]:
        kept = {key: value for key, value in schema.items() if key in KEPT}
        told = {key: value for key, value in restrictions(schema) if key not in KEPT | TRANSLATED}
        self._translate_values(schema, kept, told)
        if isinstance(schema.get("items"), list):
            told["items"] = schema["items"]
        if "anyOf" in schema and "oneOf" in schema:
            told["oneOf"] = schema["oneOf"]
        if kept.get("default", ...) is None:
            del kept["default"]
        if isinstance(schema.get("properties"), Mapping):
            kept["properties"] = {name: self.write(value) for name, value in schema["properties"].items()}
            kept.setdefault("type", "object")
        required = schema.get("required")
        if isinstance(required, list):  # a name without a property is an error
            properties = kept.get("properties", {})
            kept["required"] = [name for name in required if isinstance(name, str) and name in properties]
        if told:
            text = json.dumps(told, ensure_ascii=False)
            self._budget.spend(self._path, size=len(text))
            kept["description"] = f"{schema.get('description') or ''} JSON schema: {text}".strip()
        return self._with_alternatives(schema, kept)

    def _translate_values(self, schema: JsonSchema, kept: dict[str, Any], told: dict[str, Any]) -> None:
        """Translate ``const``, ``enum`` and ``format``, of which Gemini knows those of strings."""
        values = [schema["const"]] if "const" in schema else schema.get("enum")
        if isinstance(values, list):
            strings = [value for value in values if value is not None]
            if strings and all(isinstance(value, str) for value in strings):
                kept |= {"type": "string", "enum": strings, **({"nullable": True} if None in values else {})}
            else:
                told |= {key: schema[key] for key in ("const", "enum") if key in schema}
        if "format" in schema:
            (kept if schema["format"] in FORMATS_OF_VALUES else told)["format"] = schema["format"]

    def _with_alternatives(self, schema: JsonSchema, kept: dict[str, Any]) -> dict[str, Any]:
        """Write several types or schemas as one that may be null, or as ``anyOf``, beside which nothing may stand."""
        kinds = kept.pop("type", None)
        found: list[Any] = next((schema[key] for key in ("anyOf", "oneOf") if isinstance(schema.get(key), list)), [])
        branches = [branch for branch in found if isinstance(branch, Mapping)]
        if branches:
            written = [self.write(branch) for branch in branches if branch.get("type") != "null"]
            nullable = len(written) < len(branches)
        else:
            kinds = dict.fromkeys(str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds]) if kind)
            written = [self._typed(kind, schema) for kind in kinds if kind != "null"]
            nullable = "null" in kinds
        if nullable:
            kept["nullable"] = True
        if len(written) <= 1:
            return {**(written[0] if written else {}), **kept}
        return {"anyOf": [self._beside(kept, branch) for branch in written]}

    def _typed(self, kind: str, schema: JsonSchema) -> dict[str, Any]:
        # A list has to say of what.
        items = {"items": self.write(schema.get("items")) or {"type": "object"}} if kind == "array" else {}
        return {"type": kind, **items}

    def _beside(self, kept: JsonSchema, branch: JsonSchema) -> dict[str, Any]:
        """Say in one alternative what was said beside all of them."""
        texts = [text for text in (kept.get("description"), branch.get("description")) if isinstance(text, str)]
        described = {"description": " ".join(texts)} if texts else {}
        self._budget.spend(self._path, steps=len(kept), size=sum(map(len, texts)))
        is_object = branch.get("type") == "object"
        outer = {key: value for key, value in kept.items() if is_object or key not in ("properties", "required")}
        return {**outer, **branch, **described}


# What Vertex AI's Schema has and JSON Schema too, or OpenAPI 3.0.
KEPT: Final = frozenset(
    {
        "default",
        "description",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "nullable",
        "pattern",
        "propertyOrdering",
        "required",
        "title",
        "type",
    }
)

# Written in other words, or looked into.
TRANSLATED: Final = frozenset({"anyOf", "const", "enum", "format", "items", "oneOf", "properties"})

FORMATS_OF_VALUES: Final = ("date-time", "enum", "int32", "int64", "float", "double")
