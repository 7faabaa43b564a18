"""Terraform itself over the root, its module and its examples, with a stand-in for OCI's provider."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.terraform.example_variables import given
from tests.terraform.terraform_cli import TERRAFORM, Terraform

TESTS = sorted(path.name for path in (TERRAFORM / "tests").glob("*.tftest.hcl"))


def test_the_files_are_formatted(terraform: Terraform) -> None:
    assert terraform.run(TERRAFORM, "fmt", "-check", "-recursive").stdout == ""


@pytest.mark.parametrize("name", TESTS)
def test_the_root_keeps_what_its_own_tests_promise(terraform: Terraform, copy: Path, name: str) -> None:
    terraform.init(copy)
    terraform.must(copy, "test", "-no-color", f"-filter=tests/{name}")


@pytest.mark.parametrize("folder", [".", "modules/code-only-function"])
def test_it_is_valid(terraform: Terraform, copy: Path, folder: str) -> None:
    terraform.init(copy / folder)
    assert terraform.diagnostics(copy / folder) == []


# The others, keys and complete, are applied as they stand by tests of their own.
@pytest.mark.parametrize("name", ["minimal", "existing-network", "code-only"])
def test_an_example_can_be_planned_as_it_stands(terraform: Terraform, copy: Path, name: str) -> None:
    example = copy / "examples" / name
    (example / "function.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    terraform.init(example)
    assert "0 to change, 0 to destroy" in terraform.must(example, "plan", "-no-color", "-input=false", *given(example))
