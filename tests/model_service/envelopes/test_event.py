"""CloudEvents: what is taken out of them, and what becomes of those that miss something."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from model_service.batch.record import digest_of

EVENT = json.loads((Path(__file__).resolve().parents[2] / "events" / "event_object_2_0.json").read_text())
WRONG = ("eventID", "eventType", "eventTime", "data", "data.additionalDetails", "data.resourceName", "data.resourceId")
DETAILS = ("data.compartmentId", *(f"data.additionalDetails.{name}" for name in ("namespace", "bucketName", "eTag")))


def changed(**changes: Any) -> bytes:
    """``EVENT`` with other values at dotted paths."""
    event = copy.deepcopy(EVENT)
    for path, value in changes.items():
        *way, last = path.split(".")
        place = event
        for name in way:
            place = place[name]
        place[last] = value
    return json.dumps(event).encode()


@pytest.mark.parametrize("path", WRONG + DETAILS)
@pytest.mark.parametrize("value", [7, ["x"], True])
def test_a_field_of_the_wrong_type_is_the_record_s_fault(records, path: str, value: Any) -> None:
    body = changed(**{path: value})
    (record,) = records(body)
    assert record.fault.param == path.rpartition(".")[2]
    assert (record.id, record.content, record.metadata) == (f"events/{digest_of(body)}", body, {})


@pytest.mark.parametrize("path", WRONG + DETAILS)
@pytest.mark.parametrize("nothing", [None, ""])
def test_a_field_that_is_missing_is_missing_and_nothing_else(records, path: str, nothing: str | None) -> None:
    if path.endswith(("data", "additionalDetails")):
        nothing = None
    (record,) = records(changed(**{path: nothing}))
    assert record.fault is None
    assert all(record.metadata.values())


@pytest.mark.parametrize(
    ("name", "resource", "expected"),
    [
        ("in/a.pdf", "/n/ns/b/bucket/o/in/a.pdf", "in/a.pdf"),
        ("in/a.pdf", "", "in/a.pdf"),
        ("a.pdf", "/n/ns/b/bucket/o/in/2026/a.pdf", "in/2026/a.pdf"),
        ("a b.pdf", "/n/ns/b/bucket/o/in%2Fa%20b.pdf", "in/a b.pdf"),
        ("in/a.pdf", "/n/ns/b/bucket/o/in%2Fa.pdf", "in/a.pdf"),
        ("a%20b.pdf", "/n/ns/b/bucket/o/a%20b.pdf", "a%20b.pdf"),
        ("a.pdf", "ocid1.object.oc1..x", "a.pdf"),
        (None, "/n/ns/b/bucket/o/in/a.pdf", "in/a.pdf"),
    ],
)
def test_an_object_is_named_with_its_folders(records, name: str | None, resource: str, expected: str) -> None:
    (record,) = records(changed(**{"data.resourceName": name, "data.resourceId": resource}))
    assert record.metadata["object"] == expected


def test_the_resource_says_where_an_object_is_if_nothing_else_does(records) -> None:
    (record,) = records(changed(**{"data.additionalDetails": None, "data.resourceId": "/n/ns/b/other/o/x"}))
    assert (record.metadata["namespace"], record.metadata["bucket"]) == ("ns", "other")


@pytest.mark.parametrize("value", ["text", 7, [1]])
def test_what_is_in_an_event_of_another_service_is_that_service_s_business(records, value: Any) -> None:
    (record,) = records(changed(eventType="com.oraclecloud.other.thing", data=value))
    assert record.fault is None
    assert set(record.metadata) == {"type", "event_id", "time"}


def test_an_event_without_an_id_is_known_by_what_it_says(records) -> None:
    body = changed(eventID=None)
    (record,) = records(body)
    assert record.id == f"events/{digest_of(body)}"


def test_an_id_with_half_a_character_or_a_path_in_it_is_still_an_id(records) -> None:
    (half,) = records(changed(eventID="\ud800"))
    (path,) = records(changed(eventID="../../x"))
    assert half.id == "events/%ED%A0%80"
    assert path.id == "events/..%2F..%2Fx"
