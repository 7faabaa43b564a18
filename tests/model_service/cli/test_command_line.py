"""``model-service`` as a person types it: answers on stdout, the rest on stderr, exit codes that mean it."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import IO

import pytest

from mock_oci import MockOci
from mock_oci.identity.principals import new_key, pem_of
from model_service import __main__, __version__
from model_service.__main__ import COMMANDS, ENDINGS, main

pytestmark = pytest.mark.not_through("process", why="commands run in processes of their own")

ROOT = Path(__file__).resolve().parents[3]
LLAMA = "meta.llama-3.3-70b-instruct"


BARE = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src"), "HOME": "/nonexistent"}
Finished = subprocess.CompletedProcess[str]


def run_process(*words: str) -> Finished:
    command = [sys.executable, "-m", "model_service", *words]
    return subprocess.run(command, env=BARE, capture_output=True, text=True, timeout=60, check=False)


def run(
    *words: str, environment: dict[str, str] | None = None, typed: bytes = b"", terminal: IO[str] | None = None
) -> Finished:
    """Run a command as its process does, but in this one: a new one imports for half a second."""
    held = signal.getsignal(signal.SIGTERM)
    variables = BARE | (environment or {})
    said, warned = (_Output(variables.get("PYTHONIOENCODING", "utf-8")) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", variables)
        patch.setattr(sys, "argv", [__main__.__file__, *words])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed), "utf-8"))
        patch.setattr(sys, "stdout", terminal or said)
        patch.setattr(sys, "stderr", warned)
        try:
            code = main(words)
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            signal.signal(signal.SIGTERM, held)
    return Finished(words, code, said.text, warned.text)


class _Output(io.TextIOWrapper):
    """What would be a pipe."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding, write_through=True)

    @property
    def text(self) -> str:
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined] # a BytesIO


@pytest.mark.parametrize("stream", [[], ["--stream"]])
def test_without_any_credential_a_local_oci_answers(stream: list[str]) -> None:
    result = run_process("chat", "Why do functions sleep?", "--model", LLAMA, *stream)
    assert result.returncode == 0
    assert "Why do functions sleep?" in result.stdout
    assert result.stderr.startswith("Local OCI (mock_oci): ")


def test_with_a_profile_the_answer_comes_from_where_it_points(environment: dict[str, str], oci: MockOci) -> None:
    oci.script.chat("From the profile's region.")
    result = run("chat", "-", typed=b"Hello\n", environment=environment)
    assert (result.returncode, result.stdout) == (0, "From the profile's region.\n")
    where = f"profile DEFAULT of {environment['OCI_CONFIG_FILE']}, region {oci.region}"
    assert result.stderr == f"OCI: {where}, {environment['OCI_GENAI_ENDPOINT']}\n"


@pytest.mark.parametrize("name", ["OCI_CONFIG_FILE", "OCI_PROFILE", "OCI_AUTH_TYPE", "OCI_COMPARTMENT_ID", "HOME"])
def test_whatever_is_configured_leads_to_the_real_oci(name: str, tmp_path: Path) -> None:
    values = {"OCI_AUTH_TYPE": "api_key", "OCI_COMPARTMENT_ID": "ocid1.compartment.oc1..a", "HOME": str(tmp_path)}
    (tmp_path / ".oci").mkdir()
    (tmp_path / ".oci/config").write_text("[DEFAULT]\n")
    result = run("chat", "Hello", environment={name: values.get(name, "elsewhere")})
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("OCI: profile ")


def test_local_means_local_whatever_is_configured(environment: dict[str, str], oci: MockOci) -> None:
    oci.script.chat("From the profile's region.")
    result = run("chat", "Hello", "--local", environment={**environment, "OCI_AUTH_TYPE": "instance_principal"})
    assert result.returncode == 0
    assert "Hello" in result.stdout
    assert result.stderr.startswith("Local OCI (mock_oci): ")


def test_options_stand_before_the_command_and_behind_it(environment: dict[str, str], oci: MockOci) -> None:
    given = {"OCI_GENAI_ENDPOINT": environment["OCI_GENAI_ENDPOINT"]}
    words = ["--profile", "DEFAULT", "--config-file", environment["OCI_CONFIG_FILE"], "--region", oci.region]
    before = run(*words, "chat", "Hello", environment=given)
    behind = run("chat", "Hello", *words, environment=given)
    assert (before.returncode, behind.returncode) == (0, 0)
    assert before.stderr == behind.stderr


