import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import mock_oci
from mock_oci.demo.commands import run_once

FOLDERS = Path(__file__).parents[1] / "functions"
RELAY = FOLDERS / "relay"
CHAT = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """``python -m mock_oci`` in a process of its own, ended afterwards whatever happens."""
    source = str(Path(mock_oci.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "mock_oci", *arguments],
        env={"PYTHONPATH": source, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def test_run_once_prints_the_answer_and_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_once(RELAY, "Why is the sky blue?") == 0
    captured = capsys.readouterr()
    assert "  > Why is the sky blue?" in captured.out
    assert "sky" in captured.out.split("?", 1)[1]
    assert "  tokens      12 in + 30 out = 42\n" in captured.out
    assert "\x1b" not in captured.out
    limits, answers = captured.err.splitlines()
    assert limits.startswith("mock_oci: confined as in OCI Functions: ")
    assert answers == "mock_oci: streamed answers come whole, as in OCI (--live: not)"


@pytest.mark.parametrize(
    ("folder", "reason"),
    [("broken", "the gateway answered 502"), ("obedient", "the gateway answered 502"), ("nowhere", "nowhere")],
)
def test_run_once_says_why_there_is_no_answer(folder: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_once(FOLDERS / folder, "Why?") == 1
    error = capsys.readouterr().err
    assert error.startswith("mock_oci: ")
    assert reason in error
    assert "Traceback" not in error
    assert "Errno" not in error
    assert "Posix" not in error


@pytest.mark.parametrize("words", [[], ["--prompt", "Why?"], ["--batch", "5"]])
def test_a_folder_that_is_not_there_is_said_in_one_plain_line(words: list[str]) -> None:
    with command("--function", "/nowhere/x", *words) as process:
        out, error = process.communicate(timeout=20)
    assert (process.returncode, out) == (1 if words else 2, "")
    assert error == "mock_oci: /nowhere/x: No such file or directory\n"


def test_run_once_shows_the_log_of_a_function_that_failed(capsys: pytest.CaptureFixture[str]) -> None:
    run_once(FOLDERS / "broken", "Why?")
    assert "this function needs what is not installed" in capsys.readouterr().err


def test_run_once_wants_to_see_the_functions_summary(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_oci.demo.commands._LOG_SECONDS", 0.05)
    assert run_once(FOLDERS / "mute", "Why?") == 1
    captured = capsys.readouterr()
    assert "  hello\n" in captured.out
    assert "logged no line" in captured.err


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=pytest.mark.wide), signal.SIGINT])
def test_the_served_stack_is_ready_serves_and_ends_quietly(number: int, tmp_path: Path) -> None:
    with command("--function", str(RELAY), "--write-config", str(tmp_path / "config")) as process:
        assert process.stdout is not None
        ready, _, url = process.stdout.readline().strip().partition(": ")
        assert (ready, url.rpartition("/")[2]) == ("ready", "v1")
        assert (tmp_path / "config" / "env").exists()
        assert process.stdout.readline() == f"open {url.removesuffix('v1')}\n"
        page = httpx.get(url.removesuffix("v1"), trust_env=False, timeout=30)
        answer = httpx.post(f"{url}/chat/completions", json=CHAT, trust_env=False, timeout=30)
        process.send_signal(number)
        rest, log = process.communicate(timeout=20)
    assert answer.status_code == 200
    assert (page.status_code, page.headers["location"]) == (302, "/v1/playground")
    assert (process.returncode, rest) == (0, "")
    assert '"event": "invocation"' in log
    assert "Traceback" not in log


def test_a_taken_port_is_one_line_and_exit_code_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with command("--function", str(FOLDERS / "echo"), "--port", port) as process:
            out, error = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert error == (
        f"mock_oci: cannot serve {FOLDERS / 'echo'} on port {port}: another program has it; name another port (--port, "
        "PORT=), or 0 for any that is free\n"
    )


@pytest.mark.parametrize(("flags", "framing"), [([], "content-length"), (["--live"], "transfer-encoding")])
def test_the_served_stack_is_live_or_buffered(flags: list[str], framing: str) -> None:
    with command("--function", str(FOLDERS / "streams"), *flags) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().partition(": ")[2]
        order = {"do": "say", "pieces": ["a", "b"]}
        response = httpx.post(url, json=order, trust_env=False, timeout=30)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert response.text == "ab"
    assert {"transfer-encoding", "content-length"} & set(response.headers) == {framing}


def test_a_function_that_cannot_be_imported_is_not_ready() -> None:
    with command("--function", str(FOLDERS / "broken")) as process:
        out, error = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert "this function needs what is not installed" in error
