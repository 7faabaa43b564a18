"""Recorded native streams through each format.

Sources of the recordings: https://github.com/elastic/elasticsearch (x-pack ocigenai tests),
https://github.com/langchain4j/langchain4j-community (GenericStreamingTest), https://github.com/traceloop/openllmetry,
https://github.com/oracle/langchain-oracle (unit tests). qwen_tools and cohere_v2_tools are made up after them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_service.errors import StreamBroken, UpstreamError

STREAMS = Path(__file__).parent / "streams"

ROME = '{"city": "Rome"}'
OSLO = '{"city": "Oslo"}'

# file: format, content, the calls' names and arguments, reason to finish, usage
CASES = {
    "generic_text": ("GENERIC", "Hello, wörld ☃", [], "stop", 49),
    "generic_text_in_last_event": ("GENERIC", "Hello ", [], "stop", None),
    "gpt_oss_tools": ("GENERIC", "", [("get_weather", ROME), ("get_weather", OSLO)], "tool_calls", None),
    "grok_tools": (
        "GENERIC",
        "",
        [(f"LIST_{kind}_NAMES", '{"arg0":"HR"}') for kind in ("PACKAGE", "PROCEDURE", "FUNCTION")],
        "tool_calls",
        None,
    ),
    "llama_tools": (
        "GENERIC",
        "",
        [("sqrt", '{"arg0": "16"}'), ("extractMagicalNumber", '{"arg1": "778", "arg0": "556"}')],
        "tool_calls",
        None,
    ),
    "gemini_tools": (
        "GENERIC",
        "",
        [("get_weather", '{"city":"Rome"}'), ("get_weather", '{"city":"Oslo"}'), ("get_time", "{}")],
        "length",
        None,
    ),
    "qwen_tools": (
        "GENERIC",
        "Let me look.",
        [("get_weather", '{"city": "</tool_call>"}'), ("get_weather", OSLO)],
        "tool_calls",
        None,
    ),
    "cohere_text": ("COHERE", "Hi there", [], "stop", 8),
    "cohere_tools": (
        "COHERE",
        "I will look it up.",
        [("get_weather", ROME), ("get_weather", OSLO)],
        "tool_calls",
        None,
    ),
    "cohere_v2_text": ("COHEREV2", "Hello there", [], "stop", 8),
    "cohere_v2_tools": ("COHEREV2", "I will look.", [("get_weather", '{"city":"Rome"}')], "tool_calls", None),
}


def stream(name: str) -> bytes:
    return (STREAMS / f"{name}.sse").read_bytes()


@pytest.mark.parametrize("name", CASES)
def test_a_recorded_stream_adds_up_to_its_answer(name, read, added_up):
    api_format, content, calls, finish_reason, total = CASES[name]

    chunks = read(api_format, [stream(name)])

    message = added_up(chunks)[0]
    called = list(message.get("tool_calls", {}).values())
    assert (message["role"], message["content"], message["finish_reason"]) == ("assistant", content, finish_reason)
    assert [(call["name"], call["arguments"]) for call in called] == calls
    assert len({call["id"] for call in called}) == len(calls) and all(call["id"] for call in called)
    assert [chunk["usage"]["total_tokens"] for chunk in chunks if "usage" in chunk] == ([total] if total else [])


@pytest.mark.parametrize("ending", ["\n\n", "\r\n\r\n", "", "\n\n: keep-alive\n\nevent: ping\n\n"])
@pytest.mark.parametrize("name", CASES)
def test_a_stream_gives_the_same_chunks_whole_by_line_and_byte_by_byte(name, ending, read):
    api_format = CASES[name][0]
    whole = stream(name).rstrip() + ending.encode()
    if "\r" in ending:
        whole = stream(name).rstrip().replace(b"\n", b"\r\n") + ending.encode()

    expected = read(api_format, [stream(name)])

    assert read(api_format, [whole]) == expected
    assert read(api_format, whole.splitlines(keepends=True)) == expected
    assert read(api_format, [whole[at : at + 1] for at in range(len(whole))]) == expected


@pytest.mark.parametrize("name", CASES)
def test_every_chunk_says_whose_it_is_and_only_the_last_ones_why_it_ended(name, read):
    chunks = read(CASES[name][0], [stream(name)])

    assert {(one["id"], one["created"], one["model"], one["object"]) for one in chunks} == {
        ("chatcmpl-1", 1_790_000_000, "prod", "chat.completion.chunk")
    }
    reasons = [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]]
    assert reasons[-1] and not any(reasons[:-1])
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"


@pytest.mark.parametrize("name", CASES)
def test_nobody_gets_usage_who_did_not_ask(name, read):
    chunks = read(CASES[name][0], [stream(name)], include_usage=False)

    assert all(chunk["choices"] and "usage" not in chunk for chunk in chunks)


@pytest.mark.parametrize("name", CASES)
def test_a_stream_that_ends_too_early_is_an_error_and_no_clean_finish(name, read):
    events = [event for event in stream(name).split(b"\n\n") if b"finishReason" not in event]

    with pytest.raises(StreamBroken, match="before the answer was complete"):
        read(CASES[name][0], [b"\n\n".join(events)])


@pytest.mark.parametrize("api_format", ["GENERIC", "COHERE", "COHEREV2"])
@pytest.mark.parametrize(
    ("event", "says", "code"),
    [
        ('{"code": "429", "message": "Too many tokens."}', "Too many tokens.", "stream_broken"),
        ('{"code": "InternalServerError", "message": "Oops"}', "Oops", "InternalServerError"),
        ("{'error': 'python repr', 'code': 500}", "python repr", "stream_broken"),
        ('{"error": {"message": "No.", "code": "content_policy"}}', "No.", "content_policy"),
        ("upstream connect error", "upstream connect error", "stream_broken"),
        ("[1, 2]", "[1, 2]", "stream_broken"),
        ('{"message": "Bearer abc.def-123 expired"}', r"\[redacted\] expired", "stream_broken"),
    ],
)
def test_an_error_in_the_place_of_an_event_breaks_the_stream(api_format, event, says, code, read):
    with pytest.raises(StreamBroken, match=says) as caught:
        read(api_format, [event])

    assert caught.value.code == code


@pytest.mark.parametrize("api_format", ["GENERIC", "COHERE", "COHEREV2"])
@pytest.mark.parametrize("reason", ["ERROR", "ERROR_LIMIT", "USER_CANCEL"])
def test_a_model_that_fails_in_a_stream_is_an_error_with_its_message(api_format, reason, read):
    with pytest.raises(UpstreamError, match=r"It broke, \[redacted\]") as caught:
        read(api_format, [{"finishReason": reason, "errorMessage": "It broke, Bearer abc.def"}])

    assert (caught.value.status, caught.value.code) == (502, reason.lower())


def test_nothing_after_done_is_read(read):
    events = [{"message": {"content": [{"type": "TEXT", "text": "a"}]}, "finishReason": "stop"}, "[DONE]", "junk"]

    assert len(read("GENERIC", events)) == 2


def test_padding_null_messages_and_unknown_fields_do_no_harm(read, added_up):
    events = [
        {"pad": "aaa"},
        {"index": 0, "message": None, "pad": "a"},
        {"index": 0, "message": {"role": "ASSISTANT", "content": None, "toolCalls": None}, "later": {"field": 1}},
        {"index": 0, "message": {"content": [None, {"type": "TEXT", "text": None}, {"type": "TEXT", "text": "ok"}]}},
        {"message": None, "finishReason": "stop", "usage": None},
    ]

    assert added_up(read("GENERIC", events))[0]["content"] == "ok"


def test_two_answers_at_once_stay_apart(read, added_up):
    def event(index, text, **more):
        return {"index": index, "message": {"content": [{"type": "TEXT", "text": text}]}, **more}

    events = [
        event(0, "a"),
        event(1, "x"),
        event(0, "b", finishReason="stop"),
        event(1, "y"),
        {"finishReason": "length"},
    ]

    choices = added_up(read("GENERIC", events))

    assert [(one["content"], one["finish_reason"]) for one in choices.values()] == [("ab", "stop"), ("xy", "length")]


def test_one_of_two_answers_cut_off_is_an_error(read):
    events = [{"index": 0, "message": {}, "finishReason": "stop"}, {"index": 1, "message": {"content": []}}]

    with pytest.raises(StreamBroken):
        read("GENERIC", events)


def test_reasoning_comes_as_reasoning_content(read, added_up):
    assert added_up(read("GENERIC", [stream("gpt_oss_tools")]))[0]["reasoning_content"] == "Two cities."
    assert added_up(read("COHEREV2", [stream("cohere_v2_text")]))[0]["reasoning_content"] == "Hm."


def test_citations_come_once_on_the_last_delta(read):
    first, second = ({"start": at, "end": at + 1, "text": "I", "documentIds": ["d1"]} for at in (0, 1))
    events = [
        {"apiFormat": "COHERE", "text": "II", "citations": [first]},
        {"apiFormat": "COHERE", "text": "II", "citations": [first, second], "finishReason": "COMPLETE"},
    ]

    deltas = [chunk["choices"][0]["delta"] for chunk in read("COHERE", events)]

    assert deltas[-1]["citations"] == [first, second] and not any("citations" in delta for delta in deltas[:-1])


@pytest.mark.parametrize(
    ("events", "content"),
    [
        (["Hel", "lo"], "Hello"),
        ([], "Hello"),  # all of it in the last event alone
        (["Hel"], "Hello"),  # the last event says more than was streamed
        ([" Hello"], " Hello"),  # and here less: nothing is said twice
    ],
)
def test_the_text_that_coheres_last_event_restates_is_not_said_again(events, content, read, added_up):
    last = {"apiFormat": "COHERE", "text": "Hello", "chatHistory": [], "finishReason": "COMPLETE"}

    chunks = read("COHERE", [*({"apiFormat": "COHERE", "text": text} for text in events), last])

    assert added_up(chunks)[0]["content"] == content


@pytest.mark.parametrize(
    ("last", "content"), [(" there", "Hello there"), ("Hello", "Hello"), ("Hello there", "Hello there")]
)
def test_cohere_v2_may_restate_the_text_or_go_on_in_the_last_event(last, content, read, added_up):
    def event(text, **more):
        return {"apiFormat": "COHEREV2", "message": {"content": [{"type": "TEXT", "text": text}]}, **more}

    chunks = read("COHEREV2", [event("Hello"), event(last, finishReason="COMPLETE")])

    assert added_up(chunks)[0]["content"] == content


def test_log_probabilities_come_with_their_chunk(read):
    said = {"tokens": ["Hi"], "tokenLogprobs": [-0.5], "topLogprobs": [{"Hi": "-0.5"}]}
    event = {"index": 0, "message": {"content": [{"type": "TEXT", "text": "Hi"}]}, "logprobs": said}

    chunks = read("GENERIC", [event, {"finishReason": "stop"}])

    assert [
        choice["logprobs"] and choice["logprobs"]["content"][0]["logprob"]
        for chunk in chunks
        for choice in chunk["choices"]
    ] == [-0.5, None]


@pytest.mark.parametrize("name", CASES)
def test_every_chunk_is_json(name, read):
    for chunk in read(CASES[name][0], [stream(name)]):
        assert json.loads(json.dumps(chunk, allow_nan=False)) == chunk


def test_the_openai_client_itself_adds_the_chunks_up(read):
    from openai.lib.streaming.chat._completions import ChatCompletionStreamState
    from openai.types.chat import ChatCompletionChunk

    for name, (api_format, content, calls, finish_reason, _) in CASES.items():
        if finish_reason == "length":
            continue  # the client raises for an answer that was cut off
        state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
        for chunk in read(api_format, [stream(name)]):
            state.handle_chunk(ChatCompletionChunk.model_validate(chunk))
        message = state.get_final_completion().choices[0].message
        assert (message.content or "") == content
        assert [(one.function.name, one.function.arguments) for one in message.tool_calls or []] == calls
