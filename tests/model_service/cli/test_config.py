"""The command that checks a service file."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest

from model_service.cli.config import add_arguments, run
from model_service.errors import SettingsError
from model_service.service_file.reading import read_service_file

COMPLETE = Path(__file__).resolve().parents[1] / "service_file" / "complete.yaml"


def config(*words: str) -> str:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    out = io.StringIO()
    run(parser.parse_args(words), out)
    return out.getvalue()


def test_a_right_file_is_summed_up() -> None:
    assert (
        config("check", str(COMPLETE))
        == "1 aliases, 0 of them with targets, 1 model rules, 1 teams, 1 callers, 2 prices\n"
    )


def test_a_compiled_file_says_the_same_in_json() -> None:
    compiled = config("compile", str(COMPLETE))
    assert json.loads(compiled)
    assert read_service_file(compiled, "x") == read_service_file(COMPLETE.read_text(), "y")


def test_a_wrong_file_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "service.yaml"
    path.write_text("models:\n  alias: {}\n")
    for action in ("check", "compile"):
        with pytest.raises(SettingsError, match=r"line 2: models[.]alias: unknown field; did you mean aliases"):
            config(action, str(path))
