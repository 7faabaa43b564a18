"""`mock-oci verify` as a process, against a mock_oci in another process that takes its own credentials only."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import oci as sdk
import pytest
from tests.mock_oci.recording.conftest import SOURCES, Real, real, real_service, serving

from mock_oci import LoopbackServer, MockOci
from mock_oci.__main__ import main
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.gateway import LocalGateway
from mock_oci.verify.local import _DEPLOYMENT
from mock_oci.verify.table import QUESTIONS
from mock_oci.verify.unaskable import UNASKABLE

__all__ = ["real", "real_service"]
ENVIRONMENT = {"PYTHONPATH": SOURCES, "PATH": os.environ["PATH"]}  # noqa: TID251 - of a command


def words(real: Real, *options: str) -> list[str]:
    where = ["--config-file", str(real.folder / "config"), "--upstream", real.url, "--compartment", real.compartment]
    return [sys.executable, "-m", "mock_oci", "verify", *where, *options]


def verify(real: Real, *options: str, **environment: str) -> tuple[int, Any, str]:
    """Return the exit code, the report, and what was said besides."""
    command = words(real, "--json", *options)
    alone = {**ENVIRONMENT, **environment}
    done = subprocess.run(command, env=alone, capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, json.loads(done.stdout or "null"), done.stderr


def verdicts(report: Any) -> dict[str, str]:
    return {row["id"]: row["verdict"] for row in report["questions"]}


@pytest.fixture
def gateway() -> Iterator[str]:
    local = LocalGateway(LocalFunctions(MockOci(), "http://127.0.0.1:1"), _DEPLOYMENT)
    with LoopbackServer(local.answer) as server:
        yield f"{server.url}/verify"


def production(real: Real) -> tuple[Any, ...]:
    """Return what is there of each kind, after making one of somebody else's on the first call."""
    config, home = real.config, real.compartment
    storage = sdk.object_storage.ObjectStorageClient(config, service_endpoint=real.url)
    streams = sdk.streaming.StreamAdminClient(config, service_endpoint=real.url)
    queues = sdk.queue.QueueAdminClient(config, service_endpoint=real.url)
    topics = sdk.ons.NotificationControlPlaneClient(config, service_endpoint=real.url)
    rules = sdk.events.EventsClient(config, service_endpoint=real.url)
    identity = sdk.identity.IdentityClient(config, service_endpoint=real.url)
    namespace = storage.get_namespace().data
    if not storage.list_buckets(namespace, home).data:
        storage.create_bucket(namespace, {"name": "production", "compartmentId": home})
        streams.create_stream({"name": "production", "partitions": 1, "compartmentId": home})
        queues.create_queue({"displayName": "production", "compartmentId": home})
        topics.create_topic({"name": "production", "compartmentId": home})
    return (
        [bucket.name for bucket in storage.list_buckets(namespace, home).data],
        [
            stream.name
            for stream in streams.list_streams(compartment_id=home).data
            if stream.lifecycle_state == "ACTIVE"
        ],
        [queue.display_name for queue in queues.list_queues(compartment_id=home).data.items],
        [topic.name for topic in topics.list_topics(home).data],
        [rule.display_name for rule in rules.list_rules(home).data],
        [policy.name for policy in identity.list_policies(home).data],
    )


