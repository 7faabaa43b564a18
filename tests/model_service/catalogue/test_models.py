"""``GET /v1/models``: what is listed, for whom, and what happens where OCI lists nothing."""

from __future__ import annotations

import argparse
import io
import json
import logging
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.app import App
from model_service.catalogue.families import FAMILIES, apis_of, family_of
from model_service.catalogue.listing import LISTED_SECONDS, RegionListing
from model_service.cli import models as models_command
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.service import Service

LLAMA, COHERE, GPT = "meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025", "openai.gpt-oss-120b"
ENDPOINT = "ocid1.generativeaiendpoint.oc1.us-chicago-1.amaaaaaaexample"
GATEWAY = {"oci-subject-id": "ocid1.apigateway.oc1.us-chicago-1.amaaaaaaexample"}
FILE = {
    "models": {"aliases": {"prod": LLAMA}, "allowed": ["meta.*", "cohere.*", "team/llama:latest", "xai.grok-4.3"]},
    "callers": {"teams": {"search": {"models": ["prod"]}}},
}
IDENTITY = '{"team": "x-team"}'


@pytest.fixture
def app(environment: dict[str, str]) -> Iterator[App]:
    yield from opened(environment)


def opened(environment: dict[str, str], **more: str) -> Iterator[App]:
    app = App({**environment, **more})
    with closing(app.service):
        yield app


def got(app: App, path: str = "/v1/models", method: str = "GET", **headers: str) -> tuple[int, dict[str, Any]]:
    http = HttpRequest(method, path, {"host": "gw", **headers})
    reply = app.answer(Invocation(b"", Deadline.after(20), "01CALL", headers=GATEWAY, http=http))
    body: dict[str, Any] = json.loads(reply.whole())
    return reply.status, body


def listed(app: App, **headers: str) -> dict[str, dict[str, Any]]:
    status, body = got(app, **headers)
    assert (status, body["object"]) == (200, "list")
    return {model["id"]: model for model in body["data"]}


def test_what_the_region_has_is_listed_with_what_it_can_do(app: App, oci: MockOci) -> None:
    models = listed(app)
    here = {model.id for model in oci.catalogue.models if oci.region in model.regions}
    assert models.keys() == here
    llama = models[LLAMA]
    assert (llama["object"], llama["owned_by"], type(llama["created"])) == ("model", "meta", int)
    about = llama["model_service"]
    assert (about["transport"], about["context"]) == ("v1", 128_000)
    assert about["apis"] == ["chat", "completions", "responses"]
    assert models[COHERE]["model_service"]["transport"] == "sdk"
    assert models["cohere.embed-v4.0"]["model_service"]["apis"] == ["embeddings"]
    assert models["cohere.rerank-v4.0-fast"]["model_service"]["transport"] == "sdk"
    assert "vision" in models["google.gemini-2.5-pro"]["model_service"]["abilities"]
    assert "vision" not in about["abilities"]


def test_aliases_dedicated_endpoints_and_configured_ids_are_listed(environment: dict[str, str]) -> None:
    families = json.dumps({ENDPOINT: "cohere"})
    for app in opened(environment, MODEL_SERVICE_CONFIG=json.dumps(FILE), MODEL_SERVICE_ENDPOINT_FAMILIES=families):
        models = listed(app)
        assert models["prod"]["model_service"]["alias_of"] == LLAMA
        assert next(iter(models)) == "prod"
        assert models["prod"]["model_service"]["context"] == 128_000
        assert GPT not in models
        assert ENDPOINT not in models  # the service file allows other models alone
        assert "team/llama:latest" in models
    for app in opened(environment, MODEL_SERVICE_ENDPOINT_FAMILIES=families):
        dedicated = listed(app)[ENDPOINT]
        assert (dedicated["owned_by"], dedicated["model_service"]["target"]) == ("cohere", "dedicated")


def test_a_caller_sees_what_it_may_call_and_nothing_else(environment: dict[str, str]) -> None:
    settings = {"MODEL_SERVICE_CONFIG": json.dumps(FILE), "MODEL_SERVICE_IDENTITY_HEADERS": IDENTITY}
    for app in opened(environment, **settings):
        assert listed(app, **{"x-team": "search"}).keys() == {"prod"}
        assert LLAMA in listed(app, **{"x-team": "ads"})
        status, body = got(app, f"/v1/models/{LLAMA}", **{"x-team": "search"})
        assert (status, body["error"]["code"]) == (404, "model_not_found")
        assert got(app, "/v1/models/prod", **{"x-team": "search"})[0] == 200


