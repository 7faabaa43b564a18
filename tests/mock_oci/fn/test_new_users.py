"""The three functions of docs/examples/functions, tested as docs/mock_oci.md says: pytest in a copy of the folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from mock_oci.commands.generate_event import run

EXAMPLES = Path(__file__).parents[3] / "docs/examples/functions"


def pytest_in(folder: Path) -> str:
    # Named by -p here, whether the package is installed or not.
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # noqa: TID251 - a person's shell, as it is
    words = [sys.executable, "-m", "pytest", "-q", "-p", "mock_oci.doors.pytest_plugin", "-p", "no:cacheprovider"]
    seen = subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder, env=alone)
    return seen.stdout + seen.stderr


def test_each_passes_in_process_and_under_the_fdk(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    assert "6 passed" in pytest_in(tmp_path / "functions")


def test_its_event_is_what_the_command_prints(capsys) -> None:
    words = re.search(r"mock-oci generate-event ([^`]+)`", (EXAMPLES / "test_functions.py").read_text())[1]
    assert run(words.split()) == 0
    assert capsys.readouterr().out == (EXAMPLES / "event.json").read_text()


def test_the_gist_on_the_page_passes_beside_its_function(tmp_path: Path) -> None:
    page = (EXAMPLES.parents[1] / "mock_oci.md").read_text()
    blocks = re.findall(r"^```py\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (gist,) = (block for block in blocks if "object_reader" in block)
    shutil.copytree(EXAMPLES / "object_reader", tmp_path / "object_reader")
    (tmp_path / "test_gist.py").write_text(gist)
    assert "2 passed" in pytest_in(tmp_path)
