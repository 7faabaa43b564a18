"""What lies in the wheels, and whether a source distribution builds the same wheel again."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.wheels.environment import ROOT, Environment, report

FOLDERS: Final = {"model_service": ROOT, "mock_oci": ROOT / "src"}
OWNED: Final = {"model_service": {"model_service", "function_package"}, "mock_oci": {"mock_oci"}}
MAKE_SDIST: Final = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"


def contents(wheels: Mapping[str, Path]) -> Iterator[bool]:
    """Yield whether each thing that has to be in the wheels, or must not be, is as it has to be."""
    files = {name: files_of(wheel) for name, wheel in wheels.items()}
    yield report(not files["model_service"] & files["mock_oci"], "no file is in both wheels")
    for name, owned in OWNED.items():
        packages = {path.partition("/")[0] for path in files[name] if ".dist-info/" not in path}
        typed = {f"{name}/py.typed", f"{name}/__init__.py"} <= files[name]
        yield report(typed and packages == owned, f"the wheel of {name} has {', '.join(sorted(packages))}")


def files_of(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def source_distributions(environment: Environment, wheels: Mapping[str, Path]) -> Iterator[bool]:
    """Yield whether a source distribution of each can be made, and builds a wheel with the same files."""
    yield environment.install("setuptools>=77")
    for name, wheel in wheels.items():
        out = environment.place / name
        words = [str(environment.bin / "python"), "-c", MAKE_SDIST, str(out)]
        done = subprocess.run(words, cwd=FOLDERS[name], capture_output=True, text=True, check=False)
        yield report(done.returncode == 0, f"sdist of {name}", done.stderr[-1500:] if done.returncode else "")
        for made in out.glob("*.tar.gz"):
            works = environment.pip("wheel", "--no-deps", "--wheel-dir", str(out), str(made))
            same = works and files_of(next(out.glob("*.whl"))) == files_of(wheel)
            yield report(same, f"{made.name} builds a wheel with the same files")
