"""What of an answer is no answer, or not of its type: OCI's error, in its words, and never one of ours."""

from __future__ import annotations

import json
import math

import pytest

from model_service.errors import StreamBroken, UpstreamError, UpstreamThrottled
from model_service.transports.native.formats import FORMATS

ALL = pytest.mark.parametrize("api_format", FORMATS)


def response_of(api_format, text="hi", **fields):
    content = [{"type": "TEXT", "text": text}]
    if api_format == "GENERIC":
        choice = {"index": 0, "message": {"role": "ASSISTANT", "content": content}, "finishReason": "stop"}
        return {"choices": [choice], **fields}
    said = {"text": text} if api_format == "COHERE" else {"message": {"role": "ASSISTANT", "content": content}}
    return {**said, "finishReason": "COMPLETE", **fields}


ERRORS = [
    ({"error": {"message": "Provider is overloaded", "code": 429}}, UpstreamThrottled),
    ({"code": "429", "message": "Provider is overloaded"}, UpstreamThrottled),
    ({"code": "InternalServerError", "message": "Provider is overloaded"}, UpstreamError),
]


@ALL
@pytest.mark.parametrize(("error", "kind"), ERRORS)
def test_an_error_in_the_place_of_an_answer_is_an_error_in_the_providers_words(api_format, error, kind, identity):
    for answer in (error, {"chatResponse": error}, {"modelId": "m", "chatResponse": None, **error}):
        with pytest.raises(kind, match="Provider is overloaded"):
            FORMATS[api_format].completion(answer, identity)


@ALL
@pytest.mark.parametrize(("error", "kind"), ERRORS)
def test_an_error_in_the_place_of_an_event_breaks_the_stream_with_its_status(api_format, error, kind, read):
    with pytest.raises(StreamBroken, match="Provider is overloaded"):
        read(api_format, [error])


@ALL
def test_half_an_event_is_not_quoted(api_format, read):
    with pytest.raises(StreamBroken) as caught:
        read(api_format, ['{"message": {"content": [{"type": "TEXT", "text": "secret'])

    assert "secret" not in caught.value.message


@ALL
def test_an_error_that_is_null_and_a_sign_of_life_end_nothing(api_format, read, added_up):
    event = {"message": {"content": [{"type": "TEXT", "text": "hi"}]}, "text": "hi", "error": None}
    last = {"finishReason": "stop"}

    assert added_up(read(api_format, [{"type": "ping"}, {}, event, last]))[0]["content"] == "hi"


@ALL
@pytest.mark.parametrize("answer", [{"chatResponse": []}, {"chatResponse": "hi"}, {"chatResponse": {"apiFormat": "X"}}])
def test_an_answer_without_an_answer_is_an_upstream_error(api_format, answer, identity):
    with pytest.raises(UpstreamError):
        FORMATS[api_format].completion(answer, identity)


WRONG = [3, 1.5, True, {"a": 1}, [1]]


@ALL
@pytest.mark.parametrize("text", WRONG)
def test_a_text_of_another_type_is_no_empty_answer(api_format, text, identity, read):
    response = response_of(api_format, text)

    with pytest.raises(UpstreamError):
        FORMATS[api_format].completion({"chatResponse": response}, identity)
    with pytest.raises(UpstreamError):
        read(api_format, [response if api_format != "GENERIC" else response["choices"][0]])


@ALL
@pytest.mark.parametrize("count", ["3", 1.5, True, [3], {"a": 3}])
@pytest.mark.parametrize("name", ["promptTokens", "completionTokens", "totalTokens"])
def test_a_count_that_is_no_number_is_an_upstream_error(api_format, name, count, identity):
    with pytest.raises(UpstreamError):
        FORMATS[api_format].completion({"chatResponse": response_of(api_format, usage={name: count})}, identity)


@ALL
def test_counts_that_are_missing_are_there_nevertheless(api_format, identity):
    usage = {"totalTokens": 7, "promptTokens": None}

    said = FORMATS[api_format].completion({"chatResponse": response_of(api_format, usage=usage)}, identity)["usage"]

    assert said == {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 7}


def test_a_log_probability_that_is_no_number_is_that_of_what_never_happens(read):
    said = {"tokens": ["a", "b", "c"], "tokenLogprobs": [math.nan, -math.inf, "x"], "topLogprobs": [{"a": "-inf"}]}
    event = {"index": 0, "message": {"content": [{"type": "TEXT", "text": "abc"}]}, "logprobs": said}

    chunks = read("GENERIC", [event, {"finishReason": "stop"}])

    told = chunks[0]["choices"][0]["logprobs"]["content"]
    assert [one["logprob"] for one in told] == [-9999.0] * 3
    assert json.loads(json.dumps(chunks, allow_nan=False))


def test_log_probabilities_survive_text_that_is_held_back_and_events_without_text(read):
    def event(text, **more):
        said = {"tokens": [text or "."], "tokenLogprobs": [-0.5], "topLogprobs": []}
        return {"index": 0, "message": {"content": [{"type": "TEXT", "text": text}]}, "logprobs": said, **more}

    chunks = read("GENERIC", [event("a"), event("<"), event(" b"), event("", finishReason="stop")])

    told = [one["token"] for chunk in chunks for one in (chunk["choices"][0]["logprobs"] or {}).get("content", [])]
    assert told == ["a", "<", " b", "."]


def test_usage_of_several_choices_is_that_of_all(identity, read):
    def choice(index, written):
        usage = {"promptTokens": 3, "completionTokens": written, "totalTokens": 3 + written}
        return {"index": index, "message": {"content": "t"}, "finishReason": "stop", "usage": usage}

    whole = FORMATS["GENERIC"].completion({"chatResponse": {"choices": [choice(0, 2), choice(1, 7)]}}, identity)

    expected = {"prompt_tokens": 3, "completion_tokens": 9, "total_tokens": 12}
    assert whole["usage"] == expected
    assert read("GENERIC", [choice(0, 2), choice(1, 7)])[-1]["usage"] == expected
    (total,) = [{"promptTokens": 1, "completionTokens": 1, "totalTokens": 2}]
    assert read("GENERIC", [choice(0, 2), {"usage": total}])[-1]["usage"]["total_tokens"] == 2


@pytest.mark.parametrize(
    ("tier", "fields"),
    [
        ("PRIORITY", {"service_tier": "priority"}),
        ("DEFAULT", {"service_tier": "default"}),
        ("ON_DEMAND", {"native_service_tier": "on_demand"}),
        (3, {}),
        (None, {}),
    ],
)
def test_a_service_tier_is_openais_or_has_another_name(tier, fields, identity):
    response = response_of("GENERIC", serviceTier=tier)

    whole = FORMATS["GENERIC"].completion({"chatResponse": response}, identity)

    assert {name: value for name, value in whole.items() if "tier" in name} == fields


def test_a_reason_to_finish_on_every_event_is_not_the_end(read, added_up):
    def event(text, reason):
        return {"message": {"content": [{"type": "TEXT", "text": text}]}, "finishReason": reason}

    events = [event("One ", "stop"), event("two ", ""), event("three", "stop")]

    assert added_up(read("GENERIC", events))[0]["content"] == "One two three"


def test_more_choices_or_calls_than_anybody_can_ask_for_are_an_upstream_error(read):
    with pytest.raises(UpstreamError, match="choices"):
        read("GENERIC", [{"index": index, "message": {}} for index in range(200)])
    calls = [{"name": "f", "parameters": {"n": number}} for number in range(10_001)]
    with pytest.raises(UpstreamError, match="tool calls"):
        read("COHERE", [{"toolCalls": calls}])
