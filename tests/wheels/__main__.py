"""Install the wheel of a folder in new environments, as users do, and run its commands: ``make wheels-test``.

It asks PyPI for what the package depends on, so it is no part of ``make test``. The exit code is how many things
failed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
IS_TYPED: Final = (
    "import importlib.resources as r, mock_oci, model_service; "
    "assert all(r.files(m).joinpath('py.typed').is_file() for m in (mock_oci, model_service)); "
    "assert model_service.__version__ == mock_oci.__version__"
)


@dataclass(frozen=True)
class Try:
    """A command, the exit code that it has to have, and what it has to say."""

    words: Sequence[str]
    says: str
    exit_code: int = 0


LLAMA, COHERE = "meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025"
EVERYWHERE: Final = [
    Try(["model-service", "--version"], "model-service "),
    Try(["mock-oci", "--version"], "mock-oci "),
    Try(["python", "-c", IS_TYPED], ""),
    Try(["python", "-m", "pip", "check"], "No broken requirements found"),
    Try(["model-service", "chat", "Hello", "--local", "--model", LLAMA], "Hello"),
    Try(["model-service", "chat", "Hello", "--local", "--stream"], "Hello"),
    Try(["model-service", "doctor", "--local"], "OK "),
    Try(["model-service", "models", "--local"], LLAMA),
    Try(["model-service", "tasks", str(ROOT / "docs/tasks/prompts.yaml")], "prompts"),
]
BARE: Final = [
    Try(["model-service", "chat", "Hello", "--local", "--model", COHERE], "'model-service[oci]'", 2),
    Try(["mock-oci", "--function", str(ROOT), "--prompt", "Hello"], "pip install", 1),
]
ALL: Final = [
    Try(["model-service", "chat", "Hello", "--local", "--model", COHERE], "Hello"),
    Try(["mock-oci", "--function", str(ROOT), "--prompt", "Hello"], "You asked"),
    Try(["python", "-c", "import rich, redis, oci, fdk"], ""),
]
EXTRAS: Final = {"": [*EVERYWHERE, *BARE], "[all]": [*EVERYWHERE, *ALL]}


def main(folder: Path) -> int:
    wheels = sorted(folder.glob("model_service-*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        print(f"{folder} has no wheel: make wheels", file=sys.stderr)
        return 1
    failed = 0
    for extras, tries in EXTRAS.items():
        with tempfile.TemporaryDirectory(prefix="wheels-") as place:
            failed += _try_in(Path(place), f"{wheels[-1].resolve()}{extras}", tries)
    return failed


def _try_in(place: Path, package: str, tries: Sequence[Try]) -> int:
    """Return how many of ``tries`` failed in an environment that has nothing but the package."""
    started = time.monotonic()
    venv.create(place / "env", with_pip=True)
    commands = place / "env/bin"
    words = [str(commands / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
    if subprocess.run(words, check=False).returncode:
        print(f"FAIL  pip install {package}")
        return 1
    used = sum(path.stat().st_size for path in (place / "env/lib").rglob("*") if path.is_file())
    print(
        f"ok    pip install {Path(package).name}  {time.monotonic() - started:.0f} s, {used / 1e6:.0f} MB", flush=True
    )
    return sum(not _works(attempt, commands, place) for attempt in tries)


def _works(attempt: Try, commands: Path, place: Path) -> bool:
    """Run a command without a checkout, a home or any setting around it."""
    environment = {"PATH": f"{commands}:/usr/bin:/bin", "HOME": str(place)}
    words = [str(commands / attempt.words[0]), *attempt.words[1:]]
    done = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, timeout=120, check=False)
    said = done.stdout + done.stderr
    works = done.returncode == attempt.exit_code and attempt.says in said and "Traceback" not in said
    print(f"{'ok  ' if works else 'FAIL'}  {' '.join(attempt.words)[:110]}", flush=True)
    if not works:
        print(f"      exit code {done.returncode}: {said[-1500:]}")
    return works


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
