"""What is deployed, beside what a plain install would be: how large it is."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from function_package.archive import write_zip
from function_package.dependencies import from_installed, pinned
from function_package.tree import Tree, size

ROOT = Path(__file__).resolve().parents[2]

Start = Callable[[Path, dict[str, str]], AbstractContextManager[Callable[[], bytes]]]
"""A container of a folder and its configuration, and the call that one makes of it."""


@dataclass(frozen=True)
class Report:
    """Bytes of the dependencies as pip installs them, of those that are deployed, and of the archive."""

    plain: int
    slim: int
    archive: int


def measured(start: Start) -> Report:
    """Return how large the packages are; raise ``SystemExit`` where the slim one does not answer."""
    with tempfile.TemporaryDirectory() as folder:
        tree = slim(Path(folder) / "slim")
        write_zip(tree, Path(folder) / "function.zip")
        with start(tree.function, {"PYTHONPATH": tree.python_path}) as call:
            call()
        return Report(installed(), size(tree.python), (Path(folder) / "function.zip").stat().st_size)


def slim(folder: Path) -> Tree:
    tree = Tree(folder, sys.executable)
    tree.add_dependencies(ROOT, from_installed)
    tree.add_function(ROOT)
    return tree


def installed() -> int:
    """Bytes of all that this environment has of the requirements, as pip has put it there."""
    found = [distribution(name) for name, _ in pinned(ROOT / "requirements.txt")]
    files = [Path(str(one.locate_file(file))) for one in found for file in one.files or ()]
    return sum(file.stat().st_size for file in files if file.exists())
