"""The command that checks a tasks file: what it says, and what it makes of a record."""

from __future__ import annotations

import argparse
import io
import json
import sys
from pathlib import Path

import pytest

from model_service.cli.check_tasks import add_arguments, run
from model_service.errors import InvalidRequest, SettingsError

TESTS = Path(__file__).resolve().parents[2]
COMPLETE = str(TESTS / "tasks" / "complete.yaml")
TASKS = """
sinks:
  results: {bucket: results, name: "results/{{ id }}.json"}
  failed: {bucket: results, name: "failed/{{ id }}.json"}
dead_letters: failed
tasks:
  - name: one
    %s
    sink: results
"""


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


def test_one_task_is_one_task(tmp_path: Path) -> None:
    assert say(_file(tmp_path, "match: {source: queue}")) == "1 task (one), dead letters: failed\n"


def test_dead_letters_that_do_not_go_to_a_bucket_want_one_for_the_large_ones(tmp_path: Path) -> None:
    path = tmp_path / "tasks.yaml"
    queue = "sinks: {failed: {queue: ocid1.queue.oc1.phx.aaaa}}\ndead_letters: failed\n"
    path.write_text(f"{queue}tasks: [{{name: one, sink: none}}]")
    said = say(str(path))
    assert said.startswith("1 task (one), dead letters: failed; MODEL_SERVICE_OVERFLOW_BUCKET has to be set too")
    assert said.endswith("too large for a queue\n")


@pytest.mark.parametrize("url", ["oci://bucket@namespace/tasks.yaml", "https://objectstorage.example/n/a/b/c/o/d"])
def test_a_url_is_told_to_be_none_of_this_commands(url: str) -> None:
    with pytest.raises(SettingsError, match="this command reads files only"):
        say(url)


def test_a_wrong_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "tasks.yaml"
    path.write_text("tasks:\n  - name: a\n    ignore: maybe\n")
    with pytest.raises(SettingsError, match=r"tasks\.yaml, line 3: tasks\[0\]\.ignore: "):
        say(str(path))


def test_a_record_is_shown_with_its_task_and_what_would_be_asked(record: str) -> None:
    source, first, request = say(COMPLETE, "--record", record, "--field", "stream=prompts").split("\n", 2)
    assert (source, first) == ("as a record of streaming", "task summaries: to results")
    assert json.loads(request) == {
        "model": "meta.llama-3.3-70b-instruct",
        "messages": [{"role": "user", "content": "Summarise: Grüße {{ id }}"}],
        "max_tokens": 200,
    }


def test_of_an_event_the_object_is_only_told_of(record: str) -> None:
    fields = "source=events type=com.oraclecloud.objectstorage.createobject bucket=invoices object=in/7.pdf"
    said = say(COMPLETE, "--record", record, *(part for field in fields.split() for part in ("--field", field)))
    assert said.startswith("as a record of events\ntask invoices: to answers\n")
    assert "(what the object holds)" in said


@pytest.mark.parametrize("version", ["1_0", "2_0"])
def test_an_event_is_known_by_itself(version: str) -> None:
    event = str(TESTS / "events" / f"event_object_{version}.json")
    assert say(COMPLETE, "--record", event).startswith("as a record of events\ntask invoices: to answers\n")
    assert say(COMPLETE, "--record", event, "--field", "bucket=other").endswith("\ntask rest: ignored\n")
    assert say(COMPLETE, "--record", event, "--field", "source=streaming").startswith("as a record of streaming\n")


def test_a_cloud_event_of_version_1_0_is_known_too(tmp_path: Path) -> None:
    path = _file(tmp_path, "match: {source: events}\n    request: {model: m, query: '{{ type }}', documents: [a]}")
    said = say(path, "--record", str(TESTS / "events" / "event_cloudevents_1_0.json"))
    assert said.startswith("as a record of events\ntask one: to results\n")


def test_an_event_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text('{"cloudEventsVersion": "0.1", "eventType": 7}')
    with pytest.raises(InvalidRequest, match="eventType: must be a string"):
        say(COMPLETE, "--record", str(path))


def test_an_event_about_what_a_sink_of_the_file_writes_is_let_go(tmp_path: Path) -> None:
    path = _file(tmp_path, "match: {source: events}")
    event = str(TESTS / "events" / "event_object_2_0.json")
    said = say(path, "--record", event, "--field", "bucket=results", "--field", "object=results/1.json")
    assert said == "as a record of events\nignored: a sink of this file may have written the object\n"


def test_a_record_comes_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff")))
    with pytest.raises(InvalidRequest, match="not UTF-8"):
        say(_file(tmp_path, "match: {source: streaming}"), "--record", "-")


def test_a_result_that_came_back_is_let_go(tmp_path: Path) -> None:
    result, path = tmp_path / "result.json", _file(tmp_path, "match: {source: streaming}")
    body = {"object": "model_service.result", "id": "a", "record": {}, "task": "one", "response": {}, "error": None}
    result.write_text(json.dumps(body))
    assert say(path, "--record", str(result)) == "as a record of streaming\nignored: it is a result that came back\n"


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ("messages: [{role: user, content: hello}]", "model: is required"),
        ("model: m, messages: hello", "messages: "),
        ("model: m, input: hello, background: true", "background: the answer to a record cannot be fetched later"),
        ("operation: doctor", "operation: doctor is not for records"),
    ],
)
def test_a_request_that_the_function_would_always_refuse_is_refused_before_there_is_a_record(
    request_: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=f"line [0-9]+: tasks\\[0\\].request.*: {problem}"):
        say(_file(tmp_path, f"request: {{{request_}}}"))


def test_a_request_that_a_record_makes_refusable_is_shown_and_refused(tmp_path: Path, record: str) -> None:
    template = 'request: {model: m, messages: "{{ text }}"}'
    with pytest.raises(InvalidRequest, match="messages: "):
        say(_file(tmp_path, template), "--record", record)


@pytest.mark.parametrize(
    "request_",
    [
        "model: m, messages: [{role: user, content: hello}], stream: true",
        "operation: embeddings, model: m, input: hello",
    ],
)
def test_a_request_that_the_function_would_send_is_right(request_: str, tmp_path: Path, record: str) -> None:
    assert "task one: to results" in say(_file(tmp_path, f"request: {{{request_}}}"), "--record", record)


def test_a_record_that_is_ignored_is_told(record: str) -> None:
    assert say(COMPLETE, "--record", record) == "as a record of streaming\ntask rest: ignored\n"


def test_a_record_that_is_no_request_is_told(tmp_path: Path) -> None:
    path = tmp_path / "record.txt"
    path.write_text("hello")
    with pytest.raises(InvalidRequest, match="The record is not a JSON object"):
        say(COMPLETE, "--record", str(path), "--field", "source=queue")


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("sream=prompts", "--field sream: must be NAME=VALUE, with one of bucket, "),
        ("stream", "--field stream: must be NAME=VALUE"),
        ("content=x", "--field content: must be NAME=VALUE"),
        ("source=steaming", "--field source: must be one of streaming, queue"),
    ],
)
def test_a_wrong_field_is_told(record: str, field: str, problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        say(COMPLETE, "--record", record, "--field", field)


def test_a_record_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read: No such file"):
        say(COMPLETE, "--record", str(tmp_path / "none"))


def _file(folder: Path, task: str) -> str:
    path = folder / "tasks.yaml"
    path.write_text(TASKS % task)
    return str(path)
