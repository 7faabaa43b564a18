"""Conversations that are kept in the bucket: made, continued, read and changed by their owner, with OpenAI's client."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx2
import openai
import pytest
from openai.types.conversations import Conversation
from tests.model_service.responses_by_chat.conftest import Asking

from mock_oci import MockOci
from mock_oci.services.object_storage.state import ObjectStorage
from model_service.errors import UpstreamRefused
from model_service.fn.limits import Limits
from model_service.oci_services import object_storage
from model_service.responses_by_chat import conversation_store, store

LLAMA = "meta.llama-3.3-70b-instruct"
COMMAND = "cohere.command-a-03-2025"
GPT = "openai.gpt-oss-120b"
BUCKET = "kept"
DAY = 86_400
TOOL = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}, "strict": None}
NOT_THERE = f"conv_chat_{'0' * 32}"


@pytest.fixture
def settings(environment: dict[str, str], oci: MockOci) -> dict[str, str]:
    oci.state_of(ObjectStorage).create_bucket(BUCKET)
    endpoint = environment["OCI_GENAI_ENDPOINT"]
    return {
        "MODEL_SERVICE_RESPONSES_BUCKET": BUCKET,
        "MODEL_SERVICE_OCI_ENDPOINT": endpoint,
        "MODEL_SERVICE_CONVERSATIONS": "bucket",
    }


@pytest.fixture
def keeping(asking: Callable[..., Asking], settings: dict[str, str]) -> Asking:
    return asking(**settings)


def client_of(ask: Asking, **headers: str) -> openai.OpenAI:
    """Return OpenAI's client, whose requests the function answers without a network."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content) if request.content else None
        target = request.url.raw_path.decode()
        named = {"accept": request.headers["accept"], **headers}
        told = ask(body, target, request.method, **named)
        return httpx2.Response(told.status, headers=told.headers, content=told.body)

    transport = openai.DefaultHttpxClient(transport=httpx2.MockTransport(answer))
    return openai.OpenAI(base_url="http://gateway/v1", api_key="unused", max_retries=0, http_client=transport)


@pytest.fixture
def client(keeping: Asking) -> Iterator[openai.OpenAI]:
    with client_of(keeping) as client:
        yield client


def objects(oci: MockOci) -> dict[str, dict[str, Any]]:
    return {item.name: json.loads(item.body) for item in oci.state_of(ObjectStorage).objects(BUCKET)}


def texts(client: openai.OpenAI, conversation: Conversation | str) -> list[str]:
    """Return what was said in a conversation, from its first item on."""
    id_ = conversation if isinstance(conversation, str) else conversation.id
    items = client.conversations.items.list(id_, order="asc", limit=3)
    return [part.text for item in items if item.type == "message" for part in item.content]  # type: ignore[union-attr]


@pytest.mark.parametrize("model", [LLAMA, COMMAND])
@pytest.mark.parametrize("stream", [False, True])
def test_three_turns_of_a_conversation(client: openai.OpenAI, model: str, stream: bool) -> None:
    conversation = client.conversations.create(metadata={"topic": "names"})
    for place, turn in enumerate(("My name is Ada.", "I live in Lisbon.", "Who am I?")):
        named: Any = conversation.id if place else {"id": conversation.id}
        if stream:
            with client.responses.stream(model=model, input=turn, conversation=named) as events:
                response: Any = list(events)[-1].response  # type: ignore[union-attr]
        else:
            response = client.responses.create(model=model, input=turn, conversation=named)
        assert response.conversation.id == conversation.id
    assert '"My name is Ada."' in response.output_text
    assert '"I live in Lisbon."' in response.output_text
    said = texts(client, conversation)
    assert said[::2] == ["My name is Ada.", "I live in Lisbon.", "Who am I?"]
    assert said[-1] == response.output_text


def test_the_whole_life_of_a_conversation(client: openai.OpenAI, oci: MockOci) -> None:
    items: Any = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
    made = client.conversations.create(items=items, metadata={"topic": "x"})
    assert (made.object, made.metadata) == ("conversation", {"topic": "x"})
    assert client.conversations.retrieve(made.id) == made
    changed = client.conversations.update(made.id, metadata={"topic": "y"})
    assert (changed.metadata, changed.created_at) == ({"topic": "y"}, made.created_at)
    added = client.conversations.items.create(made.id, items=[{"role": "user", "content": "three"}])
    (item,) = added.data
    assert (added.has_more, added.first_id, added.last_id) == (False, item.id, item.id)
    assert texts(client, made) == ["one", "two", "three"]
    assert client.conversations.items.retrieve(item.id, conversation_id=made.id) == item
    newest = client.conversations.items.list(made.id, limit=2)
    assert [entry.content[0].text for entry in newest.data] == ["three", "two"]  # type: ignore[union-attr]
    assert len(list(newest)) == 3  # the client asks for the next page by itself
    assert client.conversations.items.delete(item.id, conversation_id=made.id).id == made.id
    assert texts(client, made) == ["one", "two"]
    gone = client.conversations.delete(made.id)
    assert (gone.id, gone.deleted, gone.object) == (made.id, True, "conversation.deleted")
    assert not objects(oci)


