"""Where the dependencies come from: pip, for the machine that runs functions, or what is installed here already."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import Distribution
from pathlib import Path
from typing import Final

from function_package.errors import PackageError
from function_package.pruning import is_kept

PYTHON: Final = (3, 11)  # of the base images and, for a ZIP, of the managed runtime
GLIBC: Final = 28  # 2.28, that of Oracle Linux 8, on which both stand

Fill = Callable[[Path, Path], None]
"""Puts what a requirements file (the first path) asks for into a folder (the second)."""

FDK_SCRIPT: Final = """\
#!{python}
import sys
from fdk.scripts.fdk import main

sys.exit(main())
"""


def from_pip(requirements: Path, folder: Path) -> None:
    """Install for the machine and the Python that this runs on: the build stage of the image."""
    _pip(requirements, folder, [])


def from_pip_for(architecture: str) -> Fill:
    """Install for OCI's own machines, whatever this one is. ``architecture``: a key of ARCHITECTURES."""
    machine = ARCHITECTURES[architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC, 4, -1)] + [f"manylinux2014_{machine}"]
    words = [f"--platform={platform}" for platform in platforms]
    version = ".".join(map(str, PYTHON))

    def fill(requirements: Path, folder: Path) -> None:
        _pip(requirements, folder, [*words, f"--python-version={version}", "--implementation=cp"])

    return fill


def from_installed(requirements: Path, folder: Path, places: Sequence[str] | None = None) -> None:
    """Copy, without any network, from the packages of this interpreter; raises PackageError if one is not there."""
    for name, version in pinned(requirements):
        distribution = _installed(name, version, sys.path if places is None else places)
        for file in distribution.files or ():
            if ".." not in file.parts and is_kept(file):
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(distribution.locate_file(file)), target)
    script = folder / "bin/fdk"  # pip writes the script for the place where it installs
    script.parent.mkdir(exist_ok=True)
    script.write_text(FDK_SCRIPT.format(python=sys.executable))


def pinned(requirements: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the version of each line of a requirements file, all of which are pinned."""
    yield from re.findall(r"^([\w.-]+)==([\w.]+)$", requirements.read_text(), re.MULTILINE)


def _installed(name: str, version: str, places: Sequence[str]) -> Distribution:
    distribution = next(iter(Distribution.discover(name=name, path=list(places))), None)
    if distribution is None or distribution.version != version:
        found = "nothing" if distribution is None else distribution.version
        raise PackageError(f"{name} {version} is wanted, {found} is installed: make test sets it up")
    return distribution


def _pip(requirements: Path, folder: Path, words: list[str]) -> None:
    # --no-deps: the list is complete, and fdk asks for pytest and Cython, which no function needs.
    wanted = ["--no-deps", "--only-binary=:all:", "--no-compile", "--target", str(folder), "-r", str(requirements)]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    done = subprocess.run([*pip, *words, *wanted], check=False)  # noqa: S603 - all words are ours
    if done.returncode != 0:
        raise PackageError("pip could not install the dependencies; what it says is above")


# The shapes of an application (GENERIC_X86, GENERIC_ARM) and the machines behind them.
ARCHITECTURES: Final[Mapping[str, str]] = {"x86": "x86_64", "arm": "aarch64"}
