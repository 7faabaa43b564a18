"""What the design says of imports and shapes, checked on the sources themselves."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src"

# From the bottom up: a module imports only from its own layer or one below.
LAYERS = (
    {"errors"},
    {"redaction", "routing", "endpoints", "invocation", "reply", "logs", "gotchas", "object_place"},
    {
        "encoding",
        "chat",
        "upstream_errors",
        "signing",
        "profile",
        "tokens",
        "traffic_log",
        "conversation",
        "fields",
        "retries",
    },
    {"settings", "setting_values", "operations", "formats", "responses", "embeddings", "rerank", "record"},
    {"expressions"},
    {"templates"},
    {"tasks", "result", "batch_elements", "task_lines", "tasks_shape"},
    {"auth"},
    {"network", "sdk_network", "exchange"},
    {"upstream", "sdk_client", "sdk_exchange", "endpoint_families"},
    {"region_services"},
    {"object_storage", "gathering", "posting"},
    {"overflow", "stored_request", "tasks_file", "tasks_place", "task_content"},
    {"relay_places"},
    {"relay_publisher"},
    {"relay", "ledger", "confirmation"},
    {"sinks"},
    {"throttle"},
    {"workbench"},
    {"record_run"},
    {"batch"},
    {"transports", "trace"},
    {"service", "envelopes"},
    {
        "app",
        "models",
        "local_oci",
        "follow",
        "doctor",
        "doctor_gateway",
        "doctor_tasks",
        "patient",
        "fdk_bridge",
        "check_tasks",
    },
    {"__main__"},
)
LONGEST_FUNCTION = 40
LONGEST_FILE = 260


def sources(package: str) -> list[Path]:
    return sorted((SRC / package).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports when it is loaded; what is imported on first use says so with its noqa."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def part_of(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def layer_of(part: str) -> int:
    found = [number for number, layer in enumerate(LAYERS) if part in layer]
    assert found, f"{part} has no layer yet: give it one in {__name__}"
    return found[0]


@pytest.mark.parametrize("path", sources("model_service"), ids=lambda path: str(path.relative_to(SRC)))
def test_imports_point_down(path: Path) -> None:
    part = path.relative_to(SRC / "model_service").parts[0].removesuffix(".py")
    if part == "__init__":
        return
    for name in imports(path):
        if name.startswith("model_service."):
            other = part_of(name)
            if (SRC / "model_service" / other).exists() or (SRC / "model_service" / f"{other}.py").exists():
                assert layer_of(other) <= layer_of(part), f"{part} imports {name}, which is above it"


@pytest.mark.parametrize(("package", "other"), [("mock_oci", "model_service"), ("model_service", "mock_oci")])
def test_the_emulator_and_the_function_do_not_know_each_other(package: str, other: str) -> None:
    for path in sources(package):
        text = path.read_text()
        assert f"import {other}" not in text, path
        assert f"from {other}" not in text, path


@pytest.mark.parametrize("package", ["model_service", "mock_oci"])
def test_a_module_opens_with_what_it_is_for(package: str) -> None:
    for path in sources(package):
        docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
        assert docstring.splitlines()[:1] not in ([], [""]), path


@pytest.mark.parametrize("package", ["model_service", "mock_oci"])
def test_functions_and_files_stay_short(package: str) -> None:
    lengths = []
    for path in sources(package):
        text = path.read_text()
        assert text.count("\n") <= LONGEST_FILE, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= LONGEST_FUNCTION, f"{path}: {node.name} has {length} lines"
                lengths.append(length)
    assert statistics.median(lengths) <= 10
    assert sorted(lengths)[int(len(lengths) * 0.9)] <= 30


def test_the_function_itself_is_thin() -> None:
    assert len((ROOT / "func.py").read_text().splitlines()) <= 30
