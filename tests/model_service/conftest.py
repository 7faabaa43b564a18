"""A local OCI for the function's own tests, and settings that point at it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.doors import OpenDoor

from mock_oci import MockOci
from mock_oci.doors.written_config import write_config
from mock_oci.fn.stack import LocalStack
from model_service.logs import log
from model_service.service import Service
from model_service.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def oci() -> MockOci:
    return MockOci()


@pytest.fixture
def oci_url(oci: MockOci, door_to: Callable[[Any], OpenDoor]) -> str:
    return door_to(oci).url


@pytest.fixture
def environment(oci: MockOci, oci_url: str, tmp_path: Path) -> dict[str, str]:
    """What a laptop with an API key has in its environment, pointed at the local OCI."""
    write_config(oci, tmp_path, oci_url)
    return {
        "OCI_CONFIG_FILE": str(tmp_path / "config"),
        "OCI_PROFILE": "DEFAULT",
        "OCI_REGION": oci.region,
        "OCI_GENAI_ENDPOINT": oci_url,
        "OCI_COMPARTMENT_ID": oci.tenancy.compartment_id,
    }


@pytest.fixture
def service(environment: dict[str, str]) -> Iterator[Service]:
    with closing(Service(Settings.load(environment))) as service:
        yield service


@pytest.fixture(autouse=True)
def _no_invocation() -> None:
    """Forget whose lines the test before has logged in this process."""
    log.begin("")


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(record.getMessage()))


@pytest.fixture
def log_lines() -> Iterator[list[dict[str, Any]]]:
    """What the function logs during a test."""
    logger, kept = logging.getLogger("model_service"), _Kept()
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(kept)
    yield kept.lines
    logger.removeHandler(kept)
    logger.setLevel(level)


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """The whole path, kept up: local OCI, the real function in a real FDK process, API Gateway in front."""
    oci = MockOci()
    compartments = json.dumps([oci.tenancy.tenancy_id])
    config = {"MODEL_SERVICE_PROJECT_ID": "{project_id}", "MODEL_SERVICE_COMPARTMENTS": compartments}
    with LocalStack(ROOT, oci=oci, config=config, confine="no-freeze") as stack:
        yield stack


@pytest.fixture
def scripted(stack: LocalStack) -> Iterator[LocalStack]:
    """The same, for a test that scripts what the model says: nothing is left of it for the next one."""
    stack.oci.script.clear()
    yield stack
    stack.oci.script.clear()
