"""Every error knows its status, and its body is one that OpenAI's clients read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from model_service import errors
from model_service.errors import ModelServiceError, SettingsError, UpstreamError


def _tree(root: type[ModelServiceError]) -> Iterator[type[ModelServiceError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


EVERY_ERROR = [kind for kind in _tree(ModelServiceError) if kind.__module__ == errors.__name__]


def test_the_body_has_all_keys_of_openai_and_three_of_ours() -> None:
    error = ModelServiceError(
        "Broken.", param="model", hint="Mend it.", code="broken", status=418, opc_request_id="A/B/C", retry_after="3"
    )
    assert error.body() == {
        "error": {
            "message": "Broken. Hint: Mend it.",
            "type": "server_error",
            "code": "broken",
            "param": "model",
            "status": 418,
            "hint": "Mend it.",
            "opc_request_id": "A/B/C",
        }
    }


def test_what_is_not_known_is_null_and_not_missing() -> None:
    body = ModelServiceError("Broken.").body()["error"]
    assert (body["code"], body["param"], body["hint"], body["opc_request_id"]) == (None, None, None, None)


@pytest.mark.parametrize("kind", EVERY_ERROR)
def test_every_error_knows_its_status_type_and_code(kind: type[ModelServiceError]) -> None:
    assert 400 <= kind.status < 600
    assert kind.type.endswith("_error")
    assert kind.code or kind is ModelServiceError


@pytest.mark.parametrize(
    ("name", "status", "kind", "code"),
    [
        ("InternalError", 500, "server_error", "internal_error"),
        ("InvalidRequest", 400, "invalid_request_error", "invalid_request"),
        ("PathNotFound", 404, "invalid_request_error", "unknown_path"),
        ("MethodNotAllowed", 405, "invalid_request_error", "method_not_allowed"),
        ("RequestTooLarge", 413, "invalid_request_error", "request_too_large"),
        ("AnswerTooLarge", 500, "server_error", "answer_too_large"),
        ("CredentialError", 500, "server_error", "invalid_credentials"),
        ("DeadlineExceeded", 504, "timeout_error", "deadline_exceeded"),
        ("UpstreamUnreachable", 503, "server_error", "upstream_unreachable"),
        ("UpstreamError", 502, "upstream_error", "upstream_error"),
        ("UpstreamThrottled", 429, "rate_limit_error", "rate_limit_exceeded"),
        ("StreamBroken", 502, "upstream_error", "stream_broken"),
    ],
)
def test_clients_can_rely_on_status_type_and_code(name: str, status: int, kind: str, code: str) -> None:
    error = getattr(errors, name)
    assert (error.status, error.type, error.code) == (status, kind, code)


def test_a_code_of_its_own_does_not_change_the_class() -> None:
    UpstreamError("Broken.", code="content_filter", status=400)
    assert (UpstreamError.code, UpstreamError.status) == ("upstream_error", 502)


def test_a_settings_error_names_its_variable_twice() -> None:
    error = SettingsError("OCI_REGION", "must be a region")
    assert error.message == "OCI_REGION: must be a region"
    assert (error.param, error.status, error.code) == ("OCI_REGION", 500, "invalid_settings")
