"""The lock file: every pin with the hashes of its wheels, and none that nobody has looked at for a year."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from function_package import lock
from function_package.errors import PackageError
from function_package.lock import older_than, read_lock, words_for_pip, write_lock
from function_package.wheels import ARCHITECTURES, pinned

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = [ROOT / name for name in ("requirements.txt", "tests/requirements.txt", "docs/requirements.txt")]
YEAR = timedelta(days=365)
OLD, TODAY = date(2026, 1, 2), date(2026, 11, 27)

each_list = pytest.mark.parametrize("requirements", REQUIREMENTS, ids=lambda path: str(path.relative_to(ROOT)))


@each_list
def test_every_pin_has_the_hash_of_its_wheel_for_both_architectures(requirements: Path) -> None:
    pins = read_lock(requirements)
    assert [(pin.name, pin.version) for pin in pins.values()] == list(pinned(requirements))
    assert {len(pin.hashes) for pin in pins.values()} == {1, len(ARCHITECTURES)}


@each_list
def test_no_pin_is_older_than_a_year(requirements: Path) -> None:
    """Look whether there is a newer version of those that this names, change them, and run `make lock`."""
    assert older_than(read_lock(requirements).values(), datetime.now(tz=UTC).date() - YEAR) == []


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    file = tmp_path / "requirements.txt"
    file.write_text("# a list\nPure.Name==1.0\ncompiled==2.0\n")
    return file


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Put a pip in place that reports another wheel of ``compiled`` for each machine; return what it was asked."""
    seen: list[list[str]] = []

    def run(words: list[str], **_options: object) -> SimpleNamespace:
        seen.append(words)
        machine = next(name for name in ARCHITECTURES.values() if any(word.endswith(name) for word in words))
        wheels = {"pure-name": "a" * 64, "Compiled": ("b" if machine == "x86_64" else "c") * 64}
        (report,) = (word.removeprefix("--report=") for word in words if word.startswith("--report="))
        found = [
            {"metadata": {"name": name}, "download_info": {"archive_info": {"hashes": {"sha256": sha256}}}}
            for name, sha256 in wheels.items()
        ]
        Path(report).write_text(json.dumps({"install": found}))
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    return seen


def test_a_lock_has_a_wheel_for_each_architecture_in_their_order(requirements: Path, asked: list[list[str]]) -> None:
    write_lock(requirements, TODAY)
    pins = read_lock(requirements)
    assert pins["Pure.Name"].hashes == ("a" * 64,)
    assert [pins["compiled"].hash_for(name) for name in ARCHITECTURES] == ["b" * 64, "c" * 64]
    assert pins["Pure.Name"].hash_for("arm") == "a" * 64
    assert all("--dry-run" in words and "--only-binary=:all:" in words for words in asked)


def test_a_pin_keeps_its_date_until_it_changes(requirements: Path, asked: list[list[str]]) -> None:
    write_lock(requirements, OLD)
    requirements.write_text("Pure.Name==1.0\ncompiled==2.1\n")
    write_lock(requirements, TODAY)
    pins = read_lock(requirements)
    assert (pins["Pure.Name"].since, pins["compiled"].since) == (OLD, TODAY)
    assert older_than(pins.values(), OLD + timedelta(days=1)) == ["Pure.Name 1.0, since 2026-01-02"]


def test_a_lock_of_other_pins_is_refused_before_anything_is_installed(
    requirements: Path, asked: list[list[str]]
) -> None:
    write_lock(requirements, TODAY)
    requirements.write_text("Pure.Name==1.1\ncompiled==2.0\n")
    with pytest.raises(PackageError, match="function_package lock"):
        lock.held_to_hashes(requirements)


@pytest.mark.parametrize(
    ("version", "machine", "libc", "hashed"),
    [
        ((3, 11, 7), "x86_64", "glibc", True),
        ((3, 11, 7), "aarch64", "glibc", True),
        ((3, 13, 0), "x86_64", "glibc", False),
        ((3, 11, 7), "x86_64", "", False),
        ((3, 11, 7), "arm64", "", False),
    ],
)
def test_pip_is_held_to_the_hashes_where_the_locked_wheels_fit(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], machine: str, libc: str, hashed: bool
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, "2.36"))
    assert ("--require-hashes" in words_for_pip(REQUIREMENTS[0])) is hashed
