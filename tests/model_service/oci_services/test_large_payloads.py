"""Answers above the 6 MB of the platform, and requests that lie in Object Storage, on a local one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mock_oci import MockOci
from mock_oci.services.object_storage.state import NAMESPACE, ObjectStorage
from model_service.app import App
from model_service.fn.invocation import Deadline, Invocation
from model_service.fn.reply import MAX_REPLY_BYTES
from model_service.openai_api.encoding import DONE
from model_service.openai_api.event_stream import read_events

LLAMA = "meta.llama-3.3-70b-instruct"
HELLO = {"model": LLAMA, "messages": [{"role": "user", "content": "Hello"}]}
LONG = "x" * (MAX_REPLY_BYTES + 1000)
PIECES = ["y" * 100_000] * 80

MakeApp = Callable[..., App]


@pytest.fixture
def app_with(oci_url: str, environment: dict[str, str]) -> Iterator[MakeApp]:
    with ExitStack() as apps:

        def make(**settings: str) -> App:
            app = App({**environment, "MODEL_SERVICE_OCI_ENDPOINT": oci_url, **settings})
            apps.enter_context(closing(app.service))
            return app

        yield make


@pytest.fixture
def storage(oci: MockOci) -> ObjectStorage:
    storage = oci.state_of(ObjectStorage)
    for bucket in ("answers", "requests", "private"):
        storage.create_bucket(bucket)
    return storage


def ask(app: App, body: Any, call_id: str = "call-1") -> bytes:
    return app.answer(Invocation(json.dumps(body).encode(), Deadline.after(60), call_id=call_id)).whole()


def error_of(body: bytes) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(body)["error"]
    return error


@pytest.mark.parametrize("bucket", ["answers", f"{NAMESPACE}/answers"])
def test_an_answer_that_is_too_large_becomes_a_reference_that_expires(
    oci: MockOci, storage: ObjectStorage, app_with: MakeApp, bucket: str
) -> None:
    oci.script.chat(LONG)
    reference = json.loads(ask(app_with(MODEL_SERVICE_OVERFLOW_BUCKET=bucket), HELLO))
    assert set(reference) == {"object", "url", "expires_at", "bytes", "content_type"}
    assert (reference["object"], reference["content_type"]) == ("model_service.reference", "application/json")
    left = datetime.fromisoformat(reference["expires_at"]).timestamp() - datetime.now(UTC).timestamp()
    assert 3500 < left <= 3600
    fetched = httpx.get(reference["url"])
    assert len(fetched.content) == reference["bytes"]
    assert fetched.headers["content-type"] == "application/json"
    assert fetched.json()["choices"][0]["message"]["content"] == LONG


def test_its_name_tells_the_day_and_the_call(oci: MockOci, storage: ObjectStorage, app_with: MakeApp) -> None:
    oci.script.chat(LONG)
    ask(app_with(MODEL_SERVICE_OVERFLOW_BUCKET="answers"), HELLO, call_id="../01HX?")
    (stored,) = storage.objects("answers")
    assert stored.name.startswith(f"model-service/{datetime.now(UTC):%Y/%m}/")
    assert "/01HX-" in stored.name
    assert ".." not in stored.name


def test_without_a_bucket_it_is_an_error_that_names_the_setting(oci: MockOci, app_with: MakeApp) -> None:
    oci.script.chat(LONG)
    error = error_of(ask(app_with(), HELLO))
    assert error["code"] == "answer_too_large"
    assert "MODEL_SERVICE_OVERFLOW_BUCKET" in error["hint"]


def test_a_bucket_that_is_not_there_is_an_error_that_says_what_is_missing(oci: MockOci, app_with: MakeApp) -> None:
    oci.script.chat(LONG)
    error = error_of(ask(app_with(MODEL_SERVICE_OVERFLOW_BUCKET="nowhere"), HELLO))
    assert error["code"] == "answer_too_large"
    assert "PAR_MANAGE" in error["hint"]


def test_a_stream_that_gets_too_long_ends_with_a_reference_to_the_whole(
    oci: MockOci, storage: ObjectStorage, app_with: MakeApp
) -> None:
    oci.script.chat(PIECES)
    body = ask(app_with(MODEL_SERVICE_OVERFLOW_BUCKET="answers"), {**HELLO, "stream": True})
    assert len(body) <= MAX_REPLY_BYTES
    *events, done = read_events([body])
    last = json.loads(events[-1])
    assert done == DONE
    assert [choice["finish_reason"] for choice in last["choices"]] == ["length"]
    assert last["model_service"]["ended_by"] == "size"
    whole = httpx.get(last["model_service"]["reference"]["url"]).json()
    assert whole["choices"][0]["message"]["content"] == "".join(PIECES)
    assert whole["choices"][0]["finish_reason"] == "stop"


def test_one_chunk_that_is_too_large_by_itself_does_not_get_out_either(
    oci: MockOci, storage: ObjectStorage, app_with: MakeApp
) -> None:
    oci.script.chat([LONG])
    body = ask(app_with(MODEL_SERVICE_OVERFLOW_BUCKET="answers"), {**HELLO, "stream": True, "stream_format": "ndjson"})
    assert len(body) <= MAX_REPLY_BYTES
    last = json.loads(body.splitlines()[-1])
    whole = httpx.get(last["model_service"]["reference"]["url"]).json()
    assert whole["choices"][0]["message"]["content"] == LONG


def test_without_a_bucket_a_stream_that_gets_too_long_ends_with_the_error(oci: MockOci, app_with: MakeApp) -> None:
    oci.script.chat(PIECES)
    body = ask(app_with(), {**HELLO, "stream": True})
    assert len(body) <= MAX_REPLY_BYTES
    *_, last = read_events([body])
    assert json.loads(last)["error"]["code"] == "answer_too_large"


def test_an_object_is_a_request_with_what_else_is_said_laid_over_it(
    oci: MockOci, storage: ObjectStorage, app_with: MakeApp
) -> None:
    storage.put("requests", "2026/a b.json", json.dumps({**HELLO, "temperature": 0.5}).encode())
    app = app_with(MODEL_SERVICE_REQUEST_BUCKETS='["requests"]')
    named = {"bucket": "requests", "object": "2026/a b.json"}
    assert json.loads(ask(app, {"body_from": named}))["choices"]
    assert ask(app, {"body_from": {**named, "namespace": NAMESPACE}, "stream": True}).startswith(b"data: ")
    sent = [json.loads(one.body) for one in oci.requests if one.path.endswith("/chat/completions")]
    for request in sent:
        request.pop("stream_options", None)  # usage is asked for in any case
    assert sent == [{**HELLO, "temperature": 0.5}, {**HELLO, "temperature": 0.5, "stream": True}]


def test_a_request_that_no_doorway_would_take_can_be_named(storage: ObjectStorage, app_with: MakeApp) -> None:
    storage.put("requests", "long", json.dumps({**HELLO, "user": "u" * 7_000_000}).encode())
    app = app_with(MODEL_SERVICE_REQUEST_BUCKETS=json.dumps([f"{NAMESPACE}/requests"]))
    assert json.loads(ask(app, {"body_from": {"bucket": "requests", "object": "long"}}))["choices"]


@pytest.mark.parametrize(
    "place",
    [
        {"bucket": "private", "object": "o"},
        {"bucket": "requests", "object": "o", "namespace": "other"},
    ],
)
def test_a_bucket_that_is_not_allowed_is_refused(
    storage: ObjectStorage, app_with: MakeApp, place: dict[str, str]
) -> None:
    error = error_of(ask(app_with(MODEL_SERVICE_REQUEST_BUCKETS='["requests"]'), {"body_from": place}))
    assert (error["status"], error["code"]) == (403, "bucket_not_allowed")
    assert "MODEL_SERVICE_REQUEST_BUCKETS" in error["hint"]


@pytest.mark.parametrize(
    "place",
    [
        "requests/o",
        {},
        {"bucket": "requests"},
        {"bucket": "requests", "object": 7},
        {"bucket": "requests", "object": ".."},
        {"bucket": "requests", "object": "half a pair: \ud800"},
        {"bucket": "..", "object": "o"},
        {"bucket": "requests", "object": "o", "url": "http://x"},
    ],
)
def test_a_name_that_is_none_is_a_400(oci: MockOci, app_with: MakeApp, place: Any) -> None:
    error = error_of(ask(app_with(MODEL_SERVICE_REQUEST_BUCKETS='["requests", "x"]'), {"body_from": place}))
    assert (error["status"], error["param"]) == (400, "body_from")
    assert not oci.requests


def test_the_content_of_an_object_is_checked_like_any_other(storage: ObjectStorage, app_with: MakeApp) -> None:
    app = app_with(MODEL_SERVICE_REQUEST_BUCKETS='["requests"]')
    place = {"bucket": "requests", "object": "o"}
    for content, code in ((b"{", "invalid_json"), (b'{"model": "m"}', "invalid_request"), (b"", "empty_body")):
        storage.put("requests", "o", content)
        assert error_of(ask(app, {"body_from": place}))["code"] == code
    storage.put("requests", "o", json.dumps({"body_from": place}).encode())
    assert error_of(ask(app, {"body_from": place}))["param"] == "body_from"


def test_an_object_that_is_not_there_is_a_404(storage: ObjectStorage, app_with: MakeApp) -> None:
    app = app_with(MODEL_SERVICE_REQUEST_BUCKETS='["requests"]')
    assert error_of(ask(app, {"body_from": {"bucket": "requests", "object": "o"}}))["status"] == 404


def test_an_object_of_any_size_is_not_read_to_its_end(storage: ObjectStorage, app_with: MakeApp) -> None:
    storage.put("requests", "o", b" " * 9_000_000)
    app = app_with(MODEL_SERVICE_REQUEST_BUCKETS='["requests"]', FN_MEMORY="128")
    assert error_of(ask(app, {"body_from": {"bucket": "requests", "object": "o"}}))["status"] == 413


def test_a_prompt_about_the_field_is_a_prompt(oci: MockOci, app_with: MakeApp) -> None:
    body = {**HELLO, "metadata": {"body_from": "x"}}
    assert json.loads(ask(app_with(), body))["choices"]


@pytest.mark.parametrize(
    ("stored", "fields", "sent"),
    [
        (b'{"user":"a"}', {"user": "b"}, {"user": "b"}),
        (b' \n{ "user" : "a" } \n', {"seed": 1}, {"user": "a", "seed": 1}),
        (b"{ }", {"seed": 1}, {"seed": 1}),
        (b'\xef\xbb\xbf{"user":"a"}', {"seed": 1}, {"user": "a", "seed": 1}),
        (b'{"user":"}"}', {"seed": 1}, {"user": "}", "seed": 1}),
        (b'{"user":"\\"body_from\\""}', {"seed": 1}, {"user": '"body_from"', "seed": 1}),
        (b'["user"]', {"seed": 1}, None),
        (b'{"user":"a"}}', {"seed": 1}, None),
        (b'{"user":{"a":1}', {"seed": 1}, None),
        (b'{"user":"a",}', {"seed": 1}, None),
        (b'{"body_from":{"bucket":"requests","object":"o"}}', {"seed": 1}, None),
        (b"", {"seed": 1}, None),
    ],
)
def test_fields_are_laid_over_an_object_without_reading_it_twice(
    oci: MockOci,
    storage: ObjectStorage,
    app_with: MakeApp,
    stored: bytes,
    fields: dict[str, Any],
    sent: dict[str, Any] | None,
) -> None:
    storage.put("requests", "o", stored)
    named = {"bucket": "requests", "object": "o"}
    body = ask(app_with(MODEL_SERVICE_REQUEST_BUCKETS='["requests"]'), {"body_from": named, **HELLO, **fields})
    asked = [json.loads(request.body) for request in oci.requests if request.path.endswith("/chat/completions")]
    assert asked == ([] if sent is None else [{**HELLO, **sent}])
    assert sent is not None or error_of(body)["status"] == 400


@pytest.mark.parametrize(
    "stored", [b"[]", b'[{"value": "eA=="}]', b'{"specversion": "1.0", "type": "t", "source": "s", "id": "i"}']
)
@pytest.mark.parametrize("more", [{}, {"seed": 1}])
def test_an_object_is_never_taken_for_another_trigger(
    storage: ObjectStorage, app_with: MakeApp, stored: bytes, more: dict[str, Any]
) -> None:
    storage.put("requests", "o", stored)
    app = app_with(MODEL_SERVICE_REQUEST_BUCKETS='["requests"]')
    assert error_of(ask(app, {"body_from": {"bucket": "requests", "object": "o"}, **more}))["status"] == 400


@pytest.mark.parametrize(("memory", "status"), [("128", 413), ("1024", 200)])
def test_an_object_that_would_not_fit_into_memory_is_refused_before_it_is_read(
    storage: ObjectStorage, app_with: MakeApp, memory: str, status: int
) -> None:
    content = json.dumps({**HELLO, "metadata": [{}] * 200_000}).encode()
    storage.put("requests", "o", content)
    app = app_with(MODEL_SERVICE_REQUEST_BUCKETS='["requests"]', FN_MEMORY=memory)
    answer = json.loads(ask(app, {"body_from": {"bucket": "requests", "object": "o"}}))
    assert answer.get("error", {}).get("status", 200) == status
    direct = json.loads(app.answer(Invocation(content, Deadline.after(20))).whole())
    assert direct.get("error", {}).get("status", 200) == status