@pytest.mark.parametrize("prefix", ["/v1/models/", "/prod/v1/models/", "/v1//models//"])
@pytest.mark.parametrize("sent", ["team/llama:latest", "team%2Fllama%3Alatest", "oci:meta.llama-3.3-70b-instruct"])
def test_an_id_may_have_slashes_and_colons(environment: dict[str, str], prefix: str, sent: str) -> None:
    for app in opened(environment, MODEL_SERVICE_CONFIG=json.dumps(FILE)):
        status, body = got(app, prefix + sent + "?limit=1")
        assert (status, body["id"]) == (200, sent.replace("%2F", "/").replace("%3A", ":"))


@pytest.mark.parametrize("name", ["nobody.has-this", "v1/rerank", "embeddings", "rerank"])
def test_a_model_that_nobody_lists_is_not_found(app: App, name: str) -> None:
    status, body = got(app, f"/v1/models/{name}")
    assert (status, body["error"]["code"], body["error"]["param"]) == (404, "model_not_found", "model")


def test_only_get_is_allowed(app: App) -> None:
    http = HttpRequest("POST", "/v1/models", {"host": "gw"})
    reply = app.answer(Invocation(b"{}", Deadline.after(20), "01CALL", http=http))
    assert (reply.status, reply.headers["allow"]) == (405, "GET")
    assert got(app, "/v1/chat/completions")[0] == 405


def test_a_direct_caller_asks_by_name(app: App) -> None:
    for body, expected in (({}, "list"), ({"model": LLAMA}, "model")):
        reply = app.answer(Invocation(json.dumps({"operation": "models", **body}).encode(), Deadline.after(20)))
        assert json.loads(reply.whole())["object"] == expected


def refused(oci: MockOci, path: str) -> None:
    oci.script.error(404, "NotAuthorizedOrNotFound", path=f"/20231130{path}")


def test_where_the_function_may_not_ask_the_configured_models_are_listed_and_the_log_says_so(
    environment: dict[str, str], oci: MockOci, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("model_service"), "propagate", True)
    caplog.set_level("INFO", "model_service")
    refused(oci, "/modelDiscovery")
    refused(oci, "/models")
    for app in opened(environment, MODEL_SERVICE_ALIASES=json.dumps({"prod": LLAMA})):
        assert listed(app).keys() == {"prod"}
        assert listed(app).keys() == {"prod"}  # and OCI is not asked again at once
    texts = [record.getMessage() for record in caplog.records if record.name == "model_service"]
    lines = [json.loads(text) for text in texts if "models_not_listed" in text]
    # A handler that another test has left may see a line twice; how often OCI was asked, the emulator knows.
    assert {(line["event"], line["status"]) for line in lines} == {("models_not_listed", 404)}
    assert len([request for request in oci.requests if request.path.endswith("/models")]) == 1


def test_without_model_discovery_the_models_of_the_control_plane_are_listed(app: App, oci: MockOci) -> None:
    refused(oci, "/modelDiscovery")
    models = listed(app)
    assert models[LLAMA]["created"] > 0
    assert "chat" in models[LLAMA]["model_service"]["apis"]


def test_a_fault_of_oci_keeps_the_last_list(service: Service, oci: MockOci) -> None:
    now = [0.0]
    listing = RegionListing(service, lambda: now[0])
    before = listing.models(Deadline.after(20))
    now[0] = LISTED_SECONDS
    refused(oci, "/modelDiscovery")
    refused(oci, "/models")
    seen = len(oci.requests)
    assert listing.models(Deadline.after(20)) == before
    assert len(oci.requests) == seen + 2


HERE: Any = {"region": "us-chicago-1", "servingModes": ["ON_DEMAND"]}


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ({"availability": [HERE]}, True),
        ({"availability": [{**HERE, "region": "eu-frankfurt-1"}]}, False),
        ({"availability": [{**HERE, "servingModes": ["DEDICATED"]}]}, False),
        ({"availability": "nowhere", "capabilities": 3, "modalitySupport": {}}, False),
        ({"availability": [{**HERE, "timeOnDemandRetired": "2020-01-01T00:00:00Z"}]}, False),
        ({"availability": [{**HERE, "timeOnDemandRetired": "2199-01-01T00:00:00Z"}]}, True),
        ({"availability": [HERE], "capabilities": ["FINE_TUNE"]}, False),
    ],
)
def test_what_cannot_be_called_here_is_not_listed(app: App, oci: MockOci, row: dict[str, Any], shown: bool) -> None:
    items = [{"modelId": "new.model", "vendor": "new", "capabilities": ["CHAT"], **row}, "no object", {"modelId": None}]
    oci.script.raw(
        json.dumps({"items": items}).encode(), content_type="application/json", path="/20231130/modelDiscovery"
    )
    assert ("new.model" in listed(app)) == shown


