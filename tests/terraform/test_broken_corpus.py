"""Configurations that are wrong in one way each, refused by terraform and, as far as it can see, by the static check.

The first two lines of a file say what either has to say of it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.terraform.hcl import configuration
from tests.terraform.static_check import faults
from tests.terraform.terraform_cli import TERRAFORM, Terraform

CORPUS = sorted(Path(__file__).with_name("broken").glob("*.tf"))
HEAD = re.compile(r"# refused: (?P<refused>.+)\n# statically: (?P<statically>.+)\n")

each_case = pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)


def said_of(path: Path) -> re.Match[str]:
    head = HEAD.match(path.read_text())
    assert head, f"{path.name} does not say what is wrong with it"
    return head


@pytest.fixture
def case(path: Path, tmp_path: Path) -> Path:
    """A folder with the one file, whose provider it is, and the module that it may call."""
    (tmp_path / "main.tf").write_text(path.read_text())
    (tmp_path / "versions.tf").symlink_to(TERRAFORM / "versions.tf")
    (tmp_path / "code-only-function").symlink_to(TERRAFORM / "modules" / "code-only-function")
    return tmp_path


def test_there_are_enough_of_them() -> None:
    assert len(CORPUS) >= 25


# The static check is tried on every case; each fourth of them tells that the corpus and terraform still agree.
@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.stem, marks=[pytest.mark.wide] if at % 4 else []) for at, path in enumerate(CORPUS)],
)
def test_terraform_refuses_it(terraform: Terraform, case: Path, path: Path) -> None:
    if "\nmodule " in path.read_text():
        terraform.run(case, "init", "-backend=false")
    found = [f"{one['summary']} {one['detail']}" for one in terraform.diagnostics(case)]
    assert any(said_of(path)["refused"] in one for one in found), found


@each_case
def test_the_static_check_refuses_it(case: Path, path: Path) -> None:
    expected = said_of(path)["statically"]
    found = faults(configuration(case, (path.read_text(),)))
    if expected == "not seen":
        assert found == []
    else:
        assert any(expected in one for one in found), found
