"""The JSON schemas of a request with their references written out, in linear time and within the request's budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from model_service.transports.native.formats.translation import MAX_DEPTH, WorkBudget, refusal

JsonSchema = Mapping[str, Any]


def resolved(path: str, schema: JsonSchema, budget: WorkBudget) -> dict[str, Any]:
    """Return the schema with what its references lead to in their place, and without the definitions.

    Data (``default``, ``enum``, ``const``, ``examples``) stays as it is, whatever it looks like. What several
    references lead to is one object in the result: do not change it. Raise ``InvalidRequest`` for a reference that
    leads nowhere or back to itself, and for a schema that is nested too deeply or becomes too large.
    """
    writer = _ReferenceWriter(path, schema, budget)
    found = writer.schema(schema, 0)
    budget.spend(path, size=found.size)
    value: dict[str, Any] = found.value
    return value


@dataclass(frozen=True)
class _Written:
    """A value without references, how many bytes of JSON it is, and how deep it is nested."""

    value: Any
    size: int
    depth: int = 0


class _ReferenceWriter:
    """What each reference leads to is written out once: a small schema can become a huge one, but not huge work."""

    def __init__(self, path: str, root: JsonSchema, budget: WorkBudget) -> None:
        self._path = path
        self._root = root
        self._budget = budget
        self._written: dict[str, _Written] = {}
        self._open: set[str] = set()

    def schema(self, value: Any, depth: int) -> _Written:
        if not isinstance(value, Mapping):
            return self._data(value, depth)
        if isinstance(value.get("$ref"), str):
            return self._reference(value, depth)
        kept = {key: self._below(key, part, depth) for key, part in value.items() if key not in DEFINITIONS}
        return self._object(kept, depth)

    def _reference(self, value: JsonSchema, depth: int) -> _Written:
        """Return what the reference leads to, with what stands beside it, which counts more."""
        target = self._target(value["$ref"], depth)
        if len(value) == 1:
            return target
        beside = {key: part for key, part in value.items() if key != "$ref" and key not in DEFINITIONS}
        kept = {key: self._below(key, part, depth) for key, part in beside.items()}
        if not isinstance(target.value, Mapping):
            return self._object(kept, depth)
        self._budget.spend(self._path, steps=len(target.value))
        merged = {**target.value, **{key: part.value for key, part in kept.items()}}
        size = target.size + sum(len(key) + 4 + part.size for key, part in kept.items())
        return _Written(merged, size, max(target.depth, *(part.depth + 1 for part in kept.values()), 0))

    def _target(self, reference: str, depth: int) -> _Written:
        place = f"{self._path}.$ref"
        if reference in self._open:
            raise refusal(place, f"{reference} refers to itself: written out, this schema has no end.")
        if reference not in self._written:
            self._open.add(reference)
            self._written[reference] = self.schema(self._find(reference, place), depth + 1)
            self._open.remove(reference)
        found = self._written[reference]
        if depth + found.depth > MAX_DEPTH:
            raise refusal(self._path, "this schema is nested too deeply.")
        return found

    def _find(self, reference: str, place: str) -> Any:
        """Follow a JSON pointer (RFC 6901), as a fragment of a URI: ``#/$defs/A~1B%20C``, ``#/anyOf/0``."""
        target: Any = self._root
        steps = unquote(reference[1:]).split("/")
        found = reference.startswith("#") and steps[0] == ""
        for step in steps[1:]:
            self._budget.spend(place)
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(target, Mapping) and name in target:
                target = target[name]
            elif isinstance(target, list) and name.isdecimal() and len(name) < 7 and int(name) < len(target):
                target = target[int(name)]
            else:
                found = False
                break
        if not found or not isinstance(target, Mapping | bool):
            raise refusal(place, f"{reference} leads nowhere in this schema.")
        return {} if target is True else target

    def _below(self, key: str, value: Any, depth: int) -> _Written:
        if key in SCHEMA_MAPS and isinstance(value, Mapping):
            return self._object({name: self.schema(part, depth + 1) for name, part in value.items()}, depth)
        if key in SCHEMA_LISTS and isinstance(value, list):
            return self._list([self.schema(part, depth + 1) for part in value])
        if key in SCHEMAS:
            return self.schema(value, depth + 1)
        return self._data(value, depth)

    def _data(self, value: Any, depth: int) -> _Written:
        """Measure a value that is no schema."""
        self._budget.spend(self._path)
        if depth > MAX_DEPTH:
            raise refusal(self._path, "this schema is nested too deeply.")
        if isinstance(value, Mapping):
            parts = [self._data(part, depth + 1) for part in value.values()]
            size = sum(len(key) + 4 for key in value) + sum(part.size for part in parts)
        elif isinstance(value, list):
            parts = [self._data(part, depth + 1) for part in value]
            size = sum(part.size + 2 for part in parts)
        else:
            return _Written(value, len(value) + 2 if isinstance(value, str) else 6)
        return _Written(value, size + 2, 1 + max((part.depth for part in parts), default=0))

    def _object(self, parts: Mapping[str, _Written], depth: int) -> _Written:
        self._budget.spend(self._path)
        if depth > MAX_DEPTH:
            raise refusal(self._path, "this schema is nested too deeply.")
        size = 2 + sum(len(key) + 4 + part.size for key, part in parts.items())
        value = {key: part.value for key, part in parts.items()}
        return _Written(value, size, 1 + max((part.depth for part in parts.values()), default=0))

    def _list(self, parts: list[_Written]) -> _Written:
        self._budget.spend(self._path)
        size = 2 + sum(part.size + 2 for part in parts)
        return _Written([part.value for part in parts], size, max((part.depth for part in parts), default=0))


