"""Every command can say what it found in JSON; options of OCI stand behind an action, too."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from model_service.__main__ import COMMANDS, main

ROOT = Path(__file__).resolve().parents[3]
TASKS = str(ROOT / "docs/tasks/prompts.yaml")
SERVICE = str(ROOT / "docs/examples/service.yaml")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(words) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_json(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    actions = {"batch": ("plan", "redrive"), "config": ("check",), "keys": ("create", "list", "rotate", "revoke")}
    for action in actions.get(command, ("",)):
        with pytest.raises(SystemExit, match="0"):
            main([command, *filter(None, [action]), "--help"])
        shown = capsys.readouterr().out
        assert "--json" in shown
        assert "--profile" in shown
        assert "--no-color" in shown


def test_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("keys", "--at", str(tmp_path / "keys.json"))
    key = said(capsys, *at, "create", "--owner", "ada", "--json")["key"]
    (listed,) = said(capsys, *at, "list", "--json")
    assert (listed["owner"], listed["models"], key.split("_")[1]) == ("ada", "*", listed["id"])
    assert said(capsys, *at, "rotate", listed["id"], "--json")["key"] != key
    assert said(capsys, *at, "revoke", listed["id"], "--json") == {"revoked": listed["id"]}


def test_config(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "config", "check", SERVICE, "--json")["teams"] >= 1


def test_tasks(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(capsys, "tasks", TASKS, "--json") == {"tasks": ["prompts"], "dead_letters": "failed"}
    record = io.TextIOWrapper(io.BytesIO(b'{"prompt": "Why?"}'))
    monkeypatch.setattr("sys.stdin", record)
    found = said(capsys, "tasks", TASKS, "--record", "-", "--field", "stream=prompts", "--json")
    assert (found["task"], found["sink"], found["ignored"]) == ("prompts", "results", None)
    assert "Why?" in json.dumps(found["request"])
