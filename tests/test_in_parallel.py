"""What runs the tests loses none, and says what failed however it failed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.in_parallel import ROOT

FILES = {
    "conftest.py": "import pytest\n@pytest.fixture\ndef two(): return 2\n",
    "test_good.py": "import pytest\n@pytest.mark.parametrize('n', range(5))\ndef test_good(n, two): assert n < 5\n",
    "below/conftest.py": "import pytest\n@pytest.fixture\ndef three(two): return two + 1\n",
    "below/test_below.py": "def test_below(three): assert three == 3\n",
    "test_wrong.py": "def test_wrong(two): assert two == 3\n",
    "test_broken.py": "import nothing_of_this_name\n",
    "test_gone.py": "import os\ndef test_gone(): os._exit(7)\n",
}


def tried(folder: Path, *left_out: str, processes: int = 1) -> tuple[int, str]:
    for name, text in FILES.items():
        if name not in left_out:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
    words = [
        "--processes",
        str(processes),
        "--rootdir",
        str(folder),
        "-c",
        "/dev/null",
        "-p",
        "no:hypothesispytest",
        str(folder),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "tests.in_parallel", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_each_test_is_run_once_and_what_failed_is_said(tmp_path: Path) -> None:
    code, said = tried(tmp_path, "test_gone.py", processes=2)
    assert code == 1
    assert "1 error, 1 failed, 6 passed in" in said
    assert "No module named 'nothing_of_this_name'" in said
    assert "assert 2 == 3" in said


def test_without_failures_nothing_else_is_said(tmp_path: Path) -> None:
    code, said = tried(tmp_path, "test_gone.py", "test_wrong.py", "test_broken.py")
    assert (code, said.splitlines()[-1].partition(" in ")[0]) == (0, "6 passed")
    assert "=" not in said


def test_a_process_that_is_gone_is_a_failure(tmp_path: Path) -> None:
    code, said = tried(tmp_path, "test_wrong.py", "test_broken.py")
    assert code == 1
    assert "test_gone.py" in said
    assert "ended with 7" in said