def json_size(value: Any, known: dict[int, int]) -> int:
    """Return about how many bytes of JSON a value becomes; objects that stand in several places are looked at once."""
    if isinstance(value, str):
        return len(value) + 2
    if not isinstance(value, Mapping | list):
        return 6
    if id(value) not in known:
        parts = value.values() if isinstance(value, Mapping) else value
        names = sum(len(name) + 4 for name in value) if isinstance(value, Mapping) else 2 * len(value)
        known[id(value)] = 2 + names + sum(json_size(part, known) for part in parts)
    return known[id(value)]


def all_of_merged(path: str, schema: JsonSchema, budget: WorkBudget) -> JsonSchema:
    """Return ``allOf``, as generators write inheritance, as one schema; where its parts disagree, it stays as well."""
    if not isinstance(schema.get("allOf"), list):
        return schema
    merged: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    required: list[Any] = []
    for key, value in _all_of(schema):
        budget.spend(path)
        if key == "properties" and isinstance(value, Mapping):
            budget.spend(path, steps=len(value))
            properties.update(value)
        elif key == "required" and isinstance(value, list):
            required.extend(value)
        else:
            if key not in ONLY_DESCRIBE and merged.get(key, value) != value:
                merged["allOf"] = schema["allOf"]
            merged[key] = value
    both = {"properties": properties, "required": required}
    return merged | {key: value for key, value in both.items() if value}


def _all_of(schema: JsonSchema) -> Iterator[tuple[str, Any]]:
    """Return the keywords of all parts of ``allOf``, and of theirs, and then those beside it."""
    parts = schema.get("allOf")
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, Mapping):
            yield from _all_of(part)
    for key, value in schema.items():
        if key != "allOf":
            yield key, value


def restrictions(schema: JsonSchema) -> Iterator[tuple[str, Any]]:
    """Yield the keywords that say which values are valid, but not those that only describe, or allow anything."""
    for key, value in schema.items():
        if key in ONLY_DESCRIBE or key.startswith("x-"):
            continue
        if key in SAYS_NOTHING and any(value is nothing or value == nothing for nothing in SAYS_NOTHING[key]):
            continue
        yield key, value


DEFINITIONS: Final = frozenset({"$defs", "definitions"})

# Keywords whose values are schemas, lists of them, or objects of them by name; every other value is data.
# Source: https://json-schema.org/draft/2020-12/meta/applicator
SCHEMAS: Final = frozenset(
    {
        "additionalItems",
        "additionalProperties",
        "contains",
        "contentSchema",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
SCHEMA_LISTS: Final = frozenset({"allOf", "anyOf", "items", "oneOf", "prefixItems"})
SCHEMA_MAPS: Final = frozenset({"dependencies", "dependentSchemas", "patternProperties", "properties"})

ONLY_DESCRIBE: Final = frozenset(
    {
        "$anchor",
        "$comment",
        "$id",
        "$schema",
        "default",
        "deprecated",
        "description",
        "example",
        "examples",
        "id",
        "readOnly",
        "title",
        "writeOnly",
    }
)

# Of these keywords, the values that every value satisfies. Whether more properties than the named ones are allowed
# makes no difference to what a model writes.
SAYS_NOTHING: Final[Mapping[str, tuple[Any, ...]]] = {
    "additionalItems": (True, {}),
    "additionalProperties": (True, False, {}),
    "allOf": ([],),
    "minItems": (0,),
    "minLength": (0,),
    "minProperties": (0,),
    "patternProperties": ({},),
    "propertyNames": (True, {}, {"type": "string"}),
    "required": ([],),
    "unevaluatedProperties": (True, False, {}),
    "uniqueItems": (False,),
}
