"""Which wheels are wanted: the pins, the machines and the Python that they are for, and pip, which fetches them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from function_package.errors import PackageError

PYTHON: Final = (3, 11)  # of the base images and, for a ZIP, of the managed runtime
GLIBC: Final = 28  # 2.28, that of Oracle Linux 8, on which both stand
# The shapes of an application (GENERIC_X86, GENERIC_ARM) and the machines behind them.
ARCHITECTURES: Final[Mapping[str, str]] = {"x86": "x86_64", "arm": "aarch64"}


def pinned(requirements: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the version of each line of a requirements file, all of which are pinned."""
    yield from re.findall(r"^([\w.-]+)==([\w.]+)$", requirements.read_text(), re.MULTILINE)


def platform_words(architecture: str) -> list[str]:
    """Return what tells pip for which machine and Python it chooses."""
    machine = ARCHITECTURES[architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC, 4, -1)] + [f"manylinux2014_{machine}"]
    version = ".".join(map(str, PYTHON))
    return [*(f"--platform={platform}" for platform in platforms), f"--python-version={version}", "--implementation=cp"]


def run_pip(words: Sequence[str]) -> None:
    """Run ``pip install`` for wheels, and for what is asked for alone; raise PackageError where it cannot.

    The lists are complete, and fdk asks for pytest and Cython, which no function needs.
    """
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    done = subprocess.run([*pip, "--no-deps", "--only-binary=:all:", *words], check=False)  # noqa: S603 - all are ours
    if done.returncode != 0:
        raise PackageError("pip could not install the dependencies; what it says is above")


def canonical(name: str) -> str:
    """Return the name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
