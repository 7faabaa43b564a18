"""The entry point of the image: the function is loaded when the socket is there, and before anybody calls."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mock_oci.fn.fdk_socket import exchange

ROOT = Path(__file__).resolve().parents[3]
WAIT = 30  # seconds after which a test gives up; none waits that long
BROKEN = """
import sys
sys.path.insert(0, {src!r})
from model_service.fn import lean_start
if __name__ == "__main__":
    lean_start.serve(__file__)
raise RuntimeError("broken")
"""


def wait_for(happened: Callable[[], bool]) -> None:
    gives_up = time.monotonic() + WAIT
    while not happened():
        assert time.monotonic() < gives_up
        time.sleep(0.01)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[Path], tuple[subprocess.Popen[bytes], Path]]]:
    started: list[subprocess.Popen[bytes]] = []

    def run(function: Path) -> tuple[subprocess.Popen[bytes], Path]:
        socket = tmp_path / "lsnr.sock"
        listener = {"FN_LISTENER": f"unix:{socket}", "FN_FORMAT": "http-stream"}
        process = subprocess.Popen([sys.executable, str(function)], env=listener)
        started.append(process)
        wait_for(socket.exists)
        return process, socket

    yield run
    for process in started:
        process.kill()
        process.wait()


def test_it_is_loaded_before_the_first_call_and_answers_like_any_other(
    start: Callable[[Path], tuple[subprocess.Popen[bytes], Path]],
) -> None:
    process, socket = start(ROOT / "func.py")
    wait_for(lambda: "_pydantic_core" in Path(f"/proc/{process.pid}/maps").read_text())
    answer = exchange(socket, {"fn-call-id": "first", "content-type": "application/json"}, b"{}")
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (200, "invalid_request")
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT) == 0


def test_a_function_that_cannot_be_loaded_says_so_in_each_answer(
    start: Callable[[Path], tuple[subprocess.Popen[bytes], Path]], tmp_path: Path
) -> None:
    function = tmp_path / "func.py"
    function.write_text(BROKEN.format(src=str(ROOT / "src")))
    process, socket = start(function)
    for _ in range(2):
        assert exchange(socket, {"fn-call-id": "one"}, b"{}").status == 502
    assert process.poll() is None
