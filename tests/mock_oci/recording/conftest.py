"""The real service, for these tests: a mock_oci in another process, with a config file of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import oci as sdk
import pytest

import mock_oci
from mock_oci import MockOci

SOURCES = str(Path(mock_oci.__file__).parents[1])


@dataclass(frozen=True)
class Real:
    """``url`` answers for every host of OCI, and takes the credentials of ``config`` only."""

    url: str
    folder: Path

    @property
    def config(self) -> dict[str, Any]:
        config: dict[str, Any] = sdk.config.from_file(str(self.folder / "config"))
        return config

    @property
    def compartment(self) -> str:
        return MockOci().tenancy.compartment_id  # the same in every process

    @property
    def signer(self) -> Any:
        config = self.config
        return sdk.signer.Signer(config["tenancy"], config["user"], config["fingerprint"], config["key_file"])

    def script(self, **step: Any) -> None:
        """Say what the service answers next."""
        httpx.post(f"{self.url}/_mock/scripts", json=step, trust_env=False).raise_for_status()

    def calls(self) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = httpx.get(f"{self.url}/_mock/calls?limit=1000", trust_env=False).json()
        return made


def serving(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mock_oci", "--write-config", str(folder), "--until-stdin-ends", *arguments],
        env={"PYTHONPATH": SOURCES},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="session")
def real_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    folder = tmp_path_factory.mktemp("real")
    with serving(folder) as process:
        assert process.stdout
        assert process.stdin
        yield Real(process.stdout.readline().removeprefix("ready: ").strip(), folder)
        process.stdin.close()


@pytest.fixture
def real(real_service: Real) -> Real:
    """As new for each test; its credentials stay."""
    httpx.post(f"{real_service.url}/_mock/reset", trust_env=False).raise_for_status()
    return real_service
