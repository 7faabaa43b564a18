"""docs/reference/http-api.md: every path of the OpenAPI document, and the fields of a chat that its schema checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.docs.reference.markdown import MADE, table

from model_service.about.openapi import OpenApi

INTRODUCTION: Final = f"""# HTTP API

{MADE}

Behind API Gateway, below its prefix. `GET /v1/openapi.json` answers this as OpenAPI 3.1. Bodies are JSON; a request with
`"stream": true` is answered with server-sent events, or with NDJSON where `Accept` says so. Errors are
[OpenAI's error object](errors.md). [What each operation takes](../requests.md).
"""
CHAT: Final = """## Fields of a chat that are checked

Other fields are passed on as they are, or [left out or refused](../parameters.md) where a model cannot take them.
"""
OWN: Final = """## Headers of a request

| header | does |
| --- | --- |
| `authorization` | what the gateway checks: `Bearer` with a key or a token |
| `accept: application/x-ndjson` | a stream as NDJSON |
| `content-encoding` | `gzip`, `deflate` or `zstd`: how the body is compressed |
| `openai-project` | the Generative AI project, where the operator lists it |
| `opc-compartment-id` | the compartment that pays, where the operator lists it |
| `opc-conversation-store-id` | the conversation store, in the place of a project |
| `x-model-service-unsupported` | `drop` or `refuse` parameters that the model cannot take |
| `x-model-service-region` | the region that is asked, where an alias has [targets](../resilience.md) in several |
| `x-model-service-on-break` | `continue`: a stream that breaks may go on from another target, where the operator allows it |
| `traceparent` | W3C: the span that the call belongs to |
"""


def page() -> str:
    """Return the whole page."""
    document = OpenApi().document
    rows = [
        (f"`{method.upper()} {path}`", _names(operation, "path"), _names(operation, "query"))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    fields = document["components"]["schemas"]["ChatRequest"]
    chat = [
        (f"`{name}`", _kind(schema), "yes" if name in fields["required"] else "")
        for name, schema in fields["properties"].items()
    ]
    return "\n".join(
        [
            INTRODUCTION,
            "## Paths\n",
            table("path", "in the path", "in the query", rows=rows) + "\n",
            OWN,
            CHAT,
            table("field", "type", "required", rows=chat) + "\n",
        ]
    )


def _names(operation: Mapping[str, Any], where: str) -> str:
    return " ".join(f"`{one['name']}`" for one in operation["parameters"] if one["in"] == where)


def _kind(schema: Mapping[str, Any]) -> str:
    """Return a JSON Schema in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(choice) for choice in schema["anyOf"]))
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    kind = str(schema["type"])
    if kind == "array":
        return f"array of {_kind(schema['items'])}s" if "type" in schema["items"] else "array"
    return kind
