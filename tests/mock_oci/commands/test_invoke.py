from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mock_oci.__main__ import main

FOLDERS = Path(__file__).parents[1] / "functions"


def test_a_function_is_called_once_with_an_event_and_reads_what_was_seeded(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate-event", "objectstorage.createobject", "--bucket", "in", "--object", "a/b.txt"]) == 0
    event = tmp_path / "event.json"
    event.write_text(capfd.readouterr().out)
    seed = tmp_path / "seed.yaml"
    seed.write_text("buckets:\n  - name: in\n    objects: {a/b.txt: world}\n")
    folder = str(FOLDERS / "reads_object")
    assert main(["invoke", folder, "--data", str(event), "--seed", str(seed)]) == 0
    said = capfd.readouterr()
    assert said.out == "hello world"
    assert "read 5 bytes" in said.err


@pytest.mark.parametrize(("is_terminal", "written"), [(True, b"hi\n"), (False, b"hi")])
def test_in_a_terminal_the_prompt_begins_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_terminal: bool, written: bytes
) -> None:
    (tmp_path / "func.py").write_text("def handler(ctx, data=None):\n    return 'hi'\n")
    stdout = SimpleNamespace(buffer=io.BytesIO(), isatty=lambda: is_terminal)
    monkeypatch.setattr(sys, "stdout", stdout)
    assert main(["invoke", str(tmp_path)]) == 0
    assert stdout.buffer.getvalue() == written


def test_it_gets_body_headers_and_config(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"what was piped")))
    headers = tmp_path / "headers.json"
    headers.write_text('{"x-oci-ns-topicname": "mine"}')
    words = ["--data", "-", "--headers", str(headers), "--config", "NAME=a=b"]
    assert main(["invoke", str(FOLDERS / "echo"), *words]) == 0
    seen = json.loads(capfd.readouterr().out)
    assert seen["body"] == "what was piped"
    assert seen["environment"]["NAME"] == "a=b"
    assert seen["environment"]["FN_FN_NAME"] == "echo"
    assert {name.lower(): value for name, value in seen["headers"].items()}["x-oci-ns-topicname"] == "mine"


def test_a_function_that_fails_is_exit_code_1_and_its_log_says_why(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["invoke", str(FOLDERS / "broken")]) == 1
    said = capfd.readouterr()
    assert said.out == ""
    assert "this function needs what is not installed" in said.err
    assert said.err.splitlines()[-1].startswith("mock_oci: 502 FunctionInvoke")


@pytest.mark.parametrize(
    ("option", "text", "complaint"),
    [
        ("--headers", "[]", "must be an object of strings"),
        ("--headers", "x: y", "headers: is not JSON"),
        ("--seed", "buckets: {}", "seed: buckets must be an array of objects with a name"),
        ("--policies", "Allow nobody", "expected any-user"),
        ("--data", None, "No such file or directory"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_exit_code_2(
    option: str, text: str | None, complaint: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / option.strip("-")
    if text is not None:
        path.write_text(text)
    assert main(["invoke", str(FOLDERS / "echo"), option, str(path)]) == 2
    said = capfd.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert complaint in said.err


def test_a_folder_without_a_function_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["invoke", str(tmp_path)]) == 2
    assert capfd.readouterr().err == f"mock_oci: {tmp_path}/func.py: there is no such function\n"
