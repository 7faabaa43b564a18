"""HTTP as people and clients type it: paths, headers, statuses, and what every reply says of itself."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.app import App
from model_service.envelopes.http import HttpEnvelope
from model_service.envelopes.replies import stream_format
from model_service.errors import UpstreamError
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.fn.reply import Reply

LLAMA = "meta.llama-3.3-70b-instruct"
CHAT: dict[str, Any] = {"model": LLAMA, "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def app(environment: dict[str, str]) -> Iterator[App]:
    app = App(environment)
    with closing(app.service):
        yield app


def request(body: Any, path: str = "/v1/chat/completions", **headers: str) -> Invocation:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Invocation(content, Deadline.after(20), "01CALL", http=HttpRequest("POST", path, {"host": "gw", **named}))


def error_of(reply: Reply) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(reply.whole())["error"]
    return error


@pytest.mark.parametrize(
    "path", ["/v1//chat/completions", "//prod///v1/chat/completions//", "/v1/chat//completions?api-version=1"]
)
def test_doubled_slashes_are_one(app: App, path: str) -> None:
    assert app.answer(request(CHAT, path)).status == 200


@pytest.mark.parametrize("path", ["/v1/rerank", "/prod/v2/rerank", "/rerank"])
def test_rerank_is_found_where_its_clients_look_for_it(app: App, path: str) -> None:
    body = {"model": "cohere.rerank-v3.5", "query": "q", "documents": ["d"]}
    assert json.loads(app.answer(request(body, path)).whole())["results"][0]["index"] == 0


def test_doubled_slashes_of_the_responses_api_are_one(app: App) -> None:
    reply = app.answer(request(b"", "/v1//responses/resp_1"))
    assert error_of(reply)["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "sse"),
        ("*/*", "sse"),
        ("application/x-ndjson", "ndjson"),
        ("Application/X-NDJSON; charset=utf-8", "ndjson"),
        ("application/json, application/x-ndjson", "ndjson"),
        ("text/event-stream, application/x-ndjson", "sse"),
        ("application/x-ndjson;q=0, */*", "sse"),
        ("application/x-ndjson;q=0.5", "ndjson"),
        ("application/x-ndjson-not", "sse"),
    ],
)
def test_the_accept_header_counts_in_any_case_and_form(accept: str, expected: str) -> None:
    assert stream_format({}, accept) == expected


def test_every_reply_names_its_request_and_what_served_it(app: App, oci: MockOci) -> None:
    for body in (CHAT, {**CHAT, "stream": True}):
        headers = app.answer(request(body)).headers
        assert headers["x-request-id"] == "01CALL"
        assert (headers["x-model-service-route"], headers["x-model-service-model"]) == ("v1", LLAMA)
    oci.script.error(429, "slow down")
    assert app.answer(request(CHAT)).headers["x-model-service-model"] == LLAMA
    unread = app.answer(request(b"{")).headers
    assert unread["x-request-id"] == "01CALL"
    assert "x-model-service-model" not in unread


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/embeddings", "/v1/responses"])
def test_a_compressed_request_is_taken_apart_on_every_path(app: App, path: str) -> None:
    bodies = {"/v1/embeddings": {"model": "cohere.embed-v4.0", "input": "x"}, "/v1/chat/completions": CHAT}
    body = json.dumps(bodies.get(path, {"model": "openai.gpt-oss-120b", "input": "x"})).encode()
    plain = app.answer(request(body, path))
    assert app.answer(request(gzip.compress(body), path, content_encoding="GZIP")).status == plain.status
    assert app.answer(request(body, path, content_encoding="gzip")).status == 400


def test_an_encoding_that_is_not_taken_is_a_415_that_says_which_are(app: App) -> None:
    reply = app.answer(request(CHAT, content_encoding="br"))
    assert (reply.status, error_of(reply)["code"]) == (415, "unsupported_encoding")
    assert reply.headers["accept-encoding"] == "gzip, deflate, zstd"


def test_a_direct_caller_may_compress_too_and_a_batch_that_is_compressed_is_known_for_one(app: App) -> None:
    headers = {"content-encoding": "gzip"}
    direct = Invocation(gzip.compress(json.dumps(CHAT).encode()), Deadline.after(20), headers=headers)
    assert json.loads(app.answer(direct).whole())["object"] == "chat.completion"
    batch = Invocation(gzip.compress(b"[]"), Deadline.after(20), headers=headers)
    assert json.loads(app.answer(batch).whole()) != json.loads(app.answer(direct).whole())
    assert b"records" in app.answer(batch).whole() or b"delivered" in app.answer(batch).whole()


@pytest.mark.parametrize(("status", "sent"), [(0, 500), (99, 500), (399, 500), (600, 500), (999, 500), (418, 418)])
def test_a_status_that_http_does_not_have_does_not_go_through(status: int, sent: int) -> None:
    envelope = HttpEnvelope(request(CHAT))
    assert envelope.seal_error(UpstreamError("x", status=status)).status == sent


def test_the_hint_stands_in_the_message_since_clients_print_nothing_else(app: App, oci: MockOci) -> None:
    oci.script.error(429, "slow down")
    error = error_of(app.answer(request(CHAT)))
    assert error["hint"]
    assert error["message"].endswith(f"Hint: {error['hint']}")


def test_a_local_oci_names_its_models(app: App) -> None:
    error = error_of(app.answer(request({**CHAT, "model": "meta.llama-9"})))
    assert LLAMA in error["message"]
    assert "local OCI" in error["hint"]


COMMAND = "cohere.command-a-03-2025"
UNSUPPORTED = [
    (COMMAND, {"verbosity": "low", "logprobs": True, "n": 1}, "verbosity, logprobs"),
    (COMMAND, {"verbosity": "low", "stream": True}, "verbosity"),
    ("openai.gpt-5", {"temperature": 0.5, "store": True}, "temperature, store"),
    ("openai.gpt-5", {"temperature": 0.5, "stream": True}, "temperature"),
]


@pytest.mark.parametrize(("model", "fields", "dropped"), UNSUPPORTED)
def test_a_default_of_a_client_that_the_model_cannot_take_is_left_out_and_named(
    app: App, model: str, fields: dict[str, Any], dropped: str
) -> None:
    reply = app.answer(request({**CHAT, "model": model, **fields}))

    assert (reply.status, reply.headers.get("x-model-service-dropped")) == (200, dropped)


@pytest.mark.parametrize(("model", "fields", "dropped"), UNSUPPORTED)
def test_it_is_refused_where_the_caller_or_the_operator_wants_that(
    environment: dict[str, str], model: str, fields: dict[str, Any], dropped: str
) -> None:
    strict, lenient = App({**environment, "MODEL_SERVICE_UNSUPPORTED": "refuse"}), App(environment)
    with closing(strict.service), closing(lenient.service):
        body = {**CHAT, "model": model, **fields}
        error = error_of(strict.answer(request(body)))
        assert (error["code"], error["param"]) == ("unsupported_parameter", dropped.split(", ", maxsplit=1)[0])
        assert error_of(lenient.answer(request(body, x_model_service_unsupported="refuse"))) == error
        assert strict.answer(request(body, x_model_service_unsupported="drop")).status == 200


def test_what_is_neither_drop_nor_refuse_is_a_400(app: App) -> None:
    assert error_of(app.answer(request(CHAT, x_model_service_unsupported="ignore")))["param"] == "unsupported"
