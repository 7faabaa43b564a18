"""What a tasks file says to every record, and the names of its sinks, are checked before there is a record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.model_service.batch.conftest import LLAMA, TASK, tasks_with

from model_service.batch.tasks.file import read_tasks
from model_service.errors import SettingsError

MESSAGES = [{"role": "user", "content": "{{ text }}"}]


def read(tasks: dict[str, Any]) -> Any:
    return read_tasks(json.dumps(tasks, indent=1), "tasks.json")


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({"model": LLAMA, "mesages": MESSAGES}, "messages"),
        ({"messages": MESSAGES}, "model: is required"),
        ({"model": "", "messages": MESSAGES}, "model"),
        ({"model": "no id!", "messages": MESSAGES}, "model"),
        ({"model": LLAMA, "messages": MESSAGES, "max_tokens": "100"}, "max_tokens"),
        ({"model": LLAMA, "messages": [{"content": "{{ text }}"}]}, "role"),
        ({"model": LLAMA, "messages": []}, "messages"),
        ({"model": "cohere.embed-v4.0", "input": "{{ text }}", "dimension": 256}, "dimension"),
        ({"model": "cohere.rerank-v4.0-fast", "query": "{{ text }}", "documents": []}, "documents"),
        ({"model": "openai.gpt-5.5-pro", "input": "{{ text }}", "background": True}, "background"),
        ({"operation": "responses", "input": "{{ text }}"}, "model"),
        ({"operation": "doctor"}, "operation: doctor is not for records"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_would_make_no_request_of_any_record_is_refused_with_its_line(
    request_: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SettingsError, match=rf"line [0-9]+: tasks\[0\]\.request.*{problem}"):
        read(tasks_with({**TASK, "request": request_}))


@pytest.mark.parametrize(
    "request_",
    [
        {"model": "{{ value.model }}", "messages": "{{ value.messages }}"},
        {"model": LLAMA, "messages": MESSAGES, "max_tokens": "{{ value.n }}", "tools": "{{ value.tools }}"},
        {"model": LLAMA, "messages": [{"role": "{{ value.role }}", "content": "{{ value.parts }}"}]},
        {"model": LLAMA, "messages": [{"role": "user", "content": [{"type": "text", "text": "{{ value }}"}]}]},
        {"model": LLAMA, "messages": MESSAGES, "tools": [{"type": "function", "function": "{{ value.function }}"}]},
        {"model": "prod", "messages": MESSAGES, "a_field_of_tomorrow": 1},
        {"model": "cohere.embed-v4.0", "input": "{{ value.texts }}"},
        {"model": "cohere.rerank-v4.0-fast", "query": "{{ value.q }}", "documents": "{{ value.documents }}"},
        {"model": LLAMA, "messages": MESSAGES, "relay": {"queue": "ocid1.queue.oc1..a", "channel": "c"}},
    ],
    ids=str,
)
def test_what_only_a_record_can_make_wrong_is_taken(request_: dict[str, Any]) -> None:
    assert read(tasks_with({**TASK, "request": request_})).tasks


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("{{ key }}.json", "failed/{{ id }}.json"),
        ("fail{{ key }}.json", "failed/{{ id }}.json"),
        ("failed/{{ id }}.json", "failed/{{ id }}.json"),
        ("failed/a/{{ id }}.json", "failed/{{ id }}.json"),
        ("{{ id }}.json", "{{ source }}/failed/{{ id }}.json"),
        ("streaming/{{ key }}", "{{ id }}.json"),
    ],
)
def test_sinks_of_one_bucket_whose_names_may_be_alike_are_refused(name: str, other: str) -> None:
    """A record could take the place of another's dead letter, whose failure then had none."""
    for bucket in ("results", "ns/results"):
        sinks = {"results": {"bucket": bucket, "name": name}, "failed": {"bucket": "results", "name": other}}
        with pytest.raises(SettingsError, match=r"sinks\.results\.name: may be the name of an object of the sink"):
            read(tasks_with(sinks=sinks))
    apart = {"results": {"bucket": "elsewhere", "name": name}, "failed": {"bucket": "results", "name": other}}
    assert read(tasks_with(sinks=apart)).tasks


@pytest.mark.parametrize("name", ["{{ id }}.json", "results/{{ key }}.json", "{{ source }}-{{ key }}"])
def test_names_that_cannot_be_alike_are_taken(name: str) -> None:
    assert read(tasks_with(sinks={"results": {"bucket": "results", "name": name}})).tasks


def test_two_sinks_of_results_may_have_the_same_names_for_their_own_records() -> None:
    tasks = tasks_with(
        {**TASK, "name": "a", "match": {"stream": "a"}},
        {**TASK, "name": "b", "sink": "others"},
        sinks={"others": {"bucket": "results", "name": "results/{{ id }}.json"}},
    )
    assert read(tasks).tasks


def test_no_name_begins_where_the_function_keeps_its_own() -> None:
    sinks = {"results": {"bucket": "results", "name": "model-service/{{ id }}.json"}}
    with pytest.raises(SettingsError, match="must not begin with model-service/"):
        read(tasks_with(sinks=sinks))


def test_no_sink_has_the_ledgers_name_of_the_dead_letters() -> None:
    with pytest.raises(SettingsError, match="must not begin with 'dead letters'"):
        read(tasks_with({**TASK, "sink": "dead letters: failed"}, sinks={"dead letters: failed": {"bucket": "b"}}))
