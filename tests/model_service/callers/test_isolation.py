"""What a team stores is its own: another team can neither read, continue, delete nor list it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.errors import InvalidRequest, ModelServiceError
from model_service.fn.caller import Caller, Origin
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import ChatRequest, Complete, Stream
from model_service.openai_api.operations import responses_request
from model_service.service import Service
from model_service.settings import Settings

ADA, BOB, EVE = (Caller(name, team) for name, team in (("ada", "search"), ("bob", "search"), ("eve", "ads")))
MODEL = "openai.gpt-oss-120b"
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def kept_apart(environment: dict[str, str], oci: MockOci) -> Iterator[Service]:
    config = {"MODEL_SERVICE_CONFIG": "{}", "MODEL_SERVICE_PROJECT_ID": oci.projects.default.id}
    with closing(Service(Settings.load({**environment, **config}))) as service:
        yield service


@pytest.fixture
def ask(kept_apart: Service) -> Ask:
    def ask(caller: Caller, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = responses_request(body or {}, method, f"/v1{path}")
        answer = kept_apart.call(kept_apart.resolve(request), request, Deadline.after(20), Origin(caller))
        assert isinstance(answer, Complete)
        return answer.completion

    return ask


def refused(ask: Ask, *words: Any) -> bool:
    try:
        ask(*words)
    except ModelServiceError as error:
        assert (error.status, error.code) == (404, "not_found")
        return True
    return False


def test_a_team_reads_continues_and_deletes_what_is_its_own(ask: Ask) -> None:
    made = ask(ADA, "POST", "/responses", {"model": MODEL, "input": "Hi", "metadata": {"topic": "x"}})
    assert made["metadata"] == {"topic": "x"}
    assert ask(BOB, "GET", f"/responses/{made['id']}")["metadata"] == {"topic": "x"}
    ask(BOB, "POST", "/responses", {"model": MODEL, "input": "And?", "previous_response_id": made["id"]})
    assert ask(BOB, "GET", f"/responses/{made['id']}/input_items")["data"]
    assert ask(BOB, "DELETE", f"/responses/{made['id']}")["deleted"]


def test_another_team_finds_nothing_there(ask: Ask, oci: MockOci) -> None:
    made = ask(ADA, "POST", "/responses", {"model": MODEL, "input": "Hi"})["id"]
    before = len(oci.requests)
    assert refused(ask, EVE, "GET", f"/responses/{made}")
    assert len(oci.requests) == before + 1  # what it reads says whose it is
    assert refused(ask, EVE, "GET", f"/responses/{made}/input_items")
    assert refused(ask, EVE, "DELETE", f"/responses/{made}")
    assert refused(ask, EVE, "POST", "/responses", {"model": MODEL, "input": "x", "previous_response_id": made})
    assert not [request for request in list(oci.requests)[before:] if request.method == "DELETE"]
    assert ask(ADA, "GET", f"/responses/{made}")["id"] == made


def test_conversations_and_their_items_are_kept_apart_too(ask: Ask) -> None:
    made = ask(ADA, "POST", "/conversations", {"metadata": {"a": "b"}})
    assert made["metadata"] == {"a": "b"}
    path = f"/conversations/{made['id']}"
    ask(BOB, "POST", f"{path}/items", {"items": [{"type": "message", "role": "user", "content": "Hi"}]})
    assert ask(BOB, "POST", path, {"metadata": {"c": "d"}})["metadata"] == {"c": "d"}
    for words in (
        ("GET", path),
        ("GET", f"{path}/items"),
        ("POST", path, {"metadata": {"model_service_owner": "me"}}),
        ("POST", f"{path}/items", {"items": [{"type": "message", "role": "user", "content": "Hi"}]}),
        ("POST", "/responses", {"model": MODEL, "input": "x", "conversation": made["id"]}),
        ("POST", "/responses", {"model": MODEL, "input": "x", "conversation": {"id": made["id"]}}),
        ("DELETE", path),
    ):
        assert refused(ask, EVE, *words), words
    assert ask(ADA, "GET", path)["metadata"] == {"c": "d"}  # an update keeps whose it is


@pytest.mark.parametrize("written", [{"type": "item_reference"}, {"type": None}, {}])
def test_an_item_of_another_team_is_not_asked_of_oci(ask: Ask, oci: MockOci, written: dict[str, Any]) -> None:
    made = ask(ADA, "POST", "/responses", {"model": MODEL, "input": "My name is Ada."})
    item, before = {**written, "id": made["output"][-1]["id"]}, len(oci.requests)
    own = ask(EVE, "POST", "/conversations", {})["id"]
    for method, path, body in (
        ("POST", "/responses", {"model": MODEL, "input": [item]}),
        ("POST", "/responses/input_tokens", {"model": MODEL, "input": [item]}),
        ("POST", "/responses", {"model": MODEL, "input": [item], "conversation": own}),
        ("POST", "/conversations", {"items": [item]}),
        ("POST", f"/conversations/{own}/items", {"items": [item]}),
    ):
        with pytest.raises(InvalidRequest) as error:
            ask(EVE, method, path, body)
        assert error.value.code == "item_reference_not_allowed"
    posted = [request.path for request in list(oci.requests)[before:] if request.method == "POST"]
    assert posted == ["/openai/v1/conversations"]  # her own


def test_an_item_of_what_the_request_continues_goes_through(ask: Ask, oci: MockOci) -> None:
    first = ask(ADA, "POST", "/responses", {"model": MODEL, "input": "My name is Ada."})
    given = ask(ADA, "GET", f"/responses/{first['id']}/input_items")["data"]
    conversation = ask(ADA, "POST", "/conversations", {"items": [{"role": "user", "content": "Hi"}]})["id"]
    kept = ask(ADA, "GET", f"/conversations/{conversation}/items")["data"]
    for item_id, continued in (
        (first["output"][-1]["id"], {"previous_response_id": first["id"]}),
        (given[0]["id"], {"previous_response_id": first["id"]}),
        (kept[0]["id"], {"conversation": conversation}),
    ):
        body = {"model": MODEL, "input": [{"type": "item_reference", "id": item_id}], **continued}
        with pytest.raises(ModelServiceError) as refusal:  # the local OCI reads none, and says so
            ask(BOB, "POST", "/responses", body)
        assert refusal.value.code != "item_reference_not_allowed"
        assert oci.requests[-1].method == "POST"
        assert item_id.encode() in oci.requests[-1].body


def test_references_to_items_have_a_bound(ask: Ask, oci: MockOci) -> None:
    items = [{"type": "item_reference", "id": f"msg_{number}"} for number in range(21)]
    for input_, code in (
        (items, "too_many_references"),
        ([{"type": "item_reference", "id": "../x"}], "invalid_request"),
    ):
        with pytest.raises(InvalidRequest) as error:
            ask(ADA, "POST", "/responses", {"model": MODEL, "input": input_})
        assert error.value.code == code
    assert not oci.requests


def test_a_chat_names_no_items_of_others_either(kept_apart: Service) -> None:
    items = [{"type": "item_reference", "id": "msg_1"}]
    body = {"model": f"responses:{MODEL}", "messages": [{"role": "user", "content": "Hi", "response_items": items}]}
    request = ChatRequest.parse(body)
    with pytest.raises(InvalidRequest) as error:
        kept_apart.call(kept_apart.resolve(request), request, Deadline.after(20), Origin(EVE))
    assert error.value.code == "item_reference_not_allowed"


def test_a_stream_says_nothing_of_its_owner(kept_apart: Service) -> None:
    request = responses_request({"model": MODEL, "input": "Hi", "stream": True}, "POST", "/v1/responses")
    answer = kept_apart.call(kept_apart.resolve(request), request, Deadline.after(20), Origin(ADA))
    assert isinstance(answer, Stream)
    texts = [event.text for event in answer.chunks]
    assert len(texts) > 5
    assert "model_service_owner" not in "".join(texts)


def test_a_chat_that_continues_a_response_needs_it_to_be_its_own(kept_apart: Service) -> None:
    def chat(caller: Caller, **more: Any) -> dict[str, Any]:
        body = {"model": f"responses:{MODEL}", "messages": [{"role": "user", "content": "Hi"}], **more}
        request = ChatRequest.parse(body)
        answer = kept_apart.call(kept_apart.resolve(request), request, Deadline.after(20), Origin(caller))
        assert isinstance(answer, Complete)
        return answer.completion

    state = chat(ADA)["provider_state"]
    assert chat(BOB, provider_state=state)["choices"]
    with pytest.raises(ModelServiceError) as error:
        chat(EVE, provider_state=state)
    assert error.value.status == 404


def test_where_one_tenant_switches_it_off_nothing_is_looked_up(environment: dict[str, str], oci: MockOci) -> None:
    config = {
        "MODEL_SERVICE_CONFIG": json.dumps({"callers": {"isolation": "none"}}),
        "MODEL_SERVICE_PROJECT_ID": oci.projects.default.id,
    }
    with closing(Service(Settings.load({**environment, **config}))) as service:
        request = responses_request({"model": MODEL, "input": "Hi"}, "POST", "/v1/responses")
        made = service.call(service.resolve(request), request, Deadline.after(20), Origin(ADA))
        assert isinstance(made, Complete)
        body = {"model": MODEL, "input": "x", "previous_response_id": made.completion["id"]}
        request, before = responses_request(body, "POST", "/v1/responses"), len(oci.requests)
        service.call(service.resolve(request), request, Deadline.after(20), Origin(EVE))
        assert len(oci.requests) == before + 1
