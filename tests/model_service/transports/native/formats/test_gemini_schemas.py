"""The schemas of tools as Gemini takes them."""

from __future__ import annotations

import json

import pytest


def test_gemini_gets_a_schema_that_it_understands(native):
    parameters = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "day": {"$ref": "#/$defs/Day"},
            "count": {"type": ["integer", "null"], "exclusiveMinimum": 0},
            "additionalProperties": {"type": "array", "items": {"type": ["string", "integer"]}},
        },
        "$defs": {"Day": {"enum": ["mon"]}},
    }
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}

    sent = native("GENERIC", model="google.gemini-2.5-pro", tools=[tool])["tools"][0]["parameters"]

    assert sent == {
        "type": "object",
        "properties": {
            "day": {"type": "string", "enum": ["mon"]},
            "count": {"type": "integer", "nullable": True, "description": 'JSON schema: {"exclusiveMinimum": 0}'},
            "additionalProperties": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
        },
    }
    assert native("GENERIC", tools=[tool])["tools"][0]["parameters"] == parameters


def written(native, schema):
    tool = {
        "type": "function",
        "function": {"name": "f", "parameters": {"type": "object", "properties": {"x": schema}}},
    }
    return native("GENERIC", model="google.gemini-2.5-pro", tools=[tool])["tools"][0]["parameters"]["properties"]["x"]


def told(**keywords):
    return {"description": f"JSON schema: {json.dumps(keywords)}"}


# a schema as pydantic, zod or an MCP server writes it, and what Gemini takes
SCHEMAS = {
    "optional": (
        {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}], "default": None, "title": "X"},
        {"type": "string", "maxLength": 3, "title": "X", "nullable": True},
    ),
    "optional, as a list of types": (
        {"type": ["number", "null"], "format": "float", "default": None, "description": "D."},
        {"type": "number", "format": "float", "description": "D.", "nullable": True},
    ),
    "a union, beside which nothing may stand": (
        {"anyOf": [{"type": "string"}, {"type": "integer", "description": "Or so."}], "description": "D."},
        {"anyOf": [{"type": "string", "description": "D."}, {"type": "integer", "description": "D. Or so."}]},
    ),
    "a union that may be null": (
        {"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
        {"anyOf": [{"type": "string", "nullable": True}, {"type": "integer", "nullable": True}]},
    ),
    "one type in a list": ({"type": ["string"]}, {"type": "string"}),
    "a constant": ({"const": "a"}, {"type": "string", "enum": ["a"]}),
    "a constant number": ({"const": 1, "type": "integer"}, {"type": "integer", **told(const=1)}),
    "an enum of numbers": ({"enum": [1, 2], "type": "integer"}, {"type": "integer", **told(enum=[1, 2])}),
    "an enum with null": (
        {"enum": ["a", None], "type": ["string", "null"]},
        {"type": "string", "enum": ["a"], "nullable": True},
    ),
    "limits that it lacks": (
        {"type": "integer", "exclusiveMinimum": 0, "multipleOf": 2},
        {"type": "integer", **told(exclusiveMinimum=0, multipleOf=2)},
    ),
    "limits that it has": (
        {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
        {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
    ),
    "a list of anything": ({"type": "array"}, {"type": "array", "items": {"type": "object"}}),
    "a format that it lacks": ({"type": "string", "format": "uri"}, {"type": "string", **told(format="uri")}),
    "a format that it has": (
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "date-time"},
    ),
    "a dictionary": (
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", **told(additionalProperties={"type": "integer"})},
    ),
    "a dictionary of anything": (
        {"type": "object", "propertyNames": {"type": "string"}, "additionalProperties": {}},
        {"type": "object"},
    ),
    "inheritance": (
        {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}}], "description": "D.", "x-order": 1},
        {"type": "object", "properties": {"a": {"type": "string"}}, "description": "D."},
    ),
    "required properties that are none": (
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a", "b", 1]},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
    ),
    "data that looks like a schema": (
        {"type": "object", "default": {"$ref": "#/nowhere", "type": ["a"]}, "properties": {"$ref": {"type": "string"}}},
        {"type": "object", "default": {"$ref": "#/nowhere", "type": ["a"]}, "properties": {"$ref": {"type": "string"}}},
    ),
    "a tuple": (
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
        {
            "type": "array",
            "items": {"type": "object"},
            **told(prefixItems=[{"type": "string"}, {"type": "integer"}]),
        },
    ),
    "anything": (True, {}),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_becomes_what_gemini_takes_and_the_rest_is_told(name, native):
    schema, expected = SCHEMAS[name]

    assert written(native, schema) == expected


def test_a_response_format_is_written_for_gemini_too(native):
    schema = {"properties": {"s": {"$ref": "#/$defs/S"}}, "$defs": {"S": {"const": "x"}}, "additionalProperties": False}
    given = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema, "strict": True}}

    sent = native("GENERIC", model="google.gemini-2.5-pro", response_format=given)["responseFormat"]

    assert sent["jsonSchema"] == {
        "name": "a",
        "isStrict": True,
        "schema": {"type": "object", "properties": {"s": {"type": "string", "enum": ["x"]}}},
    }
    assert native("GENERIC", response_format=given)["responseFormat"]["jsonSchema"]["schema"] == schema


@pytest.mark.parametrize("api_format", ["GENERIC", "COHEREV2"])
@pytest.mark.parametrize("given", [{}, {"parameters": {}}, {"parameters": {"type": "object"}}, {"parameters": None}])
def test_a_tool_without_parameters_has_an_object_without_properties(api_format, given, native):
    tool = {"type": "function", "function": {"name": "f", **given}}

    (sent,) = native(api_format, tools=[tool])["tools"]

    assert sent.get("function", sent)["parameters"] == {"type": "object", "properties": {}}


def test_a_reference_at_the_top_is_written_out_for_every_model(native):
    arguments = {"type": "object", "properties": {"q": {"type": "string"}}}
    tool = {
        "type": "function",
        "function": {"name": "f", "parameters": {"$ref": "#/$defs/A", "$defs": {"A": arguments}}},
    }

    assert native("GENERIC", tools=[tool])["tools"][0]["parameters"] == arguments
