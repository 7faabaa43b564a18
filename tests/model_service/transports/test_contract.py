"""One contract for every transport and format: the same request gives the same OpenAI answer and the same errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.errors import (
    DeadlineExceeded,
    InvalidRequest,
    ModelServiceError,
    UpstreamError,
    UpstreamRefused,
    UpstreamThrottled,
    UpstreamUnreachable,
)
from model_service.models import Model, Prompt
from model_service.service import Service
from model_service.settings import Settings
from model_service.upstream.retries import Retries

LLAMA = "meta.llama-3.3-70b-instruct"
COMMAND = "cohere.command-a-03-2025"
VISION = "cohere.command-a-vision-07-2025"
QUESTION = "Why do functions sleep?"
USAGE = {"prompt_tokens": 11, "completion_tokens": 7}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"the {name} of a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    for name in ("weather", "time")
]
CALLS = [{"name": "weather", "arguments": {"city": "Lisbon"}}, {"name": "weather", "arguments": {"city": "Rome"}}]


@dataclass(frozen=True)
class Way:
    """To a model: ``served`` is what a dedicated endpoint is made for."""

    path: str
    model: str = ""
    served: str = ""
    transport: str = ""

    def name(self, oci: MockOci) -> str:
        return self.model or oci.catalogue.add_endpoint(self.served)


V1_PATH, NATIVE_PATH, RESPONSES_PATH = "/openai/v1/chat/completions", "/20231130/actions/chat", "/openai/v1/responses"
WAYS = {
    "v1": Way(V1_PATH, LLAMA),
    "responses": Way(RESPONSES_PATH, "responses:openai.gpt-oss-120b"),
    "sdk-generic": Way(NATIVE_PATH, LLAMA, transport="sdk"),
    "sdk-cohere": Way(NATIVE_PATH, COMMAND),
    "sdk-cohere-v2": Way(NATIVE_PATH, VISION),
    "dedicated-generic": Way(NATIVE_PATH, served=LLAMA),
    "dedicated-cohere": Way(NATIVE_PATH, served=COMMAND),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


@pytest.fixture
def reach(environment: dict[str, str], oci: MockOci, way: Way) -> Iterator[Callable[..., Model]]:
    """The model at the end of the way; ``timeout`` in seconds."""
    variables = {**environment, "MODEL_SERVICE_PROJECT_ID": oci.projects.default.id}
    if way.transport:
        variables["LOCUS_OCI_TRANSPORT"] = way.transport
    with closing(Service(Settings.load(variables))) as service:
        service.native.retries = Retries(sleep=lambda _: None)
        yield lambda timeout=30.0: Model(way.name(oci), service, timeout)


@pytest.fixture
def model(reach: Callable[..., Model]) -> Model:
    return reach()


@pytest.fixture(params=[False, True], ids=["complete", "streamed"])
def ask(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """The one choice of an answer, complete or added up from its chunks."""

    def choice(model: Model, prompt: Prompt = QUESTION, **parameters: Any) -> dict[str, Any]:
        if request.param:
            return added_up(list(model.stream(prompt, **parameters)))
        return told(model.complete(prompt, **parameters))

    return choice


def told(completion: dict[str, Any]) -> dict[str, Any]:
    """Of a complete answer what every way says alike; ids are each way's own."""
    assert completion["object"] == "chat.completion" and completion["id"] and completion["created"]
    (choice,) = completion["choices"]
    message = choice["message"]
    assert choice["index"] == 0 and message["role"] == "assistant"
    calls = [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in _calls(message)]
    ids = [call["id"] for call in _calls(message)]
    assert len(set(ids)) == len(ids) and all(ids)
    return {"content": message["content"] or "", "calls": calls, "finish_reason": choice["finish_reason"]}


def _calls(message: dict[str, Any]) -> list[dict[str, Any]]:
    calls = message.get("tool_calls") or []
    assert all(call["type"] == "function" for call in calls)
    return calls


def added_up(chunks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What OpenAI's clients make of the chunks, as ``told`` has it."""
    message: dict[str, Any] = {"content": "", "tool_calls": []}
    finish_reasons = []
    for chunk in chunks:
        assert chunk["object"] == "chat.completion.chunk" and chunk["id"] == chunks[0]["id"]
        for choice in chunk["choices"]:
            _add(message, choice["delta"])
            finish_reasons += [choice["finish_reason"]] if choice.get("finish_reason") else []
    (finish_reason,) = finish_reasons
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return told({"object": "chat.completion", "id": "1", "created": 1, "choices": [choice]})


def _add(message: dict[str, Any], delta: dict[str, Any]) -> None:
    message["role"] = delta.get("role") or message.get("role")
    message["content"] += delta.get("content") or ""
    for piece in delta.get("tool_calls") or []:
        function = piece.get("function") or {}
        if piece["index"] == len(message["tool_calls"]):
            name = {"name": function["name"], "arguments": ""}
            message["tool_calls"].append({"id": piece["id"], "type": piece["type"], "function": name})
        message["tool_calls"][piece["index"]]["function"]["arguments"] += function.get("arguments") or ""


def test_a_text_is_the_same_answer(model: Model, oci: MockOci, ask: Callable[..., Any]) -> None:
    oci.script.chat("To save money — and 🔋.\n\nGood night!")
    assert ask(model) == {"content": "To save money — and 🔋.\n\nGood night!", "calls": [], "finish_reason": "stop"}


def test_an_empty_text_is_an_answer_and_asked_for_once(
    model: Model, way: Way, oci: MockOci, ask: Callable[..., Any]
) -> None:
    oci.script.chat("", finish_reason="length")
    assert ask(model) == {"content": "", "calls": [], "finish_reason": "length"}
    assert sum(request.path == way.path for request in oci.requests) == 1


def test_a_limit_is_kept_and_told(model: Model, ask: Callable[..., Any]) -> None:
    answer = ask(model, max_tokens=3)
    assert answer["finish_reason"] == "length"
    assert len(answer["content"].split()) == 3


def test_parallel_calls_of_tools_are_the_same_calls(model: Model, oci: MockOci, ask: Callable[..., Any]) -> None:
    oci.script.chat(tool_calls=CALLS)
    answer = ask(model, tools=TOOLS)
    assert answer["calls"] == [("weather", {"city": "Lisbon"}), ("weather", {"city": "Rome"})]
    assert answer["finish_reason"] == "tool_calls"


def test_results_of_tools_are_understood(model: Model, oci: MockOci, ask: Callable[..., Any]) -> None:
    oci.script.chat(tool_calls=CALLS)
    question = {"role": "user", "content": "Weather in Lisbon and Rome?"}
    said = model.complete([question], tools=TOOLS)["choices"][0]["message"]
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": f"{degrees} degrees"}
        for call, degrees in zip(said["tool_calls"], (31, 28), strict=True)
    ]
    answer = ask(model, [question, said, *results], tools=TOOLS)
    assert "31 degrees" in answer["content"] and "28 degrees" in answer["content"]