def test_json_is_the_whole_completion_and_a_stream_a_chunk_a_line(environment: dict[str, str]) -> None:
    whole = run("chat", "Hello", "--json", environment=environment)
    assert json.loads(whole.stdout)["object"] == "chat.completion"
    stream = run("chat", "Hello", "--json", "--stream", environment=environment)
    assert {json.loads(line)["object"] for line in stream.stdout.splitlines()} == {"chat.completion.chunk"}


@pytest.mark.parametrize(
    ("change", "words", "exit_code", "says"),
    [
        ({"OCI_REGION": "atlantis"}, [], 2, "OCI_REGION"),
        ({"OCI_PROFILE": "NOBODY"}, [], 3, "NOBODY"),
        ({"OCI_CONFIG_FILE": "/nowhere/config"}, [], 3, "oci setup config"),
        ({}, ["--model", "meta.llama-9"], 4, "meta.llama-9 not found"),
        ({}, ["--model", ""], 4, "model"),
        ({"OCI_GENAI_ENDPOINT": "http://127.0.0.1:9"}, [], 5, "Cannot connect"),
        ({}, ["--timeout", "0"], 2, "must be a number of seconds above 0"),
        ({}, ["--timeout", "-3"], 2, "must be a number of seconds above 0"),
        ({}, ["--timeout", "nan"], 2, "must be a number of seconds above 0"),
        ({}, ["--timeout", "0.001"], 5, "deadline"),
    ],
)
def test_what_goes_wrong_has_an_exit_code_and_one_clear_line(
    environment: dict[str, str], change: dict[str, str], words: list[str], exit_code: int, says: str
) -> None:
    result = run("chat", "Hello", *words, environment={**environment, **change})
    assert result.returncode == exit_code
    assert result.stdout == ""
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_a_key_that_oci_does_not_know_is_a_refusal_with_a_hint(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "api_key.pem").write_text(pem_of(new_key()))
    result = run("chat", "Hello", environment=environment)
    assert result.returncode == 4
    assert "does not accept our signature" in result.stderr


