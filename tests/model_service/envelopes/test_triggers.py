"""Which trigger an invocation has come through, and what a cold start loads for it."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from model_service.envelopes import open_envelope
from model_service.errors import InternalError, InvalidRequest, UpstreamThrottled
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.openai_api.chat import Complete

ROOT = Path(__file__).resolve().parents[3]
CHAT = (ROOT / "tests" / "events" / "direct_chat.json").read_bytes()
EVENT = (ROOT / "tests" / "events" / "event_object_2_0.json").read_bytes()
STREAMED = b'{"stream": "s", "partition": "0", "key": null, "value": "SGk=", "offset": 3, "timestamp": 5}'
METRIC = b'{"namespace": "oci_faas", "name": "Errors", "datapoints": []}'
LOG = b'{"data": {}, "id": "a", "oracle": {"logid": "l"}, "source": "s", "specversion": "1.0", "type": "t"}'
DETACHED = {"fn_invoke_type": "detached"}
MESSAGE = {"x_oci_ns_messageid": "5bd1"}
HTTP = HttpRequest("POST", "/v1/chat/completions", {"host": "gateway"})


@pytest.mark.parametrize(
    ("body", "headers", "trigger"),
    [
        (b"{}", {}, "direct"),
        (b"", {}, "direct"),
        (CHAT, {"fn_invoke_type": "sync"}, "direct"),
        (CHAT, DETACHED, "detached"),
        (b"no JSON", DETACHED, "detached"),
        (b"", DETACHED, "schedule"),
        (b" \r\n", {"fn_invoke_type": "Detached"}, "schedule"),
        (b"[]", {}, "connector_hub"),
        (b"\xef\xbb\xbf \n[not JSON", {}, "connector_hub"),
        (b"[1]", DETACHED, "detached"),
        (b"[1]", MESSAGE, "notification"),
        (STREAMED, {}, "connector_hub"),
        (METRIC, {}, "connector_hub"),
        (LOG, {}, "connector_hub"),
        (STREAMED, DETACHED, "detached"),
        (
            b'{"stream": true, "messages": [{"role": "user", "content": "\\"partition\\" \\"offset\\" \\"value\\""}]}',
            {},
            "direct",
        ),
        (b"", {"x_oci_ns_messagetype": "SubscriptionConfirmation"}, "notification"),
        (EVENT, {}, "event"),
        (EVENT, DETACHED, "event"),
        (EVENT, MESSAGE, "notification"),
        (b"\xef\xbb\xbf" + EVENT, {}, "event"),
        (b'{"specversion": "1.0", "type": "t", "source": "s"}', {}, "event"),
        (b'{"specversion": "1.0", "type": "t"}', {}, "direct"),
        (b'{"data": {"cloudEventsVersion": "0.1"}}', {}, "direct"),
        (b'{"cloudEventsVersion": "0.1"', {}, "direct"),
        (b'"cloudEventsVersion"', {}, "direct"),
        (b'{"cloudEventsVersion": ' + b"[" * 100_000, {}, "direct"),
    ],
)
def test_an_invocation_comes_through_its_trigger(opened, body: bytes, headers: dict[str, str], trigger: str) -> None:
    assert opened(body, **headers).trigger == trigger


@pytest.mark.parametrize("body", [STREAMED, METRIC, LOG, b"\xef\xbb\xbf" + STREAMED])
def test_a_record_outside_of_any_array_is_a_batch_of_one(records, body: bytes) -> None:
    """It was answered as a direct call is, with 200, and so it was lost."""
    (alone,), (in_a_batch,) = records(body), records(b"[" + body.removeprefix(b"\xef\xbb\xbf") + b"]")
    assert (alone.id, alone.source, alone.content) == (in_a_batch.id, in_a_batch.source, in_a_batch.content)
    assert alone.fault is None


def test_a_batch_that_arrives_gzipped_is_a_batch() -> None:
    invocation = Invocation(gzip.compress(b"[" + STREAMED + b"]"), Deadline.after(30)).readable()
    assert open_envelope(invocation).trigger == "connector_hub"


@pytest.mark.parametrize("body", [b"[]", EVENT, b"", CHAT])
def test_what_a_gateway_hands_on_is_http_whatever_it_looks_like(body: bytes) -> None:
    headers = {"fn-invoke-type": "detached", "x-oci-ns-messageid": "5bd1"}
    assert open_envelope(Invocation(body, Deadline.after(30), "01CALL", headers, HTTP)).trigger == "http"


@pytest.mark.parametrize(
    ("body", "headers"), [(b"[]", {}), (EVENT, {}), (b"hello", MESSAGE), (CHAT, DETACHED), (b"", DETACHED)]
)
@pytest.mark.parametrize(
    "error",
    [InternalError("a bug"), InvalidRequest("no"), UpstreamThrottled("slowly", retry_after="7", opc_request_id="x")],
)
def test_a_failure_that_nobody_waits_for_is_one_of_the_platform_s_own(opened, body, headers, error) -> None:
    reply = opened(body, **headers).seal_error(error)
    assert (reply.status, json.loads(reply.body)) == (502, error.body())


@pytest.mark.parametrize(
    ("body", "headers"), [(b"[]", {}), (EVENT, {}), (b"hello", MESSAGE), (CHAT, DETACHED), (b"", DETACHED)]
)
def test_records_that_have_been_worked_on_are_answered_with_a_summary(opened, body, headers) -> None:
    reply = opened(body, **headers).seal(Complete({"records": 1}))
    assert (reply.status, reply.headers["content-type"], reply.body) == (200, "application/json", b'{"records":1}')


def test_a_cold_start_for_somebody_who_waits_loads_no_other_trigger() -> None:
    """In a process of its own, since others have been here before."""
    program = """
import sys
from model_service.app import App
from model_service.envelopes import open_envelope
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
before = set(sys.modules)
http = HttpRequest("POST", "/v1/chat/completions", {"host": "gateway"})
for way in (None, http):
    open_envelope(Invocation(b'{"messages": ["cloudEventsVersion"]}', Deadline.after(9), http=way))
print(sorted(set(sys.modules) - before), "model_service.envelopes.connector_hub_array" in sys.modules)
names = "connector_hub event notification unattended"
print([name for name in names.split() if f"model_service.envelopes.{name}" in sys.modules])
"""
    path = {"PYTHONPATH": str(ROOT / "src")}
    run = subprocess.run([sys.executable, "-c", program], env=path, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["[] False", "[]"]
