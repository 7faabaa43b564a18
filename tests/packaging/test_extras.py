"""What `pip install model-service` and `pip install mock-oci` bring along, and what model-service does without."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import mock_oci
import model_service
from function_package.wheels import pinned

ROOT = Path(__file__).resolve().parents[2]
PROJECT, MOCK_OCI = (
    tomllib.loads((ROOT / file).read_text())["project"] for file in ("pyproject.toml", "src/pyproject.toml")
)
PINS = {
    name: version
    for file in ("tests/requirements.txt", "requirements.txt")  # what draws in a terminal is never in the function
    for name, version in pinned(ROOT / file)
}
RANGES = {
    text
    for project in (PROJECT, MOCK_OCI)
    for texts in (project["dependencies"], *project["optional-dependencies"].values())
    for text in texts
    if not text.startswith(("model-service[", "mock-oci["))
}


@pytest.mark.parametrize("text", sorted(RANGES))
def test_a_range_has_room_and_the_pin_that_is_tested_is_in_it(text: str) -> None:
    requirement = Requirement(text)
    assert "==" not in str(requirement.specifier)
    assert requirement.specifier.contains(PINS[requirement.name])


def test_what_draws_in_a_terminal_is_an_extra_and_not_in_the_function() -> None:
    assert [Requirement(text).name for text in PROJECT["optional-dependencies"]["terminal"]] == ["rich"]
    assert "rich" not in dict(pinned(ROOT / "requirements.txt"))


def test_both_packages_have_the_version_of_the_project() -> None:
    assert model_service.__version__ == mock_oci.__version__ == PROJECT["version"]


@pytest.mark.parametrize(
    ("model", "exit_code", "says"),
    [("meta.llama-3.3-70b-instruct", 0, "Local OCI"), ("cohere.command-a-03-2025", 2, "'model-service[oci]'")],
)
def test_a_chat_works_without_any_extra_and_one_that_needs_it_says_which(model: str, exit_code: int, says: str) -> None:
    program = (
        "import sys; sys.modules.update(dict.fromkeys(['oci', 'fdk', 'redis', 'backports', 'rich'])); "
        f"from model_service.__main__ import main; sys.exit(main(['chat', 'Hello', '--model', {model!r}]))"
    )
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == exit_code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
