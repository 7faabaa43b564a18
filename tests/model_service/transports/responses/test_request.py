"""Chat requests become Responses requests: a table, both ways: what is carried and how, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from model_service.errors import InvalidRequest
from model_service.openai_api.chat import ChatRequest
from model_service.transports.responses.continuation import turn_of
from model_service.transports.responses.input_items import sendable_items
from model_service.transports.responses.request import responses_request

USER = {"role": "user", "content": "Hello"}
USER_ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def translated(*messages: dict[str, Any], model: str = "openai.gpt-5.5-pro", **fields: Any) -> dict[str, Any]:
    chat = ChatRequest.parse({"model": "alias", "messages": list(messages) or [USER], **fields})
    return responses_request(chat.wire(), turn_of(chat.wire(), may_store=True), model=model, stream=False)


def items(*messages: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = translated(*messages, **fields)["input"]
    return found


def test_a_plain_request_has_nothing_but_model_and_input() -> None:
    assert translated() == {"model": "openai.gpt-5.5-pro", "input": [USER_ITEM]}


@pytest.mark.parametrize("role", ["system", "developer", "user"])
def test_prompts_keep_their_role(role: str) -> None:
    assert items({"role": role, "content": "Hello"}) == [{**USER_ITEM, "role": role}]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "text", "text": "Hi"}, {"type": "input_text", "text": "Hi"}),
        (
            {"type": "image_url", "image_url": {"url": PIXEL}},
            {"type": "input_image", "image_url": PIXEL, "detail": "auto"},
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://a/b.png", "detail": "low"}},
            {"type": "input_image", "image_url": "https://a/b.png", "detail": "low"},
        ),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="},
        ),
        ({"type": "input_image", "file_id": "file-1"}, {"type": "input_image", "file_id": "file-1"}),
    ],
)
def test_parts_of_a_prompt(part: dict[str, Any], expected: dict[str, Any]) -> None:
    assert items({"role": "user", "content": [part]})[0]["content"] == [expected]


def test_a_tool_loop_becomes_calls_and_outputs_without_item_ids() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
    assert items(
        USER,
        {"role": "assistant", "content": "Let me see.", "reasoning_content": "hm", "tool_calls": [call]},
        {
            "role": "tool",
            "tool_call_id": "call_1",
            "content": [{"type": "text", "text": "4 "}, {"type": "text", "text": "°C"}],
        },
    )[1:] == [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Let me see."}]},
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "4 °C"},
    ]


@pytest.mark.parametrize("content", [None, "", []])
def test_an_answer_without_text_leaves_no_empty_message(content: Any) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    sent = items(USER, {"role": "assistant", "content": content, "tool_calls": [call]})
    assert [item["type"] for item in sent] == ["message", "function_call"]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": None, "refusal": "No."},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
    ],
)
def test_a_refusal_stays_one(message: dict[str, Any]) -> None:
    assert items(USER, message)[1]["content"] == [{"type": "refusal", "refusal": "No."}]


def test_a_tool_result_that_is_an_image_goes_as_a_list() -> None:
    part = {"type": "image_url", "image_url": {"url": PIXEL}}
    sent = items(USER, {"role": "tool", "tool_call_id": "c", "content": [part]})
    assert sent[1]["output"] == [{"type": "input_image", "image_url": PIXEL, "detail": "auto"}]


@pytest.mark.parametrize(
    ("chat", "expected"),
    [
        ({"max_tokens": 9}, {"max_output_tokens": 9}),
        ({"max_completion_tokens": 9}, {"max_output_tokens": 9}),
        ({"max_completion_tokens": 9, "max_tokens": 5}, {"max_output_tokens": 9}),
        ({"max_output_tokens": 3, "max_tokens": 5}, {"max_output_tokens": 3}),
        ({"reasoning_effort": "high"}, {"reasoning": {"effort": "high"}}),
        (
            {"reasoning_effort": "high", "reasoning": {"summary": "auto"}},
            {"reasoning": {"effort": "high", "summary": "auto"}},
        ),
        (
            {"verbosity": "low", "response_format": {"type": "json_object"}},
            {"text": {"verbosity": "low", "format": {"type": "json_object"}}},
        ),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "a", "schema": SCHEMA, "strict": True},
                }
            },
            {"text": {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA, "strict": True}}},
        ),
        ({"logprobs": True, "top_logprobs": 3}, {"include": ["message.output_text.logprobs"], "top_logprobs": 3}),
        (
            {"logprobs": True, "include": ["reasoning.encrypted_content"]},
            {"include": ["message.output_text.logprobs", "reasoning.encrypted_content"]},
        ),
        ({"stream_options": {"include_usage": True}}, {}),
        (
            {"stream_options": {"include_usage": True, "include_obfuscation": False}},
            {"stream_options": {"include_obfuscation": False}},
        ),
        ({"temperature": 0.5, "top_p": 1, "user": "u"}, {"temperature": 0.5, "top_p": 1, "user": "u"}),
        (
            {"parallel_tool_calls": False, "metadata": {"a": "b"}, "service_tier": "priority"},
            {"parallel_tool_calls": False, "metadata": {"a": "b"}, "service_tier": "priority"},
        ),
        ({"truncation": "auto", "store": True, "x_new": [1]}, {"truncation": "auto", "store": True, "x_new": [1]}),
        ({"store": False}, {"store": False}),
        ({"conversation": "conv_1"}, {"conversation": "conv_1"}),
        ({"previous_response_id": "resp_1"}, {"previous_response_id": "resp_1"}),
        ({"provider_state": {"previous_response_id": "resp_1"}}, {"previous_response_id": "resp_1"}),
        ({"temperature": None, "max_tokens": None, "n": None, "stop": None}, {}),
        ({"n": 1, "frequency_penalty": 0, "presence_penalty": 0.0, "logit_bias": {}, "logprobs": False}, {}),
        ({"stop": [], "modalities": ["text"], "background": False}, {}),
        ({"compartment_id": "ocid1.compartment.oc1..a", "project_id": "ocid1.generativeaiproject.oc1.iad.a"}, {}),
    ],
)
def test_parameters(chat: dict[str, Any], expected: dict[str, Any]) -> None:
    assert translated(**chat) == {"model": "openai.gpt-5.5-pro", "input": [USER_ITEM], **expected}


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (
            {"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}},
            {"type": "function", "name": "f", "description": "d", "parameters": SCHEMA, "strict": True},
        ),
        (
            {"type": "function", "function": {"name": "f", "description": None}},
            {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": False},
        ),
        ({"type": "web_search", "search_context_size": "low"}, {"type": "web_search", "search_context_size": "low"}),
        (
            {"type": "function", "name": "flat", "parameters": {}},
            {"type": "function", "name": "flat", "parameters": {}},
        ),
    ],
)
def test_tools_are_flat_and_not_strict_unless_asked(tool: dict[str, Any], expected: dict[str, Any]) -> None:
    assert translated(tools=[tool])["tools"] == [expected]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("required", "required"),
        ({"type": "function", "function": {"name": "f"}}, {"type": "function", "name": "f"}),
        ({"type": "web_search"}, {"type": "web_search"}),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
            },
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
        ),
    ],
)
def test_tool_choices(choice: Any, expected: Any) -> None:
    assert translated(tool_choice=choice)["tool_choice"] == expected


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"stop": "END"}, "stop"),
        ({"seed": 0}, "seed"),
        ({"frequency_penalty": 0.1}, "frequency_penalty"),
        ({"presence_penalty": -1.0}, "presence_penalty"),
        ({"logit_bias": {"1": 5}}, "logit_bias"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"audio": {"voice": "ara"}}, "audio"),
        ({"prediction": {"type": "content", "content": "x"}}, "prediction"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"background": True}, "background"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"tools": [{"type": "custom", "custom": "c"}]}, "tools.0.custom"),
        ({"response_format": {"type": "json_schema", "json_schema": {}, "strict": True}}, "response_format.strict"),
        ({"web_search_options": "low"}, "web_search_options"),
        ({"conversation": "conv_1", "previous_response_id": "resp_1"}, "previous_response_id"),
        ({"messages": [USER | {"foo": 1}]}, "messages.0.foo"),
        ({"messages": [USER | {"function_call": {"name": "f", "arguments": "{}"}}]}, "messages.0.function_call"),
        ({"messages": [{"role": "assistant", "content": "x", "audio": {"id": "a"}}, USER]}, "messages.0.audio"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "foo": 1}]}]},
            "messages.0.content.0.foo",
        ),
        ({"messages": [USER | {"response_items": [{"id": "x"}]}]}, "messages.0.response_items"),
        ({"messages": [USER | {"response_items": {"type": "x"}}]}, "messages.0.response_items"),
    ],
)
def test_a_parameter_that_cannot_be_carried_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        translated(**fields)
    assert error.value.param == param


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "function", "content": "x"}, "messages.1.role"),
        ({"role": "user", "content": None}, "messages.1.content"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages.1.content.0.text"),
        ({"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}, "messages.1.content.0.type"),
        ({"role": "user", "content": [{"type": "image_url"}]}, "messages.1.content.0.image_url"),
        ({"role": "user", "content": [{"type": "file", "file": "x"}]}, "messages.1.content.0.file"),
        ({"role": "assistant", "content": [{"type": "image_url"}]}, "messages.1.content.0.type"),
        ({"role": "assistant", "tool_calls": [{"id": "c", "type": "custom"}]}, "messages.1.tool_calls.0"),
        ({"role": "tool", "content": "4"}, "messages.1.tool_call_id"),
    ],
)
def test_a_message_that_cannot_be_carried_is_refused_by_its_path(message: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        translated(USER, message)
    assert error.value.param == param


def test_paths_are_those_of_the_whole_request_when_only_a_turn_is_sent() -> None:
    with pytest.raises(InvalidRequest) as error:
        translated(USER, {"role": "assistant", "content": "Hi"}, {"role": "tool"}, previous_response_id="resp_1")
    assert error.value.param == "messages.2.tool_call_id"


def test_gemini_takes_system_messages_as_instructions() -> None:
    system = {"role": "system", "content": [{"type": "text", "text": "Be brief."}]}
    sent = translated(system, USER, model="google.gemini-2.5-pro", instructions="Be kind.")
    assert (sent["instructions"], sent["input"]) == ("Be kind.\n\nBe brief.", [USER_ITEM])


def test_instructions_go_with_every_turn_for_oci_does_not_keep_them() -> None:
    history = ({"role": "system", "content": "Be brief."}, USER, {"role": "assistant", "content": "Hi"}, USER)
    sent = translated(*history, model="google.gemini-2.5-pro", previous_response_id="resp_1")
    assert (sent["instructions"], sent["input"]) == ("Be brief.", [USER_ITEM])


def test_a_stream_is_asked_for_only_where_one_is_wanted() -> None:
    chat = {"model": "m", "messages": [USER], "stream": False}
    turn = turn_of(chat, may_store=True)
    assert responses_request(chat, turn, model="m", stream=True)["stream"] is True
    assert "stream" not in responses_request(chat, turn, model="m", stream=False)


# --- histories that another model or gateway wrote


def dropped(*messages: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    chat = ChatRequest.parse({"model": "m", "messages": list(messages)}).wire()
    names: list[str] = []
    body = responses_request(chat, turn_of(chat, may_store=False), model="m", stream=False, drop=names.append)
    return body["input"], names


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning": "x"},
        {"reasoning_content": "x"},
        {"reasoning_details": [{"type": "reasoning.text"}]},
        {"thinking_blocks": [{"type": "thinking"}]},
        {"provider_specific_fields": {"a": 1}},
    ],
)
def test_what_other_gateways_leave_in_a_history_is_left_out_and_said(fields: dict[str, Any]) -> None:
    plain, _ = dropped(USER, {"role": "assistant", "content": "b"}, USER)
    assert dropped(USER, {"role": "assistant", "content": "b", **fields}, USER) == (plain, list(fields))


def test_what_says_nothing_is_passed_over() -> None:
    plain, _ = dropped(USER, {"role": "assistant", "content": "b"}, USER)
    nothing = {"audio": None, "function_call": None, "annotations": [], "tool_calls": [], "refusal": None, "name": None}
    assert dropped(USER, {"role": "assistant", "content": "b", **nothing}, USER) == (plain, [])


def test_anthropic_s_mark_for_a_cache_is_left_out_and_openai_s_is_carried() -> None:
    part = {"type": "text", "text": "a"}
    assert dropped({"role": "user", "content": [part | {"cache_control": {"type": "ephemeral"}}]})[1] == [
        "cache_control"
    ]
    mark = {"prompt_cache_breakpoint": {"mode": "explicit"}}
    assert items({"role": "user", "content": [part | mark]})[0]["content"] == [
        {"type": "input_text", "text": "a", **mark}
    ]


def test_the_name_of_a_speaker_is_carried() -> None:
    assert items(USER | {"name": "bob"}) == [USER_ITEM | {"name": "bob"}]


def test_items_of_an_earlier_reply_and_their_answers_go_in_again() -> None:
    request = {"type": "mcp_approval_request", "id": "mcpr_1", "name": "n", "server_label": "s", "arguments": "{}"}
    answer = {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True}
    assistant = {"role": "assistant", "content": "", "response_items": [request]}
    sent, _ = dropped(USER, assistant, {"role": "user", "content": None, "response_items": [answer]})
    assert sent == [USER_ITEM, request, answer]


@pytest.mark.parametrize("content", ["", None, []])
def test_a_tool_that_said_nothing_has_an_output_of_some_text(content: Any) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    result = {"role": "tool", "tool_call_id": "c", "content": content, "name": "f"}
    sent, names = dropped(USER, {"role": "assistant", "tool_calls": [call]}, result)
    assert (sent[-1]["output"], names) == ("(no output)", ["name"])


def test_a_custom_tool_goes_round() -> None:
    grammar = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /a/"}}
    tool = {"type": "custom", "custom": {"name": "c", "description": "d", "format": grammar}}
    call = {"id": "c1", "type": "custom", "custom": {"name": "c", "input": "a"}}
    body = translated(
        USER,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
        tools=[tool],
        tool_choice={"type": "custom", "custom": {"name": "c"}},
    )
    flat = {"type": "grammar", "syntax": "lark", "definition": "start: /a/"}
    assert body["tools"] == [{"type": "custom", "name": "c", "description": "d", "format": flat}]
    assert body["tool_choice"] == {"type": "custom", "name": "c"}
    assert body["input"][1:] == [
        {"type": "custom_tool_call", "call_id": "c1", "name": "c", "input": "a"},
        {"type": "custom_tool_call_output", "call_id": "c1", "output": "done"},
    ]


def test_what_stands_beside_a_function_is_carried() -> None:
    tool = {"type": "function", "function": {"name": "f"}, "defer_loading": True}
    assert translated(tools=[tool])["tools"][0]["defer_loading"] is True


def test_the_web_search_of_chat_is_a_tool_of_responses() -> None:
    place = {"type": "approximate", "approximate": {"country": "DE"}}
    body = translated(
        tools=[{"type": "mcp"}], web_search_options={"search_context_size": "low", "user_location": place}
    )
    search = {
        "type": "web_search",
        "search_context_size": "low",
        "user_location": {"type": "approximate", "country": "DE"},
    }
    assert body["tools"] == [{"type": "mcp"}, search]


def test_a_system_message_that_changed_goes_out_with_what_oci_holds() -> None:
    held = {"role": "assistant", "content": "b", "provider_state": {"previous_response_id": "resp_1"}}
    body = translated({"role": "system", "content": "New."}, USER, held, USER)
    assert (body["instructions"], body["input"], body["previous_response_id"]) == ("New.", [USER_ITEM], "resp_1")


def test_instructions_of_a_stored_answer_are_not_part_of_what_oci_holds() -> None:
    body = translated({"role": "system", "content": "Old."}, USER)
    assert (body["instructions"], body["input"]) == ("Old.", [USER_ITEM])
    assert [item["role"] for item in dropped({"role": "system", "content": "Old."}, USER)[0]] == ["system", "user"]


@pytest.mark.parametrize(
    ("item", "goes_out"),
    [
        ({"role": "user", "content": "x"}, {"type": "message", "role": "user", "content": "x"}),
        ({"type": "message", "role": "user", "content": "x"}, {"type": "message", "role": "user", "content": "x"}),
        ({"type": "mcp_call", "error": "e", "output": None}, {"type": "mcp_call", "error": "e", "output": "e"}),
        ({"type": "mcp_call", "status": "failed"}, {"type": "mcp_call", "status": "failed", "output": "(no output)"}),
        ({"type": "mcp_call", "output": "o"}, {"type": "mcp_call", "output": "o"}),
        ({"type": "function_call_output", "output": ""}, {"type": "function_call_output", "output": "(no output)"}),
        ({"type": "function_call_output", "output": "x"}, {"type": "function_call_output", "output": "x"}),
        ("text", "text"),
        ({"type": 1}, {"type": 1}),
    ],
)
def test_items_of_openai_s_clients_go_out_as_oci_wants_them(item: Any, goes_out: Any) -> None:
    assert sendable_items([item]) == [goes_out]
