import base64
import json
from collections.abc import Callable

import pytest
from tests.mock_oci.conftest import Clock

from mock_oci import MockOci, Response
from mock_oci.services.notifications import Notifications
from mock_oci.services.streaming import Streaming

Signed = Callable[..., Response]


@pytest.mark.parametrize(("throttles", "status"), [(True, 429), (False, 202)])
def test_sixty_messages_a_minute_for_a_topic(
    oci: MockOci, signed: Signed, clock: Clock, throttles: bool, status: int
) -> None:
    oci.throttles = throttles
    topic = oci.state_of(Notifications).create_topic("t")
    statuses = [signed("POST", f"/20181201/topics/{topic.id}/messages", {"body": "x"}).status for _ in range(61)]
    assert statuses == [202] * 60 + [status]
    clock.now += 60
    assert signed("POST", f"/20181201/topics/{topic.id}/messages", {"body": "x"}).status == 202


def test_five_reads_a_second_of_a_partition(oci: MockOci, signed: Signed, clock: Clock) -> None:
    oci.throttles = True
    stream = oci.state_of(Streaming).create("s", partitions=2)
    cursors = []
    for partition in ("0", "1"):
        body = {"partition": partition, "type": "TRIM_HORIZON"}
        made = signed("POST", f"/20180418/streams/{stream.id}/cursors", body).body
        cursors.append(json.loads(made)["value"])  # type: ignore[arg-type]
    read = [signed("GET", f"/20180418/streams/{stream.id}/messages?cursor={cursors[0]}").status for _ in range(6)]
    assert read == [200] * 5 + [429]
    assert signed("GET", f"/20180418/streams/{stream.id}/messages?cursor={cursors[1]}").status == 200


def test_a_native_body_is_too_large_from_where_one_says(oci: MockOci, signed: Signed) -> None:
    oci.max_native_body = 1000
    mode = {"servingType": "ON_DEMAND", "modelId": "meta.llama-3.3-70b-instruct"}
    for size, status in ((10, 200), (1000, 413)):
        said = {"role": "USER", "content": [{"type": "TEXT", "text": "x" * size}]}
        request = {"apiFormat": "GENERIC", "messages": [said]}
        body = {"compartmentId": oci.tenancy.compartment_id, "servingMode": mode, "chatRequest": request}
        assert signed("POST", "/20231130/actions/chat", body).status == status


# A PNG of one pixel; only its head is looked at.
PIXEL = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00\x00\x00\x01" * 2 + b"\x08\x06\x00\x00\x00"
).decode()
ASKS = {"role": "USER", "content": [{"type": "TEXT", "text": "x"}]}
CALL = {"type": "FUNCTION", "id": "c", "name": "f", "arguments": "{}"}
DONE = {"role": "TOOL", "toolCallId": "c", "content": [{"type": "TEXT", "text": "1"}]}
QUIRKS = [
    ("meta.llama-3.3-70b-instruct", {"messages": [ASKS, {"role": "ASSISTANT", "toolCalls": [CALL]}, DONE]}, ""),
    (
        "xai.grok-4.3",
        {
            "messages": [
                {"role": "USER", "content": [{"type": "IMAGE", "imageUrl": {"url": f"data:image/png;base64,{PIXEL}"}}]}
            ]
        },
        "Image dimensions 1x1 are too small",
    ),
    (
        "google.gemini-2.5-flash",
        {
            "messages": [ASKS],
            "tools": [
                {
                    "type": "FUNCTION",
                    "name": "f",
                    "parameters": {"type": "object", "properties": {"a": {"type": ["string", "null"]}}},
                }
            ],
        },
        'Unknown name "type"',
    ),
    (
        "meta.llama-3.3-70b-instruct",
        {"messages": [ASKS], "tools": [{"type": "FUNCTION", "name": f"f{number}"} for number in range(129)]},
        "At most 128 tools",
    ),
]


@pytest.mark.parametrize(("model", "request_", "said"), QUIRKS, ids=[row[2] or "silent call" for row in QUIRKS])
def test_what_a_family_refuses(
    oci: MockOci, signed: Signed, model: str, request_: dict[str, object], said: str
) -> None:
    body = {
        "compartmentId": oci.tenancy.compartment_id,
        "servingMode": {"servingType": "ON_DEMAND", "modelId": model},
        "chatRequest": {"apiFormat": "GENERIC", **request_},
    }
    response = signed("POST", "/20231130/actions/chat", body)
    assert response.status >= 400
    assert said in json.loads(response.body)["message"]  # type: ignore[arg-type]


@pytest.mark.parametrize(("protocol", "most"), [("EMAIL", 10), ("CUSTOM_HTTPS", 60)])
def test_an_endpoint_gets_so_many_messages_a_minute_and_the_rest_later(
    oci: MockOci, clock: Clock, protocol: str, most: int
) -> None:
    oci.throttles = True
    state = oci.state_of(Notifications)
    state.hooks["CUSTOM_HTTPS"] = lambda _: 200
    topic = state.create_topic("t")
    state.subscribe(topic, protocol, "http://127.0.0.1:1")
    for _ in range(most + 1):
        state.publish(topic, "x")
    assert [delivery.acknowledged for delivery in state.deliveries] == [True] * most + [False]
    assert state.deliveries[-1].status == 429
    clock.now += 60
    assert state.retry() == 1
    assert state.deliveries[-1].acknowledged
