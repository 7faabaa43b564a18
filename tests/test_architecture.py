"""What the design says of imports and shapes, checked on the sources themselves."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_service.routing import load_row

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src"

# From the top down: a package imports from layers below its own, and from no neighbour in its layer.
LAYERS = (
    {"__init__", "__main__", "app", "asgi"},
    {"cli"},
    {"models", "dispatch"},
    {"envelopes", "service", "doctor"},
    {"batch", "relay", "callers", "guardrails"},
    {"usage"},
    {"service_file"},
    {"oci_services", "transports"},
    {"upstream"},
    {"auth", "trace"},
    {"openai_api", "settings"},
    {"routing", "settings_parsers", "fn"},
    {"oci_names", "logs", "errors"},
)
LAYER_OF = {part: number for number, layer in enumerate(LAYERS) for part in layer}
MOST_ROOT_FILES = 12
FEWEST_MODULES = 3  # of a package, __init__ among them
LAZY_ROW = re.compile(r"([a-z_]+(?:\.[a-z_]+)*):[A-Za-z_]+")
LONGEST_FUNCTION = 40
LONGEST_FILE = 260


def sources(package: str) -> list[Path]:
    return sorted((SRC / package).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, on loading, on first use, for types, or by a lazy row of a table."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and LAZY_ROW.fullmatch(node.value):
            yield f"model_service.{node.value.replace(':', '.')}"


def lazy_rows() -> list[str]:
    nodes = (node for path in sources("model_service") for node in ast.walk(ast.parse(path.read_text())))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    found = (text for text in texts if LAZY_ROW.fullmatch(text))
    return sorted({text for text in found if (SRC / "model_service" / text.split(".")[0].split(":")[0]).exists()})


@pytest.mark.parametrize("path", sources("model_service"), ids=lambda path: str(path.relative_to(SRC)))
def test_imports_point_down(path: Path) -> None:
    part = path.relative_to(SRC / "model_service").parts[0].removesuffix(".py")
    assert part in LAYER_OF, f"{part} has no layer yet: give it one in {__name__}"
    for name in imports(path):
        other = name.split(".")[1] if name.startswith("model_service.") else part
        if other != part and other in LAYER_OF:
            assert LAYER_OF[part] < LAYER_OF[other], f"{part} imports {name}, which is not below it"


@pytest.mark.parametrize(
    "package", sorted({path.parent for path in sources("model_service")}), ids=lambda path: path.name
)
def test_modules_of_a_package_import_each_other_in_no_circle(package: Path) -> None:
    names = {path.stem: set[str]() for path in package.glob("*.py") if path.stem != "__init__"}
    prefix = ".".join(package.relative_to(SRC).parts) + "."
    for stem, others in names.items():
        found = (name for name in imports(package / f"{stem}.py") if name.startswith(prefix))
        others.update({name.removeprefix(prefix).split(".")[0] for name in found} & names.keys() - {stem})
    while free := [stem for stem, others in names.items() if not others]:
        for stem in free:
            del names[stem]
        for others in names.values():
            others.difference_update(free)
    assert not names


@pytest.mark.parametrize("row", lazy_rows())
def test_a_lazy_row_names_what_exists(row: str) -> None:
    assert load_row(row)


@pytest.mark.parametrize("package", ["model_service"])
def test_the_root_shows_the_flow_and_no_more(package: str) -> None:
    assert len(list((SRC / package).glob("*.py"))) <= MOST_ROOT_FILES


def test_a_package_has_more_than_one_thought() -> None:
    packages = {path.parent for path in sources("model_service")}
    assert not [package for package in packages if len(list(package.glob("*.py"))) < FEWEST_MODULES]


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
