"""JSON schemas of tools as Cohere's parameter definitions."""

from __future__ import annotations

import json

import pytest

from model_service.errors import InvalidRequest
from model_service.transports.native.formats.cohere_parameters import parameter_definitions, python_type
from model_service.transports.native.formats.translation import WorkBudget

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

    definitions, untold = parameter_definitions("p", schema, WorkBudget())

    assert untold == ""
    assert definitions == {
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
    ({"type": "array"}, "p.type"),
    ({"properties": ["x"]}, "p.properties"),
    ({"properties": {"x": {"$ref": "#/$defs/no"}}}, "p.$ref"),
    ({"properties": {"x": {"$ref": "https://example.com/schema"}}}, "p.$ref"),
    ({"properties": {"x": {"$ref": "#/properties/x"}}}, "p.$ref"),
    (
        {"properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        "p.$ref",
    ),
    ({"properties": {"x": {"$ref": "#"}}}, "p.$ref"),
    ({"properties": {"x": {"$ref": "#/properties/x/anyOf/7"}}}, "p.$ref"),
    ({"properties": {"x": {"type": "string", "description": 3}}}, "p.properties.x.description"),
    (billion_laughs(), "p"),
    (deep(), "p"),
]


@pytest.mark.parametrize(("schema", "param"), REFUSED, ids=lambda one: one if isinstance(one, str) else "")
def test_a_schema_that_cannot_be_said_is_refused_by_name(schema, param):
    with pytest.raises(InvalidRequest) as caught:
        parameter_definitions("p", schema, WorkBudget())

    assert caught.value.param == param


def definitions_of(schema):
    return parameter_definitions("p", schema, WorkBudget())


ARGS = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}
Q = {"q": {"type": "str", "description": "", "isRequired": True}}

# What zod, pydantic and MCP servers write, and all of it says the same.
GENERATED = {
    "a reference at the top": {"$ref": "#/definitions/Args", "definitions": {"Args": ARGS}},
    "a reference at the top, with a schema and a description beside it": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$ref": "#/$defs/Args",
        "description": "The arguments.",
        "$defs": {"Args": ARGS},
    },
    "an escaped pointer": {"$ref": "#/$defs/a~1b~0c", "$defs": {"a/b~c": ARGS}},
    "a percent-encoded pointer": {"$ref": "#/$defs/A%20B%3CC%3E", "$defs": {"A B<C>": ARGS}},
    "a pointer into a list": {"$ref": "#/$defs/Any/anyOf/1", "$defs": {"Any": {"anyOf": [{}, ARGS]}}},
    "a pointer to a pointer": {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": ARGS}},
    "a list of one type": {**ARGS, "type": ["object"]},
    "no type": {"properties": ARGS["properties"], "required": ["q"]},
    "what restricts nothing": {
        **ARGS,
        "additionalProperties": {},
        "default": {},
        "minProperties": 0,
        "x-order": ["q"],
        "$id": "urn:x",
        "deprecated": False,
        "examples": [{"$ref": "#/nowhere"}],
        "patternProperties": {},
    },
    "inheritance": {"allOf": [{"type": "object"}, ARGS]},
}


@pytest.mark.parametrize("name", GENERATED)
def test_a_schema_as_generators_write_it_has_its_parameters_and_no_more(name):
    assert definitions_of(GENERATED[name]) == (Q, "")


def test_references_are_not_looked_for_in_data():
    data = {"$ref": "#/nowhere"}
    schema = {
        "properties": {"q": {"type": "object", "default": data, "enum": [data], "const": data, "examples": [data]}}
    }

    described = definitions_of(schema)[0]["q"]["description"]

    assert described.count("#/nowhere") == 4


def test_what_holds_of_the_parameters_together_is_told_with_the_tool(native):
    schema = {
        "anyOf": [
            {"properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"properties": {"b": {"type": "integer"}}, "required": ["b"]},
        ],
        "additionalProperties": {"type": "string"},
        "minProperties": 1,
    }
    tool = {"type": "function", "function": {"name": "f", "description": "D.", "parameters": schema}}

    (sent,) = native("COHERE", tools=[tool])["tools"]

    assert {name: (one["type"], one["isRequired"]) for name, one in sent["parameterDefinitions"].items()} == {
        "a": ("str", False),
        "b": ("int", False),
    }
    described, _, told = sent["description"].partition(" JSON schema: ")
    assert described == "D."
    assert json.loads(told) == {key: schema[key] for key in ("anyOf", "additionalProperties", "minProperties")}


def test_lists_in_lists_are_named_to_a_depth_that_makes_sense():
    schema = {"type": "string"}
    for _ in range(30):
        schema = {"type": ["array", "array"], "items": schema}

    assert python_type(schema) == "List[List[List[List[list]]]]"
