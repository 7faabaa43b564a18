"""The terraform binary with a stand-in for OCI's provider, one for each worker of the tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.terraform.terraform_cli import Terraform, attached, copied


@pytest.fixture(scope="session")
def terraform_is_there() -> None:
    """Skip without the binary; in CI, fail."""
    if shutil.which("terraform") is None:
        missing = "terraform is not on the path: only the static check was run, no validate, test, plan or apply"
        if os.environ.get("CI") == "true":  # noqa: TID251 - a check that CI leaves out would rot unseen
            pytest.fail(missing)
        pytest.skip(missing)


@pytest.fixture(scope="session")
def terraform(terraform_is_there: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    with attached(tmp_path_factory.mktemp("stand-in")) as terraform:
        yield terraform


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """``terraform/``, where it may be initialised."""
    return copied(tmp_path)
