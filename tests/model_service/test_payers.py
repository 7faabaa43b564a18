"""Who pays: an HTTP caller names no compartment and no project that the operator has not listed; others as before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.app import App
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.fn.reply import Reply

OTHER = "ocid1.compartment.oc1..aaaaother"
PROJECT = "ocid1.generativeaiproject.oc1.us-chicago-1.aaaaother"
CHAT: dict[str, Any] = {
    "model": "meta.llama-3.3-70b-instruct",
    "messages": [{"role": "user", "content": "Hello"}],
}
BODIES = {
    "/v1/chat/completions": CHAT,
    "/v1/embeddings": {"model": "cohere.embed-v4.0", "input": "x"},
    "/v1/rerank": {"model": "cohere.rerank-v3.5", "query": "q", "documents": ["d"]},
    "/v1/responses": {"model": "openai.gpt-oss-120b", "input": "x"},
}


@pytest.fixture
def app(environment: dict[str, str]) -> Iterator[App]:
    app = App(environment)
    with closing(app.service):
        yield app


def listing(environment: dict[str, str], **lists: list[str]) -> App:
    return App({**environment, **{f"MODEL_SERVICE_{name}": json.dumps(ocids) for name, ocids in lists.items()}})


def over_http(app: App, body: dict[str, Any], path: str = "/v1/chat/completions", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    http = HttpRequest("POST", path, {"host": "gateway", **named})
    return app.answer(Invocation(json.dumps(body).encode(), Deadline.after(20), http=http))


def code_of(reply: Reply) -> str | None:
    code: str | None = json.loads(reply.whole()).get("error", {}).get("code")
    return code


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("way", ["opc_compartment_id", "compartmentid", "body"])
def test_an_http_caller_chooses_no_compartment(app: App, oci: MockOci, path: str, way: str) -> None:
    body, headers = BODIES[path], {way: OTHER}
    if way == "body":
        body, headers = {**body, "compartment_id": OTHER}, {}
    reply = over_http(app, body, path, **headers)
    assert (reply.status, code_of(reply)) == (403, "compartment_not_allowed")
    assert not oci.requests


@pytest.mark.parametrize("way", ["openai_project", "body"])
def test_an_http_caller_chooses_no_project(app: App, oci: MockOci, way: str) -> None:
    body, headers = BODIES["/v1/responses"], {way: PROJECT}
    if way == "body":
        body, headers = {**body, "project_id": PROJECT}, {}
    reply = over_http(app, body, "/v1/responses", **headers)
    assert (reply.status, code_of(reply)) == (403, "project_not_allowed")
    assert not oci.requests


def test_the_configured_ones_may_be_named(environment: dict[str, str]) -> None:
    app = App({**environment, "MODEL_SERVICE_PROJECT_ID": PROJECT})
    with closing(app.service):
        assert over_http(app, CHAT, compartmentid=environment["OCI_COMPARTMENT_ID"]).status == 200
        assert over_http(app, CHAT, openai_project=PROJECT).status == 200


def test_those_that_are_listed_may_be_named(environment: dict[str, str]) -> None:
    app = listing(environment, COMPARTMENTS=["ocid1.compartment.oc1..b", OTHER], PROJECTS=[PROJECT])
    with closing(app.service):
        reply = over_http(app, CHAT, opc_compartment_id=OTHER, openai_project=PROJECT)
        assert code_of(reply) not in ("compartment_not_allowed", "project_not_allowed")
        assert code_of(over_http(app, CHAT, opc_compartment_id=OTHER[:-1])) == "compartment_not_allowed"


def test_the_project_that_openai_s_own_clients_send_means_nothing(app: App) -> None:
    assert over_http(app, CHAT, openai_project="proj_abc").status == 200


def test_a_direct_caller_whom_iam_lets_in_names_any(app: App, oci: MockOci) -> None:
    app.answer(Invocation(json.dumps({**CHAT, "compartment_id": OTHER}).encode(), Deadline.after(20)))
    assert oci.requests[-1].headers["opc-compartment-id"] == OTHER
