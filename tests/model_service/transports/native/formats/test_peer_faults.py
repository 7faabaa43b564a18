"""Faults of the best-known peer that a format could have: one test each, by the fault's number in issue 3's table."""

from __future__ import annotations

import pytest

from model_service.errors import InvalidRequest, StreamBroken
from model_service.transports.native.formats import FORMATS

CALL = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Rome"}'}}
CHAT = [
    {"role": "user", "content": "Weather?"},
    {"role": "assistant", "content": "Where?"},
    {"role": "user", "content": "Rome."},
]
TRAILING = [
    {"role": "user", "content": "Weather?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "hot"},
]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
ALL = pytest.mark.parametrize("api_format", FORMATS)


def generic(*calls, **fields):
    return {"index": 0, "message": {"role": "ASSISTANT", "toolCalls": list(calls)}, **fields}


def content(chunks):
    return [choice["delta"].get("content") for chunk in chunks for choice in chunk["choices"]]


def test_fault_01_a_cohere_stream_has_its_message_and_its_history(native):
    sent = native("COHERE", messages=CHAT, stream=True)

    assert sent["message"] == "Rome."
    assert [entry["message"] for entry in sent["chatHistory"]] == ["Weather?", "Where?"]


@ALL
def test_fault_02_a_stream_has_the_parameters_and_the_tools_of_the_request(api_format, native):
    fields = {"messages": CHAT, "max_tokens": 5, "temperature": 0.1, "tools": [TOOL], "tool_choice": "auto"}

    streamed, complete = native(api_format, **fields, stream=True), native(api_format, **fields)

    assert streamed == {**complete, "isStream": True}
    assert complete["maxTokens"] == 5 and complete["tools"]


@ALL
@pytest.mark.parametrize("event", ["not JSON", '{"code": "500", "message": "Internal Server Error."}'])
def test_fault_05a_an_event_that_is_an_error_is_not_passed_over(api_format, event, read):
    with pytest.raises(StreamBroken):
        read(api_format, [event, {"finishReason": "stop"}])


@ALL
def test_fault_05b_a_truncated_stream_is_not_done(api_format, read):
    with pytest.raises(StreamBroken):
        read(api_format, [{"text": "Hel", "message": {"content": [{"type": "TEXT", "text": "Hel"}]}}])


@ALL
def test_fault_05c_finish_reason_usage_and_reasoning_are_kept(api_format, read):
    parts = [{"type": "THINKING", "thinking": "Hm."}, {"type": "TEXT", "text": "Hi"}]
    events = [
        {"text": "Hi", "message": {"content": parts, "reasoningContent": "Hm."}},
        {"finishReason": "MAX_TOKENS", "usage": {"promptTokens": 1, "completionTokens": 2, "totalTokens": 3}},
    ]
    if api_format == "GENERIC":
        del parts[0]

    chunks = read(api_format, events)

    assert chunks[-2]["choices"][0]["finish_reason"] == "length"
    assert chunks[-1]["usage"]["total_tokens"] == 3
    if api_format != "COHERE":  # which has no reasoning
        assert chunks[0]["choices"][0]["delta"]["reasoning_content"] == "Hm."


def test_fault_07a_a_fragment_of_arguments_is_not_a_call(read, added_up):
    events = [
        generic({"type": "FUNCTION", "id": "call_1", "name": "f", "arguments": ""}),
        generic({"type": "FUNCTION", "arguments": '{"a"'}),
        generic({"type": "FUNCTION", "arguments": ": 1}"}),
        {"finishReason": "tool_calls"},
    ]

    calls = added_up(read("GENERIC", events))[0]["tool_calls"]

    assert calls == {0: {"id": "call_1", "name": "f", "arguments": '{"a": 1}'}}


def test_fault_07b_a_message_that_is_null_is_no_crash(read, identity):
    assert read("GENERIC", [{"index": 0, "message": None}, {"message": None, "finishReason": "stop"}])
    answer = {"chatResponse": {"choices": [{"index": 0, "message": None, "finishReason": "stop"}]}}
    assert FORMATS["GENERIC"].completion(answer, identity)["choices"][0]["message"]["content"] == ""


def test_fault_07c_a_generic_request_has_its_sampling_parameters(native):
    sent = native("GENERIC", temperature=0.1, top_p=0.2, seed=3)

    assert (sent["temperature"], sent["topP"], sent["seed"]) == (0.1, 0.2, 3)


def test_fault_08_the_last_events_text_is_not_said_again(read):
    events = [
        {"apiFormat": "COHERE", "text": "Hel"},
        {"apiFormat": "COHERE", "text": "lo"},
        {"apiFormat": "COHERE", "text": "Hello", "chatHistory": [], "finishReason": "COMPLETE"},
    ]

    assert [text for text in content(read("COHERE", events)) if text] == ["Hel", "lo"]


def test_fault_09_parallel_calls_of_one_tool_have_different_ids(identity, read):
    calls = [{"name": "f", "parameters": {"a": 1}}, {"name": "f", "parameters": {"a": 2}}]
    answer = {"text": "", "toolCalls": calls, "finishReason": "COMPLETE"}

    whole = FORMATS["COHERE"].completion({"chatResponse": answer}, identity)
    streamed = [one for chunk in read("COHERE", [answer]) for one in chunk["choices"][0]["delta"].get("tool_calls", [])]

    ids = [call["id"] for call in whole["choices"][0]["message"]["tool_calls"]]
    assert len(set(ids)) == 2 and ids == [call["id"] for call in streamed]


def test_fault_10_a_result_says_which_call_it_answers(native):
    sent = native("COHERE", messages=TRAILING)

    assert [one["call"] for one in sent["toolResults"]] == [{"name": "get_weather", "parameters": {"city": "Rome"}}]
    later = native("COHERE", messages=[*TRAILING, {"role": "assistant", "content": "Hot."}, *CHAT])
    (entry,) = [entry for entry in later["chatHistory"] if entry["role"] == "TOOL"]
    assert entry["toolResults"] == sent["toolResults"]


@ALL
@pytest.mark.parametrize("model", ["openai.gpt-5", "xai.grok-4.3", "cohere.command-a-03-2025", "google.gemini-2.5-pro"])
def test_fault_21_a_stream_and_a_complete_answer_take_the_same_parameters(api_format, model, native):
    fields = {"model": model, "stop": ["END"], "max_tokens": 3, "frequency_penalty": 0, "messages": TRAILING}

    assert native(api_format, **fields, stream=True) == {**native(api_format, **fields), "isStream": True}


@ALL
@pytest.mark.parametrize("name", ["project_id_", "max_token", "Temperature", "toolchoice"])
def test_fault_24_a_parameter_that_nobody_knows_is_not_swallowed(api_format, name, native):
    with pytest.raises(InvalidRequest) as caught:
        native(api_format, **{name: "x"})

    assert caught.value.param == name