def test_what_is_not_there_is_not_found(client: openai.OpenAI) -> None:
    made = client.conversations.create()
    for ask in (
        lambda: client.conversations.retrieve(NOT_THERE),
        lambda: client.conversations.update(NOT_THERE, metadata={}),
        lambda: client.conversations.delete(NOT_THERE),
        lambda: client.conversations.items.list(NOT_THERE),
        lambda: client.conversations.items.create(NOT_THERE, items=[{"role": "user", "content": "Hi"}]),
        lambda: client.conversations.items.retrieve("msg_1", conversation_id=made.id),
        lambda: client.conversations.items.delete("msg_1", conversation_id=made.id),
        lambda: client.responses.create(model=LLAMA, input="Hi", conversation=NOT_THERE),
    ):
        with pytest.raises(openai.NotFoundError) as caught:
            ask()
        assert caught.value.code == "not_found"


def test_the_call_of_a_tool_and_its_result_are_turns(client: openai.OpenAI, oci: MockOci) -> None:
    conversation = client.conversations.create().id
    oci.script.chat(tool_calls=[{"name": "get_weather", "arguments": {}}])
    asked: Any = {"model": LLAMA, "tools": [TOOL], "conversation": conversation}
    (call,) = client.responses.create(input="The weather?", **asked).output
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "31 degrees"}  # type: ignore[union-attr]
    assert "31 degrees" in client.responses.create(input=[result], **asked).output_text
    kinds = [item.type for item in client.conversations.items.list(conversation, order="asc")]
    assert kinds == ["message", "function_call", "function_call_output", "message"]


def test_items_of_the_conversation_may_be_named_in_its_input(client: openai.OpenAI, oci: MockOci) -> None:
    conversation = client.conversations.create(items=[{"role": "user", "content": "My name is Ada."}]).id
    (item,) = client.conversations.items.list(conversation).data
    named: Any = [{"type": "item_reference", "id": item.id}, {"role": "user", "content": "Who am I?"}]
    answer = client.responses.create(model=LLAMA, input=named, conversation=conversation, store=False)
    assert '"My name is Ada."' in answer.output_text
    assert oci.requests[-2].body.count(b"My name is Ada.") == 1  # it is in the history already
    assert len(texts(client, conversation)) == 3


def test_a_response_of_a_conversation_is_kept_as_any_other(client: openai.OpenAI) -> None:
    conversation = client.conversations.create(items=[{"role": "user", "content": "My name is Ada."}]).id
    kept = client.responses.create(model=LLAMA, input="Hello", conversation=conversation)
    read = client.responses.retrieve(kept.id)
    assert read.conversation is not None
    assert read.conversation.id == conversation
    again = client.responses.create(model=LLAMA, input="Who am I?", previous_response_id=kept.id)
    assert '"My name is Ada."' in again.output_text
    assert len(texts(client, conversation)) == 3  # that was no turn of it


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"conversation": NOT_THERE, "previous_response_id": "resp_1"}, "previous_response_id", "Mutually exclusive"),
        ({"conversation": "conv_68ee"}, "conversation", "A conversation that OCI stores"),
        ({"conversation": 7}, "conversation", "must be the id"),
        ({"conversation": {"id": [1]}}, "conversation", "must be the id"),
    ],
)
def test_a_conversation_that_cannot_be_continued_is_refused(
    keeping: Asking, fields: dict[str, Any], param: str, words: str
) -> None:
    told = keeping({"model": LLAMA, "input": "Hi", **fields})
    assert (told.status, told.error["param"]) == (400, param)
    assert words in told.error["message"]


def test_without_a_bucket_there_are_none(ask: Asking) -> None:
    told = ask({"model": LLAMA, "input": "Hi", "conversation": NOT_THERE})
    assert (told.status, told.error["code"], told.error["param"]) == (400, "store_disabled", "conversation")
    assert ask(None, f"/v1/conversations/{NOT_THERE}", "GET").error["code"] == "not_found"
    assert ask({"model": LLAMA}, "/v1/conversations").error["code"] == "store_disabled"


