"""``GET /v1/openapi.json``: every path there is; a chat's body from the schema that validates it.

Source: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from model_service.fn.caller import NOWHERE, Origin
from model_service.openai_api.chat import Complete
from model_service.openai_api.operations import OPERATIONS, Operation
from model_service.openai_api.resources import RESOURCES, ResourceOperation
from model_service.openai_api.responses import SURFACE, SurfaceOperation
from model_service.openai_api.validation import CHAT_SCHEMA

if TYPE_CHECKING:
    from model_service.fn.invocation import Deadline


@dataclass
class OpenApi:
    """Answer the document, made once."""

    service: object = None
    answer_other: object = None

    def answer(self, _request: object, _deadline: Deadline, _origin: Origin = NOWHERE) -> Complete:
        """Return the document."""
        return Complete(self.document)

    @cached_property
    def document(self) -> dict[str, Any]:
        paths: dict[str, dict[str, Any]] = {}
        for row in OPERATIONS:
            for path in row.paths if row.name != "playground" else ():
                paths.setdefault(path, {})[row.method.lower()] = _operation(row)
                if row.below:
                    paths.setdefault(f"{path}/{{{row.below}}}", {})[row.method.lower()] = _operation(row, row.below)
        for surface in (*SURFACE, *RESOURCES):
            path, names = _named_ids(f"/v1{surface.path}")
            paths.setdefault(path, {}).setdefault(surface.method.lower(), _surface(surface, names))
        return {
            "openapi": "3.1.0",
            "info": {"title": "model-service", "version": "1"},
            "paths": paths,
            "components": {"schemas": {"ChatRequest": json_schema(CHAT_SCHEMA), "Error": ERROR}},
        }


def _operation(row: Operation, *in_path: str) -> dict[str, Any]:
    described = _described(row.method, in_path)
    if row.name == "chat":
        described["requestBody"]["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/ChatRequest"}
    return {"operationId": "_".join([row.name, *in_path]), **described}


def _surface(row: SurfaceOperation, in_path: list[str]) -> dict[str, Any]:
    described = _described(row.method, in_path)
    described["parameters"] += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in row.query]
    if isinstance(row, ResourceOperation):
        if row.takes_form:
            described["requestBody"]["content"][FORM_TYPE] = {"schema": FORM_SCHEMA}
        if row.path.endswith("/content") or row.kind == "speech":
            described["responses"]["200"]["content"] = {"*/*": {}}
    return described


def _described(method: str, in_path: Any) -> dict[str, Any]:
    named = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path]
    error = {"description": "OpenAI's error object.", "content": {"application/json": {"schema": ERROR_REFERENCE}}}
    answer: dict[str, Any] = {
        "description": "The answer.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
    described: dict[str, Any] = {"parameters": named, "responses": {"200": answer, "4XX": error, "5XX": error}}
    if method == "POST":
        described["requestBody"] = {"content": {"application/json": {"schema": {"type": "object"}}}}
        answer["content"] |= {"text/event-stream": {}, "application/x-ndjson": {}}
    return described


def _named_ids(path: str) -> tuple[str, list[str]]:
    """Return the path with a name of its own for each ``{id}``, and the names."""
    names: list[str] = []

    def name(_match: re.Match[str]) -> str:
        names.append("id" if not names else f"id_{len(names) + 1}")
        return f"{{{names[-1]}}}"

    return re.sub(r"\{id\}", name, path), names


def json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return pydantic's core schema, of the kinds that validation uses, as JSON Schema."""
    kind = schema["type"]
    if kind == "nullable":
        return {"anyOf": [json_schema(schema["schema"]), {"type": "null"}]}
    if kind == "union":
        return {"anyOf": [json_schema(choice) for choice in schema["choices"]]}
    if kind == "literal":
        return {"enum": list(schema["expected"])}
    if kind == "list":
        bound = {"minItems": schema["min_length"]} if schema.get("min_length") else {}
        return {"type": "array", "items": json_schema(schema["items_schema"]), **bound}
    if kind == "typed-dict":
        fields = schema["fields"]
        return {
            "type": "object",
            "properties": {name: json_schema(field["schema"]) for name, field in fields.items()},
            "required": [name for name, field in fields.items() if field.get("required", True)],
        }
    bounds = {name: schema[own] for own, name in BOUNDS.items() if schema.get(own) is not None}
    return {"type": TYPES[kind], **bounds}


FORM_TYPE: Final = "multipart/form-data"
FORM_SCHEMA: Final = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}, "purpose": {"type": "string"}},
}
TYPES: Final = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "dict": "object"}
BOUNDS: Final = {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"}
ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "object", "required": ["message", "type", "code", "param", "status"]}},
}
ERROR_REFERENCE: Final = {"$ref": "#/components/schemas/Error"}
