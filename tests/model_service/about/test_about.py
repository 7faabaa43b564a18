"""Health, readiness, and the document of all operations held against what the service really takes and answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.about.health import READY_SECONDS, Readiness
from model_service.about.openapi import OpenApi, json_schema
from model_service.app import App
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.openai_api.operations import OPERATIONS
from model_service.openai_api.resources import RESOURCES
from model_service.openai_api.responses import SURFACE
from model_service.openai_api.validation import CHAT_SCHEMA
from model_service.service import Service
from model_service.settings import Settings


@pytest.fixture
def app(environment: dict[str, str]) -> Iterator[App]:
    app = App(environment)
    with closing(app.service):
        yield app


def got(app: App, path: str, method: str = "GET", body: bytes = b"") -> tuple[int, dict[str, Any]]:
    http = HttpRequest(method, path, {"host": "gw"})
    reply = app.answer(Invocation(body, Deadline.after(20), "01CALL", http=http))
    answer: dict[str, Any] = json.loads(reply.whole())
    return reply.status, answer


def test_health_looks_at_nothing(app: App, oci: MockOci) -> None:
    assert got(app, "/v1/health") == (200, {"status": "alive"})
    assert not oci.requests


def test_ready_names_each_check(app: App) -> None:
    status, found = got(app, "/v1/ready")
    names = {check["name"]: check["status"] for check in found["checks"]}
    assert (status, found["status"]) == (200, "ready")
    assert names == {"credentials": "ok", "region": "ok", "compartment": "ok"}


def test_not_ready_is_a_503_that_names_what_fails_and_quotes_nothing(environment: dict[str, str]) -> None:
    app = App({**environment, "OCI_PROFILE": "SECRET_NAME"})
    with closing(app.service):
        status, found = got(app, "/v1/ready")
    failed = {check["name"] for check in found["checks"] if check["status"] == "fail"}
    assert (status, found["status"]) == (503, "not_ready")
    assert "credentials" in failed
    assert "SECRET_NAME" not in json.dumps(found)


def test_a_finding_is_kept_for_a_while(environment: dict[str, str]) -> None:
    now = [0.0]
    with closing(Service(Settings.load({**environment, "OCI_PROFILE": "NONE"}))) as service:
        readiness = Readiness(service, clock=lambda: now[0])
        first = readiness.answer(None, Deadline.after(20)).completion
        now[0] = READY_SECONDS - 1
        assert readiness.answer(None, Deadline.after(20)).completion is first
        now[0] = READY_SECONDS
        assert readiness.answer(None, Deadline.after(20)).completion is not first


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return OpenApi().document


def test_the_document_has_every_path_and_method_and_no_other(document: dict[str, Any]) -> None:
    described = {
        (method.upper(), re.sub(r"\{\w+\}", "{id}", path))
        for path, methods in document["paths"].items()
        for method in methods
    }
    rows = [row for row in OPERATIONS if row.name != "playground"]  # a page is not for clients
    own = {(row.method, path) for row in rows for path in row.paths}
    below = {(row.method, f"{path}/{{id}}") for row in rows for path in row.paths if row.below}
    assert described == own | below | {(row.method, f"/v1{row.path}") for row in (*SURFACE, *RESOURCES)}


def test_every_described_path_is_served(app: App, document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        sent = re.sub(r"\{\w+\}", "x1", path)
        for method in methods:
            status, answer = got(app, sent, method.upper(), b"{}" if method == "post" else b"")
            code = (answer.get("error") or {}).get("code")
            assert code not in ("unknown_path", "method_not_allowed", "internal_error"), (method, path)
            assert status == 200 or set(answer["error"]) >= {"message", "type", "code", "param", "status"}


def test_a_parameter_of_the_path_is_declared(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for described in methods.values():
            declared = [one["name"] for one in described["parameters"] if one["in"] == "path"]
            assert declared == re.findall(r"\{(\w+)\}", path)


def test_the_schema_of_a_chat_is_that_which_validates_it(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["ChatRequest"]
    assert schema == json_schema(CHAT_SCHEMA)
    assert schema["required"] == ["model", "messages"]
    assert schema["properties"]["messages"]["minItems"] == 1
    assert schema["properties"]["n"] == {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    assert schema["properties"].keys() == CHAT_SCHEMA["fields"].keys()


def test_the_document_is_served(app: App, document: dict[str, Any]) -> None:
    assert got(app, "/v1/openapi.json") == (200, json.loads(json.dumps(document)))
