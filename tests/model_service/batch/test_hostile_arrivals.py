"""What a hostile reading of the records that arrive by themselves found: each finding once, as it was found."""

from __future__ import annotations

import base64
import json
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from mock_oci import MockOci
from mock_oci.services.object_storage import ObjectStorage
from model_service.app import App
from model_service.batch.record import Record
from model_service.batch.tasks.file import read_tasks
from model_service.batch.tasks.tasks import Match, Task
from model_service.cli import check_tasks
from model_service.errors import InvalidRequest, SettingsError
from model_service.fn.invocation import Deadline, Invocation
from model_service.oci_names import MAX_OBJECT_NAME_BYTES, ObjectLocation
from model_service.service_file.fields import Fault
from model_service.service_file.yaml_lines import read_lined

SECRET = "the-patient-is-Jane-Doe"
TASKS: dict[str, Any] = {
    "sinks": {
        "results": {"bucket": "results", "name": "results/{{ id }}.json"},
        "failed": {"bucket": "results", "name": "failed/{{ id }}.json"},
    },
    "dead_letters": "failed",
    "tasks": [
        {
            "name": "prompts",
            "match": {"where": "value.prompt"},
            "request": {
                "model": "meta.llama-3.3-70b-instruct",
                "messages": [{"role": "user", "content": "{{ value.prompt }}"}],
                "max_tokens": "{{ value.max_tokens || `100` }}",
            },
            "sink": "results",
        },
    ],
}
MESSAGE = {"x-oci-ns-messageid": "5bd1bc1e", "x-oci-ns-messagetype": "Notification", "x-oci-ns-topicname": "prompts"}


@pytest.fixture
def app_with(oci: MockOci, environment: dict[str, str]) -> Iterator[Callable[..., App]]:
    oci.state_of(ObjectStorage).create_bucket("results")
    with ExitStack() as opened:

        def app_with(tasks: dict[str, Any] = TASKS, **settings: str) -> App:
            url = environment["OCI_GENAI_ENDPOINT"]
            own = {"MODEL_SERVICE_TASKS": json.dumps(tasks), "MODEL_SERVICE_OCI_ENDPOINT": url}
            app = App({**environment, **own, **settings})
            opened.enter_context(closing(app.service))
            return app

        yield app_with


def arrive(app: App, body: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = app.answer(Invocation(content, Deadline.after(20), "01CALL", headers or {}))
    return {"status": reply.status, **json.loads(reply.whole())}


def stored(oci: MockOci) -> dict[str, Any]:
    return {item.name: json.loads(item.body) for item in oci.state_of(ObjectStorage).objects("results")}


@pytest.mark.parametrize("place", [{"bucket": "vault", "object": "o"}, {"bucket": "results"}, "x", None])
def test_a_record_that_looks_like_a_stored_request_is_a_record(
    app_with: Callable[..., App], oci: MockOci, place: Any
) -> None:
    """It was looked up as one; where it could not be, the topic sent it again and again."""
    body = {"body_from": place, "prompt": "Hello"}
    said = arrive(app_with(MODEL_SERVICE_REQUEST_BUCKETS='["results"]'), body, MESSAGE)
    assert (said["status"], said["delivered"]) == (200, 1)
    assert set(stored(oci)) == {"results/notifications/5bd1bc1e.json"}


@pytest.mark.parametrize(
    ("pattern", "kind", "taken"),
    [
        ("com.*.object.*.x*y", "com." + ".object." * 500_000, False),
        ("*a*a*a*a*b", "a" * 1_000_000, False),
        ("a*b*c", "a b b c c", True),
        ("a*b*c", "abc", True),
        ("a*b*c", "acb", False),
        ("a**b", "a\nB", True),
        ("*", "", True),
        ("*.create*", "com.oraclecloud.objectstorage.createobject", True),
        ("*object", "com.oraclecloud.objectstorage.createobject", True),
        ("ab*ba", "aba", False),
        ("a", "ab", False),
    ],
    ids=str,
)
def test_a_type_is_compared_in_the_time_that_reading_it_takes(pattern: str, kind: str, taken: bool) -> None:
    """Two stars in a task took the square of the length of a type, which its sender chooses; three the cube."""
    assert Match(type=pattern).takes({"type": kind}) is taken


def test_a_few_lines_that_merge_a_large_mapping_are_refused() -> None:
    large = ", ".join(f"k{number}: 1" for number in range(10_000))
    with pytest.raises(Fault, match="values"):
        read_lined(f"a: &a {{{large}}}\nb: {{<<: [{', '.join(['*a'] * 100_000)}]}}\n")


@pytest.mark.parametrize(
    "sink",
    [
        {"bucket": "results", "name": "failed/{{ key || id }}.json"},  # two records of one key
        {"bucket": "results", "name": "failed/{{ object || 'none' }}/{{ id }}.json"},  # an object named ../x
        {"bucket": "results", "name": "failed/{{ source }}.json"},
        {"bucket": "results", "name": "failed/{{ source || id }}.json"},
        {"queue": "ocid1.queue.oc1.phx.aaaa", "channel": "{{ topic || source }}"},
        {"topic": "ocid1.onstopic.oc1.phx.aaaa", "title": "{{ abs(id) }}"},
    ],
    ids=str,
)
def test_dead_letters_that_some_record_has_no_place_for_are_refused(sink: dict[str, Any]) -> None:
    """Their batch came again for ever: a failure that cannot be put on record fails it, and the record stays."""
    tasks = {**TASKS, "sinks": {**TASKS["sinks"], "failed": sink}}
    with pytest.raises(SettingsError, match=r"the sink of dead letters (may|must)"):
        read_tasks(json.dumps(tasks, indent=1), "tasks.json")


@pytest.mark.parametrize(
    "sink",
    [
        {"bucket": "results"},
        {"bucket": "results", "name": "{{ source }}/failed-{{ id }}"},
        {"stream": "ocid1.stream.oc1.phx.aaaa", "key": "{{ id }}"},
        {"topic": "ocid1.onstopic.oc1.phx.aaaa", "title": "A {{ source }} record failed"},
    ],
    ids=str,
)
def test_dead_letters_that_every_record_has_a_place_for_are_taken(sink: dict[str, Any]) -> None:
    tasks = {**TASKS, "sinks": {**TASKS["sinks"], "failed": sink}}
    assert read_tasks(json.dumps(tasks), "tasks.json").dead_letters == "failed"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "\ud800", "n" * (MAX_OBJECT_NAME_BYTES + 1), "é" * MAX_OBJECT_NAME_BYTES, 7, None]
)
def test_an_object_that_can_have_no_such_name_is_the_records_fault_and_no_bug(name: Any) -> None:
    task = Task("images", Match(bucket=ObjectLocation("ns", "in")))
    with pytest.raises(InvalidRequest) as caught:
        task.object_place({"object": name})
    assert caught.value.code == "no_object"
    assert task.object_place({"object": "n" * MAX_OBJECT_NAME_BYTES}).name == "n" * MAX_OBJECT_NAME_BYTES


