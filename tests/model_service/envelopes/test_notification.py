"""Messages of a topic, and the one that wants to be confirmed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model_service.batch.record import ConfirmationRequest, digest_of
from model_service.errors import InvalidRequest

EVENTS = Path(__file__).resolve().parents[2] / "events"
HEADERS = json.loads((EVENTS / "notification_headers.json").read_text())
CONFIRMATION = json.loads((EVENTS / "notification_confirmation_headers.json").read_text())
URL = CONFIRMATION["x-oci-ns-confirmationurl"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", CONFIRMATION),
        (b"not JSON", CONFIRMATION),
        (
            (EVENTS / "notification_confirmation.json").read_bytes(),
            {"x-oci-ns-messagetype": "SUBSCRIPTIONCONFIRMATION"},
        ),
    ],
)
def test_a_subscription_is_confirmed_where_its_headers_or_its_body_say(opened, body, headers) -> None:
    request = opened(body, **headers).decode()
    assert request == ConfirmationRequest(URL)
    assert "token" not in repr(request)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"ConfirmationURL": 7}', b"\xff"])
def test_a_confirmation_that_says_nowhere_is_refused(opened, body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="URL"):
        opened(body, **{"x-oci-ns-messagetype": "SubscriptionConfirmation"}).decode()


@pytest.mark.parametrize(
    "message",
    [
        {"dedupeKey": 7, "timestampEpochMillis": 1},
        {"dedupeKey": "a"},
        {"timestampEpochMillis": 1},
        {"dedupeKey": "a", "timestampEpochMillis": "1"},
        {"dedupeKey": "a", "timestampEpochMillis": None, "title": 7},
        [],
        None,
        "text",
    ],
)
def test_what_is_no_alarm_is_known_by_its_message_id(records, message: Any) -> None:
    (record,) = records(json.dumps(message).encode(), **HEADERS)
    assert record.id == f"notifications/{HEADERS['x-oci-ns-messageid']}"
    assert "title" not in record.metadata


def test_the_same_alarm_in_another_message_is_the_same_record(records) -> None:
    body = (EVENTS / "notification_alarm.json").read_bytes()
    (one,) = records(body, **HEADERS)
    (other,) = records(body, **{**HEADERS, "x-oci-ns-messageid": "another"})
    assert one.id == other.id


def test_a_message_without_an_id_is_known_by_what_it_says(records) -> None:
    (record,) = records(b"hello", **{"x-oci-ns-messagetype": "Notification"})
    assert (record.id, record.metadata) == (f"notifications/{digest_of(b'hello')}", {})


def test_an_array_that_comes_through_a_topic_is_one_message(records) -> None:
    (record,) = records(b'[{"stream": "no"}]', **HEADERS)
    assert (record.source, record.view["value"]) == ("notifications", [{"stream": "no"}])


def test_bytes_that_are_no_text_are_kept(records) -> None:
    (record,) = records(b"\xff\xfe", **HEADERS)
    assert record.content == b"\xff\xfe"
