"""Responses become chat completions that OpenAI's client takes, or errors that say what the response said."""

from __future__ import annotations

import json
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
                    "response_annotations": [
                        {"type": "file_citation", "file_id": "file-1", "filename": "a.txt", "index": 3}
                    ],
                    "response_items": response("text")["output"][:1],
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
        ({"reason": 1}, "length"),
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


def test_what_is_none_of_an_item_or_of_a_part_is_passed_over() -> None:
    output = [
        None,
        {"type": "message", "content": None},
        {"type": "message", "content": [None, {"type": "output_text", "text": "Hi", "annotations": None}]},
        {"type": "message", "content": [{"type": "output_text", "text": 1, "annotations": [1], "logprobs": [1]}]},
        {"type": "reasoning", "summary": [1, {"text": None}], "content": "x"},
    ]
    message = completion_of({"status": "completed", "output": output}, stored=True)["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "Hi", "refusal": None}


def text(said: str, *annotations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": said, "annotations": list(annotations), **more}


def message(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "id": "msg", "role": "assistant", "status": "completed", "content": list(parts)}


def answer(*output: Any, **more: Any) -> dict[str, Any]:
    response = {"id": "r", "created_at": 1, "model": "m", "status": "completed", "output": list(output), **more}
    completion = completion_of(response, stored=True)
    ChatCompletion.model_validate_json(json.dumps(completion), strict=True)
    return completion


EXTRA = [
    {"type": "mcp_approval_request", "id": "mcpr_1", "name": "n", "server_label": "s", "arguments": "{}"},
    {"type": "shell_call", "id": "sh_1", "call_id": "c", "action": {"commands": ["ls"]}, "status": "completed"},
    {"type": "local_shell_call", "id": "sh_2", "call_id": "c", "action": {"type": "exec", "command": ["ls"]}},
    {"type": "apply_patch_call", "id": "p_1", "call_id": "c", "operation": {"type": "delete_file", "path": "a"}},
    {"type": "computer_call", "id": "cu_1", "call_id": "c", "action": {"type": "screenshot"}, "status": "completed"},
    {"type": "image_generation_call", "id": "ig_1", "result": "iVBORw0KGgo=", "status": "completed"},
    {"type": "file_search_call", "id": "fs_1", "queries": ["q"], "results": [{"file_id": "f", "text": "t"}]},
    {"type": "code_interpreter_call", "id": "ci_1", "code": "1", "outputs": [{"type": "logs", "logs": "l"}]},
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
    {"type": "mcp_call", "id": "mc_1", "name": "n", "server_label": "s", "arguments": "{}", "output": "o"},
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"},
    {"type": "something_of_tomorrow", "id": "x_1"},
    {"type": "function_call", "id": "fc_1", "arguments": "{}"},
]


@pytest.mark.parametrize("item", EXTRA, ids=lambda item: item["type"])
def test_an_item_that_chat_has_no_place_for_is_part_of_the_message_as_it_is(item: dict[str, Any]) -> None:
    choice = answer(item, message(text("Hi")))["choices"][0]
    assert choice["message"]["response_items"] == [item]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("Hi", "stop")


def test_a_call_of_a_custom_tool_is_a_tool_call() -> None:
    choice = answer({"type": "custom_tool_call", "id": "ct", "call_id": "c", "name": "f", "input": "x"})["choices"][0]
    assert choice["message"]["tool_calls"] == [{"id": "c", "type": "custom", "custom": {"name": "f", "input": "x"}}]
    assert choice["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("arguments", [None, "", {}])
def test_a_call_without_arguments_has_an_empty_object_of_them(arguments: Any) -> None:
    item = {"type": "function_call", "call_id": "c", "name": "f", "arguments": arguments}
    assert answer(item)["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_annotations_count_in_the_joined_text() -> None:
    def cited(start: int, end: int) -> dict[str, Any]:
        return {"type": "url_citation", "start_index": start, "end_index": end, "title": "t", "url": "u"}

    file = {"type": "container_file_citation", "file_id": "f", "container_id": "c", "start_index": 0, "end_index": 2}
    path = {"type": "file_path", "file_id": "f", "index": 1}
    said = answer(
        message(text("Ümläut. ", cited(0, 6)), text("Two. ", cited(0, 3))), message(text("Three", file, path))
    )
    found = said["choices"][0]["message"]
    places = [(note["url_citation"]["start_index"], note["url_citation"]["end_index"]) for note in found["annotations"]]
    assert [found["content"][start:end] for start, end in places] == ["Ümläut", "Two"]
    moved, unmoved = found["response_annotations"]
    assert (found["content"][moved["start_index"] : moved["end_index"]], unmoved) == ("Th", path)


def test_metadata_and_moderation_are_told() -> None:
    error = {"type": "error", "code": "c", "message": "m"}
    said = answer(message(text("x")), metadata={"k": "v"}, moderation={"input": error, "output": error})
    assert (said["metadata"], said["moderation"]["input"]) == ({"k": "v"}, error)


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"total_tokens": 7}, (0, 0, 7)),
        ({"input_tokens": None, "output_tokens": 3, "total_tokens": 3}, (0, 3, 3)),
        ({"input_tokens": "2", "output_tokens": 3.5, "input_tokens_details": {"cached_tokens": "1"}}, (0, 0, 0)),
        ({"input_tokens": 2, "output_tokens": 3, "output_tokens_details": [1]}, (2, 3, 5)),
    ],
)
def test_usage_has_the_counts_that_openai_requires(usage: dict[str, Any], counts: tuple[int, int, int]) -> None:
    told = answer(message(text("x")), usage=usage)["usage"]
    assert (told["prompt_tokens"], told["completion_tokens"], told["total_tokens"]) == counts


@pytest.mark.parametrize(
    ("tier", "told"), [("priority", "priority"), ("DEFAULT", "default"), ("ON_DEMAND", None), (1, None)]
)
def test_a_tier_is_one_of_openai_s_or_not_told(tier: Any, told: str | None) -> None:
    assert answer(message(text("x")), service_tier=tier).get("service_tier") == told


@pytest.mark.parametrize("created", ["now", None, float("inf"), [1]])
def test_a_date_that_is_none_is_not_told(created: Any) -> None:
    assert answer(message(text("x")), created_at=created)["created"] == 0


def test_log_probabilities_have_the_fields_that_chat_requires() -> None:
    token = {"token": "x", "logprob": -1.0, "top_logprobs": [{"token": "y", "logprob": -2.0}]}
    said = answer(message(text("x", logprobs=[token, {"token": "z", "logprob": -1.0}])))
    tokens = said["choices"][0]["logprobs"]["content"]
    assert [len(one["top_logprobs"]) for one in tokens] == [1, 0]


@pytest.mark.parametrize("reason", ["safety", "RECITATION", "prohibited_content"])
def test_a_provider_s_own_words_for_a_filter_are_openai_s(reason: str) -> None:
    cut = {"status": "incomplete", "output": [], "incomplete_details": {"reason": reason}}
    assert completion_of(cut, stored=True)["choices"][0]["finish_reason"] == "content_filter"


@pytest.mark.parametrize(
    "error", [{"message": "Busy", "code": 429}, {"code": "rate_limit_exceeded", "message": "Busy"}]
)
def test_an_error_in_the_place_of_a_response_is_what_it_says(error: dict[str, Any]) -> None:
    with pytest.raises(UpstreamThrottled, match=r"^Busy$"):
        completion_of({"error": error}, stored=True)


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