def test_json_with_a_byte_order_mark_is_json() -> None:
    """It was an event for its trigger, and for its task a text without fields."""
    record = Record("queue", "queue/1", '\ufeff{"prompt": "Hello"}'.encode())
    assert record.view["value"] == {"prompt": "Hello"}
    assert record.view["text"].startswith("\ufeff")


def streamed(*values: Any) -> list[dict[str, Any]]:
    encoded = [base64.b64encode(json.dumps(value).encode()).decode() for value in values]
    place = {"stream": "prompts", "partition": "0", "key": base64.b64encode(SECRET.encode()).decode()}
    return [{**place, "value": value, "offset": offset, "timestamp": 1} for offset, value in enumerate(encoded)]


@pytest.mark.parametrize("log_requests", ["false", "true"])
def test_nothing_that_a_record_says_is_in_the_log(
    app_with: Callable[..., App], oci: MockOci, caplog: pytest.LogCaptureFixture, log_requests: str
) -> None:
    caplog.set_level("INFO")
    batch = streamed(
        {"prompt": SECRET},
        {"prompt": [SECRET]},  # OCI's own complaint
        {"prompt": SECRET, "max_tokens": SECRET},
        {"other": SECRET},  # no task
        SECRET,
    )
    said = arrive(app_with(OCI_LOG_REQUESTS=log_requests, MODEL_SERVICE_LOG_CONTENT="false"), batch)
    assert (said["status"], said["records"]) == (200, 5)
    assert len(stored(oci)) == 5
    assert caplog.text.count('"event":"dead_letter"') == said["dead_letters"] >= 2
    assert SECRET not in caplog.text
    assert SECRET not in json.dumps(said)
    assert base64.b64encode(SECRET.encode()).decode() not in caplog.text


def test_what_a_record_would_tell_a_terminal_is_shown_and_not_told(tmp_path: Path) -> None:
    """Half a surrogate pair ended the command with a traceback; others could clear the screen."""
    tasks, record, out = tmp_path / "tasks.json", tmp_path / "record", StringIO()
    tasks.write_text(json.dumps(TASKS))
    record.write_text(json.dumps({"prompt": "\ud800 \u009b2J \u202e grün 😀"}))
    check_tasks.run(Namespace(file=str(tasks), record=str(record), field=[], json=False), out)
    assert r'"content": "\ud800 \u009b2J \u202e grün 😀"' in out.getvalue()
