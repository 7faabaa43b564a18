"""The tasks file: what is read from it, and that each mistake is told with its line before the first record comes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from model_service.batch.tasks.file import MAX_FILE_BYTES, read_tasks
from model_service.batch.tasks.tasks import Match, Reading, SinkDescription
from model_service.errors import SettingsError
from model_service.oci_names import ObjectLocation
from model_service.service_file.yaml_lines import MAX_VALUES, read_lined

ROOT = Path(__file__).resolve().parents[4]
SAMPLES = ROOT / "tests" / "tasks"
COMPLETE = (SAMPLES / "complete.yaml").read_text()
QUEUE = "ocid1.queue.oc1.phx.aaaa"
UPLOADS = "match: {type: com.oraclecloud.objectstorage.createobject, bucket: invoices, prefix: in/}"
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def problem_of(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read_tasks(text, "tasks.yaml")
    assert caught.value.param == "MODEL_SERVICE_TASKS"
    return caught.value.message.removeprefix("MODEL_SERVICE_TASKS: tasks.yaml")


def value_of(text: str) -> Any:
    return read_lined(text).value


def test_a_file_with_everything_in_it_is_read() -> None:
    tasks = read_tasks(COMPLETE, "complete.yaml")
    summaries, invoices, jobs, rest = tasks.tasks
    assert [task.sink for task in tasks.tasks] == ["results", "answers", "none", "none"]
    assert (summaries.match.source, summaries.match.stream) == ("streaming", "prompts")
    view = {"id": "a/1", "value": {"language": "de", "text": "Grüße"}}
    assert summaries.body(view)["max_tokens"] == 200
    assert (invoices.reading, invoices.timeout) == (Reading("text", 200_000), 60)
    assert invoices.match.bucket == ObjectLocation(None, "invoices")
    assert (jobs.request, jobs.timeout, rest.match, rest.ignore) == (None, 120, Match(), True)
    assert (tasks.dead_letters, tasks.ledger, tasks.unfinished) == (
        "failed",
        ObjectLocation(None, "ledger"),
        "dead_letter",
    )
    assert tasks.sinks["none"] == SinkDescription("none")
    kinds = {name: (sink.kind, sink.place) for name, sink in tasks.sinks.items()}
    assert kinds["work"] == ("queue", QUEUE)
    assert kinds["failed"] == ("bucket", ObjectLocation("other-tenancy", "results"))
    assert tasks.sinks["failed"].templates["name"].text(view) == "a/1.json"
    assert tasks.sinks["next"].templates == {}


def test_what_tasks_have_in_common_is_said_once() -> None:
    german, english, rest = read_tasks((SAMPLES / "merged.yaml").read_text(), "merged.yaml").tasks
    assert [task.name for task in (german, english, rest)] == ["german", "english", "rest"]
    view = {"id": "a", "value": {"text": "x"}}
    assert german.body(view)["stop"] == ["no", "on", "2026-01-01"]
    assert english.body(view) == {**german.body(view), "temperature": 0.5}
    assert (rest.match, rest.sink) == (Match(), "results")


def test_json_is_read_as_well() -> None:
    text = (SAMPLES / "requests.json").read_text()
    assert read_tasks(text, "requests.json") == read_tasks(json.dumps(json.loads(text)), "requests.json")


def _documented() -> list[Any]:
    files = [*(ROOT / "docs/tasks").rglob("*.yaml"), ROOT / "terraform/examples/complete/tasks.yaml"]
    blocks = [(page, text) for page in (ROOT / "docs").glob("*.md") for text in BLOCK.findall(page.read_text())]
    found = [(path, path.read_text()) for path in files] + [(page, text) for page, text in blocks if "tasks:" in text]
    return [pytest.param(text, id=str(path.relative_to(ROOT))) for path, text in found]


@pytest.mark.parametrize("text", _documented())
def test_every_tasks_file_that_we_show_is_right(text: str) -> None:
    kinds = {"topic": "onstopic", "function": "fnfunc"}  # Terraform puts the OCIDs in
    text = re.sub(r"\$\{(\w+)_id\}", lambda match: f"ocid1.{kinds.get(match[1], match[1])}.oc1.phx.aaaa", text)
    assert read_tasks(text, "it").tasks


# What is written instead of what in complete.yaml, and what is said of it.
MISTAKES = [
    (
        "source: streaming",
        "sorce: streaming",
        ", line 13: tasks[0].match.sorce: unknown; known are source, stream, topic",
    ),
    ("source: streaming", "source: steaming", ", line 13: tasks[0].match.source: must be one of streaming, queue"),
    ("source: streaming", "source: queue", ", line 13: tasks[0].match.stream: records of queue have none"),
    ("language ==", "language =", ", line 13: tasks[0].match.where: is not JMESPath: Unknown token '=' at column 16"),
    ("value.language ==", "content ==", ", line 13: tasks[0].match.where: content is read only when"),
    ("{{ value.text }}", "{{ valu.text }}", ", line 17: tasks[0].request.messages[0].content: 'valu' is unknown;"),
    ("{{ value.text }}", "{{ value.text }", ", line 17: tasks[0].request.messages[0].content: {{ is not closed"),
    (
        '{role: user, content: "S',
        '{"{{ key }}": 1, role: "S',
        ", line 17: tasks[0].request.messages[0].{{ key }}: a name",
    ),
    ('"Summarise: {{ value.text }}"', "{{ id }} a", ", line 17: is not YAML: "),
    (
        '"Summarise: {{ value.text }}"',
        "{{ value.text }}",
        ", line 17: tasks[0].request.messages[0].content: a name must be",
    ),
    (
        "sink: results",
        "sink: resluts",
        ", line 19: tasks[0].sink: must be one of the sinks: results, answers, work, bell, next, ",
    ),
    ("sink: results", "sink:", ", line 19: tasks[0].sink: must be a string"),
    ("    sink: results\n", "", ", line 12: tasks[0]: a sink is missing; `none` keeps no results"),
    ("prefix: in/", "prefix: in/, prefix: out/", ", line 21: tasks[1].match.prefix: is there twice"),
    (UPLOADS, "match: {prefix: in/}", ", line 22: tasks[1].read: needs match.bucket"),
    (UPLOADS, "match: {source: queue}", ", line 22: tasks[1].read: records of queue name no object"),
    (UPLOADS, "match: {source: queue, bucket: b}", ", line 21: tasks[1].match.bucket: records of queue have none"),
    ("as: text", "as: pdf", ", line 22: tasks[1].read.as: must be one of text, image"),
    ("as: text, limit: 200000", "as: image, limit: 6000000", ", line 22: tasks[1].read.limit: must be 4717568 or less"),
    ("limit: 200000", "limit: 0", ", line 22: tasks[1].read.limit: must be 1 or more"),
    ("limit: 200000", "limit: 2026-01-01", ", line 22: tasks[1].read.limit: must be an integer"),
    ("    read: {as: text, limit: 200000}\n", "", ", line 23: tasks[1].request: uses content"),
    ("timeout: 60", "timeout: '60'", ", line 23: tasks[1].timeout: must be a number"),
    ("timeout: 60", "timeout: 0", ", line 23: tasks[1].timeout: must be greater than 0"),
    ("timeout: 60", "timeout: .inf", ", line 23: tasks[1].timeout: must be a number"),
    ("sink: none", "sink: none, read: {as: text}", ", line 28: tasks[2].read: what is read goes nowhere"),
    ("name: rest", "name: jobs", ", line 29: tasks[3].name: is the name of another task"),
    ("ignore: true", "ignore: true, sink: none", ", line 29: tasks[3].sink: has no meaning in a task that ignores"),
    ("ignore: true", "ignore: yes", ", line 29: tasks[3].ignore: must be a boolean"),
    ("match: {source: queue}, ", "", ", line 29: tasks[3]: never gets a record: the task before it, 'jobs', takes all"),
    ("name: rest, ", "", ", line 29: tasks[3].name: is required"),
    ("bucket: results, ", "bucket: re sults, ", ", line 2: sinks.results.bucket: must be a bucket, or a namespace"),
    ("summaries/{{ id }}", "summary", ", line 2: sinks.results.name: names one object for all records"),
    ("{{ key || id }}", "{{ content }}", ", line 3: sinks.answers.key: content is for requests only"),
    ("key: ", "kye: ", ", line 3: sinks.answers.kye: unknown; known are stream, key"),
    (
        f"queue: {QUEUE}",
        "queue: ocid1.stream.oc1.phx.aaaa",
        ", line 4: sinks.work.queue: must be an OCID of the kind ocid1.que",
    ),
    ("topic: ", "stream: ", ", line 5: sinks.bell.stream: must be an OCID of the kind ocid1.stream.…"),
    ("topic: ", "tpic: ", ", line 5: sinks.bell: must be an object with one of bucket, stream, queue, topic, function"),
    ("next: {", "none: {", ", line 6: sinks.none: is the sink that keeps nothing"),
    ("{bucket: other-tenancy/results}", "results", ", line 7: sinks.failed: must be an object with one of"),
    ("dead_letters: failed\n", "", ", line 1: dead_letters: is missing: the sink for records that fail"),
    ("dead_letters: failed", "dead_letters: none", ", line 8: dead_letters: would lose the records that fail"),
    ("dead_letters: failed", "dead_letters: faild", ", line 8: dead_letters: must be one of the sinks: results"),
    (
        "dead_letters: failed",
        "dead_letters: work",
        ", line 4: sinks.work.channel: the sink of dead letters may use id and source only",
    ),
    ("ledger: {bucket: ledger}", "ledger: ledger", ", line 9: ledger: must be an object"),
    ("unfinished: dead_letter", "unfinished: no", ", line 10: unfinished: must be one of retry, dead_letter"),
    ("tasks:", "task:", ", line 1: tasks: is required"),
    ("tasks:", "\ttasks:", ", line 11: is not YAML: while scanning for the next token, found character '\\t'"),
    ("  - {name: rest", "  - name: {rest", ", line "),
    ("prompts", "*prompts", ", line 13: is not YAML: found undefined alias 'prompts'"),
    ("prompts", "!!binary aGk=", ", line 13: tasks[0].match.stream: !!binary is not a JSON type"),
    ("prompts", "!secret prompts", ", line 13: tasks[0].match.stream: !secret is not a JSON type"),
    ("prompts", "\x07", ", line 13: there is a character that YAML does not allow"),
    ("60", "9" * 5000, ", line 23: tasks[1].timeout: is not what its type says"),
    ("60", "1e999", ", line 23: tasks[1].timeout: is too large a number"),
]


@pytest.mark.parametrize(("written", "instead", "problem"), MISTAKES, ids=[f"{one[1][:30]!r}" for one in MISTAKES])
def test_a_mistake_is_told_with_its_line(written: str, instead: str, problem: str) -> None:
    assert written in COMPLETE
    said = problem_of(COMPLETE.replace(written, instead, 1))
    assert said.startswith(problem)
    assert len(said) < 400


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", ", line 1: there is nothing in it", id="empty"),
        pytest.param("# later\n", ", line 1: there is nothing in it", id="a comment"),
        pytest.param("null", ", line 1: must be an object", id="null"),
        pytest.param("- a", ", line 1: must be an object", id="a list"),
        pytest.param("tasks: []", ", line 1: tasks: must be an array of at least 1 item", id="no tasks"),
        pytest.param("tasks:\n- 1\n- a: b", ", line 2: tasks[0]: must be an object", id="the first of two"),
        pytest.param("a: 1\n---\nb: 2\n", ", line 2: is not YAML: expected a single document", id="two documents"),
        pytest.param('{"tasks": [\n{"name": "a",\n}]', ", line ", id="half a JSON object"),
        pytest.param("? [a]\n: b", ", line 1: a name must be a string", id="a name that is a list"),
        pytest.param("a: &a [*a]", ", line 1: a[0][0]", id="a list that is in itself"),
        pytest.param("a: &a {<<: *a}", ", line 1: ", id="a mapping that is merged into itself"),
        pytest.param("a: {<<: 3}", ", line 1: a: << takes mappings only", id="a merged number"),
        pytest.param("[" * 10_000, ", line 1: is nested too deeply", id="brackets without end"),
        pytest.param("x" * (MAX_FILE_BYTES + 1), f" has more than {MAX_FILE_BYTES} bytes", id="a megabyte"),
        pytest.param(
            "ü" * (MAX_FILE_BYTES // 2 + 1), f" has more than {MAX_FILE_BYTES} bytes", id="a megabyte in UTF-8"
        ),
    ],
)
def test_what_is_no_tasks_file_at_all_is_told_too(text: str, problem: str) -> None:
    assert problem_of(text).startswith(problem)


@pytest.mark.parametrize("bomb", ["a{0}: &a{0} [{1}]\n", "a{0}: &a{0} {{<<: [{1}]}}\n"], ids=["lists", "merges"])
def test_a_few_lines_that_stand_for_billions_of_values_are_refused(bomb: str) -> None:
    lines = [bomb.format(at, ",".join([f"*a{at - 1}"] * 9)) for at in range(1, 12)]
    assert f"it has more than {MAX_VALUES} values" in problem_of("a0: &a0 {x: 1}\n" + "".join(lines))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("2026-01-01", "2026-01-01"),
        ("12:30:00", "12:30:00"),
        ("1_000", "1_000"),
        ("010", 10),
        ("0x1F", 31),
        ("-1.5e3", -1500.0),
        (".nan", ".nan"),
        ("~", None),
        ("", None),
        ("TRUE", True),
        ("'true'", "true"),
        ("!!str 5", "5"),
        ("{50256: -100}", {"50256": -100}),
        ("{'<<': 1}", {"<<": 1}),
        ('"\\u00fc"', "ü"),
    ],
)
def test_values_are_those_of_json(text: str, value: Any) -> None:
    assert value_of(f"a: {text}") == {"a": value}


def test_a_file_may_begin_with_a_byte_order_mark_and_end_its_lines_as_windows_does() -> None:
    assert value_of("\ufeffa: 1\r\nb: [2]\r\n") == {"a": 1, "b": [2]}
    assert problem_of("\ufeff" + COMPLETE.replace("stream: p", "strem: p").replace("\n", "\r\n")) == (
        ", line 13: tasks[0].match.strem: unknown; known are source, stream, topic, type, bucket, prefix, where"
    )


def test_dead_letters_are_not_needed_where_nothing_is_done() -> None:
    tasks = read_tasks("tasks: [{name: a, match: {source: queue}, ignore: true}, {name: b, ignore: true}]", "it")
    assert (tasks.dead_letters, set(tasks.sinks)) == (None, {"none"})
