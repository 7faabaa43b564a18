"""The schemas of tools as Gemini takes them."""

from __future__ import annotations


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