def test_every_question_agrees_and_what_was_there_is_untouched(real: Real, gateway: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-a-key-that-nobody-has\n")
    before = production(real)
    given = {
        "gateway": gateway,
        "apm": real.url,
        "api_key_file": tmp_path / "key",
        "other_compartment": real.config["tenancy"],
    }
    options = [word for name, value in given.items() for word in ("--given", f"{name}={value}")]
    code, report, said = verify(real, *options)
    without = {"endpoint-on-openai", "project-header", "item-reference"}  # no endpoint and no project is given
    # The key of this tenancy would be taken by the local one: what differs is the key, not the service.
    wrong = {name: verdict for name, verdict in verdicts(report).items() if verdict != "agrees" and name not in without}
    assert wrong == {}, report
    assert {name for name, verdict in verdicts(report).items() if verdict == "could not ask"} == without
    assert (code, said, report["leftBehind"]) == (0, "", 0)
    assert [row["id"] for row in report["notAskable"]] == [question.id for question in UNASKABLE]
    assert production(real) == before == (["production"], ["production"], ["production"], ["production"], [], [])
    text = json.dumps(report)
    assert [secret for secret in real.config.values() if str(secret).startswith("ocid1") and secret in text] == []


def test_what_the_service_does_otherwise_is_said_for_people_too(real: Real) -> None:
    real.script(kind="error", status=418, path="/openai/v1/embeddings")
    real.script(kind="error", status=200, path="/20231130/actions/chat", containing="no-such-model")
    real.script(kind="error", status=409, path="/20180418/streams", times=2)
    real.script(kind="error", status=503, path="/20231130/actions/embedText")
    chosen = ["openai-embeddings", "unknown-model", "stream-same-name", "embed-token-counts", "rerank-name"]
    only = [word for name in chosen for word in ("--only", name)]
    done = subprocess.run(words(real, *only), env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "differs        openai-embeddings: Whether OpenAI's surface embeds by now" in done.stdout
    assert '               mock_oci: {"status": 400, "unknown path": false}' in lines
    assert '               OCI:      {"status": 418, "unknown path": false}' in lines
    assert "differs        unknown-model:" in done.stdout
    assert "could not ask  stream-same-name: no stream can be made: 409" in done.stdout
    assert "could not ask  embed-token-counts: POST /20231130/actions/embedText: 503" in done.stdout
    assert 'agrees         rerank-name: {"listed": true}' in lines
    unsettled = f"{len(UNASKABLE)} that no request settles (--list)"
    assert lines[-1] == f"2 differs, 1 agrees, 2 could not ask; {unsettled}"


def test_who_may_nothing_could_not_ask(tmp_path: Path) -> None:
    """A service with policies, and a caller whom none of them names: nothing differs."""
    (tmp_path / "policies.txt").write_text("Allow group Nobody to inspect buckets in tenancy\n")
    folder = tmp_path / "real"
    with serving(folder, "--policies", str(tmp_path / "policies.txt")) as process:
        assert process.stdout
        assert process.stdin
        served = Real(process.stdout.readline().removeprefix("ready: ").strip(), folder)
        function = {
            "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
            "OCI_RESOURCE_PRINCIPAL_RPST": str(folder / "resource_principal/rpst"),
            "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(folder / "resource_principal/private.pem"),
            "OCI_RESOURCE_PRINCIPAL_REGION": "us-chicago-1",
        }
        only = [
            word for name in ("rerank-name", "stream-key", "policy-night", "rule-target") for word in ("--only", name)
        ]
        code, report, _ = verify(served, *only, "--auth", "resource_principal", **function)
        process.stdin.close()
    assert set(verdicts(report).values()) == {"could not ask"}
    assert "404 NotAuthorizedOrNotFound" in report["questions"][0]["reason"]
    assert code == 0


def test_ctrl_c_removes_what_was_made(real: Real) -> None:
    before = production(real)
    command = words(real, "--only", "queue-dead-letter", "--only", "stream-key")
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        end = time.monotonic() + 60
        while len(production(real)[2]) == 1 and time.monotonic() < end:  # until its queue is there
            time.sleep(0.1)
        assert len(production(real)[2]) == 2
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; removing what was made" in said
    assert "left behind" not in said
    assert production(real) == before


def test_the_list_says_what_is_asked_and_what_that_costs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--list"]) == 0
    said = capsys.readouterr().out
    assert all(f"{question.id}\n    {question.doubt}\n    {question.how} At most " in said for question in QUESTIONS)
    assert all(f"{question.id}\n    {question.doubt}\n    Not askable: " in said for question in UNASKABLE)
    assert "At most 5 requests, 3 resources; makes and removes a bucket with an object, and a link." in said


def test_the_most_that_it_may_cost(real: Real) -> None:
    code, report, _ = verify(real, "--max-cost", "requests=3,resources=0,tokens=0")
    assert code == 0
    asked = [row["id"] for row in report["questions"]]
    assert sum(question.cost.requests for question in QUESTIONS if question.id in asked) <= 3
    assert {*asked, *report["leftOutForTheirCost"]} == {question.id for question in QUESTIONS}
    assert all(call["method"] in ("GET", "POST") for call in real.calls())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "--compartment is needed"),
        (["--compartment", "x", "--config-file", "/nowhere"], "there are no credentials (profile)"),
        (["--only", "nothing"], "invalid choice: 'nothing'"),
        (["--max-cost", "euros=3"], "must be requests=N,tokens=N,resources=N"),
        (["--given", "function=x"], "function must be one of api_key_file, apm,"),
    ],
)
def test_what_cannot_be_asked_is_one_line(options: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        ended = main(["verify", *options])
    except SystemExit as usage:
        ended = int(usage.code or 0)
    said = capsys.readouterr().err
    assert ended == 2
    assert says in said
    assert said.count("\n") == 1


def test_a_service_that_is_not_there_could_not_be_asked(real: Real) -> None:
    away = Real("http://127.0.0.1:9", real.folder)
    code, report, _ = verify(away, "--only", "rerank-name", "--only", "link-expired")
    assert (code, set(verdicts(report).values())) == (0, {"could not ask"})
    assert httpx.get(f"{real.url}/_mock/health", trust_env=False).status_code == 200
