"""What Fn hands us, through the FDK's own context, and how long we may take."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from model_service.errors import DeadlineExceeded
from model_service.fn import invocation as module
from model_service.fn.invocation import MARGIN_SECONDS, Deadline, Invocation

GATEWAY = json.loads((Path(__file__).parents[2] / "events" / "api_gateway_headers.json").read_text())
DIRECT = {
    "fn-call-id": "01EBHFQYFN1BT15H8ZJ00001VV",
    "fn-deadline": "2026-11-03T10:00:00Z",
    "content-type": "application/json",
    "oci-subject-id": "ocid1.user.oc1..caller",
}
NOW = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)

Invoke = Callable[..., Invocation]


@pytest.fixture(scope="session")
def context_from_format() -> Any:
    """The FDK's; importing it puts a handler on the root logger, which is no business of the other tests."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    from fdk.context import context_from_format

    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
    root.setLevel(level)
    return context_from_format


@pytest.fixture
def invoke(context_from_format: Any) -> Invoke:
    def from_fn(headers: dict[str, Any], body: bytes = b"{}") -> Invocation:
        return Invocation.from_fn(*context_from_format("http-stream", headers=headers, data=BytesIO(body)))

    return from_fn


@dataclass
class Clocks:
    """The wall clock and the monotonic clock, both standing still."""

    wall: float = NOW.timestamp()
    uptime: float = 1000.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.uptime


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(module, "time", clocks)
    return clocks


# --- direct calls


def test_a_direct_call_has_a_body_a_caller_and_no_http(invoke: Invoke) -> None:
    invocation = invoke(DIRECT, b'{"model": "m"}')
    assert (invocation.body, invocation.call_id) == (b'{"model": "m"}', DIRECT["fn-call-id"])
    assert invocation.caller == "ocid1.user.oc1..caller"
    assert invocation.http is None


def test_names_of_headers_are_in_lower_case(invoke: Invoke) -> None:
    assert invoke({"Oci-Subject-Id": "me"}).headers == {"oci-subject-id": "me"}


def test_a_call_without_a_body_and_without_any_header_is_still_one(context_from_format: Any) -> None:
    context, _ = context_from_format("http-stream", headers={}, data=None)
    invocation = Invocation.from_fn(context, None)
    assert (invocation.body, invocation.caller, invocation.http) == (b"", None, None)
    assert len(invocation.call_id) == 32  # one of ours, so that a reply and its log line can still be found


@pytest.mark.parametrize(
    "claimed",
    [
        {"fn-intent": "httprequest"},
        {"fn-intent": "httprequest", "fn-http-method": "POST", "fn-http-request-url": "/v1/chat/completions"},
        {"fn-intent": "httprequest", "fn-http-method": "POST", "fn-http-h-host": "x"},
        {"fn-intent": "cloudevent", "fn-http-method": "POST", "fn-http-request-url": "/", "fn-http-h-host": "x"},
    ],
)
def test_an_intent_alone_does_not_make_a_gateway(invoke: Invoke, claimed: dict[str, str]) -> None:
    assert invoke({**DIRECT, **claimed}).http is None


# --- API Gateway


def test_a_call_through_the_gateway_has_the_clients_request(invoke: Invoke) -> None:
    http = invoke(GATEWAY).http
    assert http is not None
    assert (http.method, http.path) == ("POST", "/prod/v1/chat/completions")
    assert http.url == "/prod/v1/chat/completions?key1=value1&key2=value2"
    assert http.headers["authorization"] == "Bearer sk-the-clients-own-key"
    assert http.headers["user-agent"] == "OpenAI/Python 2.54.0"
    assert http.headers["host"] == "abcdefgh.apigateway.us-phoenix-1.oci.customer-oci.com"


def test_the_gateway_is_the_caller(invoke: Invoke) -> None:
    invocation = invoke(GATEWAY)
    assert invocation.caller == GATEWAY["oci-subject-id"]
    assert invocation.call_id == GATEWAY["fn-call-id"]
    assert invocation.headers["opc-request-id"] == GATEWAY["opc-request-id"]


