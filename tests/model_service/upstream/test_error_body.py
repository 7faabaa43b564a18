"""Every shape in which OCI is known to refuse becomes one error of ours."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_service.errors import UpstreamError, UpstreamRefused, UpstreamThrottled
from model_service.upstream.error_body import (
    ErrorBody,
    error_in,
    error_in_repr,
    error_in_success,
    read_error_body,
    upstream_error,
)

NOT_FOUND = "Authorization failed or requested resource not found."
GPT5 = '{\n "error": {\n "message": "Unsupported value", "param": "temperature", "code": "unsupported_value" }}'
STORE = '{"error":{"message":"VectorStore vs_1 not found.","type":"invalid_request_error"}}'


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (_json({"code": "404", "message": NOT_FOUND}), ErrorBody(NOT_FOUND)),
        (_json({"code": 404, "message": NOT_FOUND}), ErrorBody(NOT_FOUND)),
        (_json({"code": "InvalidParameter", "message": "m"}), ErrorBody("m", "InvalidParameter")),
        (_json({"error": {"code": "unsupported_file", "message": "m", "type": "t", "param": "files.0"}}),
         ErrorBody("m", "unsupported_file", "files.0")),
        (_json({"error": {"message": "m", "code": None, "param": None}}), ErrorBody("m")),
        (_json({"code": "invalid-argument", "error": "beta access"}), ErrorBody("beta access", "invalid-argument")),
        (_json({"code": "404", "message": STORE}), ErrorBody("VectorStore vs_1 not found.")),
        (_json({"code": "400", "message": GPT5}), ErrorBody("Unsupported value", "unsupported_value", "temperature")),
        (_json({"code": "400", "message": " " + GPT5}),
         ErrorBody("Unsupported value", "unsupported_value", "temperature")),
        (_json({"error": {"message": json.dumps({"code": "x", "message": GPT5})}}),
         ErrorBody("Unsupported value", "unsupported_value", "temperature")),
        (_json({"code": "400", "message": json.dumps({"id": "/1", "message": "invalid request"})}),
         ErrorBody("invalid request")),
        (_json({"code": "InvalidParameter", "message": "{not json"}), ErrorBody("{not json", "InvalidParameter")),
        (_json({"detail": "m"}), ErrorBody("m")),
        (_json({"error": {}, "message": "m"}), ErrorBody("m")),
        (b"Failed to deserialize the JSON body: missing field 'input'\n",
         ErrorBody("Failed to deserialize the JSON body: missing field 'input'")),
        (b"<html>502 Bad Gateway</html>", ErrorBody("<html>502 Bad Gateway</html>")),
        (b"{'code': 'python', 'message': 'repr'}", ErrorBody("{'code': 'python', 'message': 'repr'}")),
        (b'[{"error": {"message": "m"}}]', ErrorBody("m")),
        (b'{"errors": ["m"]}', ErrorBody('{"errors": ["m"]}')),
        (b'{"code": "Odd", "message": ["m"]}', ErrorBody('{"code": "Odd", "message": ["m"]}', "Odd")),
        (b'"text"', ErrorBody('"text"')),
        (b"", ErrorBody("")),
        (b" \n", ErrorBody("")),
        (b"\xff", ErrorBody("\ufffd")),
    ],
)  # fmt: skip
def test_every_known_shape_is_read(body: bytes, complaint: ErrorBody) -> None:
    assert replace(read_error_body(body), status=None) == complaint


@pytest.mark.parametrize("body", [b'{"error":' * 900 + b"1" + b"}" * 900, b'{"error":' * 90_000])
def test_errors_without_end_inside_errors_are_only_a_text(body: bytes) -> None:
    assert read_error_body(body).message == body.decode()


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: _json({"message": text, "code": text})))
def test_no_body_does_more_than_be_read(body: bytes) -> None:
    assert upstream_error(400, body, opc_request_id=None).message


@pytest.mark.parametrize(
    ("status", "kind", "of_openai"),
    [
        (400, UpstreamRefused, "invalid_request_error"),
        (401, UpstreamRefused, "invalid_request_error"),
        (404, UpstreamRefused, "invalid_request_error"),
        (413, UpstreamRefused, "invalid_request_error"),
        (422, UpstreamRefused, "invalid_request_error"),
        (429, UpstreamThrottled, "rate_limit_error"),
        (500, UpstreamError, "upstream_error"),
        (502, UpstreamError, "upstream_error"),
        (504, UpstreamError, "upstream_error"),
    ],
)
def test_the_status_of_oci_is_kept(status: int, kind: type[UpstreamError], of_openai: str) -> None:
    error = upstream_error(status, b'{"code":"x","message":"m"}', opc_request_id="A/B/C", retry_after="7")
    assert (type(error), error.status, error.type) == (kind, status, of_openai)
    assert (error.message, error.code, error.opc_request_id, error.retry_after) == ("m", "x", "A/B/C", "7")


def test_a_redirect_is_a_fault_of_the_upstream_and_not_for_the_caller_to_follow() -> None:
    assert upstream_error(302, b"", opc_request_id=None).status == 502


def test_a_numeric_code_gives_way_to_our_own() -> None:
    assert upstream_error(429, b'{"code":"429","message":"m"}', opc_request_id=None).code == "rate_limit_exceeded"


def test_an_error_that_says_nothing_still_says_its_status() -> None:
    assert upstream_error(503, b"", opc_request_id=None).message == "OCI answered 503 and said nothing."


@pytest.mark.parametrize("field", ["message", "code", "param"])
def test_a_credential_that_oci_quotes_back_does_not_leave(field: str) -> None:
    error = upstream_error(400, _json({"error": {"message": "m", field: "Bearer sk-abcdefgh1234"}}), opc_request_id="A")
    assert "abcdefgh" not in json.dumps(error.body())


def test_an_endless_error_is_cut() -> None:
    assert len(upstream_error(500, b"x" * 65536, opc_request_id=None).message) < 2100


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"error": {"message": "m", "code": 429}}, ErrorBody("m", status=429)),
        ({"error": {"message": "m", "code": "server_error"}, "choices": []}, ErrorBody("m", "server_error")),
        ([{"error": {"code": 400, "message": "m", "status": "INVALID_ARGUMENT"}}], ErrorBody("m", status=400)),
        ({"error": "m"}, ErrorBody("m")),
        ({"error": True, "message": "m"}, ErrorBody("m")),
        ({"error": {"a": 1}, "text": "said"}, ErrorBody("")),
        ({"type": "error", "message": "m", "code": "c"}, ErrorBody("m", "c")),
        ({"object": "error", "message": "m"}, ErrorBody("m")),
        ({"code": "500", "message": "m"}, ErrorBody("m", status=500)),
        ({"status": 503, "code": "Busy", "message": "m"}, ErrorBody("m", "Busy", status=503)),
        ({"detail": "m"}, ErrorBody("m")),
        ({"error": None, "choices": []}, None),
        ({"error": {}}, None),
        ({"message": "said", "type": "ping"}, None),
        ({"message": {"role": "ASSISTANT"}, "code": None}, None),
        ({"text": "said"}, None),
        ([], None),
        (None, None),
        ("m", None),
    ],
)
def test_an_error_in_a_success_is_found_and_the_answer_is_not_quoted(value: Any, error: ErrorBody | None) -> None:
    assert error_in(value) == error


@pytest.mark.parametrize(
    ("value", "kind", "status", "message"),
    [
        ({"error": {"message": "m", "code": 429}}, UpstreamThrottled, 429, "m"),
        ({"error": {"message": "m", "code": "rate_limit_exceeded"}}, UpstreamThrottled, 429, "m"),
        ({"error": {"message": "m", "code": 400}}, UpstreamRefused, 400, "m"),
        ({"error": {"message": "m"}}, UpstreamError, 502, "m"),
        ({"text": "said"}, UpstreamError, 502, "otherwise"),
        (None, UpstreamError, 502, "otherwise"),
    ],
)
def test_an_error_in_a_success_is_raised_as_what_it_says(
    value: Any, kind: type[UpstreamError], status: int, message: str
) -> None:
    error = error_in_success(value, "otherwise", opc_request_id="A")
    assert (type(error), error.status, error.message, error.opc_request_id) == (kind, status, message, "A")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{'error': {'message': 'busy', 'code': 503}}", ErrorBody("busy", status=503)),
        ("{'text': 'said'}", None),
        ("{'error': open('/etc/passwd')}", None),
        ("{" * 8000, None),
        ("{" + "-" * 8000, None),
        ("said", None),
    ],
)
def test_the_repr_of_a_python_dict_is_read_for_the_error_in_it(text: str, error: ErrorBody | None) -> None:
    assert error_in_repr(text) == error
