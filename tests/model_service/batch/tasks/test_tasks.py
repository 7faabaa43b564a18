"""Which task takes a record, and what it asks."""

from __future__ import annotations

from typing import Any

import pytest

from model_service.batch.tasks.expressions import Expression
from model_service.batch.tasks.tasks import Match, Task, Tasks
from model_service.batch.tasks.templates import Template
from model_service.errors import InvalidRequest
from model_service.oci_names import ObjectLocation

UPLOADED = {
    "source": "events",
    "id": "events/1",
    "type": "com.oraclecloud.objectstorage.createobject",
    "namespace": "mine",
    "bucket": "invoices",
    "object": "in/7.pdf",
    "text": "{}",
    "value": {},
}
PROMPT = {
    "source": "streaming",
    "id": "streaming/1",
    "stream": "prompts",
    "text": "",
    "value": {"language": "de", "n": 0, "tags": []},
}


def where(text: str) -> Match:
    return Match(where=Expression.compile(text))


@pytest.mark.parametrize(
    ("match", "view", "taken"),
    [
        pytest.param(Match(), PROMPT, True, id="everything"),
        pytest.param(Match(source="streaming", stream="prompts"), PROMPT, True, id="all that is asked for"),
        pytest.param(Match(source="streaming", stream="others"), PROMPT, False, id="one of them is another"),
        pytest.param(Match(stream="prompts"), UPLOADED, False, id="one of them is not there"),
        pytest.param(Match(topic="alarms"), {**PROMPT, "topic": "alarms"}, True, id="a topic"),
        pytest.param(Match(type="com.oraclecloud.*"), UPLOADED, True, id="a type's beginning"),
        pytest.param(Match(type="*.createobject"), UPLOADED, True, id="a type's end"),
        pytest.param(Match(type="com.*.CreateObject"), UPLOADED, True, id="a type in other letters"),
        pytest.param(Match(type="com.oraclecloud"), UPLOADED, False, id="a type without its end"),
        pytest.param(Match(type="com?oraclecloud.*"), UPLOADED, False, id="a question mark is one"),
        pytest.param(Match(type="*"), PROMPT, False, id="any type, where there is none"),
        pytest.param(Match(type="*"), {**PROMPT, "type": 3}, False, id="a type that is no text"),
        pytest.param(Match(bucket=ObjectLocation(None, "invoices"), prefix="in/"), UPLOADED, True, id="an object"),
        pytest.param(Match(bucket=ObjectLocation("mine", "invoices")), UPLOADED, True, id="with its namespace"),
        pytest.param(Match(bucket=ObjectLocation("theirs", "invoices")), UPLOADED, False, id="of another namespace"),
        pytest.param(Match(bucket=ObjectLocation(None, "others")), UPLOADED, False, id="in another bucket"),
        pytest.param(Match(prefix="out/"), UPLOADED, False, id="of another name"),
        pytest.param(Match(prefix="in/"), PROMPT, False, id="no object"),
        pytest.param(where("value.language == 'de'"), PROMPT, True, id="a condition"),
        pytest.param(where("value.n"), PROMPT, True, id="a zero is true"),
        pytest.param(where("value.tags"), PROMPT, False, id="an empty list is not"),
        pytest.param(where("value.missing"), PROMPT, False, id="nothing is not"),
    ],
)
def test_a_match_takes_what_it_describes(match: Match, view: dict[str, Any], taken: bool) -> None:
    assert match.takes(view) is taken


def test_the_first_task_that_takes_a_record_counts() -> None:
    tasks = Tasks((Task("a", Match(source="queue")), Task("b", Match(stream="prompts")), Task("c")), {})
    assert [tasks.task_for(view).name for view in (PROMPT, UPLOADED)] == ["b", "c"]


def test_a_record_that_no_task_takes_is_an_error_of_its_own() -> None:
    with pytest.raises(InvalidRequest) as caught:
        Tasks((Task("a", Match(source="queue")),), {}).task_for(PROMPT)
    assert caught.value.code == "no_task"


@pytest.mark.parametrize("value", [{}, {"path": 7}, "text", None, [], {"path": "yx"}])
def test_a_record_that_a_condition_cannot_be_asked_of_is_for_the_next_task(value: Any) -> None:
    """One without the field was a dead letter, though the last task lets the rest go."""
    tasks = Tasks((Task("a", where("starts_with(value.path, 'x')")), Task("rest", ignore=True)), {})
    assert tasks.task_for({**PROMPT, "value": value}).name == "rest"
    assert tasks.task_for({**PROMPT, "value": {"path": "xy"}}).name == "a"


def test_without_a_template_the_value_is_the_request() -> None:
    assert Task("a").body({"value": {"model": "m"}}) == {"model": "m"}


@pytest.mark.parametrize("value", ["text", ["list"], None, 3])
def test_a_value_that_is_no_object_is_no_request(value: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Task("a").body({"value": value})
    assert caught.value.code == "not_a_request"


def test_a_template_becomes_the_request() -> None:
    task = Task("a", request=Template.compile({"model": "m", "n": "{{ value.n }}"}))
    assert task.body(PROMPT) == {"model": "m", "n": 0}


def test_what_is_read_lies_in_the_bucket_of_the_task_whatever_the_record_says() -> None:
    task = Task("a", Match(bucket=ObjectLocation(None, "invoices")))
    assert task.object_place({**UPLOADED, "namespace": "theirs", "bucket": "secrets"}) == ObjectLocation(
        None, "invoices", "in/7.pdf"
    )


@pytest.mark.parametrize("name", [None, "", ".", "..", 3])
def test_a_record_that_names_no_object_has_nothing_to_read(name: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Task("a", Match(bucket=ObjectLocation(None, "invoices"))).object_place({**UPLOADED, "object": name})
    assert caught.value.code == "no_object"
