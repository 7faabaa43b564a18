"""Quotas are data: documented ones, others in their place, and those of models."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.mock_oci.conftest import Clock

from mock_oci import MockOci, Request, Response
from mock_oci.services.notifications import Notifications
from mock_oci.services.streaming import Streaming

Signed = Callable[..., Response]


def seed(oci: MockOci, rows: list[dict[str, Any]]) -> int:
    return oci.answer(Request("POST", "/_mock/seed", {}, json.dumps({"quotas": rows}).encode())).status


def test_a_limit_of_ones_own_counts_whoever_throttles(oci: MockOci, signed: Signed, clock: Clock) -> None:
    assert seed(oci, [{"name": "notifications.publish_message", "most": 2, "seconds": 10}]) == 200
    topic = oci.state_of(Notifications).create_topic("t")
    publish = [signed("POST", f"/20181201/topics/{topic.id}/messages", {"body": "x"}) for _ in range(3)]
    assert [answer.status for answer in publish] == [202, 202, 429]
    assert "2 in 10 s of a topic" in json.loads(publish[2].body)["message"]  # type: ignore[arg-type]
    clock.now += 10
    assert signed("POST", f"/20181201/topics/{topic.id}/messages", {"body": "x"}).status == 202


def test_a_backend_is_made_with_them_and_has_them_again_after_a_reset(clock: Clock) -> None:
    quotas = [{"of": "streaming.get_messages", "most": 1}, {"model": "meta.*", "requests_per_minute": 1}]
    oci = MockOci(clock, quotas=quotas)
    secret = oci.principals.generative_ai_api_key().secret
    body = json.dumps({"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "x"}]}).encode()
    asks = Request("POST", "/openai/v1/chat/completions", {"authorization": f"Bearer {secret}"}, body)
    assert [oci.answer(asks).status for _ in range(2)] == [200, 429]
    oci.reset()
    assert [oci.answer(asks).status for _ in range(2)] == [200, 429]


def test_a_partition_takes_so_many_bytes_a_second_message_by_message(
    oci: MockOci, signed: Signed, clock: Clock
) -> None:
    oci.throttles = True
    stream = oci.state_of(Streaming).create("s")
    value = base64.b64encode(b"x" * 400_000).decode()
    where = f"/20180418/streams/{stream.id}/messages"
    first = json.loads(signed("POST", where, {"messages": [{"value": value}] * 2}).body)  # type: ignore[arg-type]
    second = json.loads(signed("POST", where, {"messages": [{"value": value}, {"value": "eA=="}]}).body)  # type: ignore[arg-type]
    assert (first["failures"], second["failures"]) == (0, 1)
    assert [entry.get("error") for entry in second["entries"]] == ["429", None]
    clock.now += 1
    assert json.loads(signed("POST", where, {"messages": [{"value": value}]}).body)["failures"] == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "row",
    [
        {"name": "streaming.get_messages", "most": 0},
        {"name": "streaming.get_messages", "requests_per_minute": 1},
        {"name": "meta.*", "most": 1},
        {"name": "meta.*", "tokens_per_minute": "many"},
    ],
)
def test_what_is_no_quota_is_refused(oci: MockOci, row: dict[str, Any]) -> None:
    assert seed(oci, [row]) == 400
    with pytest.raises(ValueError, match=r"\w"):
        MockOci(quotas=[{"of": "no.such_operation"}])
