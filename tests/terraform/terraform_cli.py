"""Runs the terraform binary against the stand-in: no registry, no configuration of the user's, never for ever."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
TERRAFORM: Final = ROOT / "terraform"
SECONDS: Final = 60  # a run takes one or two; terraform may wait for ever for a provider that hangs

Finished = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Terraform:
    environment: Mapping[str, str]

    def run(self, folder: Path, *words: str, seconds: float = SECONDS) -> Finished:
        return subprocess.run(
            ["terraform", *words],
            cwd=folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def must(self, folder: Path, *words: str, seconds: float = SECONDS) -> str:
        """What it printed; fails with what it said if it did not succeed."""
        done = self.run(folder, *words, seconds=seconds)
        assert done.returncode == 0, f"terraform {' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def init(self, folder: Path) -> None:
        self.must(folder, "init", "-backend=false", "-input=false", "-no-color")

    def diagnostics(self, folder: Path) -> list[dict[str, Any]]:
        """What ``validate`` finds wrong."""
        found: list[dict[str, Any]] = json.loads(self.run(folder, "validate", "-json").stdout)["diagnostics"]
        return found


@contextmanager
def attached(folder: Path, emulator: str = "", config: Mapping[str, str] | None = None) -> Iterator[Terraform]:
    """Terraform with a stand-in of its own, which ends with the context.

    ``emulator`` is the URL of mock_oci, where resources are then really made; ``config`` is the SDK's for it.
    """
    nothing = folder / "empty.tfrc"
    nothing.touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.terraform.stand_in", *([emulator] if emulator else [])],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        if emulator:
            process.stdin.write(f"{json.dumps(config)}\n")
            process.stdin.flush()
        yield Terraform(_environment(nothing, process.stdout.readline()))
        process.communicate(timeout=SECONDS)


def _environment(nothing: Path, reattach: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],  # noqa: TID251 - to find terraform
        "HOME": str(nothing.parent),
        "TF_CLI_CONFIG_FILE": str(nothing),
        "TF_REATTACH_PROVIDERS": reattach,
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        "GOGC": "400",  # with garbage collected less often, terraform takes a third less time
    }


def copied(folder: Path) -> Path:
    """The whole of ``terraform/`` in ``folder``, where it may be initialised; what a user left there stays behind."""
    left = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars")
    return Path(shutil.copytree(TERRAFORM, folder / "terraform", ignore=left))
