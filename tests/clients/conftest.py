"""``python -m mock_oci`` as a process of its own, and what its written configuration tells a client."""

from __future__ import annotations

import importlib.util
import shlex
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

import pytest

_SOURCES = Path(__file__).parents[2] / "src"

# `pytest` for everything, in the project's own environment, has nothing to run here.
collect_ignore_glob = [] if importlib.util.find_spec("litellm") else ["test_*.py"]


@dataclass(frozen=True)
class Emulator:
    """``config`` is the path of the OCI configuration file, ``profile`` what its DEFAULT profile says."""

    url: str
    compartment_id: str
    config: Path
    profile: dict[str, str]


def pytest_configure() -> None:
    """litellm looks for prices and tokenizers on the internet when it is imported."""
    environment = pytest.MonkeyPatch()
    environment.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    environment.setenv("HF_HUB_OFFLINE", "1")


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
