"""The statements, settings and deployments that tests elsewhere take for Terraform's are what Terraform makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.terraform.made import FEATURES, FILE, make
from tests.terraform.terraform_cli import Terraform

# Of a gateway, its callers, its tasks and its switches, one each: a second of terraform for every feature.
SOME = ("chat", "embeddings", "keys", "records from a stream")


@pytest.mark.parametrize(
    "features", [pytest.param(SOME, id="some"), pytest.param(tuple(FEATURES), id="all", marks=pytest.mark.wide)]
)
def test_made_json_is_what_terraform_makes_of_each_feature(
    terraform: Terraform, tmp_path: Path, features: tuple[str, ...]
) -> None:
    written = json.loads(FILE.read_text())
    assert written.keys() == FEATURES.keys()
    expected = {name: written[name] for name in features}
    assert make(terraform, tmp_path, features) == expected, "python -m tests.terraform.made writes it anew"
