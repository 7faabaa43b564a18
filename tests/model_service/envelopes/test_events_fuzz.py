"""Whatever arrives: it ends in a request or a clear error, never in a crash, and none of it is lost."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from model_service.batch.record import SOURCES, BatchRequest, Record
from model_service.envelopes import open_envelope
from model_service.envelopes.connector_hub_array import elements_of
from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline, Invocation

EVENTS = Path(__file__).resolve().parents[2] / "events"
BODIES = [path.read_bytes() for path in sorted(EVENTS.iterdir()) if not path.stem.endswith("headers")]
SAMPLES = [json.loads(path.read_bytes()) for path in sorted(EVENTS.glob("*.json")) if "headers" not in path.stem]
NOTIFICATION = json.loads((EVENTS / "notification_headers.json").read_text())
NAMES = [
    *("fn-invoke-type", "content-type", "fn-intent", "x-oci-ns-messageid", "x-oci-ns-messagetype"),
    *("x-oci-ns-topicname", "x-oci-ns-topicocid", "x-oci-ns-confirmationurl"),
]
VALUES = some.sampled_from(["", "detached", "sync", "SubscriptionConfirmation", "Notification"]) | some.text(
    max_size=20
)

quickly = partial(settings, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
headers = some.dictionaries(some.sampled_from(NAMES), VALUES, max_size=4)
pieces = some.sampled_from(
    [
        *(b"[", b"]", b"{", b"}", b",", b'"', b"\\", b":", b" ", b"1", b"NaN", b"null", b"\xff", b"x", b"\xef\xbb\xbf"),
        *(b'{"a":1}', b'"b, c"', b"9" * 4400, b"1e999", b"[" * 1200, b"]" * 1200, "ü😀".encode(), b'"\\ud800"'),
    ]
)
values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=True) | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def arrives(body: bytes, headers: dict[str, str]) -> None:
    """Every record of it can be named, and shown to a task or refused."""
    envelope = open_envelope(Invocation(body, Deadline.after(30), "01CALL", headers))
    try:
        request = envelope.decode()
    except InvalidRequest as error:
        envelope.seal_error(error)
        return
    if isinstance(request, BatchRequest):
        for record in request.records:
            is_sound(record)


def is_sound(record: Record) -> None:
    assert record.source in SOURCES
    assert record.id.isascii()
    assert len(record.id) < 1000
    assert {".", "..", ""}.isdisjoint(record.id.split("/"))
    json.dumps(dict(record.metadata))
    if record.fault is None:
        try:
            assert record.view["source"] == record.source
        except InvalidRequest as error:
            assert error.code == "invalid_record"


def nothing_is_lost(body: bytes) -> None:
    at = 0
    for element in elements_of(body):
        found = body.index(element.content, at)
        assert not body[at:found].removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n,[")
        at = found + len(element.content)
    assert not body[at:].strip(b" \t\r\n,]").removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n,[")


@quickly(max_examples=250)
@given(some.lists(pieces, max_size=25), headers)
def test_any_pieces_of_an_array_come_to_a_clear_end_and_none_is_lost(parts: list[bytes], named: dict[str, str]) -> None:
    body = b"[" + b"".join(parts)
    nothing_is_lost(body)
    arrives(body, named)


@quickly(max_examples=150)
@given(some.binary(max_size=200), headers)
def test_any_bytes_with_any_headers_come_to_a_clear_end(noise: bytes, named: dict[str, str]) -> None:
    nothing_is_lost(b"[" + noise)
    arrives(b"[" + noise, named)
    arrives(noise, named)


@quickly(max_examples=250)
@given(some.sampled_from(BODIES), headers, some.data())
def test_a_sample_that_is_cut_or_patched_comes_to_a_clear_end(body: bytes, named: dict[str, str], draw: Any) -> None:
    for _ in range(draw.draw(some.integers(1, 3))):
        start = draw.draw(some.integers(0, len(body)))
        end = draw.draw(some.integers(start, min(len(body), start + 40)))
        body = body[:start] + draw.draw(pieces | some.just(b"")) + body[end:]
    arrives(body, named)


@quickly(max_examples=250)
@given(some.sampled_from(SAMPLES), headers, some.data())
def test_a_sample_with_another_value_somewhere_comes_to_a_clear_end(
    sample: Any, named: dict[str, str], draw: Any
) -> None:
    changed = json.loads(json.dumps(sample))
    place, key = draw.draw(some.sampled_from(list(places(changed)) or [([changed], 0)]))
    place[key] = draw.draw(values)
    arrives(json.dumps(changed).encode(), named)


def places(value: Any) -> Any:
    """Everything in it that can be replaced: its container, and the key there."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("named", [{}, {"fn-invoke-type": "detached"}, NOTIFICATION])
def test_every_sample_comes_to_a_clear_end_cut_off_anywhere(body: bytes, named: dict[str, str]) -> None:
    for end in range(0, len(body), 7):
        arrives(body[:end], named)