def test_a_file_that_is_no_key_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "api_key.pem").write_text("no key")
    result = run("chat", "Hello", environment=environment)
    assert result.returncode == 3
    assert "api_key.pem" in result.stderr


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (["doctor", "--profile", "NOBODY"], 1),
        (["smoke", "http://127.0.0.1:9/v1"], 1),
        (["chat"], 2),
        (["tasks", "/nowhere.yaml"], 2),
        (["config", "check", "/nowhere.yaml"], 2),
        (["batch", "plan", "--records", "0", "--seconds", "1"], 2),
        (["chat", "Hello", "--profile", "NOBODY"], 3),
        (["keys", "--at", "/nowhere/keys.json", "revoke", "none"], 4),
        (["usage", "--from", "/nowhere"], 4),
        (["follow", "--queue", "ocid1.queue.oc1..q"], 4),
        (["chat", "Hello", "--timeout", "0.001"], 5),
    ],
)
def test_each_exit_code_that_help_lists_comes_of_a_command(
    words: list[str], exit_code: int, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    held = signal.getsignal(signal.SIGTERM)
    try:
        ended = main(words)
    except SystemExit as usage:  # of argparse
        ended = int(usage.code or 0)
    finally:
        signal.signal(signal.SIGTERM, held)
    assert ended == exit_code
    assert re.search(rf"^  {exit_code} +\S", ENDINGS, re.MULTILINE)


@pytest.mark.parametrize("words", [["chat"], ["nothing"], ["chat", "Hello", "--timeout", "x"], ["keys", "rotate"]])
def test_wrong_usage_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    said = capsys.readouterr().err
    assert (said.count("\n"), "--help" in said) == (1, True)


@pytest.mark.parametrize("package", ["model_service", "mock_oci"])
def test_without_a_standard_output_there_is_nothing_to_do(package: str) -> None:
    words = ["sh", "-c", f'exec "$0" -m {package} --version >&-', sys.executable]
    done = subprocess.run(words, env=BARE, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (2, "")


def test_no_command_is_a_usage_error() -> None:
    assert run().returncode == 2


@pytest.mark.parametrize(("prompt", "typed"), [("", b""), (" \n", b""), ("-", b""), ("-", b"\xff\xfe")])
def test_a_prompt_that_is_none_is_refused_before_anything_is_asked(prompt: str, typed: bytes) -> None:
    result = run("chat", prompt, typed=typed)
    assert result.returncode == 4
    assert result.stderr.startswith("error: The prompt ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [[], ["--stream"]])
def test_a_terminal_that_cannot_show_a_character_shows_a_question_mark(
    words: list[str], environment: dict[str, str], oci: MockOci
) -> None:
    oci.script.chat("Tide → Gezeiten ☾")
    result = run("chat", "Grüße", *words, environment={**environment, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert (result.returncode, result.stdout) == (0, "Tide ? Gezeiten ?\n")
    refused = run("chat", "Hello", "--model", "meta.☾", environment={**environment, "PYTHONIOENCODING": "ascii"})
    assert refused.returncode == 4
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("number", "exit_code", "says"), [(signal.SIGINT, 130, "\ninterrupted\n"), (signal.SIGTERM, 143, "")]
)
def test_a_signal_ends_the_answer_with_a_line_of_its_own(
    number: int, exit_code: int, says: str, environment: dict[str, str], oci: MockOci
) -> None:
    oci.script.delay(30.0)
    words = [sys.executable, "-m", "model_service", "chat", "Hello"]
    process = subprocess.Popen(words, env=BARE | environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    process.stderr.readline()  # which OCI: from here on it asks
    process.send_signal(number)
    _, error = process.communicate(timeout=30)
    # As a shell counts: where the signal meets an import, CPython ends by the signal itself although it was caught.
    ended = process.returncode if process.returncode >= 0 else 128 - process.returncode
    assert (ended, error) == (exit_code, says)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_local_oci_ends_with_the_program_that_started_it(number: int) -> None:
    program = (
        "import time; from model_service.settings.local_oci import local_oci; "
        "print(local_oci()['OCI_GENAI_ENDPOINT'], flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", program], env=BARE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = int(process.stdout.readline().rpartition(":")[2])
    process.send_signal(number)
    process.communicate(timeout=30)
    until = time.monotonic() + 30
    while _listens(port) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _listens(port)


def _listens(port: int) -> bool:
    listening = "0A"
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return any(row[1].endswith(f":{port:04X}") and row[3] == listening for row in rows)


def test_a_misspelt_setting_is_a_warning_that_says_what_was_meant(environment: dict[str, str]) -> None:
    wrong = {"MODEL_SERVICE_ALIAS": "{}", "OCI_COMPARTMENT_IDS": "x", "MODEL_SERVICE_XYZZY": "1", "OCI_CLI_USER": "me"}
    result = run("chat", "Hello", environment={**environment, **wrong})
    warnings = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
    assert warnings == [
        "warning: MODEL_SERVICE_ALIAS is not a setting and is ignored: did you mean MODEL_SERVICE_ALIASES?",
        "warning: MODEL_SERVICE_XYZZY is not a setting and is ignored.",
        "warning: OCI_COMPARTMENT_IDS is not a setting and is ignored: did you mean OCI_COMPARTMENT_ID?",
    ]


def test_the_version_is_the_packages() -> None:
    result = run_process("--version")
    assert (result.returncode, result.stdout) == (0, f"model-service {__version__}\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_with_the_name_that_was_typed(command: str) -> None:
    result = run(command, "--help", environment={"COLUMNS": "80"})
    assert result.returncode == 0
    assert f" python -m model_service {command}" in result.stdout.partition("examples:")[2]
    assert "{prog}" not in result.stdout


@pytest.mark.parametrize(
    ("change", "words", "coloured"),
    [({}, [], True), ({"NO_COLOR": "1"}, [], False), ({}, ["--no-color"], False)],
)
def test_the_doctor_has_colours_in_a_terminal_that_wants_them(
    change: dict[str, str], words: list[str], coloured: bool, environment: dict[str, str]
) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        assert run("doctor", *words, environment=environment | change, terminal=terminal).returncode == 0
    shown = _read_to_the_end(ours)
    assert shown.count("credentials") == 1
    assert ("\x1b[32mOK" in shown) is coloured
    assert ("\x1b" in shown) is coloured


def _read_to_the_end(terminal: int) -> str:
    """Return what a terminal that nobody writes to any more was sent, and close it."""
    shown = b""
    with suppress(OSError), closing(os.fdopen(terminal, "rb", buffering=0)) as file:  # EIO is its end
        while more := file.read(65536):
            shown += more
    return shown.decode()


def test_the_doctors_report_can_be_json(environment: dict[str, str]) -> None:
    report = json.loads(run("doctor", "--json", environment=environment).stdout)
    assert report["healthy"] is True


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    result = run("keys", "--at", str(tmp_path), "create", "--owner", "ada")
    assert (result.returncode, result.stderr) == (2, f"error: {tmp_path}: Is a directory.\n")
