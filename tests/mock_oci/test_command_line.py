from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from mock_oci.__main__ import main

_SOURCES = Path(__file__).parents[2] / "src"
_WAIT = 20


@pytest.fixture(autouse=True)
def _from_the_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(_SOURCES))


@contextmanager
def _started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "mock_oci", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("how", [pytest.param(signal.SIGINT, marks=pytest.mark.wide), signal.SIGTERM])
def test_it_says_when_it_is_ready_and_ends_quietly(how: signal.Signals, tmp_path: Path) -> None:
    with _started("--write-config", str(tmp_path / "oci")) as process:
        assert process.stdout
        ready = process.stdout.readline()
        url = ready.removeprefix("ready: ").strip()
        assert ready == f"ready: http://127.0.0.1:{httpx.URL(url).port}\n"
        assert f"export OCI_GENAI_ENDPOINT={url}\n" in (tmp_path / "oci/env").read_text()
        assert httpx.get(url, trust_env=False).status_code == 404
        process.send_signal(how)
        said = "mock_oci: no policies: everyone who signs may do everything (--policies)\n"
        assert process.communicate(timeout=_WAIT) == ("", said)
        assert process.returncode == 0


def test_it_serves_on_another_address_and_writes_the_name_that_clients_have_for_it(tmp_path: Path) -> None:
    folder, url = tmp_path / "oci", "http://mock-oci:9000"
    with socket.socket() as free:
        free.bind(("127.0.0.2", 0))
        port = free.getsockname()[1]
    words = ["--host", "127.0.0.2", "--port", str(port), "--url", url, "--write-config", str(folder)]
    with _started(*words) as process:
        assert process.stdout
        assert process.stdout.readline() == f"ready: {url}\n"
        assert httpx.get(f"http://127.0.0.2:{port}/_mock/health", trust_env=False).json()["status"] == "ok"
    assert f"export OCI_GENAI_ENDPOINT={url}\n" in (folder / "env").read_text()


@pytest.mark.parametrize("flag", [["--host", "0.0.0.0"], ["--url", "http://mock-oci:9000"]])
def test_what_is_meant_for_a_local_oci_alone_is_no_option_of_a_function(
    flag: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--function", ".", *flag])
    assert ended.value.code == 2
    assert f"{flag[0]} is for a local OCI without a function" in capsys.readouterr().err


def test_a_taken_port_is_one_line_and_exit_code_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with _started("--port", port) as process:
            out, err = process.communicate(timeout=_WAIT)
    assert (process.returncode, out) == (2, "")
    assert err.startswith(f"mock_oci: cannot serve on port {port}: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["--prompt", "Hi"], ["--batch", "5"], ["--live"], ["--confine", "none"], ["--concurrency", "512"]]
)
def test_what_is_meant_for_a_function_needs_one(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert f"{arguments[0]} needs --function" in capsys.readouterr().err


def test_policies_are_read_at_the_start_and_the_start_says_how_many(tmp_path: Path) -> None:
    policies = tmp_path / "policies.txt"
    policies.write_text("# who\nAllow any-user to read buckets in tenancy\nDeny any-user to read objects in tenancy\n")
    with _started("--policies", str(policies)) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith("ready: ")
        assert "policies: 2 statements" in process.stderr.readline()


@pytest.mark.parametrize(("text", "says"), [("Allow me", "expected any-user"), (None, "No such file")])
def test_what_is_no_policy_ends_the_start(
    tmp_path: Path, text: str | None, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        (tmp_path / "policies.txt").write_text(text)
    assert main(["--policies", str(tmp_path / "policies.txt")]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--port", "0", "--write-config", "/proc/x"], ["--function", ".", "--prompt", " "], ["--prompt", "x"], ["--what"]],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    try:
        ended = main(words)
    except SystemExit as usage:
        ended = int(usage.code or 0)
    said = capfd.readouterr()
    assert (ended, said.out, said.err.count("\n")) == (2, "", 1)
    assert "Errno" not in said.err
