"""The check for machines without terraform finds nothing wrong where nothing is, and knows what it talks about."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.terraform.hcl import read
from tests.terraform.references import used_variables
from tests.terraform.stand_in import corrections
from tests.terraform.stand_in.schema import Block, schema
from tests.terraform.static_check import faults
from tests.terraform.terraform_cli import TERRAFORM

FOLDERS = sorted({path.parent for path in TERRAFORM.rglob("*.tf") if ".terraform" not in path.parts})
# What may stand there is not for Terraform to say.
FREE_TEXT = {
    "config_file",
    "profile",
    "provider_profile",
    "caller_keys",
    "counter_ca",
    "service_config",
}  # what may stand there is another's business

each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


@each_folder
def test_nothing_is_wrong_with_it(folder: Path) -> None:
    assert faults(read(folder)) == []


@each_folder
def test_every_variable_and_output_says_what_it_is(folder: Path) -> None:
    configuration = read(folder)
    for name, declared in {**configuration.variables, **configuration.outputs}.items():
        assert declared.get("description"), name
    assert [name for name, declared in configuration.variables.items() if "type" not in declared] == []


@each_folder
def test_every_variable_is_used(folder: Path) -> None:
    configuration = read(folder)
    assert configuration.variables.keys() - used_variables(configuration) == set()


def test_every_text_and_number_of_the_root_is_checked() -> None:
    variables = read(TERRAFORM).variables
    unchecked = {
        name for name, one in variables.items() if one["type"] in ("string", "number") and "validation" not in one
    }
    assert unchecked == FREE_TEXT


@pytest.mark.parametrize(
    "path",
    sorted({*corrections.ENUMS, *corrections.SETS, *corrections.REQUIRED, *corrections.EXCLUSIVE}
    | {*corrections.NEEDED_WITH, *corrections.WHOLE_NUMBERS}),
)  # fmt: skip
def test_what_is_corrected_is_in_the_schema(path: str) -> None:
    name, *steps = path.split(".")
    block: Block = schema().resources[name]
    for step in steps[:-1]:
        block = block.blocks[step]
    assert not steps or steps[-1] in {*block.blocks, *block.arguments}