def test_the_platforms_headers_are_free_of_the_clients(invoke: Invoke) -> None:
    assert not {"authorization", "user-agent", "x-real-ip", "forwarded"} & set(invoke(GATEWAY).headers)


@pytest.mark.parametrize("first", ["client", "platform"])
def test_a_client_cannot_pose_as_another_caller(invoke: Invoke, first: str) -> None:
    forged = {"fn-http-h-oci-subject-id": "ocid1.user.oc1..admin", "fn-http-h-fn-call-id": "forged"}
    headers = {**forged, **GATEWAY} if first == "client" else {**GATEWAY, **forged}
    invocation = invoke(headers)
    assert invocation.caller is None
    assert invocation.call_id == GATEWAY["fn-call-id"]
    assert invocation.http is not None
    assert invocation.http.headers["oci-subject-id"] == "ocid1.user.oc1..admin"


def test_a_client_cannot_lengthen_its_deadline(invoke: Invoke, clocks: Clocks) -> None:
    forged = {"fn-deadline": "2026-11-03T10:00:10Z", "fn-http-h-fn-deadline": "2099-01-01T00:00:00Z"}
    assert invoke({**GATEWAY, **forged}).deadline.remaining == 10


def test_of_a_header_that_came_twice_the_last_one_counts(invoke: Invoke) -> None:
    http = invoke({**GATEWAY, "Fn-Http-H-X-Team": "one", "fn-http-h-x-team": "two"}).http
    assert http is not None
    assert http.headers["x-team"] == "two"


@pytest.mark.parametrize(
    ("url", "path"),
    [("/v1/x/", "/v1/x"), ("/v1/x?a=/b/", "/v1/x"), ("/v1/x", "/v1/x"), ("/", ""), ("/v1/x/?q", "/v1/x")],
)
def test_a_path_has_no_query_and_no_trailing_slash(invoke: Invoke, url: str, path: str) -> None:
    http = invoke({**GATEWAY, "fn-http-request-url": url, "fn-http-method": "get"}).http
    assert http is not None
    assert (http.path, http.method) == (path, "GET")


def test_the_prompt_is_not_in_the_repr(invoke: Invoke) -> None:
    assert "my prompt" not in repr(invoke(GATEWAY, b"my prompt"))


# --- the deadline


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-11-03T10:00:30Z", 30),
        ("2026-11-03T10:05:00Z", 300),
        ("2026-11-03T11:00:30+01:00", 30),
        ("2026-11-03T04:30:30-05:30", 30),
        ("2026-11-03T10:00:30.250000+00:00", 30.25),
        ("2026-11-03T10:00:30", 30),
        ("2026-11-03T09:59:50Z", -10),
        (None, 30),
        ("", 30),
        ("soon", 30),
    ],
)
def test_the_deadline_is_read_in_any_offset(clocks: Clocks, value: str | None, seconds: float) -> None:
    assert Deadline.parse(value).remaining == pytest.approx(seconds)


def test_the_deadline_that_the_fdk_makes_up_is_half_a_minute(context_from_format: Any) -> None:
    context, _ = context_from_format("http-stream", headers={}, data=None)
    assert 25 < Deadline.parse(context.Deadline()).remaining <= 30


def test_a_change_of_the_wall_clock_does_not_move_a_deadline(clocks: Clocks) -> None:
    deadline = Deadline.parse((NOW + timedelta(seconds=30)).astimezone(timezone(timedelta(hours=9))).isoformat())
    clocks.wall = 0.0
    assert deadline.remaining == pytest.approx(30)


def test_what_may_be_waited_leaves_room_for_the_answer(clocks: Clocks) -> None:
    assert Deadline.after(30).require() == 30 - MARGIN_SECONDS


@pytest.mark.parametrize("seconds", [MARGIN_SECONDS, 0, -1])
def test_a_deadline_that_has_passed_stops_the_call(clocks: Clocks, seconds: float) -> None:
    with pytest.raises(DeadlineExceeded):
        Deadline.after(seconds).require()


def test_a_deadline_passes_by_itself(clocks: Clocks) -> None:
    deadline = Deadline.after(30)
    clocks.uptime += 30 - MARGIN_SECONDS
    with pytest.raises(DeadlineExceeded):
        deadline.require()
