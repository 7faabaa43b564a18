"""What stands on the messages of sinks that send: keys, channels, titles, headers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from mock_oci.services.functions.state import Functions
from mock_oci.services.notifications.state import Notifications
from mock_oci.services.queues.state import Queues
from mock_oci.services.streaming.state import Streaming
from model_service.errors import InvalidRequest, UpstreamThrottled

SiteOf = Callable[[str], Any]


def keys(site: Any) -> list[bytes | None]:
    (stream,) = site.oci.state_of(Streaming).all()
    return [entry.key for entry in stream.entries()]


def test_a_message_of_a_stream_has_the_records_id_as_its_key(site_of: SiteOf) -> None:
    site = site_of("stream")
    site.deliver(site.open())
    assert keys(site) == [site.record.encode()]


@pytest.mark.parametrize(
    ("customer", "key"),
    [
        ("müller", "müller".encode()),
        (7, b"7"),
        ("", None),
        ("x" * 256, b"x" * 256),
        ("x" * 257, hashlib.sha256(b"x" * 257).hexdigest().encode()),
        ("\ud800", b"\xed\xa0\x80"),
    ],
)
def test_a_key_is_what_its_template_gives(site_of: SiteOf, customer: Any, key: bytes | None) -> None:
    site = site_of("stream")
    assert site.deliver(site.open(key="{{ value.customer }}"), value={"customer": customer})
    assert keys(site) == [key]


def test_a_failure_inside_a_200_is_a_message_that_was_not_taken(site_of: SiteOf) -> None:
    site = site_of("stream")
    (stream,) = site.oci.state_of(Streaming).all()
    stream.fail_next(2)
    assert site.deliver(site.open())
    assert site.arrived() == [site.body]
    stream.fail_next(100)
    with pytest.raises(UpstreamThrottled):
        site.deliver(site.open(), "queue/abc")


@pytest.mark.parametrize(("customer", "channel"), [("müller", "müller"), (7, "7"), ("", "")])
def test_a_message_of_a_queue_is_in_its_channel(site_of: SiteOf, customer: Any, channel: str) -> None:
    site = site_of("queue")
    assert site.deliver(site.open(channel="{{ value.customer }}"), value={"customer": customer})
    (message,) = site.oci.state_of(Queues).messages(site.place).all()
    assert message.channel == channel


@pytest.mark.parametrize("customer", ["a\nb", "x" * 257, "\ud800"])
def test_a_channel_that_there_cannot_be_is_refused_before_anything_is_asked(site_of: SiteOf, customer: str) -> None:
    site = site_of("queue")
    for act in (site.seen, site.deliver):
        with pytest.raises(InvalidRequest) as refused:
            act(site.open(channel="{{ value }}"), value=customer)
        assert refused.value.code == "bad_channel"
    assert not site.oci.requests


@pytest.mark.parametrize("kind", ["bucket", "stream", "queue", "topic"])
def test_a_record_that_gives_no_label_is_refused_before_anything_is_asked(site_of: SiteOf, kind: str) -> None:
    site = site_of(kind)
    label = {"bucket": "name", "stream": "key", "queue": "channel", "topic": "title"}[kind]
    with pytest.raises(InvalidRequest) as refused:
        site.seen(site.open(**{label: "{{ value.customer }}"}), value={})
    assert refused.value.code == "template_error"
    assert not site.oci.requests


@pytest.mark.parametrize(
    ("said", "title"), [("Grüße", "Grüße"), ("a\r\nBcc: b", "a Bcc: b"), ("a\x00\x9fb", "a b"), ("\ud800", "")]
)
def test_a_title_is_one_line(site_of: SiteOf, said: str, title: str) -> None:
    site = site_of("topic")
    assert site.deliver(site.open(title="{{ value }}"), value=said)
    (message,) = site.oci.state_of(Notifications).published
    assert (message.title, message.body.encode()) == (title, site.body)


def test_a_function_is_called_detached_with_the_outcome_as_json(site_of: SiteOf) -> None:
    site = site_of("function")
    for record in ("a", "b"):
        assert site.deliver(site.open(), record)
    functions: Any = site.oci.state_of(Functions)
    invoker = functions._entered[site.place][1]
    for body, headers in invoker.calls:
        assert body == site.body
        assert (headers["fn-invoke-type"], headers["content-type"]) == ("detached", "application/json")
        assert "fn-intent" not in headers


def test_where_a_function_is_called_is_asked_once(site_of: SiteOf) -> None:
    site = site_of("function")
    for record in ("a", "b"):
        assert site.deliver(site.open(), record)
    assert site.asked(f"/20181201/functions/{site.place}") == ["GET"]
    assert site.asked() == ["POST", "POST"]


@pytest.mark.parametrize(
    ("kind", "largest"), [("stream", 1 << 20), ("queue", 256 << 10), ("topic", 64 << 10), ("function", 6 << 20)]
)
def test_the_largest_body_is_taken(site_of: SiteOf, kind: str, largest: int) -> None:
    site = site_of(kind)
    sink = site.open()
    assert 0.95 * largest < sink.largest <= largest
    body = b'"' + "ä".encode() * ((sink.largest - 2) // 2) + b'"'
    assert site.deliver(sink, body=body)
    assert site.arrived() == [body]
