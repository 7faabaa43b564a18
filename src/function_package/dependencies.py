"""Where the dependencies come from: pip, for the machine that runs functions, or what is installed here already."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import Distribution
from pathlib import Path
from typing import Final

from function_package.errors import PackageError
from function_package.lock import held_to_hashes
from function_package.pruning import is_kept
from function_package.wheels import pinned, platform_words, run_pip

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
    _from_pip(requirements, folder, [])


def from_pip_for(architecture: str) -> Fill:
    """Install for OCI's own machines, whatever this one is. ``architecture``: a key of ARCHITECTURES."""
    return lambda requirements, folder: _from_pip(requirements, folder, platform_words(architecture))


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


def _installed(name: str, version: str, places: Sequence[str]) -> Distribution:
    distribution = next(iter(Distribution.discover(name=name, path=list(places))), None)
    if distribution is None or distribution.version != version:
        found = "nothing" if distribution is None else distribution.version
        raise PackageError(f"{name} {version} is wanted, {found} is installed: make test sets it up")
    return distribution


def _from_pip(requirements: Path, folder: Path, words: Sequence[str]) -> None:
    run_pip([*words, "--no-compile", "--target", str(folder), *held_to_hashes(requirements)])
