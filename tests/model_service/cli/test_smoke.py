"""`model-service smoke`: a deployment, as its clients see it."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_oci import LocalStack, LoopbackServer
from mock_oci.wire import Request, Response
from model_service.__main__ import main
from model_service.cli import smoke
from model_service.errors import InvalidRequest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(ROOT) as stack:
        yield stack


def report(*words: str) -> tuple[int, dict[str, Any]]:
    parser = argparse.ArgumentParser()
    smoke.add_arguments(parser)
    out = io.StringIO()
    exit_code = smoke.run(parser.parse_args([*words, "--json"]), out)
    return exit_code, json.loads(out.getvalue())


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["verdict"] for check in found["checks"]}


def test_a_deployment_that_works_says_what_served_each_request(stack: LocalStack) -> None:
    exit_code, found = report(stack.gateway_url)
    assert (exit_code, found["object"], found["healthy"]) == (0, "smoke.report", True)
    assert verdicts(found) == dict.fromkeys(smoke.CHECKS, "ok")
    details = {check["name"]: check["detail"] for check in found["checks"]}
    assert "served by meta.llama-3.3-70b-instruct (route v1), request " in details["chat"]
    assert "served by cohere.embed-v4.0 (route sdk)" in details["embedding"]
    assert details["embedding"].startswith("1536 numbers")
    assert "chunks" in details["stream"]


def test_a_model_that_there_is_not_fails_its_two_checks_with_the_functions_own_hint(stack: LocalStack) -> None:
    exit_code, found = report(stack.gateway_url, "--model", "meta.llama-9")
    assert exit_code == 1
    assert [name for name, verdict in verdicts(found).items() if verdict == "fail"] == ["chat", "stream"]
    (chat,) = [check for check in found["checks"] if check["name"] == "chat"]
    assert "has the models that it names" in chat["remedy"]
    assert "Hint:" not in chat["detail"]


def test_a_wrong_prefix_is_told_and_paths_that_may_be_missing_are_skipped(stack: LocalStack) -> None:
    exit_code, found = report(stack.gateway_url.removesuffix("/v1"))
    assert exit_code == 1
    assert verdicts(found) == {
        "health": "skip",
        "models": "skip",
        **dict.fromkeys(("chat", "stream", "embedding"), "fail"),
    }
    assert "/v1" in found["checks"][-1]["remedy"]


def test_a_key_is_sent_and_a_refusal_of_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str | None] = []

    def refuse(request: Request) -> Response:
        sent.append(request.headers.get("authorization"))
        return Response(401, {"content-type": "application/json"}, b'{"code":401,"message":"Unauthorized"}')

    monkeypatch.setattr("sys.stdin", io.StringIO("msk_abc\n"))
    with LoopbackServer(refuse) as server:
        exit_code, found = report(f"{server.url}/v1", "--key", "-")
    assert exit_code == 1
    assert set(sent) == {"Bearer msk_abc"}
    assert {check["remedy"] for check in found["checks"]} == {"Check that --key is a key of this gateway."}
    assert "msk_abc" not in json.dumps(found)


def test_a_stream_without_its_end_fails() -> None:
    def cut(request: Request) -> Response:
        return Response(200, {"content-type": "text/event-stream"}, b'data: {"choices":[]}\n\n')

    with LoopbackServer(cut) as server:
        (stream,) = [check for check in report(f"{server.url}/v1")[1]["checks"] if check["name"] == "stream"]
    assert (stream["verdict"], stream["detail"].partition(":")[0]) == ("fail", "the stream did not end properly")


def test_a_gateway_that_is_out_of_reach_is_asked_once() -> None:
    exit_code, found = report("http://127.0.0.1:9/v1")
    assert exit_code == 1
    assert verdicts(found) == {"health": "fail", **dict.fromkeys(list(smoke.CHECKS)[1:], "skip")}


def test_what_is_no_url_is_a_wrong_request(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidRequest):
        report("gateway.example.com/v1")
    assert main(["smoke", "gateway.example.com/v1"]) == 4
    assert capsys.readouterr().err.startswith("error: URL: must begin with https://")
