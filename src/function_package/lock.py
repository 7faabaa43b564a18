"""The lock file: which bytes each pin stands for, on both architectures, and since when the pin stands.

``requirements.lock`` beside ``requirements.txt`` is what pip is held to (``--require-hashes``) when something is built
that is deployed, and when tests are set up on a machine that its wheels fit.
"""

from __future__ import annotations

import json
import platform
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from function_package.errors import PackageError
from function_package.wheels import ARCHITECTURES, PYTHON, canonical, pinned, platform_words, run_pip

HEAD: Final = """\
# Written by `python -m function_package lock {requirements}`: the SHA-256 of the wheel of each pin, on {architectures}
# (one where it is the same), and since when it is pinned. pip is held to it: `--require-hashes`.
"""
ENTRY: Final = re.compile(
    r"^# (?P<since>\d{4}-\d\d-\d\d)\n(?P<name>[\w.-]+)==(?P<version>[\w.]+)"
    r"(?P<hashes>(?: \\\n    --hash=sha256:\w{64})+)$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Pin:
    """``hashes`` are of the wheels for each of ARCHITECTURES, in that order; one where all take the same wheel."""

    name: str
    version: str
    hashes: tuple[str, ...]
    since: date

    def hash_for(self, architecture: str) -> str:
        return self.hashes[list(ARCHITECTURES).index(architecture) if len(self.hashes) > 1 else 0]

    def lines(self) -> str:
        return " \\\n    --hash=sha256:".join((f"# {self.since}\n{self.name}=={self.version}", *self.hashes)) + "\n"


def lock_of(requirements: Path) -> Path:
    return requirements.with_suffix(".lock")


def read_lock(requirements: Path) -> Mapping[str, Pin]:
    """Return the pins of the lock file beside ``requirements``, by name; raise PackageError where they differ."""
    pins = {pin.name: pin for pin in _entries(lock_of(requirements))}
    if [(pin.name, pin.version) for pin in pins.values()] != list(pinned(requirements)):
        raise PackageError(f"{lock_of(requirements)} has other pins: python -m function_package lock {requirements}")
    return pins


def write_lock(requirements: Path, today: date) -> Path:
    """Ask pip for the wheels of each pin and write their hashes; raise PackageError where one has none.

    A pin that has not changed keeps the date that it has.
    """
    old = {(pin.name, pin.version): pin for pin in _entries(lock_of(requirements))}
    found = [_hashes(requirements, architecture) for architecture in ARCHITECTURES]
    lines = [HEAD.format(requirements=requirements.name, architectures=" and ".join(ARCHITECTURES.values()))]
    for name, version in pinned(requirements):
        hashes = tuple(dict.fromkeys(hashes[canonical(name)] for hashes in found))
        since = old[name, version].since if (name, version) in old else today
        lines.append(Pin(name, version, hashes, since).lines())
    lock = lock_of(requirements)
    lock.write_text("".join(lines))
    return lock


def words_for_pip(requirements: Path) -> Sequence[str]:
    """Return what tells pip to install ``requirements`` here: held to the hashes, where the locked wheels fit."""
    is_covered = (
        sys.version_info[:2] == PYTHON
        and platform.libc_ver()[0] == "glibc"
        and platform.machine() in ARCHITECTURES.values()
    )
    return held_to_hashes(requirements) if is_covered else ["-r", str(requirements)]


def held_to_hashes(requirements: Path) -> Sequence[str]:
    """Return what tells pip to install ``requirements`` and nothing but the locked bytes."""
    read_lock(requirements)
    return ["--require-hashes", "-r", str(lock_of(requirements))]


def older_than(pins: Iterator[Pin], day: date) -> list[str]:
    return [f"{pin.name} {pin.version}, since {pin.since}" for pin in pins if pin.since < day]


def _entries(lock: Path) -> Iterator[Pin]:
    text = lock.read_text() if lock.exists() else ""
    for entry in ENTRY.finditer(text):
        hashes = tuple(re.findall(r"sha256:(\w{64})", entry["hashes"]))
        yield Pin(entry["name"], entry["version"], hashes, date.fromisoformat(entry["since"]))


def _hashes(requirements: Path, architecture: str) -> dict[str, str]:
    """Return the SHA-256 of the wheel that pip takes for each pin, by the canonical name."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        where = ["--dry-run", "--ignore-installed", f"--target={folder}", f"--report={report}"]
        run_pip([*where, *platform_words(architecture), "-r", str(requirements)])
        installed = json.loads(report.read_text())["install"]
    return {
        canonical(one["metadata"]["name"]): one["download_info"]["archive_info"]["hashes"]["sha256"]
        for one in installed
    }
