"""What makes a record the same record, and what a task sees of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from model_service.batch.record import MAX_PART_CHARS, Record, digest_of, record_id
from model_service.errors import InvalidRequest

calmly = settings(deadline=None, derandomize=True)
PART = re.compile(r"[A-Za-z0-9_.~@:+=,%-]{1,200}")


@pytest.mark.parametrize(
    ("parts", "identity"),
    [
        (("streaming", "prompts", "0", "41-17"), "streaming/prompts/0/41-17"),
        (("events", "a/b c"), "events/a%2Fb%20c"),
        (("events", "ü"), "events/%C3%BC"),
        (("logging", 7), "logging/7"),
        (("events", ".."), f"events/{digest_of(b'..')}"),
        (("events", ""), f"events/{digest_of(b'')}"),
        (("events", "x" * 201), f"events/{digest_of(b'x' * 201)}"),
        (("events", "ü" * 40), f"events/{digest_of('ü'.encode() * 40)}"),
    ],
)
def test_an_id_can_be_read_where_it_can_be_a_name(parts: tuple[object, ...], identity: str) -> None:
    assert record_id(*parts) == identity


@calmly
@given(some.text(some.characters(codec=None, exclude_categories=())))
def test_a_part_of_an_id_is_one_short_segment_of_a_path_in_ascii(text: str) -> None:
    part = record_id(text)
    assert PART.fullmatch(part)
    assert set(part) != {"."}
    assert len(part) <= MAX_PART_CHARS


@calmly
@given(some.text(max_size=60), some.text(max_size=60))
def test_different_parts_are_different_ids(one: str, other: str) -> None:
    assert (record_id(one) == record_id(other)) == (one == other)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": [1, null]}', {"a": [1, None]}),
        (b"7", 7),
        (b'"text"', "text"),
        (b"plain text", "plain text"),
        (b"", ""),
        (b"NaN", "NaN"),
        (b"1e999", "1e999"),
        (b"[" * 100_000, "[" * 100_000),
        (b"9" * 5000, "9" * 5000),
    ],
)
def test_the_value_is_json_where_the_content_is_and_its_text_where_not(content: bytes, value: object) -> None:
    view = Record("queue", "queue/1", content).view
    assert (view["value"], view["text"]) == (value, content.decode())


def test_what_the_doorway_says_cannot_hide_what_the_record_is() -> None:
    record = Record("queue", "queue/1", b"x", {"id": "other", "source": "streaming", "text": "y", "stream": "prompts"})
    expected = {"id": "queue/1", "source": "queue", "text": "x", "value": "x", "stream": "prompts"}
    assert record.view == expected


def test_bytes_that_are_no_text_can_be_matched_and_not_asked_about() -> None:
    record = Record("queue", "queue/1", b"\xff")
    assert (record.view["source"], record.view["text"], record.view["value"]) == ("queue", None, None)
    with pytest.raises(InvalidRequest, match="UTF-8"):
        record.require_text()


def test_what_a_record_says_is_not_in_its_repr() -> None:
    assert "secret" not in repr(Record("queue", "queue/1", b"a secret"))


@pytest.mark.parametrize(
    ("metadata", "caller"),
    [
        ({"stream": "prompts", "partition": "0"}, "streaming:prompts"),
        ({"topic": "x" * 500}, f"streaming:{'x' * 190}"),
        ({"stream": 7}, "streaming"),
        ({}, "streaming"),
    ],
)
def test_a_record_is_worked_on_for_its_sources_account(metadata: dict[str, Any], caller: str) -> None:
    assert Record("streaming", "id", b"", metadata).origin.caller.id == caller
