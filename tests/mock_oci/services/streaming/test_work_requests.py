"""Streams are made, changed and deleted by work requests, which Terraform's provider waits for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from mock_oci import MockOci, Response
from mock_oci.services.streaming import Streaming

STREAMS = "/20180418/streams"


def test_each_change_of_a_stream_has_a_work_request_that_names_it(
    oci: MockOci, answered: Callable[..., Any], signed: Callable[..., Response]
) -> None:
    body = {"name": "prompts", "partitions": 1, "compartmentId": oci.tenancy.compartment_id}
    made = signed("POST", STREAMS, body)
    assert isinstance(made.body, bytes)
    stream = json.loads(made.body)["id"]
    changed = signed("PUT", f"{STREAMS}/{stream}", {"freeformTags": {"team": "models"}})
    assert answered("GET", f"{STREAMS}/{stream}")["freeformTags"] == {"team": "models"}
    gone = signed("DELETE", f"{STREAMS}/{stream}")
    for answer, action in ((made, "CREATED"), (changed, "UPDATED"), (gone, "DELETED")):
        work = answered("GET", f"/20180418/workRequests/{answer.headers['opc-work-request-id']}")
        assert (work["status"], work["resources"][0]["actionType"]) == ("SUCCEEDED", action)
        assert (work["resources"][0]["entityType"], work["resources"][0]["identifier"]) == ("stream", stream)
    assert oci.state_of(Streaming).all() == ()
