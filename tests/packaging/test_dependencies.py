"""Where the dependencies come from, without asking anybody for them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from function_package.dependencies import from_installed, from_pip, from_pip_for
from function_package.errors import PackageError
from function_package.wheels import ARCHITECTURES, PYTHON, pinned

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would have been run."""
    seen: list[list[str]] = []

    def run(words: list[str], **_options: object) -> SimpleNamespace:
        seen.append(words)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    return seen


def test_every_line_of_the_requirements_is_pinned() -> None:
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    assert [f"{name}=={version}" for name, version in pinned(ROOT / "requirements.txt")] == lines


def test_pip_is_asked_for_nothing_that_is_not_pinned_and_to_build_nothing(
    commands: list[list[str]], tmp_path: Path
) -> None:
    for fill in (from_pip, from_pip_for("x86")):
        fill(ROOT / "requirements.txt", tmp_path)
    for words in commands:
        assert {"--no-deps", "--only-binary=:all:", "--require-hashes", str(ROOT / "requirements.lock")} <= set(words)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_archive_is_for_oracle_linux_8_whatever_machine_builds_it(
    commands: list[list[str]], tmp_path: Path, architecture: str
) -> None:
    from_pip_for(architecture)(ROOT / "requirements.txt", tmp_path)
    platforms = [word for word in commands[0] if word.startswith("--platform=")]
    machine = ARCHITECTURES[architecture]
    assert platforms[0] == f"--platform=manylinux_2_28_{machine}"
    assert all(platform.endswith(machine) for platform in platforms)
    assert "--python-version=3.11" in commands[0]


def test_what_pip_could_not_do_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1))
    with pytest.raises(PackageError):
        from_pip(ROOT / "requirements.txt", tmp_path)


@pytest.mark.parametrize("line", ["fdk==0.0.1", "no-such-thing-at-all==1.0"])
def test_a_package_that_is_not_installed_as_pinned_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.txt").write_text(line + "\n")
    with pytest.raises(PackageError, match=line.partition("==")[0]):
        from_installed(tmp_path / "requirements.txt", tmp_path / "python")


def test_the_python_of_an_archive_is_that_of_the_image() -> None:
    version = ".".join(map(str, PYTHON))
    assert f"ARG PYTHON={version}\n" in (ROOT / "Dockerfile").read_text()