def test_who_keeps_a_conversation_stands_in_its_id(asking: Callable[..., Asking], settings: dict[str, str]) -> None:
    for keeper, project, expected in (
        ("", True, "conv_"),
        ("oci", True, "conv_"),
        ("oci", False, "error"),
        ("", False, "conv_chat_"),
        ("bucket", True, "conv_chat_"),
    ):
        named = {} if project else {"MODEL_SERVICE_PROJECT_ID": ""}
        ask = asking(**{**settings, **named, "MODEL_SERVICE_CONVERSATIONS": keeper})
        value = ask({}, "/v1/conversations").value
        assert ("error" if "error" in value else value["id"]).startswith(expected)
        assert value.get("id", "").startswith("conv_chat_") == (expected == "conv_chat_")


def test_the_model_that_a_conversation_is_for_decides(asking: Callable[..., Asking], settings: dict[str, str]) -> None:
    settings["MODEL_SERVICE_ALIASES"] = json.dumps({"ours": COMMAND, "theirs": GPT})
    for keeper in ("oci", "bucket"):
        with client_of(asking(**{**settings, "MODEL_SERVICE_CONVERSATIONS": keeper})) as client:
            for model, kept_here in ((LLAMA, True), ("ours", True), (GPT, False), ("theirs", False)):
                made = client.conversations.create(extra_body={"model": model})
                assert made.id.startswith("conv_chat_") == kept_here
                turn = client.responses.create(model=model, input="My name is Ada.", conversation=made.id)
                assert turn.conversation is not None
                assert turn.conversation.id == made.id
                again = client.responses.create(model=model, input="Who am I?", conversation=made.id)
                assert '"My name is Ada."' in again.output_text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/responses", {"model": GPT, "input": "Hi", "conversation": {"id": NOT_THERE}}),
        ("/v1/responses", {"model": GPT, "input": "Hi", "previous_response_id": f"resp_chat_{'0' * 32}"}),
        ("/v1/responses/input_tokens", {"model": GPT, "input": "Hi", "conversation": NOT_THERE}),
        (
            "/v1/chat/completions",
            {"model": "openai.gpt-5.5-pro", "messages": [{"role": "user", "content": "Hi"}], "conversation": NOT_THERE},
        ),
    ],
)
def test_what_is_kept_here_is_not_asked_of_oci(keeping: Asking, oci: MockOci, path: str, body: dict[str, Any]) -> None:
    told = keeping(body, path)
    assert (told.status, told.error["code"]) == (400, "stored_elsewhere")
    assert not oci.requests


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"items": "Hi"}, "items"),
        ({"items": [{"role": "user", "content": "Hi"}] * 21}, "items"),
        ({"items": [{"type": "file_search_call"}]}, "items.0.type"),
        ({"items": [{"type": "function_call_output", "call_id": "c", "output": "x"}]}, "items.0.call_id"),
        ({"items": [{"type": "item_reference", "id": "msg_1"}]}, "items.0.id"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"metadata": {str(number): "" for number in range(17)}}, "metadata"),
        ({"metadata": {"a": "x" * 513}}, "metadata"),
        ({"metadata": {"a" * 65: ""}}, "metadata"),
        ({"title": "x"}, "title"),
        ({"model": ""}, "model"),
    ],
)
def test_a_conversation_that_makes_no_sense_is_refused(
    keeping: Asking, oci: MockOci, body: dict[str, Any], param: str
) -> None:
    told = keeping(body, "/v1/conversations")
    assert (told.status, told.error["param"]) == (400, param)
    assert not objects(oci)


def test_an_update_wants_metadata(client: openai.OpenAI) -> None:
    made = client.conversations.create(metadata={"a": "b"})
    with pytest.raises(openai.BadRequestError):
        client.conversations.update(made.id, metadata=openai.omit)  # type: ignore[arg-type]
    assert client.conversations.update(made.id, metadata=None).metadata == {}


