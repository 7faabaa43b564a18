"""``python -m mock_oci`` as a process of its own, and what its written configuration tells a client."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]
_SOURCES = _ROOT / "src"

# What each file is about. A file whose client is not installed belongs to another environment; in the project's own,
# where `pytest` for everything runs, all of them do.
_CLIENTS = {
    "test_folded_streams.py": "litellm",
    "test_instructor.py": "instructor",
    "test_langchain_oci.py": "langchain_oci",
    "test_langchain_openai.py": "langchain_tests",
    "test_litellm.py": "litellm",
    "test_litellm_openai.py": "litellm",
    "test_llama_index.py": "llama_index",
    "test_npm.py": "instructor",  # once is enough
    "test_openai.py": "langchain_core",  # in both environments
    "test_openai_agents.py": "agents",
    "test_pydantic_ai.py": "pydantic_ai",
    "test_schemathesis.py": "agents",  # once is enough
}
collect_ignore = [file for file, module in _CLIENTS.items() if importlib.util.find_spec(module) is None]


@dataclass(frozen=True)
class Emulator:
    """``config`` is the path of the OCI configuration file, ``profile`` what its DEFAULT profile says."""

    url: str
    compartment_id: str
    config: Path
    profile: dict[str, str]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--python", default=str(_ROOT / ".venv/bin/python"), help="the project's own, for the function")
    parser.addoption("--outcomes", type=Path, help="a file that gets what came of each test, for clients.md")


def pytest_configure() -> None:
    """Keep litellm from the internet, where it looks for prices and tokenizers when it is imported."""
    environment = pytest.MonkeyPatch()
    environment.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    environment.setenv("HF_HUB_OFFLINE", "1")
    environment.setenv("OPENAI_API_KEY", "not-used-locally")


@pytest.fixture(scope="session")
def gateway(request: pytest.FixtureRequest) -> Iterator[str]:
    """The function, in a real FDK process behind a local gateway: yield the ``base_url`` of its clients."""
    command = [request.config.getoption("--python"), str(Path(__file__).with_name("stack.py"))]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(_SOURCES)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT, env=environment) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready.startswith("ready: "), ready
            yield ready.removeprefix("ready: ").strip()
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    directory = tmp_path_factory.mktemp("oci")
    command = [sys.executable, "-m", "mock_oci", "--port", "0", "--write-config", str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_SOURCES) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready.startswith("ready: "), ready
            yield _emulator(ready.removeprefix("ready: ").strip(), directory)
        finally:
            process.terminate()


def _emulator(url: str, directory: Path) -> Emulator:
    lines = (directory / "env").read_text().splitlines()
    variables = dict(shlex.split(line.removeprefix("export "))[0].split("=", 1) for line in lines)
    config = ConfigParser()
    config.read(directory / "config")
    return Emulator(url, variables["OCI_COMPARTMENT_ID"], directory / "config", dict(config["DEFAULT"]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function, call: pytest.CallInfo[None]) -> Any:
    report = yield
    file = item.config.getoption("--outcomes")
    if file is not None and (report.when == "call" or report.outcome != "passed") and (row := _row(item, report)):
        with file.open("a") as rows:
            rows.write(json.dumps(row) + "\n")
    return report


def _row(item: pytest.Function, report: pytest.TestReport) -> dict[str, Any] | None:
    """Return what table.py makes a table of; ``None`` for tests that ask mock_oci itself."""
    callspec = getattr(item, "callspec", None)
    parameters = callspec.params if callspec else {}
    properties = dict(item.user_properties)
    client = parameters.get("client") or getattr(item.cls, "client", None) or getattr(item.module, "CLIENT", None)
    if client is None:
        return None
    is_suite = hasattr(item.cls, "family")
    return {
        "client": client,
        "version": properties.get("version") or importlib.metadata.version(item.module.PACKAGE),
        "check": "langchain-tests" if is_suite else parameters.get("check") or item.originalname.removeprefix("test_"),
        "family": item.cls.family if is_suite else _family(parameters),
        "outcome": "xfailed" if hasattr(report, "wasxfail") else report.outcome,
        "reason": getattr(report, "wasxfail", ""),
    }


def _family(parameters: dict[str, Any]) -> str:
    from questions import FAMILIES

    names = {model: family for family, model in FAMILIES.items()}
    return parameters.get("family") or names.get(parameters.get("model", ""), "Llama")
