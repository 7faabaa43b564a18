"""What the FDK makes of a request and its reply, in a real function: what a client cannot change."""

from __future__ import annotations

import json
import socket
from http.client import HTTPResponse
from pathlib import Path

import pytest

from mock_oci.fn.stack import LocalStack

CHAT = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hello"}]}
GATEWAY = [
    ("Fn-Intent", "httprequest"),
    ("Fn-Http-Method", "POST"),
    ("Fn-Http-Request-Url", "/v1/chat/completions"),
    ("Fn-Http-H-Host", "gateway"),
]


def call(container: Path, headers: list[tuple[str, str]], **changes: object) -> tuple[HTTPResponse, bytes]:
    """Send a request with exactly these headers, repeated ones too, as Fn's agent sends them."""
    body = json.dumps({**CHAT, **changes}).encode()
    lines = [f"{name}: {value}" for name, value in [*headers, ("Content-Length", str(len(body)))]]
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(container))
        connection.sendall("\r\n".join(["POST /call HTTP/1.1", "Host: localhost", *lines, "", ""]).encode() + body)
        response = HTTPResponse(connection)
        response.begin()
        return response, response.read()


@pytest.fixture
def container(stack: LocalStack) -> Path:
    stack.function.warm()
    return Path(stack.function.containers[0].socket)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("intent", ["cloudevent", "", "httprequest"])
def test_an_intent_of_the_client_changes_nothing(container: Path, intent: str, stream: bool) -> None:
    response, _ = call(container, [("Fn-Http-H-Fn-Intent", intent), *GATEWAY], stream=stream)
    assert response.getheader("fn-http-status") == "200"
    assert response.getheader("fn-http-h-x-model-service-route") == "v1"
    response, _ = call(container, [*GATEWAY, ("Fn-Http-H-Fn-Intent", intent)], messages=[])
    assert response.getheader("fn-http-status") == "400"


@pytest.mark.parametrize("accepts", [["application/x-ndjson", "*/*"], ["text/html", "Application/X-NDJSON"]])
def test_an_accept_header_that_comes_in_several_lines_counts_as_one(container: Path, accepts: list[str]) -> None:
    headers = [*GATEWAY, *(("Fn-Http-H-Accept", accept) for accept in accepts)]
    response, body = call(container, headers, stream=True)
    assert response.getheader("content-type") == "application/x-ndjson"
    assert [json.loads(line) for line in body.splitlines()]


@pytest.mark.parametrize("deadline", ["2400-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("model", ["meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025"])
def test_no_deadline_is_too_far_away(container: Path, deadline: str, model: str) -> None:
    response, body = call(container, [*GATEWAY, ("Fn-Deadline", deadline)], model=model)
    if deadline.startswith("0001"):
        assert json.loads(body)["error"]["code"] == "deadline_exceeded"
    else:
        assert response.getheader("fn-http-status") == "200", body
