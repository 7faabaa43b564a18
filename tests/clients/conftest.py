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
    "test_locus.py": "locus",
    "test_npm.py": "instructor",  # once is enough
    "test_npm_oci.py": "oci_cli",  # once is enough
    "test_oci_cli.py": "oci_cli",
    "test_oci_sdk.py": "oci_cli",
    "test_oci_signers.py": "oci_cli",
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


@pytest.fixture(scope="session")
def shell(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a shell has that read the written ``env`` and what ``mock-oci env`` prints, and nothing else."""
    command = [sys.executable, "-m", "mock_oci", "env", "--url", emulator.url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=_SOURCES).stdout
    written = emulator.config.with_name("env").read_text()
    return {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path_factory.mktemp("home")), **_exports(written + printed)}


def _exports(text: str) -> dict[str, str]:
    return dict(shlex.split(line.removeprefix("export "))[0].split("=", 1) for line in text.splitlines())


def _emulator(url: str, directory: Path) -> Emulator:
    variables = _exports((directory / "env").read_text())
    config = ConfigParser()
    config.read(directory / "config")
    return Emulator(url, variables["OCI_COMPARTMENT_ID"], directory / "config", dict(config["DEFAULT"]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function, call: pytest.CallInfo[None]) -> Any:
    report = yield
    file = item.config.getoption("--outcomes")
    if file is not None and (report.when == "call" or report.failed) and (row := _row(item, report)):
        with file.open("a") as rows:
            rows.write(json.dumps(row) + "\n")
    return report


def _row(item: pytest.Function, report: pytest.TestReport) -> dict[str, Any] | None:
    """Return what table.py makes a table of; ``None`` for tests that no table has."""
    callspec = getattr(item, "callspec", None)
    parameters = callspec.params if callspec else {}
    properties = dict(item.user_properties)
    came = {
        "outcome": "xfailed" if hasattr(report, "wasxfail") else report.outcome,
        "reason": getattr(report, "wasxfail", ""),
    }
    asks_mock_oci = parameters.get("of_mock_oci") or getattr(item.module, "OF_MOCK_OCI", None)
    if asks_mock_oci is not None:
        package = getattr(item.module, "PACKAGE", None) or asks_mock_oci.partition(",")[0]
        version = properties.get("version") or _version(package)
        return {"of_mock_oci": asks_mock_oci, "version": version, "check": _named(item, parameters), **came}
    client = parameters.get("client") or getattr(item.cls, "client", None) or getattr(item.module, "CLIENT", None)
    if client is None:
        return None
    is_suite = hasattr(item.cls, "family")
    return {
        "client": client,
        "version": properties.get("version") or importlib.metadata.version(item.module.PACKAGE),
        "check": "langchain-tests" if is_suite else parameters.get("check") or item.originalname.removeprefix("test_"),
        "family": item.cls.family if is_suite else _family(parameters),
        **came,
    }


def _version(package: str) -> str:
    """Return what is installed; of npm's there is no telling before they say so themselves."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _named(item: pytest.Function, parameters: dict[str, Any]) -> str:
    """Return what a test asks, in words: of its name, or of the parameter that has one."""
    return str(parameters.get("journey") or item.originalname.removeprefix("test_").removeprefix("it_")).replace(
        "_", " "
    )


def _family(parameters: dict[str, Any]) -> str:
    from questions import FAMILIES

    names = {model: family for family, model in FAMILIES.items()}
    return parameters.get("family") or names.get(parameters.get("model", ""), "Llama")
