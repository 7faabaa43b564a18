"""`make image-test`, as far as it goes without Docker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.image.container import CONFINED

ROOT = Path(__file__).resolve().parents[2]


def test_where_nothing_can_be_run_one_line_says_what_is_missing(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}
    words = [sys.executable, "-m", "tests.image"]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("image-test: not run. ")
    assert done.stderr.count("\n") == 1


def test_the_image_runs_in_it_with_what_functions_takes_away() -> None:
    text = " ".join(CONFINED)
    for words in ("--read-only", "--cap-drop ALL", "no-new-privileges", "--pids-limit 50"):
        assert words in text


def test_it_is_no_part_of_make_test() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "python -m tests.image" in makefile
    assert not list((ROOT / "tests/image").glob("test_*.py"))
