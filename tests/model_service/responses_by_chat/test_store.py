"""Responses that are kept in a bucket: continued, read, listed and deleted by whoever made them, until they expire."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.model_service.responses_by_chat.conftest import Asking, Told

from mock_oci import MockOci
from mock_oci.services.object_storage.state import ObjectStorage
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits
from model_service.oci_names import ObjectLocation
from model_service.openai_api.encoding import MAX_NESTING
from model_service.responses_by_chat import store
from model_service.responses_by_chat.store import KeptTurn, ResponseBucket
from model_service.transports.call import Call

LLAMA = "meta.llama-3.3-70b-instruct"
COMMAND = "cohere.command-a-03-2025"
BUCKET = "kept"
DAY = 86_400


@pytest.fixture
def settings(environment: dict[str, str]) -> dict[str, str]:
    endpoint = environment["OCI_GENAI_ENDPOINT"]
    return {"MODEL_SERVICE_RESPONSES_BUCKET": BUCKET, "MODEL_SERVICE_OCI_ENDPOINT": endpoint}


@pytest.fixture
def keeping(asking: Callable[..., Asking], settings: dict[str, str], oci: MockOci) -> Asking:
    oci.state_of(ObjectStorage).create_bucket(BUCKET)
    return asking(**settings)


def objects(oci: MockOci) -> dict[str, dict[str, Any]]:
    return {item.name: json.loads(item.body) for item in oci.state_of(ObjectStorage).objects(BUCKET)}


def made(told: Told) -> str:
    assert told.response.store is True
    return told.response.id


@pytest.mark.parametrize("model", [LLAMA, COMMAND])
@pytest.mark.parametrize("stream", [False, True])
def test_three_turns_by_the_previous_response_id(keeping: Asking, model: str, stream: bool) -> None:
    previous, text = None, ""
    for turn in ("My name is Ada.", "I live in Lisbon.", "Who am I?"):
        told = keeping({"model": model, "input": turn, "previous_response_id": previous, "stream": stream})
        assert told.response.previous_response_id == previous
        previous, text = made(told), told.response.output_text
    assert '"My name is Ada."' in text
    assert '"I live in Lisbon."' in text


def test_a_turn_may_continue_with_another_model_and_other_instructions(keeping: Asking, oci: MockOci) -> None:
    first = made(keeping({"model": LLAMA, "instructions": "Be brief.", "input": "My name is Ada."}))
    asked = {"model": COMMAND, "instructions": "Be kind.", "input": "Who am I?", "previous_response_id": first}
    assert '"My name is Ada."' in keeping(asked).response.output_text
    assert b"Be brief." not in oci.requests[-2].body  # OpenAI carries no instructions over


def test_the_call_of_a_tool_is_continued_with_its_result_alone(keeping: Asking, oci: MockOci) -> None:
    tool = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}
    oci.script.chat(tool_calls=[{"name": "get_weather", "arguments": {}}])
    first = keeping({"model": LLAMA, "input": "The weather?", "tools": [tool]})
    (call,) = first.response.output
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "31 degrees"}
    asked = {"model": LLAMA, "input": [result], "tools": [tool], "previous_response_id": made(first)}
    assert "31 degrees" in keeping(asked).response.output_text


def test_it_is_read_listed_and_deleted(keeping: Asking, oci: MockOci) -> None:
    items = [{"role": "user", "content": text} for text in ("one", "two", "three")]
    told = keeping({"model": LLAMA, "input": items, "metadata": {"topic": "x"}})
    path = f"/v1/responses/{made(told)}"
    assert keeping(None, path, "GET").value == told.value
    page = keeping(None, f"{path}/input_items?limit=2", "GET").value
    assert [item["content"] for item in page["data"]] == [
        [{"type": "input_text", "text": "three"}],
        [{"type": "input_text", "text": "two"}],
    ]
    assert (page["has_more"], page["last_id"]) == (True, page["data"][1]["id"])
    rest = keeping(None, f"{path}/input_items?limit=2&after={page['last_id']}", "GET").value
    assert ([item["content"][0]["text"] for item in rest["data"]], rest["has_more"]) == (["one"], False)
    assert keeping(None, path, "DELETE").value == {"id": told.response.id, "object": "response", "deleted": True}
    assert not objects(oci)
    for method, below in (("GET", ""), ("DELETE", ""), ("GET", "/input_items"), ("POST", "/cancel")):
        assert (gone := keeping(None, path + below, method)).status == 404
        assert gone.error["code"] == "not_found"


def test_what_has_ended_cannot_be_cancelled_nor_streamed_again(keeping: Asking) -> None:
    path = f"/v1/responses/{made(keeping({'model': LLAMA, 'input': 'Hello'}))}"
    assert keeping(None, f"{path}/cancel", "POST").status == 400
    assert keeping(None, f"{path}?stream=true", "GET").error["param"] == "stream"


@pytest.mark.parametrize(("query", "param"), [("limit=0", "limit"), ("order=up", "order"), ("after=msg_1", "after")])
def test_a_page_that_cannot_be_is_refused(keeping: Asking, query: str, param: str) -> None:
    path = f"/v1/responses/{made(keeping({'model': LLAMA, 'input': 'Hello'}))}"
    assert keeping(None, f"{path}/input_items?{query}", "GET").error["param"] == param


def test_it_expires(keeping: Asking, oci: MockOci, monkeypatch: pytest.MonkeyPatch) -> None:
    response_id = made(keeping({"model": LLAMA, "input": "Hello"}))
    (kept,) = objects(oci).values()
    lifetime = kept["expires_at"] - kept["response"]["created_at"]
    assert 30 * DAY <= lifetime < 31 * DAY
    monkeypatch.setattr(store, "time", SimpleNamespace(time=lambda: kept["expires_at"]))
    assert keeping(None, f"/v1/responses/{response_id}", "GET").status == 404
    told = keeping({"model": LLAMA, "input": "And?", "previous_response_id": response_id})
    assert (told.status, told.error["code"]) == (400, "previous_response_not_found")


def test_an_item_that_is_named_is_found_again(keeping: Asking) -> None:
    first = keeping({"model": LLAMA, "input": "My name is Ada."})
    assert made(first)
    named = {"id": first.response.output[0].id}  # OpenAI's type of it is optional
    items = [{"role": "user", "content": "My name is Ada."}, named, {"role": "user", "content": "Who am I?"}]
    assert '"My name is Ada."' in keeping({"model": LLAMA, "input": items}).response.output_text
    unknown = {"type": "item_reference", "id": f"msg_chat_{'0' * 32}_0"}
    assert keeping({"model": LLAMA, "input": [unknown]}).error["param"] == "input.0.id"


def test_a_reference_to_reasoning_elsewhere_does_not_stop_the_next_turn(keeping: Asking) -> None:
    items = [{"role": "user", "content": "My name is Ada."}, {"type": "item_reference", "id": "rs_elsewhere"}]
    first = made(keeping({"model": LLAMA, "input": items}))
    assert [item["type"] for item in keeping(None, f"/v1/responses/{first}/input_items", "GET").value["data"]] == [
        "message"
    ]
    told = keeping({"model": LLAMA, "input": "Who am I?", "previous_response_id": first})
    assert '"My name is Ada."' in told.response.output_text


@pytest.mark.parametrize("store_it", [False, None])
def test_what_is_not_to_be_kept_is_not_kept(
    asking: Callable[..., Asking], settings: dict[str, str], oci: MockOci, store_it: bool | None
) -> None:
    oci.state_of(ObjectStorage).create_bucket(BUCKET)
    operator = {"MODEL_SERVICE_RESPONSES_STORE": "0"} if store_it is None else {}
    told = asking(**settings, **operator)({"model": LLAMA, "input": "Hello", "store": store_it})
    assert told.response.store is False
    assert not objects(oci)


def test_an_answer_that_cannot_be_kept_is_an_answer_even_so(
    asking: Callable[..., Asking], settings: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = asking(**settings)({"model": LLAMA, "input": "Hello"})  # there is no such bucket
    assert "Hello" in told.response.output_text
    assert told.response.store is False


def test_a_conversation_that_could_not_be_read_again_is_not_kept(keeping: Asking, oci: MockOci) -> None:
    limits = Limits.for_memory()
    for changed in ({"stored_request_bytes": 1000}, {"request_json_bytes": 1000}):
        bucket = ResponseBucket(
            keeping.app.service.object_storage, ObjectLocation.of_bucket(BUCKET), 1, replace(limits, **changed)
        )
        call = Call(Deadline.after(20))
        response = {"id": f"resp_chat_{'0' * 32}", "output": ["x" * 2000]}
        assert bucket.keep(response, KeptTurn([], []), call) is False
    assert not objects(oci)


def test_what_is_nested_as_deeply_as_a_request_may_be_can_be_deleted_if_it_is_kept(keeping: Asking) -> None:
    kept = []
    for levels in range(MAX_NESTING - 8, MAX_NESTING):
        schema: dict[str, Any] = {}
        for _ in range(levels):
            schema = {"a": schema}
        tool = {"type": "function", "name": "f", "parameters": schema}
        told = keeping({"model": LLAMA, "input": "Hi", "tools": [tool]})
        if told.status == 200 and told.response.store:
            kept.append(levels)
            assert keeping(None, f"/v1/responses/{told.response.id}", "DELETE").status == 200, levels
    assert kept


KEYS = {"MODEL_SERVICE_IDENTITY_HEADERS": '{"id":"x-caller","team":"x-team"}', "MODEL_SERVICE_CONFIG": "{}"}


def test_another_callers_response_is_not_there(
    asking: Callable[..., Asking], settings: dict[str, str], oci: MockOci
) -> None:
    oci.state_of(ObjectStorage).create_bucket(BUCKET)
    ask = asking(**settings, **KEYS)
    ada, bob, eve = ({"x_caller": name, "x_team": team} for name, team in (("a", "x"), ("b", "x"), ("e", "y")))
    told = ask({"model": LLAMA, "input": "My name is Ada."}, **ada)
    path = f"/v1/responses/{made(told)}"
    again = {"model": LLAMA, "input": "Who am I?", "previous_response_id": told.response.id}
    assert ask(None, path, "GET", **bob).value == told.value
    assert '"My name is Ada."' in ask(again, **bob).response.output_text
    for method, below in (("GET", ""), ("DELETE", ""), ("GET", "/input_items"), ("POST", "/cancel")):
        assert ask(None, path + below, method, **eve).status == 404
    assert ask(again, **eve).error["code"] == "previous_response_not_found"
    named = {"type": "item_reference", "id": told.response.output[0].id}
    assert ask({"model": LLAMA, "input": [named]}, **eve).error["param"] == "input.0.id"
    assert ask(None, path, "GET", **ada).status == 200
    assert "team" not in "".join(objects(oci))  # a digest stands for it
