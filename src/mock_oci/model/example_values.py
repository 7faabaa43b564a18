"""Values that satisfy a JSON schema, made from a prompt: what the local model puts into JSON and tool calls."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]
_MAX_DEPTH = 6  # from here on only what is required, so that a recursive schema ends
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class InvalidSchema(Exception):
    """The schema is malformed, or it refers to itself without end."""


def example_of(schema: Schema, words: Sequence[str], prompt: str = "") -> Any:
    """Make a value that validates against ``schema``.

    Strings take from ``words`` in turn, numbers from those in ``prompt``. Understood: type (also a list),
    properties, required, items, prefixItems, enum, const, anyOf, oneOf, allOf, $ref, lengths, ranges,
    multipleOf, uniqueItems and the common formats; ``pattern`` and ``not`` are not. Raises InvalidSchema.
    """
    try:
        return _Maker(schema, words, prompt).value(schema, 0)
    except (TypeError, ValueError, AttributeError, LookupError, RecursionError) as error:
        raise InvalidSchema(f"no value can be made for this schema: {error}") from error


class _Maker:
    def __init__(self, root: Schema, words: Sequence[str], prompt: str) -> None:
        self._root = root
        self._prompt = prompt
        self._words = itertools.cycle(words or ("example",))
        self._numbers = iter(_NUMBER.findall(prompt))

    def value(self, schema: Schema | bool, depth: int) -> Any:
        if isinstance(schema, bool):
            return next(self._words)
        schema = self._resolved(schema, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._named_in_prompt(schema["enum"])
        return _BY_TYPE[_type_of(schema, depth)](self, schema, depth)

    def object(self, schema: Schema, depth: int) -> dict[str, Any]:
        required = schema.get("required", ())
        properties = schema.get("properties", {})
        names = [name for name in properties if name in required or depth < _MAX_DEPTH]
        names += [name for name in required if name not in properties]
        return {name: self.value(properties.get(name, True), depth + 1) for name in names}

    def array(self, schema: Schema, depth: int) -> list[Any]:
        least = schema.get("minItems", 0)
        fixed = schema.get("prefixItems", ())
        count = max(least, len(fixed), 1 if depth < _MAX_DEPTH else 0)
        count = min(count, schema.get("maxItems", count))
        items = schema.get("items", True)
        values = [self.value(fixed[index] if index < len(fixed) else items, depth + 1) for index in range(count)]
        if not schema.get("uniqueItems"):
            return values
        return _unlike(values, self._resolved(items, depth) if isinstance(items, Mapping) else {})

    def string(self, schema: Schema, depth: int) -> str:
        del depth
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        text = next(self._words)
        text = text.ljust(schema.get("minLength", 0), ".")
        return text[: schema.get("maxLength", len(text))]

    def integer(self, schema: Schema, depth: int) -> int:
        del depth
        return int(self._number(schema, 1))

    def number(self, schema: Schema, depth: int) -> float:
        del depth
        return self._number(schema, 0.5)

    def _number(self, schema: Schema, step: float) -> float:
        wanted = float(next(self._numbers, "0"))
        value = _within(schema, wanted if step < 1 else int(wanted), step)
        multiple = schema.get("multipleOf")
        return value if not multiple else _multiple(schema, value, multiple)

    def _named_in_prompt(self, options: Sequence[Any]) -> Any:
        prompt = self._prompt.lower()
        return next((option for option in options if str(option).lower() in prompt), options[0])

    def _resolved(self, schema: Schema, depth: int) -> Schema:
        merged = dict(schema)
        if "$ref" in merged:
            merged = {**self._resolved(self._at(merged.pop("$ref")), depth), **merged}
        for part in merged.pop("allOf", ()):
            merged = _both(merged, self._resolved(part, depth))
        options = merged.pop("anyOf", None) or merged.pop("oneOf", None)
        if options:
            merged = _both(merged, self._resolved(_choice(options, depth), depth))
        return merged

    def _at(self, reference: str) -> Schema:
        schema: Any = self._root
        for name in reference.removeprefix("#").strip("/").split("/"):
            if name:
                schema = schema.get(name.replace("~1", "/").replace("~0", "~"), {})
        return schema if isinstance(schema, Mapping) else {}


def _type_of(schema: Schema, depth: int) -> str:
    kinds = schema.get("type")
    if isinstance(kinds, list):
        if depth >= _MAX_DEPTH and "null" in kinds:
            return "null"
        kinds = next((kind for kind in kinds if kind != "null"), "null")
    if kinds in _BY_TYPE:
        return str(kinds)
    return next((kind for kind, words in _IMPLIED.items() if words & schema.keys()), "string")


def _choice(options: Sequence[Schema], depth: int) -> Schema:
    """Choose the first option that is not null; deep down the one that ends soonest."""
    if depth < _MAX_DEPTH:
        return next((option for option in options if option.get("type") != "null"), options[0])
    return next((option for option in options if "$ref" not in option), options[-1])


def _both(first: Schema, second: Schema) -> dict[str, Any]:
    """Merge two schemas: properties and required names of both, else the second's value."""
    merged = {**first, **second}
    if "properties" in first and "properties" in second:
        merged["properties"] = {**first["properties"], **second["properties"]}
    if "required" in first and "required" in second:
        merged["required"] = [*first["required"], *second["required"]]
    return merged


def _within(schema: Schema, value: float, step: float) -> float:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    low = above + step if above is not None else low
    high = below - step if below is not None else high
    if low is not None and value < low:
        value = low
    if high is not None and value > high:
        value = high
    if above is not None and below is not None and not above < value < below:
        return float(above + below) / 2
    return value


def _multiple(schema: Schema, value: float, multiple: float) -> float:
    """Return the first multiple from ``value`` on that the range allows."""
    candidate = -(-value // multiple) * multiple
    return candidate if candidate == _within(schema, candidate, multiple) else candidate - multiple


def _unlike(values: list[Any], items: Schema) -> list[Any]:
    """Tell repeated ``values`` apart; an enum gives its own different ones."""
    if "enum" in items:
        return list(items["enum"][: len(values)])
    seen: list[Any] = []
    for number, value in enumerate(values):
        fresh = value
        if value in seen:
            fresh = f"{value} {number}" if isinstance(value, str) else value
            if isinstance(value, int | float):
                fresh = max(seen) + 1
        seen.append(fresh)
    return seen


_IMPLIED = {
    "object": {"properties", "required"},
    "array": {"items", "prefixItems"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}

_FORMATS = {
    "date": "2026-01-31",
    "time": "09:30:00Z",
    "date-time": "2026-01-31T09:30:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}

_BY_TYPE: dict[str, Callable[[_Maker, Schema, int], Any]] = {
    "object": _Maker.object,
    "array": _Maker.array,
    "string": _Maker.string,
    "integer": _Maker.integer,
    "number": _Maker.number,
    "boolean": lambda maker, schema, depth: True,  # noqa: ARG005 - one signature for the table
    "null": lambda maker, schema, depth: None,  # noqa: ARG005 - one signature for the table
}