def test_it_expires_so_many_days_after_its_last_change(
    keeping: Asking, client: openai.OpenAI, oci: MockOci, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = client.conversations.create()
    (kept,) = objects(oci).values()
    assert 30 * DAY <= kept["expires_at"] - made.created_at < 31 * DAY
    later = SimpleNamespace(time=lambda: made.created_at + 10 * DAY)
    monkeypatch.setattr(store, "time", later)
    client.conversations.update(made.id, metadata={})
    (kept,) = objects(oci).values()
    assert kept["expires_at"] == made.created_at + 40 * DAY
    monkeypatch.setattr(conversation_store, "time", SimpleNamespace(time=lambda: kept["expires_at"]))
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(made.id)
    assert keeping({"model": LLAMA, "input": "Hi", "conversation": made.id}).status == 404


def test_turns_at_the_same_time_are_all_in_it(keeping: Asking, client: openai.OpenAI) -> None:
    keeping.app.service.open_connections()
    conversation = client.conversations.create().id
    asked = [f"Number {number}." for number in range(4)]
    threads = [
        threading.Thread(target=keeping, args=({"model": LLAMA, "input": text, "conversation": conversation},))
        for text in asked
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = texts(client, conversation)
    assert len(said) == 8
    assert sorted(said[::2]) == asked  # each turn in one piece
    assert all(question in answer for question, answer in zip(said[::2], said[1::2], strict=True))


def test_what_others_change_all_the_time_is_locked_in_openais_words(
    client: openai.OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = client.conversations.create()
    monkeypatch.setattr(object_storage.ObjectStorage, "put_once", lambda *_args, **_named: None)
    with pytest.raises(openai.BadRequestError) as caught:
        client.conversations.update(made.id, metadata={})
    assert caught.value.code == "conversation_locked"
    assert "Please retry in a few seconds." in caught.value.message


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_cannot_be_added_goes_out_even_so(
    keeping: Asking, monkeypatch: pytest.MonkeyPatch, log_lines: list[dict[str, Any]], stream: bool
) -> None:
    made = keeping({}, "/v1/conversations").value["id"]

    def refuse(*_args: Any, **_named: Any) -> str:
        raise UpstreamRefused("Not authorized.", status=404, code="BucketNotFound")

    monkeypatch.setattr(object_storage.ObjectStorage, "put_once", refuse)
    told = keeping({"model": LLAMA, "input": "Hello", "conversation": made, "stream": stream})
    assert "Hello" in told.response.output_text
    assert told.response.conversation is None
    (line,) = (line for line in log_lines if line["event"] == "conversation_not_extended")
    assert "OBJECT_OVERWRITE" in line["remedy"]


def test_a_stream_that_breaks_adds_nothing(keeping: Asking, client: openai.OpenAI, oci: MockOci) -> None:
    conversation = client.conversations.create().id
    oci.script.odd("torn-json")
    oci.script.chat("Once upon a time")
    told = keeping({"model": LLAMA, "input": "Hello", "conversation": conversation, "stream": True})
    assert told.events[-1]["type"] == "error"
    assert not texts(client, conversation)


def test_its_items_and_its_size_have_a_bound(
    asking: Callable[..., Asking], settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with client_of(asking(**settings, FN_MEMORY="128")) as client:
        made = client.conversations.create(items=[{"role": "user", "content": "Hi"}] * 20)
        monkeypatch.setattr(conversation_store, "MAX_ITEMS", 30)
        with pytest.raises(openai.APIStatusError) as caught:
            client.conversations.items.create(made.id, items=[{"role": "user", "content": "Hi"}] * 20)
        assert (caught.value.status_code, caught.value.code) == (413, "request_too_large")
        largest = Limits.for_memory(128).stored_request_bytes
        client.conversations.items.create(made.id, items=[{"role": "user", "content": "x" * (largest // 2)}])
        with pytest.raises(openai.APIStatusError) as caught:
            client.conversations.items.create(made.id, items=[{"role": "user", "content": "x" * (largest // 2)}])
        assert caught.value.status_code == 413
        assert len(texts(client, made)) == 21


KEYS = {"MODEL_SERVICE_IDENTITY_HEADERS": '{"id":"x-caller","team":"x-team"}', "MODEL_SERVICE_CONFIG": "{}"}


def test_another_teams_conversation_is_not_there(
    asking: Callable[..., Asking], settings: dict[str, str], oci: MockOci
) -> None:
    ask = asking(**settings, **KEYS)
    ada, bob, eve = (client_of(ask, x_caller=name, x_team=team) for name, team in (("a", "x"), ("b", "x"), ("e", "y")))
    made = ada.conversations.create(items=[{"role": "user", "content": "My name is Ada."}], metadata={"a": "b"})
    (item,) = ada.conversations.items.list(made.id).data
    assert bob.conversations.retrieve(made.id) == made
    for refused in (
        lambda: eve.conversations.retrieve(made.id),
        lambda: eve.conversations.update(made.id, metadata={}),
        lambda: eve.conversations.delete(made.id),
        lambda: eve.conversations.items.list(made.id),
        lambda: eve.conversations.items.create(made.id, items=[{"role": "user", "content": "Hi"}]),
        lambda: eve.conversations.items.retrieve(item.id, conversation_id=made.id),
        lambda: eve.conversations.items.delete(item.id, conversation_id=made.id),
        lambda: eve.responses.create(model=LLAMA, input="Hi", conversation=made.id),
    ):
        with pytest.raises(openai.NotFoundError):
            refused()
    named: Any = [{"type": "item_reference", "id": item.id}]
    with pytest.raises(openai.BadRequestError):
        eve.responses.create(model=LLAMA, input=named)
    assert texts(bob, made) == ["My name is Ada."]
    assert "team" not in "".join(objects(oci))  # a digest stands for it
