"""The Responses API with models that OCI serves by chat alone, from the request of a client to what it is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.model_service.responses_by_chat.conftest import Asking

from mock_oci import MockOci
from mock_oci.oddities import ODDITIES

LLAMA = "meta.llama-3.3-70b-instruct"
COMMAND = "cohere.command-a-03-2025"
GEMINI = "google.gemini-2.5-pro"
VISION = "meta.llama-4-maverick-17b-128e-instruct-fp8"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": True,
}
PIXEL = "data:image/png;base64,iVBORw0KGgo="


@pytest.fixture(params=[LLAMA, COMMAND, GEMINI, "dedicated"])
def model(request: pytest.FixtureRequest, oci: MockOci) -> str:
    return oci.catalogue.add_endpoint(COMMAND) if request.param == "dedicated" else str(request.param)


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def sent(oci: MockOci) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(oci.requests[-1].body)
    return found


def test_a_text(ask: Asking, oci: MockOci, model: str, stream: bool) -> None:
    oci.script.chat("Good night!")
    told = ask({"model": model, "input": "Hello", "stream": stream, "metadata": {"topic": "sleep"}})
    response = told.response
    assert (response.output_text, response.status) == ("Good night!", "completed")
    assert response.usage is not None
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens > 0
    assert response.metadata == {"topic": "sleep"}
    assert told.headers["x-model-service-route"] == ("v1" if model in (LLAMA, GEMINI) else "sdk")
    assert not [request for request in oci.requests if request.path.startswith("/openai/v1/responses")]


def test_calls_of_tools_and_their_results(ask: Asking, oci: MockOci, model: str, stream: bool) -> None:
    calls = [{"name": "get_weather", "arguments": {"city": city}} for city in ("Lisbon", "Rome")]
    oci.script.chat(tool_calls=calls)
    question = {"role": "user", "content": "The weather in Lisbon and Rome?"}
    asked = {"model": model, "tools": [WEATHER], "stream": stream}
    response = ask({**asked, "input": [question]}).response
    called = [item for item in response.output if item.type == "function_call"]
    assert [json.loads(item.arguments)["city"] for item in called] == ["Lisbon", "Rome"]
    results = [{"type": "function_call_output", "call_id": item.call_id, "output": "31 degrees"} for item in called]
    items = [item.model_dump(exclude_none=True) for item in response.output]
    answer = ask({**asked, "input": [question, *items, *results]}).response
    assert "31 degrees" in answer.output_text


def test_a_named_tool_is_called(ask: Asking, model: str, stream: bool) -> None:
    choice = {"type": "function", "name": "get_weather"}
    asked = {"model": model, "input": "Say hello to Oslo", "tools": [WEATHER], "tool_choice": choice, "stream": stream}
    (call,) = (item for item in ask(asked).response.output if item.type == "function_call")
    assert json.loads(call.arguments) == {"city": "Oslo"}


def test_structured_output(ask: Asking, model: str, stream: bool) -> None:
    schema = {"type": "object", "properties": {"sky": {"enum": ["clear"]}}, "required": ["sky"]}
    wanted = {"type": "json_schema", "name": "sky", "schema": schema, "strict": True}
    response = ask({"model": model, "input": "The sky?", "text": {"format": wanted}, "stream": stream}).response
    assert json.loads(response.output_text) == {"sky": "clear"}
    assert response.text is not None and response.text.format is not None
    assert response.text.format.type == "json_schema"


def test_an_answer_that_is_cut_off_says_so(ask: Asking, model: str, stream: bool) -> None:
    told = ask({"model": model, "input": "Tell me a long story", "max_output_tokens": 3, "stream": stream})
    assert told.response.status == "incomplete"
    assert told.response.incomplete_details is not None
    assert told.response.incomplete_details.reason == "max_output_tokens"
    assert told.response.max_output_tokens == 3


def test_a_conversation_with_its_instructions(ask: Asking, oci: MockOci, model: str) -> None:
    items = [
        {"role": "developer", "content": "Be kind."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "My name is Ada."}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Hello Ada.", "annotations": []}]},
        {"role": "user", "content": "Who am I?"},
    ]
    told = ask({"model": model, "instructions": "Be brief.", "input": items})
    assert '"My name is Ada."' in told.response.output_text
    assert told.headers["x-model-service-dropped"] == "input.reasoning"
    assert b"Be brief." in oci.requests[-1].body
    assert b"Be kind." in oci.requests[-1].body


def test_what_a_chat_is_sent(ask: Asking, oci: MockOci) -> None:
    image = {"type": "input_image", "image_url": PIXEL, "detail": "low"}
    ask(
        {
            "model": VISION,
            "instructions": "Be brief.",
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "What is it?"}, image]}],
            "temperature": 0.5,
            "top_p": 0.9,
            "max_output_tokens": 50,
            "user": "ada",
            "store": False,
            "truncation": "disabled",
            "include": ["reasoning.encrypted_content"],
        }
    )
    assert sent(oci) == {
        "model": VISION,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
                ],
            },
        ],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 50,
        "user": "ada",
    }


@pytest.mark.parametrize("header", ["drop", "refuse"])
def test_what_no_caller_would_miss_is_left_out_by_name_or_refused(ask: Asking, header: str) -> None:
    asked = {
        "model": LLAMA,
        "input": "Hello",
        "tools": [{"type": "web_search"}],
        "reasoning": {"effort": "low"},
        "text": {"verbosity": "low"},
        "truncation": "auto",
        "store": True,
    }
    told = ask(asked, x_model_service_unsupported=header)
    if header == "refuse":
        assert (told.status, told.error["code"], told.error["param"]) == (400, "unsupported_parameter", "store")
    else:
        assert told.headers["x-model-service-dropped"] == (
            "store, tools.web_search, truncation, reasoning.effort, text.verbosity"
        )
        assert told.response.store is False


def test_a_parameter_that_the_chat_refuses_is_named_as_the_caller_wrote_it(ask: Asking) -> None:
    asked = {"model": LLAMA, "input": "Hello", "reasoning": {"effort": "low"}}
    told = ask(asked, x_model_service_unsupported="refuse")
    assert (told.error["param"], told.status) == ("reasoning.effort", 400)
    assert told.error["message"].startswith("reasoning.effort: ")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a previous response": ({"previous_response_id": "resp_1"}, "previous_response_id"),
    "a conversation": ({"conversation": "conv_1"}, "conversation"),
    "the background": ({"background": True}, "background"),
    "a stored prompt": ({"prompt": {"id": "pmpt_1"}}, "prompt"),
    "a hosted tool": ({"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}, "tools.0.type"),
    "a grammar": ({"tools": [{"type": "custom", "name": "f", "format": {"type": "grammar"}}]}, "tools.0.format"),
    "a choice that nothing fits": ({"tools": [{"type": "web_search"}], "tool_choice": "required"}, "tool_choice"),
    "a hosted choice": ({"tools": [WEATHER], "tool_choice": {"type": "file_search"}}, "tool_choice"),
    "a name of a chat's": ({"max_tokens": 5}, "max_tokens"),
    "a file that is elsewhere": (
        {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file_1"}]}]},
        "input.0.content.0.file_data",
    ),
    "an image that is elsewhere": (
        {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "file_1"}]}]},
        "input.0.content.0.image_url",
    ),
    "an item of another tool": ({"input": [{"type": "computer_call", "id": "cu_1"}]}, "input.0.type"),
    "an item that is kept nowhere": ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input.0.id"),
    "a result without its call": (
        {"input": [{"type": "function_call_output", "call_id": "call_1", "output": "x"}]},
        "input.0.call_id",
    ),
    "no input": ({"input": None}, "input"),
    "an empty input": ({"input": []}, "input"),
    "a role that is none": ({"input": [{"role": "robot", "content": "x"}]}, "input.0.role"),
    "a format that is none": ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
    "a schema that is none": ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
    "a temperature that is none": ({"temperature": "hot"}, "temperature"),
    "tokens that are none": ({"max_output_tokens": "many"}, "max_output_tokens"),
    "a stream that is none": ({"stream": "yes"}, "stream"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_refused_by_name_before_a_model_runs(ask: Asking, oci: MockOci, case: str) -> None:
    fields, param = REFUSED[case]
    told = ask({"model": LLAMA, "input": "Hello", **fields})
    assert (told.status, told.error["param"]) == (400, param)
    assert told.error["message"].startswith(f"{param}: ")
    assert told.error["type"] == "invalid_request_error"
    assert not oci.requests


@pytest.mark.parametrize("status", [401, 404, 429, 503])
def test_an_error_of_the_model_has_its_status_whole_and_streamed(
    asking: Callable[..., Asking], oci: MockOci, stream: bool, status: int
) -> None:
    oci.script.error(status, "no", times=100)
    assert asking()({"model": LLAMA, "input": "Hello", "stream": stream}).status == status


def test_a_stream_that_breaks_ends_with_what_failed(ask: Asking, oci: MockOci) -> None:
    oci.script.odd("torn-json")
    oci.script.chat("Once upon a time")
    *_, failed, error = ask({"model": LLAMA, "input": "Hello", "stream": True}).events
    assert (failed["type"], failed["response"]["status"]) == ("response.failed", "failed")
    assert (error["type"], error["code"]) == ("error", "stream_broken")


@pytest.mark.parametrize("name", sorted(ODDITIES))
def test_what_real_servers_send_is_an_answer_or_an_error_and_never_a_bug(ask: Asking, oci: MockOci, name: str) -> None:
    for stream in (False, True):
        for model in (LLAMA, COMMAND):
            oci.script.clear()
            oci.script.odd(name, times=10)
            told = ask({"model": model, "input": "Hello", "stream": stream})
            if told.status != 200:
                assert told.error["code"] != "internal_error"
            elif told.body.startswith(b"event:"):
                *_, last = told.events
                assert last["type"] in ("response.completed", "response.incomplete", "error")
                assert last.get("code") != "internal_error"
            else:
                assert told.response.status in ("completed", "incomplete")


def test_a_stream_that_the_platform_would_not_let_out_ends_with_an_error(
    ask: Asking, oci: MockOci, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_service.envelopes.stages.MAX_REPLY_BYTES", 270_000)
    oci.script.chat("a long answer " * 2_000)
    *_, last = ask({"model": LLAMA, "input": "Hello", "stream": True}).events
    assert (last["type"], last["code"]) == ("error", "answer_too_large")


def test_a_custom_tool_is_called_with_its_input(ask: Asking, oci: MockOci, stream: bool) -> None:
    oci.script.chat(tool_calls=[{"name": "shell", "arguments": {"input": "ls -l"}}])
    asked = {"model": LLAMA, "tools": [{"type": "custom", "name": "shell"}], "stream": stream}
    (call,) = ask({**asked, "input": "List my files"}).response.output
    assert (call.type, call.input) == ("custom_tool_call", "ls -l")
    items = [
        {"role": "user", "content": "List my files"},
        call.model_dump(exclude_none=True),
        {"type": "custom_tool_call_output", "call_id": call.call_id, "output": "a.txt"},
    ]
    assert "a.txt" in ask({**asked, "input": items}).response.output_text
    assert sent(oci)["messages"][1]["tool_calls"][0]["function"] == {"name": "shell", "arguments": '{"input":"ls -l"}'}


def test_a_models_rule_holds_for_its_responses_too(asking: Callable[..., Asking], oci: MockOci) -> None:
    rule = {"match": "meta.*", "defaults": {"temperature": 0.25, "max_tokens": 9}, "max_tokens": 40, "drop": ["seed"]}
    ask = asking(MODEL_SERVICE_CONFIG=json.dumps({"models": {"rules": [rule]}}))
    told = ask({"model": LLAMA, "input": "Hello", "seed": 7})
    assert (sent(oci)["temperature"], sent(oci)["max_tokens"], "seed" in sent(oci)) == (0.25, 40, False)
    assert told.headers["x-model-service-dropped"] == "seed"
    assert told.response.temperature == 0.25
    assert ask({"model": LLAMA, "input": "Hello", "max_output_tokens": 41}).error["param"] == "max_output_tokens"


def test_allowed_tools_are_the_tools(ask: Asking, oci: MockOci) -> None:
    other = {**WEATHER, "name": "get_time"}
    choice = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "get_time"}]}
    ask({"model": LLAMA, "input": "Oslo?", "tools": [WEATHER, other], "tool_choice": choice})
    assert [tool["function"]["name"] for tool in sent(oci)["tools"]] == ["get_time"]
    assert sent(oci)["tool_choice"] == "required"


@pytest.mark.parametrize("model", ["openai.gpt-oss-120b", "xai.grok-4.3", "responses:openai.gpt-oss-20b"])
def test_what_ocis_responses_serves_goes_there(ask: Asking, oci: MockOci, model: str) -> None:
    assert ask({"model": model, "input": "Hello"}).status == 200
    assert oci.requests[-1].path == "/openai/v1/responses"


def test_an_operator_decides_on_the_transport_here_too(asking: Callable[..., Asking], oci: MockOci) -> None:
    assert asking(LOCUS_OCI_TRANSPORT="sdk")({"model": LLAMA, "input": "Hello"}).status == 200
    assert oci.requests[-1].path == "/20231130/actions/chat"


def test_gemini_with_tools_is_asked_where_it_has_them(ask: Asking, oci: MockOci) -> None:
    assert ask({"model": GEMINI, "input": "Hello", "tools": [WEATHER]}).status == 200
    assert oci.requests[-1].path == "/20231130/actions/chat"


def test_input_tokens_are_not_counted(ask: Asking) -> None:
    told = ask({"model": LLAMA, "input": "Hello"}, "/v1/responses/input_tokens")
    assert (told.status, told.error["code"]) == (501, "input_tokens_not_counted")


def test_a_kept_response_of_a_service_that_keeps_none_is_not_there(ask: Asking, oci: MockOci) -> None:
    path = f"/v1/responses/resp_chat_{'0' * 32}"
    for method, below in (("GET", ""), ("DELETE", ""), ("GET", "/input_items"), ("POST", "/cancel")):
        told = ask(None, path + below, method)
        assert (told.status, told.error["code"]) == (404, "not_found")
    assert not oci.requests
