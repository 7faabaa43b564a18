"""What is deployed, beside what a plain install would be: how large it is, and how fast it starts."""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import distribution
from pathlib import Path

from function_package.archive import write_zip
from function_package.dependencies import from_installed, pinned
from function_package.tree import OURS, Tree, size

ROOT = Path(__file__).resolve().parents[2]
COLD_RUNS = 9

Start = Callable[[Path, dict[str, str]], AbstractContextManager[Callable[[], bytes]]]
"""A container of a folder and its configuration, and the call that one makes of it."""


def report(start: Start) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tree, plain = slim(Path(folder) / "slim"), uncompiled(Path(folder) / "plain")
        # As in a plain image: what pip installs is compiled, what is added to it is not, and nothing can be written.
        times = cold(start, {plain: {"PYTHONDONTWRITEBYTECODE": "1"}, tree.function: {"PYTHONPATH": tree.python_path}})
        write_zip(tree, Path(folder) / "function.zip")
        sizes = {"plain": installed(), "slim": size(tree.python), "zip": (Path(folder) / "function.zip").stat().st_size}
    print(f"{'packages':34}{'plain':>10}{'slim':>10}   budget")
    print(f"{'dependencies (MB)':34}{sizes['plain'] / 1e6:10.1f}{sizes['slim'] / 1e6:10.1f}   slim <= 80 MB")
    print(f"{'cold start, first answer (ms)':34}{times[plain]:10.1f}{times[tree.function]:10.1f}")
    print(f"{'ZIP (MB)':34}{'':10}{sizes['zip'] / 1e6:10.1f}   <= 25 MB")
    print("plain is requirements.txt with --no-deps; without, fdk brings pytest and Cython, 40 MB more.\n")


def slim(folder: Path) -> Tree:
    tree = Tree(folder, sys.executable)
    tree.add_dependencies(ROOT, from_installed)
    tree.add_function(ROOT)
    return tree


def uncompiled(folder: Path) -> Path:
    for name in OURS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, folder / name)
    for compiled in list(folder.rglob("__pycache__")):
        shutil.rmtree(compiled)
    return folder


def installed() -> int:
    """Bytes of all that this environment has of the requirements, as pip has put it there."""
    found = [distribution(name) for name, _ in pinned(ROOT / "requirements.txt")]
    files = [Path(str(one.locate_file(file))) for one in found for file in one.files or ()]
    return sum(file.stat().st_size for file in files if file.exists())


def cold(start: Start, folders: dict[Path, dict[str, str]]) -> dict[Path, float]:
    """Medians in milliseconds, taken by turns; the first of each does not count."""
    times: dict[Path, list[float]] = {folder: [] for folder in folders}
    for _ in range(COLD_RUNS + 1):
        for folder, config in folders.items():
            started = time.perf_counter()
            with start(folder, config) as call:
                call()
                times[folder].append((time.perf_counter() - started) * 1000)
    return {folder: statistics.median(runs[1:]) for folder, runs in times.items()}
