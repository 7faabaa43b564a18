"""``POST /v1/completions``: every transport, whole and streamed, and what is refused by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import openai
import pytest

from mock_oci import LocalStack, MockOci
from model_service.app import App
from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.fn.reply import Reply
from model_service.openai_api.completions import REFUSED, completion_request

LLAMA, COHERE, RESPONSES = "meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025", "responses:openai.gpt-oss-120b"


@pytest.fixture
def app(environment: dict[str, str], oci: MockOci) -> Iterator[App]:
    app = App({**environment, "MODEL_SERVICE_PROJECT_ID": oci.projects.default.id})
    with closing(app.service):
        yield app


def asked(app: App, path: str = "/v1/completions", **body: Any) -> Reply:
    content = json.dumps({"model": LLAMA, "prompt": "Hello", **body}).encode()
    http = HttpRequest("POST", path, {"host": "gw"})
    return app.answer(Invocation(content, Deadline.after(20), "01CALL", http=http))


def chunks_of(reply: Reply) -> list[dict[str, Any]]:
    events = [line.removeprefix("data: ") for line in reply.whole().decode().split("\n\n") if line]
    assert events.pop() == "[DONE]"
    return [json.loads(event) for event in events]


@pytest.mark.parametrize("model", [LLAMA, COHERE, RESPONSES])
def test_a_prompt_is_completed_by_every_transport(app: App, oci: MockOci, model: str) -> None:
    for _ in range(2):
        oci.script.chat("one two three")
    whole = json.loads(asked(app, model=model).whole())
    assert (whole["object"], whole["id"][:5]) == ("text_completion", "cmpl-")
    [choice] = whole["choices"]
    assert (choice["text"], choice["index"], choice["finish_reason"]) == ("one two three", 0, "stop")
    assert whole["usage"]["total_tokens"] > 0
    chunks = chunks_of(asked(app, model=model, stream=True))
    assert "".join(choice["text"] for chunk in chunks for choice in chunk["choices"]) == "one two three"
    assert [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]][-1] == "stop"
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}
    assert not [chunk for chunk in chunks if chunk.get("usage")]


def test_several_choices_and_usage_come_as_asked(app: App) -> None:
    assert [choice["index"] for choice in json.loads(asked(app, n=2).whole())["choices"]] == [0, 1]
    chunks = chunks_of(asked(app, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1]["usage"]["total_tokens"] > 0
    assert chunks[-1]["choices"] == []


def test_parameters_reach_the_model_as_a_chats(app: App, oci: MockOci) -> None:
    asked(app, prompt=["Hi"], max_tokens=7, stop=["x"], temperature=0, echo=False, logprobs=None, best_of=1, suffix="")
    sent = json.loads(oci.requests[-1].body)
    assert sent["messages"] == [{"role": "user", "content": "Hi"}]
    assert (sent["max_tokens"], sent["stop"], sent["temperature"]) == (7, ["x"], 0)
    assert not sent.keys() & {"prompt", *REFUSED}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("echo", True),
        ("suffix", "end"),
        ("best_of", 2),
        ("logprobs", 0),
        ("logprobs", 5),
        ("prompt", ""),
        ("prompt", None),
        ("prompt", []),
        ("prompt", ["a", "b"]),
        ("prompt", [1, 2]),
        ("prompt", [[1, 2]]),
        ("messages", [{"role": "user", "content": "x"}]),
        ("tools", [{"type": "function"}]),
        ("max_tokens", "7"),
    ],
)
def test_what_a_chat_model_cannot_do_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        completion_request({"model": LLAMA, "prompt": "Hello", name: value})
    assert refused.value.param == name


def test_an_error_before_and_within_a_stream_is_openais(app: App, oci: MockOci) -> None:
    oci.script.error(429, "slow down")
    assert asked(app, stream=True).status == 429
    oci.script.chat("one two three four", cut_after=2)
    assert b'"error"' in asked(app, stream=True).whole()


def test_a_direct_caller_asks_by_name(app: App) -> None:
    body = json.dumps({"operation": "completions", "model": LLAMA, "prompt": "Hello"}).encode()
    assert json.loads(app.answer(Invocation(body, Deadline.after(20))).whole())["object"] == "text_completion"


def test_the_openai_client_reads_it(scripted: LocalStack) -> None:
    with openai.OpenAI(base_url=scripted.gateway_url, api_key="x", max_retries=0) as client:
        assert client.completions.create(model=LLAMA, prompt="Hello").choices[0].text
        stream = client.completions.create(model=LLAMA, prompt="Hello", stream=True)
        assert "".join(chunk.choices[0].text for chunk in stream)
        assert LLAMA in [model.id for model in client.models.list()]
        assert client.models.retrieve(LLAMA).id == LLAMA
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("team/none:latest")


def test_input_tokens_that_oci_does_not_count_are_not_estimated(app: App, oci: MockOci) -> None:
    path = "/v1/responses/input_tokens"
    reply = asked(app, path, model="responses:openai.gpt-oss-120b", input="Hello")
    error = json.loads(reply.whole())["error"]
    assert (reply.status, error["code"]) == (501, "input_tokens_not_counted")
    assert oci.requests[-1].path == f"/openai{path}"
    assert json.loads(oci.requests[-1].body)["model"] == "openai.gpt-oss-120b"
    assert asked(app, path, input="Hello", model="").status == 400
