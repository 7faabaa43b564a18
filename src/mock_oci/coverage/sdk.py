"""What the OCI SDK knows of each emulated service's operations: ``python -m mock_oci.coverage.sdk`` writes it down.

Read from the source of its clients and from the docstrings of its models; only this module needs the SDK.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("sdk_operations.json")

# Modules of the SDK with a client each of what mock_oci serves, in the order of the page.
CLIENTS = (
    ("generative_ai_inference", "GenerativeAiInferenceClient"),
    ("generative_ai", "GenerativeAiClient"),
    ("object_storage", "ObjectStorageClient"),
    ("streaming", "StreamClient"),
    ("streaming", "StreamAdminClient"),
    ("queue", "QueueClient"),
    ("queue", "QueueAdminClient"),
    ("ons", "NotificationControlPlaneClient"),
    ("ons", "NotificationDataPlaneClient"),
    ("events", "EventsClient"),
    ("sch", "ServiceConnectorClient"),
    ("functions", "FunctionsInvokeClient"),
    ("functions", "FunctionsManagementClient"),
    ("vault", "VaultsClient"),
    ("secrets", "SecretsClient"),
    ("monitoring", "MonitoringClient"),
    ("work_requests", "WorkRequestClient"),
    ("identity", "IdentityClient"),
    ("core", "VirtualNetworkClient"),
    ("apigateway", "GatewayClient"),
    ("apigateway", "DeploymentClient"),
    ("apigateway", "UsagePlansClient"),
    ("apigateway", "SubscribersClient"),
    ("apigateway", "WorkRequestsClient"),
    ("logging", "LoggingManagementClient"),
    ("loggingingestion", "LoggingClient"),
    ("artifacts", "ArtifactsClient"),
    ("management_dashboard", "DashxApisClient"),
)
_ALLOWED = re.compile(
    r"Allowed values for (?:this property|items in this list) are: (.*?)(?:\n\s*\n|\n\s*Any unrec|$)", re.DOTALL
)
_BODY = re.compile(r":param (?:oci\.\w+\.models\.)?(\w+) (\w+):")


def read_operations() -> list[dict[str, Any]]:
    """Return every operation of the clients, with the values that a parameter may have where the SDK lists them.

    One that several clients have, by its method and path, is the first one's.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for module, client in CLIENTS:
        for operation in _operations(module, client):
            key = operation["method"], re.sub(r"\{[^}]*\}", "{}", operation["path"])
            if found.setdefault(key, operation)["client"] == client:
                found[key] = operation
    return list(found.values())


def _operations(module: str, client: str) -> Iterator[dict[str, Any]]:
    kind = getattr(importlib.import_module(f"oci.{module}"), client)
    base = re.search(r"'base_path': '([^']*)'", inspect.getsource(kind.__init__))
    for name, function in inspect.getmembers(kind, inspect.isfunction):
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        told: dict[str, ast.expr] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                told.setdefault(node.targets[0].id, node.value)  # parameters are filtered into their own name later
        if "resource_path" in told:
            where = {"client": client, "name": name, "method": _constant(told["method"])}
            path = f"{base[1].rstrip('/') if base else ''}{_constant(told['resource_path'])}"
            fields = _body(module, function, tree)
            body = None if fields is None else {name: values for name, (values, _) in fields.items()}
            shapes = {name: shape for name, (_, shape) in (fields or {}).items() if shape}
            yield {**where, "path": path, **_parameters(told), "body": body, "shapes": shapes}


def _parameters(told: Mapping[str, ast.expr]) -> dict[str, Any]:
    """Return the query and header parameters, each with its values or ``None``."""
    listed = {name: _strings(value) for name, value in told.items() if name.endswith("_allowed_values")}
    found: dict[str, Any] = {"query": {}, "headers": {}}
    for kind, table in (("query", "query_params"), ("headers", "header_params")):
        values = told.get(table)
        for key, value in zip(values.keys, values.values, strict=True) if isinstance(values, ast.Dict) else ():
            name = _constant(key) if key is not None else None
            if name and name not in ("accept", "content-type"):
                found[kind][name] = next((_plain(listed[key]) for key in _names_in(value) if key in listed), None)
    return found


def _names_in(value: ast.expr) -> list[str]:
    """Return what the list of a parameter's values may be called, whether it is asked for in kwargs or by position."""
    nodes = list(ast.walk(value))
    names = [node.id for node in nodes if isinstance(node, ast.Name)] + [_constant(node) for node in nodes]  # type: ignore[arg-type]  # any node will do
    return [f"{name}_allowed_values" for name in names if name]


def _body(module: str, function: Any, tree: ast.AST) -> dict[str, tuple[list[str] | None, str]] | None:
    """Return the fields of the body at its top, each with its values or ``None``, and its shape.

    ``None``: no JSON object.
    """
    names = [
        keyword.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "body" and isinstance(keyword.value, ast.Name)
    ]
    kinds = {parameter: kind for kind, parameter in _BODY.findall(function.__doc__ or "")}
    models = importlib.import_module(f"oci.{module}.models")
    model = getattr(models, kinds.get(names[0], ""), None) if names else None
    if model is None:
        return None
    family: list[Any] = [
        model,
        *(kind for _, kind in inspect.getmembers(models, inspect.isclass) if issubclass(kind, model)),
    ]
    return {name: (values, shape) for kind in family for name, values, shape in _fields(kind, models)}


def _fields(model: Any, models: Any) -> Iterator[tuple[str, list[str] | None, str]]:
    empty = model()
    for attribute, name in empty.attribute_map.items():
        described = inspect.getattr_static(model, attribute).__doc__ or ""
        match = _ALLOWED.search(described)
        values = _plain(re.findall(r"[\"']([^\"']+)[\"']", match[1])) if match else None
        yield name, values, _shape(empty.swagger_types[attribute], models)


def _shape(kind: str, models: Any) -> str:
    """Return ``object`` or ``array``, with what its items are, or ``any``; nothing for what is none of them."""
    if kind.startswith("list["):
        items = "strings" if kind == "list[str]" else f"{_shape(kind[5:-1], models)}s"
        return f"array of {items}" if items in ("strings", "objects") else "array"
    if kind == "object":
        return "any"
    # The SDK makes no class of an enumeration.
    return "object" if kind.startswith("dict(") or inspect.isclass(getattr(models, kind, None)) else ""


def _plain(values: list[str]) -> list[str] | None:
    return [value for value in values if value != "UNKNOWN_ENUM_VALUE"] or None


def _constant(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _strings(node: ast.expr) -> list[str]:
    return [_constant(item) for item in node.elts] if isinstance(node, ast.List) else []


def written(operations: list[dict[str, Any]]) -> str:
    """Write the operations as the table has them: one a line, so that another version of the SDK is a small change."""
    lines = ",\n".join(json.dumps(operation, separators=(",", ":")) for operation in operations)
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    TABLE.write_text(written(read_operations()))
