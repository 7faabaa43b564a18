"""The JSON schemas of tools without what Gemini's backend refuses, which is told to the model in words instead.

``Unknown name "exclusiveMinimum"`` is what it says; also of $ref, $defs, additionalProperties, $schema and lists of
types. Source: https://github.com/oracle/langchain-oracle (chat_models/providers/generic.py)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from model_service.transports.native.formats.parameters import refusal
from model_service.transports.native.formats.tool_schemas import Schema, resolved


def gemini_schema(path: str, schema: Schema) -> Schema:
    """Raises ``InvalidRequest`` for a schema that refers to itself: without references it has no end."""
    try:
        plain: Schema = _plain(resolved(path, schema))
    except RecursionError:
        raise refusal(path, "this schema is nested too deeply.") from None
    return plain


def _plain(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    kept = {key: _below(key, value) for key, value in schema.items() if key not in REFUSED}
    if isinstance(kept.get("type"), list):
        kept |= _one_type(kept.pop("type"), kept)
    untold = {key: schema[key] for key in TOLD if key in schema}
    if untold:
        kept["description"] = f"{schema.get('description', '')} JSON schema: {json.dumps(untold)}".strip()
    return kept


def _below(key: str, value: Any) -> Any:
    if key == "properties" and isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}  # names, which may be those of keywords
    if key == "items":
        return _plain(value)
    if key in ("anyOf", "oneOf", "allOf") and isinstance(value, list):
        return [_plain(one) for one in value]
    return value


def _one_type(kinds: list[Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    kinds, nullable = [kind for kind in kinds if kind != "null"], "null" in kinds
    one = {"type": kinds[0]} if len(kinds) == 1 else {"anyOf": kept.get("anyOf", [{"type": kind} for kind in kinds])}
    return {**one, **({"nullable": True} if nullable else {})}


TOLD: Final = ("exclusiveMinimum", "exclusiveMaximum")

REFUSED: Final = frozenset({*TOLD, "$schema", "additionalProperties"})