def test_a_conversation_is_understood_with_its_system_prompt(model: Model, ask: Callable[..., Any]) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "My name is Ada."},
        {"role": "assistant", "content": "Hello Ada."},
        {"role": "user", "content": "Who am I?"},
    ]
    answer = ask(model, messages)
    assert 'You asked: "Who am I?"' in answer["content"]
    assert '"My name is Ada."' in answer["content"]


def test_structured_output_follows_its_schema(model: Model, ask: Callable[..., Any]) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "place", "schema": schema}}
    assert set(json.loads(ask(model, response_format=wanted)["content"])) == {"city"}


def test_usage_is_the_same_and_comes_last_in_a_stream_that_asked_for_it(model: Model, oci: MockOci) -> None:
    expected = {**USAGE, "total_tokens": 18}
    oci.script.chat("Hello", usage=USAGE, times=3)
    complete = model.complete(QUESTION)["usage"]
    *_, last = model.stream(QUESTION, stream_options={"include_usage": True})
    assert {name: complete[name] for name in expected} == {name: last["usage"][name] for name in expected} == expected
    assert last["choices"] == []
    assert not any(chunk.get("usage") for chunk in model.stream(QUESTION))


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, "InvalidParameter", "Invalid 'temperature'", UpstreamRefused),
        (401, "NotAuthenticated", "no", UpstreamRefused),
        (404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.", UpstreamRefused),
        (413, "RequestEntityTooLarge", "too large", UpstreamRefused),
        (429, "TooManyRequests", "slow down", UpstreamThrottled),
        (500, "InternalServerError", "Internal Server Error.", UpstreamError),
        (503, "ServiceUnavailable", "later", UpstreamError),
    ],
)
def test_an_error_is_the_same_error(
    model: Model, way: Way, oci: MockOci, ask: Callable[..., Any], status: int, code: str, message: str, kind: type
) -> None:
    oci.script.error(status, code, message, times=9, headers={"retry-after": "1"}, path=way.path)
    with pytest.raises(kind) as caught:
        ask(model)
    error: ModelServiceError = caught.value
    assert (error.status, error.code, error.message, error.retry_after) == (status, code, message, "1")
    assert error.opc_request_id


def test_a_missing_permission_has_a_hint_that_names_the_compartment(
    model: Model, way: Way, oci: MockOci, ask: Callable[..., Any]
) -> None:
    oci.script.error(
        404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.", path=way.path
    )
    with pytest.raises(UpstreamRefused) as caught:
        ask(model)
    assert f"in compartment id {oci.tenancy.compartment_id}" in str(caught.value.hint)


def test_an_answer_that_is_none_is_oci_s_fault(model: Model, way: Way, oci: MockOci, ask: Callable[..., Any]) -> None:
    oci.script.raw(b"<html>", content_type="text/html", path=way.path)
    with pytest.raises(UpstreamError) as caught:
        ask(model)
    assert caught.value.status == 502


@pytest.mark.not_through("process", why="the SDK's deadline is kept on its socket")
def test_a_stalled_model_ends_at_the_deadline(
    reach: Callable[..., Model], way: Way, oci: MockOci, ask: Callable[..., Any]
) -> None:
    model = reach(0.8)
    oci.script.delay(before=0.6, path=way.path)
    with pytest.raises(DeadlineExceeded):
        ask(model)


def test_a_connection_that_is_cut_is_an_error(model: Model, way: Way, oci: MockOci, ask: Callable[..., Any]) -> None:
    oci.script.chat("one two three four five", cut_after=0, path=way.path)
    with pytest.raises(UpstreamUnreachable):
        ask(model)


def test_a_stream_that_is_cut_is_no_clean_finish(model: Model, way: Way, oci: MockOci) -> None:
    oci.script.chat("one two three four five", cut_after=3, path=way.path)
    with pytest.raises(ModelServiceError):
        list(model.stream(QUESTION))


def test_a_request_that_makes_no_sense_never_leaves(model: Model, way: Way, oci: MockOci) -> None:
    with pytest.raises(InvalidRequest):
        model.complete(QUESTION, temperature="hot")
    assert not any(request.path == way.path for request in oci.requests)
