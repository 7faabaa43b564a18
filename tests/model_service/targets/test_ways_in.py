"""Targets by every way in: batches, relays, completions of old, the Responses API; and a service that has none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.model_service.batch.conftest import TASK, Place, prompt, tasks_with
from tests.model_service.targets.conftest import CHICAGO, FRANKFURT, MODELS, Open, ask, target_of

from mock_oci import MockOci
from mock_oci.services.queues.state import Queues
from mock_oci.services.queues.state import Settings as QueueSettings
from model_service.batch.batch import Batches
from model_service.batch.pacing import Pauses
from model_service.batch.record import BatchRequest
from model_service.cli.follow import follow, texts
from model_service.dispatch import Dispatch
from model_service.errors import PreviousResponseNotFound
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import ChatRequest, Complete, Stream
from model_service.openai_api.completions import completion_request
from model_service.openai_api.responses import surface_request
from model_service.relay.destinations import Destination
from model_service.service import Service
from model_service.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
GPT, OSS = MODELS[0], MODELS[3]
RECORDS = 12


def two(model: str = GPT) -> list[dict[str, Any]]:
    return [{"model": model, "region": region} for region in (CHICAGO, FRANKFURT)]


@pytest.fixture
def batches(opened: Open, oci: MockOci, environment: dict[str, str]) -> tuple[Dispatch, Place]:
    """A container for batches whose records ask the alias ``prod``, and where their results are."""
    place = Place(oci, environment)
    task = {**TASK, "request": {**TASK["request"], "model": "prod"}}
    changes = {
        "MODEL_SERVICE_TASKS": json.dumps(tasks_with(task)),
        "MODEL_SERVICE_BATCH_CONCURRENCY": "4",
        "MODEL_SERVICE_OCI_ENDPOINT": environment["OCI_GENAI_ENDPOINT"],
        "MODEL_SERVICE_CONFIG": opened(two(), resilience={"breaker_failures": 3}).settings.config or "",
    }
    dispatch = Dispatch(Service(Settings.load({**environment, **changes})))
    pauses = Pauses(first=0.01, longest=0.05, random=lambda: 1.0)
    dispatch.answerers["BatchRequest"] = Batches(dispatch.service, dispatch.answer, pauses)
    place.opened.append(dispatch)
    yield dispatch, place  # type: ignore[misc]  # a fixture
    dispatch.service.close()


def run(batches: tuple[Dispatch, Place]) -> dict[str, Any]:
    request = BatchRequest(tuple(prompt(number) for number in range(RECORDS)))
    answer = batches[0].answer(request, Deadline.after(30))
    assert isinstance(answer, Complete)
    return answer.completion


def test_the_records_of_a_batch_go_over_the_targets(batches: tuple[Dispatch, Place], oci: MockOci) -> None:
    oci.script.error(503, region=CHICAGO, times=999)
    assert run(batches)["delivered"] == RECORDS
    results = batches[1].objects("results")
    assert len(results) == RECORDS
    asked = [call.request.region for call in oci.calls if call.request.path.endswith("/chat/completions")]
    # As many as are under way at once meet the region before its breaker opens, and not each record anew.
    assert asked.count(CHICAGO) <= 3 + 4
    assert len(oci.charges) == RECORDS


def test_a_batch_slows_down_as_one_where_every_target_is_throttled(
    batches: tuple[Dispatch, Place], oci: MockOci
) -> None:
    oci.script.error(429, times=6, path="/openai/v1/chat/completions")
    assert run(batches)["delivered"] == RECORDS
    asked = [call for call in oci.calls if call.request.path.endswith("/chat/completions")]
    assert len(asked) <= RECORDS + 6
    answerer: Any = batches[0].answerers["BatchRequest"]
    paced = {target.name for target in answerer._pacing._targets.values() if target.kind == "model"}
    assert paced == {"prod"}


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_relayed_is_published_once_whoever_answers(
    opened: Open, oci: MockOci, environment: dict[str, str], stream: bool
) -> None:
    queue = oci.state_of(Queues).create("relays", QueueSettings(deliveries=0))
    changes = {
        "MODEL_SERVICE_OCI_ENDPOINT": environment["OCI_GENAI_ENDPOINT"],
        "MODEL_SERVICE_RELAY_DESTINATIONS": json.dumps([queue.id]),
        "MODEL_SERVICE_CONFIG": opened(two()).settings.config or "",
    }
    oci.script.error(503, region=CHICAGO, path="/openai/v1/chat/completions")
    service = Service(Settings.load({**environment, **changes}))
    relay = {"queue": queue.id, "channel": "one"}
    answer = ask(service, relay=relay, stream=stream)
    assert target_of(answer) == f"{GPT}@{FRANKFURT}"
    if isinstance(answer, Stream):
        list(answer.chunks)
    reader = Destination.parse(relay, (queue.id,)).open(service.region_services).reader()
    assert GPT in "".join(texts(follow(reader, Deadline.after(10), 0), 0))
    assert len(oci.charges) == 1
    service.close()


def test_completions_of_old_have_targets(opened: Open, oci: MockOci) -> None:
    oci.script.error(503, region=CHICAGO)
    request = completion_request({"model": "prod", "prompt": "Why?"})
    answer = Dispatch(opened(two())).answer(request, Deadline.after(20))
    assert target_of(answer) == f"{GPT}@{FRANKFURT}"
    assert isinstance(answer, Complete)
    assert answer.completion["object"] == "text_completion"


def _responses(service: Service, **body: Any) -> Any:
    request = surface_request("POST", "/v1/responses", {"model": "prod", "input": "Why?", **body})
    answer = service.call(service.resolve(request), request, Deadline.after(20))
    assert isinstance(answer, Complete)
    return answer


@pytest.fixture
def stateful(opened: Open, oci: MockOci) -> Service:
    projects = {region: oci.projects.create(f"of {region}", region=region).id for region in (CHICAGO, FRANKFURT)}
    return opened([{**target, "project_id": projects[target["region"]]} for target in two(OSS)])


def test_the_responses_api_has_targets(stateful: Service, oci: MockOci) -> None:
    oci.script.error(503, region=CHICAGO, path="/openai/v1/responses")
    answer = _responses(stateful)
    assert target_of(answer) == f"{OSS}@{FRANKFURT}"
    assert answer.completion["object"] == "response"


def test_a_response_may_come_from_a_model_that_is_asked_in_chats(opened: Open, oci: MockOci) -> None:
    oci.script.error(503, region=CHICAGO)
    service = opened([{"model": OSS, "region": CHICAGO}, {"model": MODELS[2], "region": FRANKFURT}])
    answer = _responses(service, store=False)
    assert target_of(answer) == f"{MODELS[2]}@{FRANKFURT}"
    assert answer.completion["object"] == "response"
    assert [request.path for request in oci.requests][-1] == "/20231130/actions/chat"


def test_a_stored_response_is_gone_on_with_where_it_is(stateful: Service, oci: MockOci) -> None:
    oci.script.error(503, region=CHICAGO, path="/openai/v1/responses")
    first = _responses(stateful)
    second = _responses(stateful, previous_response_id=first.completion["id"])
    assert target_of(second) == f"{OSS}@{FRANKFURT}"
    assert second.headers["x-model-service-attempts"] == "2"
    with pytest.raises(PreviousResponseNotFound):
        _responses(stateful, previous_response_id="resp_nowhere")
    health = stateful.targets.container.health(stateful.pools["prod"].targets[0])
    assert health.breaker.state == "closed"


def test_the_prefix_of_responses_holds_for_every_target(stateful: Service, oci: MockOci) -> None:
    oci.script.error(503, region=CHICAGO, path="/openai/v1/responses")
    answer = ask(stateful, model="oci:responses:prod")
    assert target_of(answer) == f"{OSS}@{FRANKFURT}"
    assert {request.path for request in oci.requests} == {"/openai/v1/responses"}


def test_an_alias_of_the_settings_comes_first(opened: Open, oci: MockOci, environment: dict[str, str]) -> None:
    config = opened(two()).settings.config or ""
    changes = {"MODEL_SERVICE_CONFIG": config, "MODEL_SERVICE_ALIASES": json.dumps({"prod": MODELS[1]})}
    service = Service(Settings.load({**environment, **changes}))
    answer = ask(service)
    assert "x-model-service-target" not in answer.headers
    assert json.loads(oci.requests[0].body)["model"] == MODELS[1]
    service.close()


@pytest.mark.not_through("process", why="runs a process of its own")
def test_a_service_without_targets_loads_nothing_of_them(environment: dict[str, str]) -> None:
    program = (
        "import sys\n"
        "from model_service.fn.invocation import Deadline\n"
        "from model_service.openai_api.chat import ChatRequest\n"
        "from model_service.service import Service\n"
        "from model_service.settings import Settings\n"
        "service = Service(Settings.load())\n"
        "request = ChatRequest.parse({'model': 'prod', 'messages': [{'role': 'user', 'content': 'Hi'}]})\n"
        "service.call(service.resolve(request), request, Deadline.after(20))\n"
        "print([name for name in sys.modules if name.startswith('model_service') and 'target' in name])\n"
    )
    config = json.dumps({"models": {"aliases": {"prod": MODELS[1]}}})
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**environment, "MODEL_SERVICE_CONFIG": config, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"


def test_a_batch_may_ask_a_model_without_targets_beside_them(opened: Open) -> None:
    service = opened(two())
    request = ChatRequest.parse({"model": MODELS[1], "messages": [{"role": "user", "content": "Hi"}]})
    route = service.resolve(request)
    assert route is not None
    assert route.pool is None
