"""A program that ends, however it ends, leaves no container behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mock_oci

FOLDER = Path(__file__).parents[1] / "functions" / "answers_batch"
PROGRAM = f"""
import time
from pathlib import Path
from mock_oci import LocalStack
with LocalStack(Path({str(FOLDER)!r})) as stack:
    (container,) = stack.function.containers
    print(container.pid, container.socket, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_signal_leaves_no_process_and_no_file(number: int) -> None:
    environment = {"PYTHONPATH": str(Path(mock_oci.__file__).parents[1])}
    words = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        pid, socket = process.stdout.readline().split()
        process.send_signal(number)
    until = time.monotonic() + 20
    while (_lives(int(pid)) or Path(socket).parent.exists()) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _lives(int(pid))
    assert not Path(socket).parent.exists()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text()
