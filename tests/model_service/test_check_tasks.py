"""The command that checks a tasks file: what it says, and what it makes of a record."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest

from model_service.check_tasks import add_arguments, run
from model_service.errors import InvalidRequest, SettingsError

COMPLETE = str(Path(__file__).resolve().parents[1] / "tasks" / "complete.yaml")


def say(*arguments: str) -> str:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    out = io.StringIO()
    run(parser.parse_args(arguments), out)
    return out.getvalue()


@pytest.fixture
def record(tmp_path: Path) -> str:
    path = tmp_path / "record.json"
    path.write_text(json.dumps({"language": "de", "text": "Grüße {{ id }}"}))
    return str(path)


def test_a_right_file_is_summed_up() -> None:
    assert say(COMPLETE) == "4 tasks (summaries, invoices, jobs, rest), dead letters: failed\n"


def test_a_wrong_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "tasks.yaml"
    path.write_text("tasks:\n  - name: a\n    ignore: maybe\n")
    with pytest.raises(SettingsError, match=r"tasks\.yaml, line 3: tasks\[0\]\.ignore: "):
        say(str(path))


def test_a_record_is_shown_with_its_task_and_what_would_be_asked(record: str) -> None:
    first, _, request = say(COMPLETE, "--record", record, "--field", "stream=prompts").partition("\n")
    assert first == "task summaries: to results"
    assert json.loads(request) == {
        "model": "meta.llama-3.3-70b-instruct",
        "messages": [{"role": "user", "content": "Summarise: Grüße {{ id }}"}],
        "max_tokens": 200,
    }


def test_of_an_event_the_object_is_only_told_of(record: str) -> None:
    fields = "source=events type=com.oraclecloud.objectstorage.createobject bucket=invoices object=in/7.pdf"
    said = say(COMPLETE, "--record", record, *(part for field in fields.split() for part in ("--field", field)))
    assert said.startswith("task invoices: to answers\n")
    assert "(what the object holds)" in said


def test_a_record_that_is_ignored_is_told(record: str) -> None:
    assert say(COMPLETE, "--record", record) == "task rest: ignored\n"


def test_a_record_that_is_no_request_is_told(tmp_path: Path) -> None:
    path = tmp_path / "record.txt"
    path.write_text("hello")
    with pytest.raises(InvalidRequest, match="The record is no JSON object"):
        say(COMPLETE, "--record", str(path), "--field", "source=queue")


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("sream=prompts", "--field sream: must be NAME=VALUE, with one of bucket, "),
        ("stream", "--field stream: must be NAME=VALUE"),
        ("content=x", "--field content: must be NAME=VALUE"),
        ("source=steaming", "--field source: there are streaming, queue"),
    ],
)
def test_a_wrong_field_is_told(record: str, field: str, problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        say(COMPLETE, "--record", record, "--field", field)


def test_a_record_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read: No such file"):
        say(COMPLETE, "--record", str(tmp_path / "none"))
