from __future__ import annotations

import json
from typing import Any

import pytest

from model_service.openai_api.accumulator import ChunkAccumulator
from model_service.openai_api.chat import chunk_of
from model_service.openai_api.encoding import write_json


def gathered(*chunks: dict[str, Any]) -> dict[str, Any]:
    whole = ChunkAccumulator()
    for chunk in chunks:
        whole.add(chunk)
    return whole.completion()


def chunk(*choices: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": list(choices), **more}


def delta(index: int = 0, finish_reason: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"index": index, "delta": fields, "finish_reason": finish_reason}


def test_texts_are_joined_and_what_is_said_once_stays() -> None:
    answer = gathered(
        chunk(delta(role="assistant", content="")),
        chunk(delta(content="Hel"), service_tier="auto"),
        chunk(delta(content="lo", reasoning_content="because")),
        chunk(delta(finish_reason="stop")),
        chunk(usage={"total_tokens": 3}),
    )
    assert answer == {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "service_tier": "auto",
        "usage": {"total_tokens": 3},
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "reasoning_content": "because"},
                "finish_reason": "stop",
            }
        ],
    }


def test_tool_calls_are_put_together_by_their_index() -> None:
    answer = gathered(
        chunk(
            delta(tool_calls=[{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}])
        ),
        chunk(
            delta(
                tool_calls=[{"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}}]
            )
        ),
        chunk(delta(tool_calls=[{"index": 0, "function": {"name": "", "arguments": '{"x":'}}])),
        chunk(delta(tool_calls=[{"index": 0, "function": {"arguments": "1}"}}], finish_reason="tool_calls")),
    )
    assert answer["choices"][0]["message"]["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]


def test_several_choices_stay_apart_and_their_log_probabilities_add_up() -> None:
    answer = gathered(
        chunk(delta(1, content="b"), delta(0, content="a")),
        chunk({**delta(1, content="B"), "logprobs": {"content": [{"token": "B"}]}}),
        chunk({**delta(1, finish_reason="stop"), "logprobs": {"content": [{"token": "."}]}}),
    )
    assert [choice["message"]["content"] for choice in answer["choices"]] == ["a", "bB"]
    assert answer["choices"][1]["logprobs"] == {"content": [{"token": "B"}, {"token": "."}]}


def test_a_choice_that_was_cut_off_has_the_finish_reason_length() -> None:
    assert gathered(chunk(delta(content="a")))["choices"][0]["finish_reason"] == "length"


def test_a_complete_answer_as_one_chunk_comes_back_as_it_was() -> None:
    completion = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "usage": None,
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "x",
                    "tool_calls": [{"id": "a", "function": {"arguments": "{}"}}],
                },
                "finish_reason": "stop",
            }
        ],
    }
    assert gathered(chunk_of(completion)) == completion


def test_nulls_where_there_could_be_objects_do_no_harm() -> None:
    nothing = {"index": 0, "delta": None, "finish_reason": None}
    assert gathered(chunk(nothing), chunk(nothing))["choices"][0]["message"] == {"role": "assistant", "content": None}
    assert gathered(chunk(nothing), chunk(delta(content="a")))["choices"][0]["message"]["content"] == "a"


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"choices": None},
        {"choices": "text"},
        {"choices": {"index": 0}},
        {"choices": ["text", None, 1]},
        {"choices": [{"index": "0", "delta": {}}]},
        {"choices": [{"index": None, "delta": "text"}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": ["text", None]}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": "text"}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": {"a": 1}}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": [1], "function": None}]}}]},
        {"choices": [{"index": 0, "delta": {"content": {"a": 1}}}], "usage": [1]},
    ],
)
def test_a_chunk_of_any_shape_breaks_nothing(odd: dict[str, Any]) -> None:
    assert json.loads(write_json(gathered(chunk(delta(content="a")), odd, chunk(delta(finish_reason="stop")))))
    assert json.loads(write_json(gathered(odd)))