def test_the_date_of_a_retirement_is_told(app: App, oci: MockOci) -> None:
    place = {**HERE, "timeOnDemandRetired": "2199-01-01T00:00:00Z", "supportedReplacements": [LLAMA]}
    row = {"modelId": "old.model", "vendor": "old", "capabilities": ["CHAT"], "availability": [place]}
    oci.script.raw(
        json.dumps({"items": [row]}).encode(), content_type="application/json", path="/20231130/modelDiscovery"
    )
    about = listed(app)["old.model"]["model_service"]
    assert (about["retirement"], about["replacements"]) == ("2199-01-01T00:00:00Z", [LLAMA])


@pytest.mark.parametrize(
    ("capabilities", "apis"),
    [
        (["CHAT"], ["chat", "completions", "responses"]),
        (["CHAT", "TEXT_EMBEDDINGS", "FINE_TUNE"], ["chat", "completions", "responses", "embeddings"]),
        (["TEXT_RERANK"], ["rerank"]),
    ],
)
def test_apis_follow_from_capabilities(capabilities: list[str], apis: list[str]) -> None:
    assert apis_of(capabilities) == apis


def test_every_chat_model_has_responses_of_ocis_or_by_chat(app: App) -> None:
    models = {name: model["model_service"] for name, model in listed(app).items()}
    assert {about["responses"] for about in models.values() if "chat" in about["apis"]} == {"oci", "chat"}
    assert all(("responses" in about["apis"]) == ("chat" in about["apis"]) for about in models.values())
    assert (models["openai.gpt-oss-120b"]["responses"], models[LLAMA]["responses"]) == ("oci", "chat")
    assert models["cohere.embed-v4.0"]["responses"] is None


def test_every_row_of_families_can_be_reached() -> None:
    names = [row.pattern.replace("*", "x") for row in FAMILIES]
    assert [family_of(name) for name in names] == list(FAMILIES)


def test_a_list_is_kept_for_a_while(service: Service, oci: MockOci) -> None:
    now = [0.0]
    listing = RegionListing(service, lambda: now[0])
    before = listing.models(Deadline.after(20))
    assert len(before) == len({model.id for model in before})
    seen = len(oci.requests)
    assert listing.models(Deadline.after(20)) == before
    assert len(oci.requests) == seen
    now[0] = LISTED_SECONDS
    listing.models(Deadline.after(20))
    assert len(oci.requests) == 2 * seen


def test_the_table_of_the_command_line(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    parser = argparse.ArgumentParser()
    models_command.add_arguments(parser)
    out = io.StringIO()
    models_command.run(parser.parse_args([]), out)
    [llama] = [line.split() for line in out.getvalue().splitlines() if line.startswith(LLAMA)]
    assert llama == [LLAMA, "v1", "chat", "completions", "responses", "tools", "structured_output", "128,000"]


def test_dedicated_endpoints_are_listed_with_what_they_serve(app: App, oci: MockOci) -> None:
    endpoint = oci.catalogue.add_endpoint("cohere.command-r-08-2024", name="ours")
    qwen = oci.catalogue.add_endpoint("qwen.qwen3-32b")
    models = listed(app)
    about = models[endpoint]["model_service"]
    assert (models[endpoint]["owned_by"], about["name"], about["base_model"]) == (
        "cohere",
        "ours",
        "cohere.command-r-08-2024",
    )
    assert (about["transport"], about["target"], about["context"]) == ("sdk", "dedicated", 128_000)
    assert about["apis"] == ["chat", "completions", "responses"]
    assert models[qwen]["model_service"]["apis"] == ["chat", "completions", "responses"]


def test_where_endpoints_may_not_be_listed_models_are_and_the_log_says_so(
    app: App, oci: MockOci, caplog: pytest.LogCaptureFixture
) -> None:
    refused(oci, "/endpoints")
    caplog.set_level(logging.INFO)
    assert LLAMA in listed(app)
    assert "endpoints_not_listed" in caplog.text
    assert "inspect generative-ai-endpoint" in caplog.text
