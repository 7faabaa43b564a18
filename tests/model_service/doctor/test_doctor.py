"""The doctor: each thing that can be wrong is found by the check that bears its name, with what to do about it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.fn.stack import LocalStack
from mock_oci.identity.principals import new_key, pem_of
from model_service.__main__ import main
from model_service.app import App
from model_service.dispatch import Dispatch
from model_service.doctor.checks import CHECKS, Check, Report, examine
from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.openai_api.operations import DoctorRequest, operation_of
from model_service.service import Service
from model_service.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
Environment = dict[str, str]
ABSENT = "ocid1.compartment.oc1..absent"


@pytest.fixture
def oci_url(oci: MockOci) -> Iterator[str]:
    """As the real one, the endpoint says what time it is."""

    def answer(request: Request) -> Response:
        response = oci.answer(request)
        return replace(response, headers={"date": formatdate(usegmt=True), **response.headers})

    with LoopbackServer(answer) as server:
        yield server.url


def look(
    environment: Mapping[str, str],
    *,
    model: str = "meta.llama-3.3-70b-instruct",
    skew: float = 0.0,
    gateway: str | None = None,
    seconds: float = 20,
) -> Report:
    with closing(Service(Settings.load(environment))) as service:
        deadline = Deadline.after(seconds)
        answer = Dispatch(service).answer
        return examine(
            service, answer, DoctorRequest(model), deadline, gateway=gateway, clock=lambda: time.time() + skew
        )


def check(report: Report, name: str) -> Check:
    return next(one for one in report.checks if one.name == name)


def failed(report: Report) -> list[str]:
    return [one.name for one in report.checks if one.verdict == "fail"]


def test_what_is_well_is_said_to_be_and_costs_one_small_request(environment: Environment, oci: MockOci) -> None:
    report = look(environment)
    assert report.healthy
    assert {one.name: one.verdict for one in report.checks} == {
        **dict.fromkeys((step.name for step in CHECKS), "ok"),
        "tasks": "skip",
        "callers": "skip",
        "targets": "skip",
        "gateway": "skip",
    }
    (chat,) = [json.loads(request.body) for request in oci.requests if request.method == "POST"]
    assert chat["max_tokens"] <= 16


@pytest.mark.parametrize("model", ["cohere.command-a-03-2025", "openai.gpt-5.5-pro", "openai.gpt-5"])
def test_every_way_to_a_model_can_be_tried(environment: Environment, oci: MockOci, model: str) -> None:
    environment["MODEL_SERVICE_PROJECT_ID"] = oci.projects.default.id
    assert look(environment, model=model).healthy


BROKEN = [
    pytest.param(
        {"MODEL_SERVICE_TASK": "x"}, {}, "settings", "did you mean MODEL_SERVICE_TASKS?", "name", id="a-misspelt-name"
    ),
    pytest.param({"OCI_PROFILE": "NOBODY"}, {}, "credentials", "NOBODY", "OCI_PROFILE", id="no-such-profile"),
    pytest.param({"OCI_CONFIG_FILE": "/nowhere/config"}, {}, "credentials", "/nowhere", "oci setup", id="no-config"),
    pytest.param({"OCI_GENAI_ENDPOINT": "http://127.0.0.1:9"}, {}, "endpoint", "refused", "VPN", id="no-way-there"),
    pytest.param({}, {"skew": 420}, "clock", "ahead of OCI", "NTP", id="a-fast-clock"),
    pytest.param({}, {"skew": -420}, "clock", "behind OCI", "NTP", id="a-slow-clock"),
    pytest.param({"OCI_COMPARTMENT_ID": ABSENT}, {}, "policy", "not found", ABSENT, id="no-such-compartment"),
    pytest.param({}, {"model": "meta.llama-9"}, "model", "meta.llama-9", "local OCI", id="no-such-model"),
    pytest.param({}, {"model": "responses:"}, "model", "prefix", "", id="no-model-at-all"),
]


@pytest.mark.parametrize(("change", "options", "name", "finding", "remedy"), BROKEN)
def test_what_is_broken_is_found_by_the_check_that_bears_its_name(
    environment: Environment, change: Environment, options: dict[str, Any], name: str, finding: str, remedy: str
) -> None:
    report = look({**environment, **change}, **options)
    assert failed(report) == [name]
    assert finding in check(report, name).detail
    assert remedy in (check(report, name).remedy or "")
    assert not report.healthy


def test_a_signature_that_oci_refuses_is_not_a_missing_permission(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "api_key.pem").write_text(pem_of(new_key()))
    report = look(environment)
    assert failed(report) == ["signature"]
    assert "clock" in (check(report, "signature").remedy or "")
    assert check(report, "policy").detail == "needs compartment"


def test_a_missing_permission_is_told_from_a_missing_model(environment: Environment, oci: MockOci) -> None:
    oci.deny("user")
    report = look(environment)
    assert failed(report) == ["policy"]
    assert "generative-ai-family" in (check(report, "policy").remedy or "")


def test_a_principal_without_a_compartment_is_told_to_name_one(environment: Environment, tmp_path: Path) -> None:
    function = {
        "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
        "OCI_RESOURCE_PRINCIPAL_RPST": str(tmp_path / "resource_principal/rpst"),
        "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(tmp_path / "resource_principal/private.pem"),
        "OCI_GENAI_ENDPOINT": environment["OCI_GENAI_ENDPOINT"],
    }
    for model in ("meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025"):
        report = look(function, model=model)
        assert "OCI_COMPARTMENT_ID" in (check(report, "compartment").remedy or "")


def test_a_token_that_looks_expired_by_a_wrong_clock_is_found_with_its_reason(
    environment: Environment, oci: MockOci
) -> None:
    report = look({**environment, "OCI_PROFILE": "SESSION"}, skew=10 * 86_400)
    assert failed(report) == ["credentials", "clock"]
    assert "expired" in check(report, "credentials").detail
    assert [request.method for request in oci.requests] == ["GET"]  # nothing is asked of a model without a credential


def test_without_a_credential_there_may_be_no_region_either(environment: Environment) -> None:
    del environment["OCI_REGION"]
    report = look({**environment, "OCI_PROFILE": "NOBODY"})
    assert failed(report) == ["credentials"]
    assert check(report, "region") == Check("region", "skip", "needs credentials")


def test_a_region_that_there_is_not_fails_with_the_one_that_was_meant(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    del environment["OCI_GENAI_ENDPOINT"]
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    report = look({**environment, "OCI_REGION": "us-chicgo-1"})
    assert failed(report) == ["region"]
    assert "Did you mean us-chicago-1?" in (check(report, "region").remedy or "")
    assert check(report, "endpoint").verdict == "skip"


def test_a_region_that_is_new_is_taken_where_its_endpoint_is_named(environment: Environment) -> None:
    report = look({**environment, "OCI_REGION": "us-newplace-1"})
    assert check(report, "region").verdict == "ok"


def test_nobody_who_names_a_region_is_told_to(environment: Environment, tmp_path: Path) -> None:
    config = (tmp_path / "config").read_text().replace(f"region={environment['OCI_REGION']}\n", "")
    (tmp_path / "config").write_text(config)
    del environment["OCI_REGION"], environment["OCI_GENAI_ENDPOINT"]
    report = look(environment)
    assert failed(report) == ["region"]
    assert "OCI_REGION" in (check(report, "region").remedy or "")


def test_a_throttled_or_broken_model_is_the_models_fault(environment: Environment, oci: MockOci) -> None:
    for status in (400, 429, 500):
        oci.script.error(status, message="as scripted", times=1)
        assert failed(look(environment)) == ["model"]


def test_no_deadline_is_waited_beyond(environment: Environment) -> None:
    report = look(environment, seconds=0)
    assert failed(report) == ["endpoint"]
    assert "deadline" in check(report, "endpoint").detail


GATEWAYS = [
    pytest.param(Response(200, {}, b"{}"), "ok", "answers", "", id="all-is-well"),
    pytest.param(Response(401, {}, b""), "ok", "credential", "", id="protected"),
    pytest.param(Response(404, {}, b'{"code":404,"message":"Not Found"}'), "fail", "404", "path prefix", id="no-route"),
    pytest.param(Response(500, {}, b""), "fail", "500", "ApiGateway", id="a-bare-500"),
    pytest.param(Response(504, {}, b"{}"), "fail", "504", "timeout", id="too-slow"),
    pytest.param(Response(418, {}, b""), "fail", "418", "log", id="something-else"),
    pytest.param(
        Response(404, {}, b'{"error": {"message": "no such model", "hint": "set OCI_REGION"}}'),
        "fail",
        "no such model",
        "set OCI_REGION",
        id="the-function-itself",
    ),
]


def test_what_is_wrong_with_the_tasks_is_said_with_its_line(environment: Environment) -> None:
    right = (ROOT / "docs/tasks/prompts.yaml").read_text()
    wrong = right.replace("source:", "sorce:")
    found = check(look({**environment, "MODEL_SERVICE_TASKS": wrong}), "tasks")
    assert found.verdict == "fail"
    assert "line 8: tasks[0].match.sorce" in found.detail


@pytest.mark.parametrize(("response", "verdict", "finding", "remedy"), GATEWAYS)
def test_what_a_gateway_answers_is_explained(
    environment: Environment, response: Response, verdict: str, finding: str, remedy: str
) -> None:
    with LoopbackServer(lambda _request: response) as server:
        found = check(look(environment, gateway=f"{server.url}/v1/"), "gateway")
    assert found.verdict == verdict
    assert finding in found.detail
    assert remedy in (found.remedy or "")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "no url", "http://[", "ftp://x/v1"])
def test_a_gateway_that_is_not_there_is_a_finding(environment: Environment, url: str) -> None:
    assert check(look(environment, gateway=url), "gateway").verdict == "fail"


def test_the_whole_path_is_tried_through_a_real_gateway(environment: Environment, stack: LocalStack) -> None:
    assert check(look(environment, gateway=stack.gateway_url), "gateway").verdict == "ok"


def test_inside_the_function_it_is_a_request_of_a_direct_caller(environment: Environment) -> None:
    body = asked(environment, {"operation": "doctor", "gateway": "http://127.0.0.1:9/"})
    assert (body["object"], body["healthy"]) == ("doctor.report", True)
    by_name = {one["name"]: one for one in body["checks"]}
    assert by_name["model"]["verdict"] == "ok"
    assert by_name["gateway"]["verdict"] == "skip"  # a caller does not choose what a function connects to


def test_inside_the_function_a_broken_credential_is_a_report_and_no_error(environment: Environment) -> None:
    body = asked({**environment, "OCI_PROFILE": "NOBODY"}, {"operation": "doctor"})
    assert body["healthy"] is False


def test_a_report_has_no_secret(environment: Environment, tmp_path: Path) -> None:
    for profile in ("DEFAULT", "SESSION"):
        text = json.dumps(asked({**environment, "OCI_PROFILE": profile}, {"operation": "doctor"}))
        assert (tmp_path / "token").read_text() not in text
        assert "PRIVATE KEY" not in text


def test_behind_a_gateway_there_is_no_doctor(environment: Environment) -> None:
    http = HttpRequest("POST", "/v1/doctor", {"host": "gateway"})
    reply = App(environment).answer(Invocation(b'{"operation": "doctor"}', Deadline.after(20), http=http))
    assert reply.status == 404


@pytest.mark.parametrize(
    ("field", "value"), [("model", 7), ("model", ["x"]), ("compartment_id", "ours"), ("compartment_id", 7)]
)
def test_a_field_that_makes_no_sense_is_named(field: str, value: object) -> None:
    with pytest.raises(InvalidRequest) as error:
        operation_of({"operation": "doctor"}).parse({field: value})
    assert error.value.param == field


def test_a_check_is_one_line_with_the_cure_behind_an_arrow() -> None:
    assert str(Check("clock", "fail", "420 s ahead", "Use NTP.")) == "FAIL  clock        420 s ahead -> Use NTP."
    assert str(Check("clock", "ok", "0 s ahead")) == "OK    clock        0 s ahead"


def test_the_command_says_by_its_exit_code_whether_all_is_well(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["doctor", "--model", "meta.llama-9"]) == 1
    assert "\nFAIL  model " in capsys.readouterr().out
    monkeypatch.setenv("OCI_REGION", "atlantis")
    assert main(["doctor"]) == 1
    assert "\nFAIL  settings     OCI_REGION" in capsys.readouterr().out


def asked(environment: Environment, body: dict[str, Any]) -> dict[str, Any]:
    app = App(environment)
    with closing(app.service):
        reply = app.answer(Invocation(json.dumps(body).encode(), Deadline.after(20)))
    assert reply.status == 200
    assert isinstance(reply.body, bytes)
    answer: dict[str, Any] = json.loads(reply.body)
    return answer


@pytest.mark.parametrize(
    ("response", "finding"),
    [
        (Response(404, {}, b'{"code": "404", "message": "Path doesn\'t map to a registered service"}'), "answers 404"),
        (Response(400, {}, b'{"code": "400", "message": "Unsupported OpenAI operation"}'), "answers 400"),
        (Response(200, {"content-type": "application/json"}, b'{"object": "list", "data": [{"id": "x"}]}'), "lists 1"),
        (Response(200, {"content-type": "text/html"}, b"<html>"), "answers 502"),
    ],
)
def test_ocis_own_list_of_models_is_looked_at_and_nothing_depends_on_it(
    environment: Environment, oci: MockOci, response: Response, finding: str
) -> None:
    def answer(request: Request) -> Response:
        return response if request.path == "/openai/v1/models" else oci.answer(request)

    with LoopbackServer(answer) as server:
        report = look({**environment, "OCI_GENAI_ENDPOINT": server.url})
    assert report.healthy
    assert finding in check(report, "models").detail
