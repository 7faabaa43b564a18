"""JSON schemas of tools as Cohere's parameter definitions."""

from __future__ import annotations

import pytest

from model_service.errors import InvalidRequest
from model_service.transports.native.formats.tool_schemas import parameter_definitions, python_type

TYPES = [
    ({"type": "string"}, "str"),
    ({"type": "integer"}, "int"),
    ({"type": "number"}, "float"),
    ({"type": "boolean"}, "bool"),
    ({"type": "object"}, "dict"),
    ({"type": "array"}, "list"),
    ({"type": "array", "items": {}}, "list"),
    ({"type": "array", "items": {"type": "string"}}, "List[str]"),
    ({"type": "array", "items": {"type": "object"}}, "List[dict]"),
    ({"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}, "List[List[int]]"),
    ({"type": ["integer", "null"]}, "int"),
    ({"anyOf": [{"type": "array", "items": {"type": "number"}}, {"type": "null"}]}, "List[float]"),
    ({"anyOf": [{"type": ["boolean", "null"]}]}, "bool"),
    ({"type": ["integer", "string"]}, "str"),
    ({"enum": [1, 2, None]}, "int"),
    ({"enum": ["a", 1]}, "str"),
    ({}, "str"),
    ({"type": "null"}, "None"),
    ({"type": {"not": "a type"}}, "str"),
]


@pytest.mark.parametrize(("schema", "expected"), TYPES, ids=str)
def test_a_json_type_is_a_type_of_python_and_a_list_is_never_bare(schema, expected):
    assert python_type(schema) == expected


def test_what_a_definition_cannot_say_stands_in_its_description():
    schema = {
        "type": "object",
        "title": "Arguments",
        "properties": {
            "unit": {"type": "string", "title": "Unit", "description": "Which.", "enum": ["c", "f"]},
            "day": {"$ref": "#/$defs/Day", "description": "When."},
            "anything": True,
            "$ref": {"type": "string"},
        },
        "required": ["unit"],
        "additionalProperties": False,
        "$defs": {"Day": {"type": "object", "properties": {"n": {"$ref": "#/$defs/N"}}}, "N": {"type": "integer"}},
    }

    assert parameter_definitions("p", schema) == {
        "unit": {
            "type": "str",
            "description": 'Which. JSON schema: {"type": "string", "enum": ["c", "f"]}',
            "isRequired": True,
        },
        "day": {
            "type": "dict",
            "description": 'When. JSON schema: {"type": "object", "properties": {"n": {"type": "integer"}}}',
            "isRequired": False,
        },
        "anything": {"type": "str", "description": "JSON schema: {}", "isRequired": False},
        "$ref": {"type": "str", "description": "", "isRequired": False},
    }


def billion_laughs():
    definitions = {f"d{at}": {"anyOf": [{"$ref": f"#/$defs/d{at + 1}"}] * 10} for at in range(12)}
    return {"properties": {"x": {"$ref": "#/$defs/d0"}}, "$defs": {**definitions, "d12": {"type": "string"}}}


def deep():
    schema: dict = {"type": "string"}
    for _ in range(3000):
        schema = {"type": "array", "items": schema}
    return {"properties": {"x": schema}}


REFUSED = [
    ({"oneOf": []}, "p.oneOf"),
    ({"patternProperties": {}}, "p.patternProperties"),
    ({"additionalProperties": {"type": "string"}}, "p.additionalProperties"),
    ({"type": "array"}, "p.type"),
    ({"properties": ["x"]}, "p.properties"),
    ({"properties": {"x": {"$ref": "#/$defs/no"}}}, "p.$ref"),
    ({"properties": {"x": {"$ref": "https://example.com/schema"}}}, "p.$ref"),
    ({"properties": {"x": {"$ref": "#/properties/x"}}}, "p.$ref"),
    (billion_laughs(), "p.$ref"),
    (deep(), "p"),
]


@pytest.mark.parametrize(("schema", "param"), REFUSED, ids=lambda one: one if isinstance(one, str) else "")
def test_a_schema_that_cannot_be_said_is_refused_by_name(schema, param):
    with pytest.raises(InvalidRequest) as caught:
        parameter_definitions("p", schema)

    assert caught.value.param == param
