"""The tree that is deployed, started as Functions starts it: it is small, needs nothing else, and writes nothing."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from function_package.pruning import LEFT_OUT, OCI_PARTS
from function_package.tree import Tree, size
from function_package.wheels import pinned
from mock_oci import MockOci
from mock_oci.services.object_storage import ObjectStorage
from model_service.auth import AUTH_TYPES
from model_service.transports import TRANSPORTS

ROOT = Path(__file__).resolve().parents[2]
BUDGET = 80_000_000  # bytes of dependencies; a plain `pip install -r requirements.txt` has 600 MB
MESSAGES = [{"role": "user", "content": "Hello"}]

# A request for each way that a model is reached, and a word of its answer.
REQUESTS = {
    "v1": ({"model": "meta.llama-3.3-70b-instruct", "messages": MESSAGES}, '"chat.completion"'),
    "v1-stream": ({"model": "meta.llama-3.3-70b-instruct", "messages": MESSAGES, "stream": True}, "[DONE]"),
    "responses": ({"model": "openai.gpt-5.5-pro", "messages": MESSAGES}, '"chat.completion"'),
    "responses-own": ({"model": "openai.gpt-5.5-pro", "input": "Hello", "operation": "responses"}, '"response"'),
    "sdk": ({"model": "cohere.command-a-03-2025", "messages": MESSAGES}, '"chat.completion"'),
    "sdk-stream": ({"model": "cohere.command-a-03-2025", "messages": MESSAGES, "stream": True}, "[DONE]"),
    "embeddings": ({"model": "cohere.embed-v4.0", "input": ["Hello"]}, '"embedding"'),
    "rerank": ({"model": "cohere.rerank-v3.5", "query": "a", "documents": ["a", "b"]}, '"relevance_score"'),
}
AUTH = ["api_key", "session_token", "resource_principal", "instance_principal"]
NEVER_IN_A_FUNCTION = {"delegation_token", "oke_workload_identity"}


def test_the_dependencies_stay_within_their_budget(tree: Tree) -> None:
    assert size(tree.python) <= BUDGET


@pytest.mark.parametrize("name", REQUESTS)
def test_it_answers_by_every_way_to_a_model(
    start: Callable[..., Any], environments: Mapping[str, Mapping[str, str]], name: str
) -> None:
    body, says = REQUESTS[name]
    answer = start(environments["resource_principal"])(body).decode()
    assert says in answer
    assert '"error":{' not in answer


def test_it_works_on_records_that_arrive(
    start: Callable[..., Any], environments: Mapping[str, Mapping[str, str]], oci: MockOci
) -> None:
    storage = oci.state_of(ObjectStorage)
    storage.create_bucket("results")
    environment = environments["resource_principal"]
    batch = json.loads((ROOT / "tests/events/connector_hub_streaming.json").read_text())
    tasks = (ROOT / "docs/tasks/prompts.yaml").read_text().replace("stream: prompts", f"stream: {batch[0]['stream']}")
    more = {
        "MODEL_SERVICE_TASKS": tasks.replace("value.prompt", "text"),
        "MODEL_SERVICE_OCI_ENDPOINT": environment["OCI_GENAI_ENDPOINT"],
    }
    summary = json.loads(start({**environment, **more})(batch))
    assert summary["delivered"] == len(batch) == len(storage.objects("results"))


@pytest.mark.parametrize("name", AUTH)
def test_it_signs_with_every_kind_of_credential(
    start: Callable[..., Any], environments: Mapping[str, Mapping[str, str]], oci: MockOci, name: str
) -> None:
    answer = json.loads(start(environments[name])(REQUESTS["v1"][0]))
    assert answer["object"] == "chat.completion"
    assert not oci.refusals


def test_no_transport_and_no_credential_is_left_out_here() -> None:
    assert {name.partition("-")[0] for name in REQUESTS} >= set(TRANSPORTS)
    assert {*AUTH, *NEVER_IN_A_FUNCTION} == set(AUTH_TYPES)


def test_nothing_is_written_into_it(
    tree: Tree, start: Callable[..., Any], environments: Mapping[str, Mapping[str, str]]
) -> None:
    before = listing(tree)
    call = start(environments["resource_principal"])
    for name in ("v1", "sdk"):
        call(REQUESTS[name][0])
    assert listing(tree) == before


@pytest.mark.parametrize("name", ["v1", "sdk", "responses"])
def test_it_answers_without_a_home_and_where_nothing_can_be_written(
    start: Callable[..., Any], environments: Mapping[str, Mapping[str, str]], name: str
) -> None:
    """A full /tmp: no file may get a byte; the FDK's socket is no file."""
    body, says = REQUESTS[name]
    answer = start({**environments["resource_principal"], "HOME": "/nonexistent"}, disk_is_full=True)(body).decode()
    assert says in answer
    assert '"error":{' not in answer


