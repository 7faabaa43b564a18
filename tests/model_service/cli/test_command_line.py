"""``python -m model_service`` as a person types it: answers on stdout, the rest on stderr, exit codes that mean it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mock_oci import MockOci
from mock_oci.identity.principals import new_key, pem_of

ROOT = Path(__file__).resolve().parents[3]
LLAMA = "meta.llama-3.3-70b-instruct"


def run(*words: str, environment: dict[str, str] | None = None, typed: str = "") -> subprocess.CompletedProcess[str]:
    bare = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src"), "HOME": "/nonexistent"}
    return subprocess.run(
        [sys.executable, "-m", "model_service", *words],
        env=bare | (environment or {}),
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("stream", [[], ["--stream"]])
def test_without_any_credential_a_local_oci_answers(stream: list[str]) -> None:
    result = run("chat", "Why do functions sleep?", "--model", LLAMA, *stream)
    assert result.returncode == 0
    assert "Why do functions sleep?" in result.stdout
    assert "local OCI" in result.stderr


def test_with_a_profile_the_answer_comes_from_where_it_points(environment: dict[str, str], oci: MockOci) -> None:
    oci.script.chat("From the profile's region.")
    result = run("chat", "-", typed="Hello\n", environment=environment)
    assert (result.returncode, result.stdout, result.stderr) == (0, "From the profile's region.\n", "")


@pytest.mark.parametrize(
    ("change", "words", "exit_code", "says"),
    [
        ({"OCI_REGION": "atlantis"}, [], 2, "OCI_REGION"),
        ({"OCI_PROFILE": "NOBODY"}, [], 3, "NOBODY"),
        ({"OCI_CONFIG_FILE": "/nowhere/config"}, [], 3, "oci setup config"),
        ({}, ["--model", "meta.llama-9"], 4, "meta.llama-9 not found"),
        ({}, ["--model", ""], 4, "model"),
        ({"OCI_GENAI_ENDPOINT": "http://127.0.0.1:9"}, [], 5, "Cannot connect"),
        ({}, ["--timeout", "0"], 5, "deadline"),
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


def test_no_command_is_a_usage_error() -> None:
    assert run().returncode == 2
