"""What is said of targets: in replies, log lines, metrics, the list of models, the doctor and a command."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.model_service.targets.conftest import CHICAGO, FRANKFURT, MODELS, Open, ask

from mock_oci import MockOci
from model_service.app import App
from model_service.cli import targets as command
from model_service.dispatch import Dispatch
from model_service.doctor.checks import Check, examine
from model_service.errors import UpstreamError
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.openai_api.chat import Complete
from model_service.openai_api.operations import DoctorRequest, operation_of
from model_service.openai_api.own_requests import ModelsRequest
from model_service.service import Service
from model_service.usage.metrics import Metrics

GPT = MODELS[0]
FIRST, SECOND = f"{GPT}@{CHICAGO}", f"{GPT}@{FRANKFURT}"
CHAT = {"model": "prod", "messages": [{"role": "user", "content": "Why?"}]}


def pool() -> list[dict[str, Any]]:
    return [{"model": GPT, "region": region} for region in (CHICAGO, FRANKFURT)]


def http(service: Service, body: dict[str, Any], **headers: str) -> Any:
    """Send a request as API Gateway does."""
    app = App()
    app.__dict__["dispatch"] = Dispatch(service)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = json.dumps(body).encode()
    return app.answer(
        Invocation(content, Deadline.after(20), "call", http=HttpRequest("POST", "/v1/chat/completions", named))
    )


@pytest.mark.parametrize("stream", [False, True])
def test_a_reply_names_the_model_that_answered(opened: Open, oci: MockOci, stream: bool) -> None:
    oci.script.error(503, region=CHICAGO)
    targets = [pool()[0], {"model": MODELS[2], "region": FRANKFURT}]
    reply = http(opened(targets), {**CHAT, "stream": stream})
    assert reply.headers["x-model-service-target"] == f"{MODELS[2]}@{FRANKFURT}"
    assert reply.headers["x-model-service-model"] == MODELS[2]
    assert reply.headers["x-model-service-route"] == "sdk"
    assert reply.headers["x-model-service-attempts"] == "2"
    assert b"cohere" in reply.whole()


def test_headers_narrow_the_choice_of_a_region(opened: Open) -> None:
    reply = http(opened(pool()), CHAT, x_model_service_region=FRANKFURT)
    assert reply.headers["x-model-service-target"] == SECOND


def test_an_error_has_the_story_in_its_body_and_its_number_in_a_header(opened: Open, oci: MockOci) -> None:
    oci.script.error(503, times=9)
    reply = http(opened(pool()), CHAT)
    error = json.loads(reply.body)["error"]
    assert (reply.status, reply.headers["x-model-service-attempts"]) == (503, "3")
    assert [attempt["target"] for attempt in error["model_service"]["attempts"]] == [FIRST, SECOND, FIRST]
    assert all(attempt["status"] == 503 and attempt["seconds"] >= 0 for attempt in error["model_service"]["attempts"])


def lines_of(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    return [line for record in caplog.records if (line := json.loads(record.message))["event"] == event]


def test_the_log_and_the_usage_record_say_who_answered_and_why_others_did_not(
    opened: Open, oci: MockOci, caplog: pytest.LogCaptureFixture
) -> None:
    oci.script.error(503, region=CHICAGO)
    with caplog.at_level("INFO", logger="model_service"):
        http(opened(pool()), CHAT)
    for event in ("usage", "invocation"):
        (line,) = lines_of(caplog, event)
        assert (line["alias"], line["target"], line["tries"]) == ("prod", SECOND, 2)
        assert [(attempt["target"], attempt["error"]) for attempt in line["failed"]] == [(FIRST, "upstream_error")]
    (failed,) = lines_of(caplog, "target_failed")
    assert (failed["target"], failed["kind"], failed["status"]) == (FIRST, "failing", 503)


def test_a_call_that_nobody_answers_is_one_record_with_its_story(
    opened: Open, oci: MockOci, caplog: pytest.LogCaptureFixture
) -> None:
    oci.script.error(503, times=9)
    with caplog.at_level("INFO", logger="model_service"), pytest.raises(UpstreamError):
        ask(opened(pool()))
    (line,) = lines_of(caplog, "usage")
    assert (line["alias"], line["tries"], line["error"]) == ("prod", 3, "upstream_error")
    assert line["tokens"]["input"] == 0


def test_metrics_are_by_target(opened: Open, oci: MockOci, caplog: pytest.LogCaptureFixture) -> None:
    oci.script.error(503, region=CHICAGO)
    with caplog.at_level("INFO", logger="model_service"):
        ask(opened(pool()))
    sent: list[dict[str, Any]] = []

    def send(_path: str, body: Any, _deadline: Deadline) -> dict[str, Any]:
        sent.extend(body["metricData"])
        return {}

    moments = iter([0.0, *[100.0] * 20])
    metrics = Metrics("ns", "ocid1.compartment", send, clock=lambda: next(moments))
    metrics.hear("target_failed", lines_of(caplog, "target_failed")[0])
    metrics.add(lines_of(caplog, "usage")[0], None, Deadline.after(20))  # type: ignore[arg-type]  # nothing is read of it
    of = {row["name"]: row for row in sent}
    assert of["TargetFailures"]["dimensions"]["target"] == FIRST
    assert of["Calls"]["dimensions"]["target"] == SECOND
    assert of["Tries"]["datapoints"][0]["value"] == 2


def test_the_list_of_models_has_the_targets_of_an_alias(opened: Open) -> None:
    service = opened(pool())
    answer = Dispatch(service).answer(ModelsRequest("prod"), Deadline.after(20))
    assert isinstance(answer, Complete)
    assert answer.completion["model_service"]["targets"] == [FIRST, SECOND]


def check_of(service: Service, name: str = "targets") -> Check:
    report = examine(service, Dispatch(service).answer, DoctorRequest(MODELS[1]), Deadline.after(20))
    return next(check for check in report.checks if check.name == name)


def test_the_doctor_asks_each_target(opened: Open, oci: MockOci) -> None:
    check = check_of(opened(pool()))
    assert (check.verdict, check.detail) == ("ok", "2 targets of 1 aliases answer")
    assert {call.request.region for call in oci.calls if call.request.method == "POST"} == {"", CHICAGO, FRANKFURT}


def test_the_doctor_says_that_one_endpoint_stands_for_every_region(opened: Open, oci: MockOci) -> None:
    service = opened([{"model": MODELS[1], "region": "eu-paris-1"}])
    check = check_of(service)
    assert check.verdict == "ok"
    assert check.detail.endswith("OCI_GENAI_ENDPOINT stands for the region of each that has no url")


def test_the_doctor_names_the_target_that_does_not_answer(opened: Open, oci: MockOci) -> None:
    oci.catalogue.host(GPT, CHICAGO)
    check = check_of(opened(pool()))
    assert check.verdict == "fail"
    assert check.detail.startswith(f"1 of 2 targets do not answer: prod: {SECOND}: 404 Entity with key {GPT}")
    assert check.remedy


def test_a_direct_caller_may_ask_how_the_targets_are(opened: Open, oci: MockOci) -> None:
    oci.script.error(503, region=CHICAGO, times=2)
    service = opened(pool(), resilience={"breaker_failures": 1})
    ask(service)
    body = {"operation": "targets", "ask": False}
    answer = Dispatch(service).answer(operation_of(body).parse(body), Deadline.after(20))
    assert isinstance(answer, Complete)
    first, second = answer.completion["data"]
    assert (first["alias"], first["target"], first["state"], first["failures"]) == ("prod", FIRST, "open", 1)
    assert (second["state"], second["failures"]) == ("closed", 0)
    assert second["latency_ms"] > 0


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_shows_each_target_and_what_it_answers(
    opened: Open,
    oci: MockOci,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    tmp_path: Path,
    as_json: bool,
) -> None:
    oci.script.error(503, region=FRANKFURT)
    settings = opened(pool()).settings
    for name, value in {**environment, "MODEL_SERVICE_CONFIG": settings.config or ""}.items():
        monkeypatch.setenv(name, value)
    parser, out = argparse.ArgumentParser(), io.StringIO()
    command.add_arguments(parser)
    code = command.run(parser.parse_args(["--json"] if as_json else []), out)
    assert code == 1
    if as_json:
        assert [row["asked"]["status"] for row in json.loads(out.getvalue())["data"]] == [200, 503]
        return
    heading, first, second = out.getvalue().splitlines()
    assert heading.split()[:3] == ["alias", "target", "region"]
    assert first.split()[:3] == ["prod", FIRST, CHICAGO]
    assert "503 upstream_error" in second