def test_any_user_can_read_it_and_nobody_can_write_it(tree: Tree) -> None:
    for path in (tree.folder, *tree.folder.rglob("*")):
        executable = path.is_dir() or path == tree.python / "bin/fdk"
        assert path.stat().st_mode & 0o777 == (0o555 if executable else 0o444), path


def test_every_module_of_ours_can_be_imported_from_it(tree: Tree) -> None:
    program = (
        "import importlib, pkgutil, model_service\n"
        "for module in pkgutil.walk_packages(model_service.__path__, 'model_service.'):\n"
        "    importlib.import_module(module.name)\n"
    )
    path = f"{tree.function / 'src'}:{tree.python}"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_everything_is_compiled_and_asks_no_source_for_its_date(tree: Tree) -> None:
    for source in tree.folder.rglob("*.py"):
        compiled = Path(importlib.util.cache_from_source(str(source)))
        flags = struct.unpack("<I", compiled.read_bytes()[4:8])[0]
        assert flags == 0b01, source  # by hash, and not checked: PEP 552


def test_no_tool_for_tests_or_for_building_is_in_it(tree: Tree) -> None:
    inside = {path.name.removesuffix(".py").partition("-")[0].lower() for path in tree.python.iterdir()}
    assert not inside & {"pytest", "_pytest", "pytest_asyncio", "cython", "pip", "setuptools", "wheel", "pygments"}
    assert not inside & set(LEFT_OUT)
    assert not [path for path in tree.function.rglob("*") if path.name in {"mock_oci", "function_package"}]


def test_a_tasks_file_beside_the_function_goes_with_it(tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(ROOT / "src/model_service", root / "src/model_service")
    shutil.copy(ROOT / "func.py", root)
    (root / "tasks.yaml").write_text("tasks: []")
    Tree(tmp_path / "tree").add_function(root)
    assert (tmp_path / "tree/function/tasks.yaml").read_text() == "tasks: []"


def test_each_distribution_that_is_in_it_brings_its_licence(tree: Tree) -> None:
    for metadata in tree.python.glob("*.dist-info"):
        licences = [path for path in metadata.rglob("*") if "LICEN" in path.name.upper() or "COPYING" in path.name]
        said = (metadata / "METADATA").read_text()
        assert licences or "License" in said, metadata


def test_every_part_of_the_sdk_that_we_import_is_kept() -> None:
    core = {path.stem for path in Path(importlib.util.find_spec("oci").origin).parent.glob("*.py")}
    for name in imported_from_oci():
        assert name in OCI_PARTS or name in core, f"give oci.{name} a row in OCI_PARTS, with its reason"


def test_every_row_of_the_tables_is_about_something(tree: Tree) -> None:
    assert {path.name for path in (tree.python / "oci").iterdir() if path.is_dir()} - {"__pycache__"} == set(OCI_PARTS)
    files = [
        file
        for name, _ in pinned(ROOT / "requirements.txt")
        for file in importlib.metadata.distribution(name).files or ()
    ]
    tops = {file.parts[0].removesuffix(".py").partition("-")[0].lower() for file in files}
    assert set(LEFT_OUT) <= tops


def imported_from_oci() -> Iterator[str]:
    """The first part after ``oci`` of each import in our sources, also of those on first use."""
    for path in (ROOT / "src/model_service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("oci."):
                yield str(node.module).split(".")[1]
            elif isinstance(node, ast.Import):
                yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("oci."))


def listing(tree: Tree) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_mtime_ns) for path in tree.folder.rglob("*"))
