"""A new environment that has what was installed into it and nothing else, and what is tried in it."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SECONDS: Final = 180.0  # for a command on a busy machine


@dataclass(frozen=True)
class Try:
    """A command, the exit code that it has to have, what it has to say, and in how many lines on standard error.

    ``label`` is what is printed of it, in place of its words.
    """

    words: Sequence[str]
    says: str = ""
    exit_code: int = 0
    lines: int | None = None
    label: str = ""


def program(label: str, text: str, says: str = "", *arguments: str) -> Try:
    """Try a program in Python, which warns of nothing."""
    return Try(["python", "-W", "error", "-c", text, *arguments], says, label=label)


class Environment:
    """A virtual environment of a Python, where commands find no checkout, no home and no setting."""

    def __init__(self, folder: str, python: str) -> None:
        self.place = Path(tempfile.mkdtemp(dir=folder))
        self.bin = self.place / "env/bin"
        subprocess.run([python, "-m", "venv", str(self.place / "env")], check=True)

    def pip(self, *words: str) -> bool:
        """Tell whether pip did it; it writes its own complaints. It has the settings of this machine."""
        command = [str(self.bin / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
        return subprocess.run(command, cwd=self.place, check=False).returncode == 0

    def install(self, *words: str) -> bool:
        """Install, say what it cost, and tell whether it worked."""
        started = time.monotonic()
        works = self.pip("install", *words)
        used = sum(path.stat().st_size for path in (self.place / "env/lib").rglob("*") if path.is_file())
        names = " ".join(word.rpartition("/")[2] for word in words if not word.startswith("-"))
        return report(works, f"pip install {names}", f"  {time.monotonic() - started:.0f} s, {used / 1e6:.0f} MB")

    def works(self, attempt: Try) -> bool:
        """Run a command, and say whether it does what it has to."""
        environment = {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.place)}
        words = [str(self.bin / attempt.words[0]), *attempt.words[1:]]
        done = subprocess.run(
            words, cwd=self.place, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        said = done.stdout + done.stderr
        works = done.returncode == attempt.exit_code and attempt.says in said and "Traceback" not in said
        works &= attempt.lines in (None, done.stderr.count("\n"))
        more = "" if works else f"\n      exit code {done.returncode}: {said[-1500:]}"
        return report(works, attempt.label or " ".join(attempt.words), more)


def report(works: bool, what: str, more: str = "") -> bool:
    """Write one line for one thing that was tried, and return whether it worked."""
    first = " ".join(what.split())
    print(f"{'ok  ' if works else 'FAIL'}  {first[:110]}{more}", flush=True)
    return works
