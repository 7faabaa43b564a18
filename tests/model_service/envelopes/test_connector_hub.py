"""A batch of Connector Hub: where it comes from, and what is wrong with one record of it."""

from __future__ import annotations

import base64
import json
import tracemalloc
from typing import Any

import pytest

from model_service.batch.record import digest_of

ENTRY = {"stream": "prompts", "partition": "0", "key": None, "value": "SGk=", "offset": 3, "timestamp": 5}
LOG = {"data": {"message": "hi"}, "id": "abc-zyx", "specversion": "1.0"}
METRIC = {"namespace": "oci_faas", "name": "Errors", "datapoints": []}


def batch(*elements: Any) -> bytes:
    return json.dumps(elements).encode()


@pytest.mark.parametrize(
    ("elements", "source"),
    [
        ([ENTRY, ENTRY], "streaming"),
        ([LOG, {"data": 1, "id": "b", "oracle": {}}], "logging"),
        ([METRIC], "monitoring"),
        ([ENTRY, LOG], "queue"),
        ([ENTRY, "a message"], "queue"),
        ([LOG, None], "queue"),
        ([{**ENTRY, "value": 7}], "streaming"),
        ([{"stream": "prompts"}], "queue"),
    ],
)
def test_all_elements_together_tell_where_a_batch_comes_from(records, elements: list[Any], source: str) -> None:
    assert [record.source for record in records(batch(*elements))] == [source] * len(elements)


def test_a_message_that_looks_like_a_record_of_a_stream_stays_a_message_beside_broken_ones(records) -> None:
    body = b"[" + json.dumps(ENTRY).encode() + b", broken]"
    assert [record.source for record in records(body)] == ["queue", "queue"]


@pytest.mark.parametrize("unreadable", [b'{"n": NaN}', b'{"n": ' + b"9" * 5000 + b"}", b"[" * 99_999 + b"]" * 99_999])
def test_one_record_that_cannot_be_read_does_not_change_where_the_others_come_from(records, unreadable: bytes) -> None:
    log = json.dumps(LOG).encode()
    good, bad, other = records(b"[" + log + b"," + unreadable + b"," + log + b"]")
    assert [good.id, other.id] == ["logging/abc-zyx"] * 2
    assert (bad.source, bad.content, bad.id) == ("logging", unreadable, f"logging/{digest_of(unreadable)}")
    assert bad.fault is not None
    assert bad.fault.status == 400


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"value": "no base64"}, "value"),
        ({"value": "SGk"}, "value"),
        ({"value": "Köln"}, "value"),
        ({"value": None}, "value"),
        ({"value": [1]}, "value"),
        ({"key": 7}, "key"),
        ({"stream": 7}, "stream"),
        ({"stream": ""}, "stream"),
        ({"partition": None}, "partition"),
        ({"partition": True}, "partition"),
        ({"offset": "three"}, "offset"),
        ({"offset": "-3"}, "offset"),
        ({"offset": True}, "offset"),
        ({"offset": 3.5}, "offset"),
        ({"timestamp": []}, "timestamp"),
        ({"timestamp": False}, "timestamp"),
    ],
)
def test_a_record_of_the_wrong_shape_fails_alone_and_keeps_its_bytes(records, wrong: dict[str, Any], param) -> None:
    element = json.dumps({**ENTRY, **wrong}).encode()
    good, bad, other = records(b"[" + json.dumps(ENTRY).encode() + b"," + element + b"," + batch(ENTRY)[1:])
    assert good.fault is other.fault is None
    assert (bad.source, bad.content, bad.id) == ("streaming", element, f"streaming/{digest_of(element)}")
    assert (bad.fault.param, bad.fault.status, bad.fault.__traceback__) == (param, 400, None)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (None, None),
        ("", ""),
        (base64.b64encode("Köln".encode()).decode(), "Köln"),
        (base64.b64encode(b"\xff\xfe").decode(), "//4="),
        ("customer 7", "customer 7"),
        ("no base64", "no base64"),
        ("user", "user"),  # which is base64 of bytes that are no text
    ],
)
def test_a_key_is_a_text_where_it_is_one(records, key: str | None, text: str | None) -> None:
    (record,) = records(batch({**ENTRY, "key": key}))
    assert record.metadata["key"] == text


def test_an_offset_may_be_a_string_and_is_the_same_record(records) -> None:
    (number,), (string,) = records(batch({**ENTRY, "offset": 41})), records(batch({**ENTRY, "offset": "41"}))
    assert (string.id, string.metadata, string.fault) == (number.id, number.metadata, None)


def test_entries_of_two_logs_with_one_id_are_two_records(records) -> None:
    entry = {"data": {"message": "hello"}, "id": "abc", "oracle": {"logid": "ocid1.log.oc1..one"}, "specversion": "1.0"}
    one, other, again = records(batch(entry, {**entry, "oracle": {"logid": "ocid1.log.oc1..two"}}, entry))
    assert one.id == again.id == "logging/ocid1.log.oc1..one/abc"
    assert other.id == "logging/ocid1.log.oc1..two/abc"


def test_a_batch_is_held_once_and_not_once_for_each_reading_of_it(records) -> None:
    entry = {**ENTRY, "value": base64.b64encode(b"x" * 40_000).decode()}
    body = batch(*({**entry, "offset": number} for number in range(100)))
    tracemalloc.start()
    try:
        found = records(body)
        assert len(found[99].content) == 40_000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 0.2 * len(body)  # beside the body itself
    assert [record.id for record in found[:2]] == [record_id for record_id, _ in list(found.outlines())[:2]]


def test_a_value_is_what_was_put_on_the_stream_byte_for_byte(records) -> None:
    value = b"\xff\x00 no text"
    (record,) = records(batch({**ENTRY, "value": base64.b64encode(value).decode()}))
    assert (record.content, record.fault) == (value, None)


@pytest.mark.parametrize(
    ("timestamp", "identity"), [(5, "3-5"), ("2021-03-09T17:39:36Z", "3-2021-03-09T17:39:36Z"), (None, "3")]
)
def test_the_moment_is_a_part_of_who_a_record_is_because_offsets_start_again(records, timestamp, identity) -> None:
    (record,) = records(batch({**ENTRY, "timestamp": timestamp}))
    assert record.id == f"streaming/prompts/0/{identity}"
    assert record.metadata["timestamp"] == timestamp


def test_a_partition_is_a_text_also_where_it_came_as_a_number(records) -> None:
    (record,) = records(batch({**ENTRY, "partition": 2}))
    assert record.metadata["partition"] == "2"


@pytest.mark.parametrize("identity", [None, "", 7, {}])
def test_a_log_entry_without_an_id_fails_alone(records, identity: Any) -> None:
    good, bad = records(batch(LOG, {**LOG, "id": identity}))
    assert (good.fault, bad.fault.param) == (None, "id")


def test_messages_are_kept_as_they_were_written(records) -> None:
    messages = [b'{"n":  1.50 ,"n":2}', b'"\\u00fc"', "{\"ü\": '😀'}".replace("'", '"').encode()]
    found = records(b"[ " + b" ,\n".join(messages) + b" ]")
    assert [record.content for record in found] == messages
    assert [record.id for record in found] == [f"queue/{digest_of(message)}" for message in messages]


def test_records_that_come_twice_in_one_batch_are_both_there(records) -> None:
    one, other = records(batch(ENTRY, ENTRY))
    assert one == other
