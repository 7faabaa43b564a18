"""The statements, settings and deployments that tests elsewhere take for Terraform's are what Terraform makes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.terraform.made import FILE, make
from tests.terraform.terraform_cli import Terraform


def test_made_json_is_what_terraform_makes_of_each_feature(terraform: Terraform, tmp_path: Path) -> None:
    assert make(terraform, tmp_path) == json.loads(FILE.read_text()), "python -m tests.terraform.made writes it anew"
