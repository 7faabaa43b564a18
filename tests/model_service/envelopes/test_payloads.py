"""Every payload that there is a sample of, in tests/events, and the records that it is taken for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model_service.batch.record import BatchRequest, digest_of

EVENTS = Path(__file__).resolve().parents[2] / "events"
NOTIFICATION = json.loads((EVENTS / "notification_headers.json").read_text())
DETACHED = {"fn-invoke-type": "detached"}
UUID = "7e1d3c1a-53f3-4f2b-8f10-00000000000"
ETAG = "0c5b6b1f-2f6e-4f9d-9c0e-00000000000"
TOPIC = {
    "topic": "prompts",
    "topic_id": "ocid1.onstopic.oc1.phx.aaaaaaaaexample",
    "message_id": "5bd1bc1e-9f0d-4a53-8d3f-000000000001",
}
MESSAGE_ID = f"notifications/{TOPIC['message_id']}"
INVOICES = {
    "type": "com.oraclecloud.objectstorage.createobject",
    "time": "2026-03-02T17:41:03Z",
    "namespace": "axexample",
    "bucket": "invoices",
    "compartment": "ocid1.compartment.oc1..aaaaaaaaexample",
}


def payload(name: str) -> Any:
    return json.loads((EVENTS / name).read_text())


def message(offset: int, partition: str, timestamp: int | str, key: str | None = None) -> dict[str, Any]:
    place = {"stream": "prompts", "partition": partition, "offset": offset, "key": key}
    return {**place, "timestamp": timestamp}


# file, headers, trigger → source, and of each record: id (None: by its content), place, value (None: what the file is)
PAYLOADS: tuple[tuple[str, dict[str, str], str, str, list[tuple[str | None, dict[str, Any], Any]]], ...] = (
    (
        "connector_hub_streaming.json",
        {},
        "connector_hub",
        "streaming",
        [
            (
                "streaming/prompts/0/3-1761223385480",
                message(3, "0", 1761223385480),
                {"language": "de", "text": "Guten Morgen, Köln"},
            ),
            (
                "streaming/prompts/2/41-1761223385512",
                message(41, "2", 1761223385512, "customer-7"),
                "Sent a plain message.",
            ),
        ],
    ),
    (
        "connector_hub_streaming_iso.json",
        {},
        "connector_hub",
        "streaming",
        [("streaming/prompts/0/7-2021-03-09T17:39:36.412Z", message(7, "0", "2021-03-09T17:39:36.412Z"), {"n": 1})],
    ),
    (
        "connector_hub_queue.json",
        {},
        "connector_hub",
        "queue",
        [(None, {}, "a plain string, end"), (None, {}, {"name": "ada", "age": 36}), (None, {}, 7)],
    ),
    (
        "connector_hub_queue_not_json.txt",
        {},
        "connector_hub",
        "queue",
        [
            (None, {}, {"name": "ada"}),
            (None, {}, "a plain string, without quotes, that breaks it all"),
            (None, {}, {"name": "grace", "age": 45}),
        ],
    ),
    (
        "connector_hub_logging.json",
        {},
        "connector_hub",
        "logging",
        [
            (
                "logging/ocid1.log.oc1.phx.amaaaaaaexample/9f3c2d1e-0b7a-4c55-8f10-2f6f0a3f9d11",
                {"type": "com.oraclecloud.functions.application.functioninvoke", "time": "2025-10-23T15:45:17.239Z"},
                payload("connector_hub_logging.json")[0],
            )
        ],
    ),
    (
        "connector_hub_monitoring.json",
        {},
        "connector_hub",
        "monitoring",
        [(None, {}, payload("connector_hub_monitoring.json")[0])],
    ),
    ("connector_hub_empty.json", {}, "connector_hub", "none", []),
    (
        "event_object_1_0.json",
        {},
        "event",
        "events",
        [
            (
                f"events/{UUID}1",
                {**INVOICES, "event_id": f"{UUID}1", "etag": f"{ETAG}1", "object": "in/march 2026/invoice.jpg"},
                None,
            )
        ],
    ),
    (
        "event_object_2_0.json",
        {},
        "event",
        "events",
        [
            (
                f"events/{UUID}2",
                {**INVOICES, "event_id": f"{UUID}2", "etag": f"{ETAG}2", "object": "in/invoice.pdf"},
                None,
            )
        ],
    ),
    (
        "event_bucket_2_0.json",
        {},
        "event",
        "events",
        [
            (
                f"events/{UUID}3",
                {
                    **INVOICES,
                    "event_id": f"{UUID}3",
                    "etag": f"{ETAG}3",
                    "type": "com.oraclecloud.objectstorage.createbucket",
                },
                None,
            )
        ],
    ),
    (
        "event_instance.json",
        DETACHED,
        "event",
        "events",
        [
            (
                f"events/{UUID}4",
                {
                    "event_id": f"{UUID}4",
                    "time": "2026-03-02T17:41:03Z",
                    "type": "com.oraclecloud.computeapi.terminateinstance.end",
                },
                None,
            )
        ],
    ),
    (
        "event_cloudevents_1_0.json",
        {},
        "event",
        "events",
        [
            (
                "events/%2Forders%2Feu/A234-1234-1234",
                {"event_id": "A234-1234-1234", "time": "2026-03-02T17:41:03Z", "type": "com.example.order.placed"},
                None,
            )
        ],
    ),
    ("notification_json.json", NOTIFICATION, "notification", "notifications", [(MESSAGE_ID, TOPIC, None)]),
    (
        "notification_text.txt",
        NOTIFICATION,
        "notification",
        "notifications",
        [(MESSAGE_ID, TOPIC, 'The prompt, as it is: say "hello".\n')],
    ),
    (
        "notification_alarm.json",
        NOTIFICATION,
        "notification",
        "notifications",
        [
            (
                "notifications/1b2c3d4e-8f10-4a53-9c0e-000000000001/1772473260000",
                {**TOPIC, "title": "CPU is high"},
                None,
            )
        ],
    ),
    (
        "event_object_2_0.json",
        NOTIFICATION,
        "notification",
        "events",
        [
            (
                f"events/{UUID}2",
                {**TOPIC, **INVOICES, "event_id": f"{UUID}2", "etag": f"{ETAG}2", "object": "in/invoice.pdf"},
                None,
            )
        ],
    ),
    ("invocation_record.json", NOTIFICATION, "notification", "notifications", [(MESSAGE_ID, TOPIC, None)]),
    ("invocation_record.json", DETACHED, "detached", "detached", [("detached/01CALL", {}, None)]),
    ("direct_chat.json", DETACHED, "detached", "detached", [("detached/01CALL", {}, None)]),
)


@pytest.mark.parametrize(
    ("name", "headers", "trigger", "source", "expected"), PAYLOADS, ids=[f"{row[2]}-{row[0]}" for row in PAYLOADS]
)
def test_a_payload_is_taken_for_its_records(opened, name, headers, trigger, source, expected) -> None:
    body = (EVENTS / name).read_bytes()
    envelope = opened(body, **headers)
    request = envelope.decode()
    assert envelope.trigger == trigger
    assert isinstance(request, BatchRequest)
    assert [(record.source, record.metadata) for record in request.records] == [
        (source, place) for _, place, _ in expected
    ]
    for record, (identity, _, value) in zip(request.records, expected, strict=True):
        assert record.id == (identity or f"{source}/{digest_of(record.content)}")
        assert record.view["value"] == (json.loads(body) if value is None else value)


def test_every_sample_has_its_row_or_its_own_test() -> None:
    others = {
        "api_gateway_headers.json",
        "notification_headers.json",
        "notification_confirmation.json",
        "notification_confirmation_headers.json",
    }
    assert {path.name for path in EVENTS.iterdir()} == others | {row[0] for row in PAYLOADS}


@pytest.mark.parametrize("source", ["streaming", "queue", "notifications"])
def test_the_record_of_a_detached_call_comes_through_whatever_its_shape(records, source: str) -> None:
    import base64

    sample = json.dumps(payload("invocation_record.json")).encode()
    for left in (sample, b'"FAILURE"', b'{"a":{"b":[null]}}', b"7"):
        entry = {"stream": "left", "partition": "0", "key": None, "offset": 1, "timestamp": 5}
        bodies = {
            "streaming": json.dumps([{**entry, "value": base64.b64encode(left).decode()}]).encode(),
            "queue": b"[" + left + b"]",
            "notifications": left,
        }
        headers = NOTIFICATION if source == "notifications" else {}
        (record,) = records(bodies[source], **headers)
        assert (record.source, record.content, record.fault) == (source, left, None)
