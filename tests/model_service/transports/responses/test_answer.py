"""Responses become chat completions that OpenAI's client takes, or errors that say what the response said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from model_service.errors import UpstreamError, UpstreamRefused, UpstreamThrottled
from model_service.transports.responses.answer import completion_of

Load = Callable[[str], dict[str, Any]]


@pytest.mark.parametrize("name", ["text", "calls", "refusal"])
def test_what_goes_in_and_what_comes_out_is_what_openais_client_takes(response: Load, name: str) -> None:
    Response.model_validate(response(name))
    ChatCompletion.model_validate(completion_of(response(name), stored=True))


def test_a_text_answer(response: Load) -> None:
    cited = {"start_index": 0, "end_index": 5, "title": "Hello", "url": "https://example.com"}
    assert completion_of(response("text"), stored=True) == {
        "id": "resp_ord_0c9a4d1e",
        "object": "chat.completion",
        "created": 1763850000,
        "model": "openai.gpt-5.5-pro",
        "service_tier": "default",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "Hello, wörld!",
                    "refusal": None,
                    "reasoning_content": "**Greeting**\n\nThe user says hello.",
                    "annotations": [{"type": "url_citation", "url_citation": cited}],
                },
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 11,
            "prompt_tokens_details": {"cache_write_tokens": 0, "cached_tokens": 4},
            "completion_tokens": 27,
            "completion_tokens_details": {"reasoning_tokens": 20},
            "total_tokens": 38,
            "num_sources_used": 0,
        },
        "provider_state": {"previous_response_id": "resp_ord_0c9a4d1e"},
    }


def test_calls_have_the_call_id_that_their_result_must_quote(response: Load) -> None:
    choice = completion_of(response("calls"), stored=True)["choices"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", None)
    assert choice["message"]["tool_calls"] == [
        {"id": "call_paris", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}},
        {"id": "call_oslo", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}},
    ]


def test_a_refusal_is_no_content(response: Load) -> None:
    choice = completion_of(response("refusal"), stored=True)["choices"][0]
    assert (choice["message"]["refusal"], choice["message"]["content"]) == ("I cannot help with that.", None)
    assert choice["finish_reason"] == "stop"


def test_an_answer_that_is_not_stored_cannot_be_continued(response: Load) -> None:
    assert "provider_state" not in completion_of(response("text"), stored=False)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ({"reason": "max_output_tokens"}, "length"),
        ({"reason": "content_filter"}, "content_filter"),
        ({"reason": "steered"}, "length"),
        (None, "length"),
    ],
)
def test_an_incomplete_answer_is_what_it_is(response: Load, reason: Any, expected: str) -> None:
    cut = response("calls") | {"status": "incomplete", "incomplete_details": reason}
    assert completion_of(cut, stored=True)["choices"][0]["finish_reason"] == expected


def test_reasoning_that_ate_the_budget_leaves_an_empty_text(response: Load) -> None:
    cut = response("text") | {"status": "incomplete", "output": response("text")["output"][:1]}
    assert completion_of(cut, stored=True)["choices"][0]["message"]["content"] == ""


def test_logprobs_are_those_of_chat(response: Load) -> None:
    token = {"token": "Hello", "logprob": -0.1, "bytes": [72], "top_logprobs": []}
    answer = response("text")
    answer["output"][1]["content"][0]["logprobs"] = [token]
    assert completion_of(answer, stored=True)["choices"][0]["logprobs"] == {"content": [token], "refusal": None}


def test_reasoning_in_full_is_reasoning_too() -> None:
    item = {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]}
    message = completion_of({"id": "r", "status": "completed", "output": [item]}, stored=True)["choices"][0]["message"]
    assert message["reasoning_content"] == "Hm."


def test_usage_without_a_total_gets_one() -> None:
    answer = {"output": [], "status": "completed", "usage": {"input_tokens": 2, "output_tokens": 3}}
    assert completion_of(answer, stored=True)["usage"]["total_tokens"] == 5


def test_what_chat_has_no_place_for_is_left_out() -> None:
    output = [
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        None,
        {"type": "message", "content": None},
        {"type": "message", "content": [None, {"type": "output_text", "text": "Hi", "annotations": None}]},
    ]
    message = completion_of({"status": "completed", "output": output}, stored=True)["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "Hi", "refusal": None}


@pytest.mark.parametrize(
    ("code", "kind", "status"),
    [
        ("server_error", UpstreamError, 502),
        ("something_new", UpstreamError, 502),
        ("rate_limit_exceeded", UpstreamThrottled, 429),
        ("invalid_image_url", UpstreamRefused, 400),
    ],
)
def test_a_failed_response_is_an_error_with_its_own_words(code: str, kind: type[UpstreamError], status: int) -> None:
    failed = {"id": "r", "status": "failed", "output": [], "error": {"code": code, "message": "It broke."}}
    with pytest.raises(UpstreamError, match="It broke") as error:
        completion_of(failed, stored=True)
    assert (type(error.value), error.value.code, error.value.status) == (kind, code, status)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"choices": []},
        {"status": "failed", "error": None},
        {"error": {"message": "no"}},
        {"status": "queued", "output": []},
        {"status": "in_progress", "output": []},
        {"status": "cancelled", "output": []},
    ],
)
def test_what_is_no_answer_is_never_taken_for_one(value: Any) -> None:
    with pytest.raises(UpstreamError):
        completion_of(value, stored=True)
