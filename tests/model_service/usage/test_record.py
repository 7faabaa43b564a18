"""The usage record: one line for each call, whole, streamed, broken off or refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from model_service.errors import StreamBroken
from model_service.fn.caller import Caller, Origin
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import Complete, Stream
from model_service.routing import resolve
from model_service.service_file.shape import Price, Prices
from model_service.trace import said_by_caller
from model_service.usage.record import UsageRecord, Used
from model_service.usage.tokens import Tokens

USAGE = {"prompt_tokens": 8, "completion_tokens": 13, "prompt_tokens_details": {"cached_tokens": 4}}
PRICES = Prices("EUR", "2026-11-01", {"meta.*": Price(input=1.0, output=2.0, cached_input=0.5)})


def record(settled: list[Used], model: str = "meta.llama-3.3-70b-instruct") -> UsageRecord:
    caller = Caller("ada", "search", "0123456789", labels={"cost_center": "42"})
    route = resolve(model, aliases={})
    return UsageRecord(
        caller, "chat", route, Deadline.after(20), Origin(trigger="http"), PRICES, 30, settle=settled.append
    )


def chunks(*contents: str, usage: Any = None) -> Iterator[dict[str, Any]]:
    for content in contents:
        yield {"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": None}]}
    yield {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage}


def test_a_complete_answer_leaves_its_record_at_once(log_lines: list[dict[str, Any]]) -> None:
    settled: list[Used] = []
    answer = Complete({"choices": [{"finish_reason": "stop"}], "usage": USAGE}, opc_request_id="A/B/C")
    assert record(settled).watch(answer) is answer
    (line,) = log_lines
    assert {name: line[name] for name in ("event", "caller", "team", "key", "labels", "trigger")} == {
        "event": "usage",
        "caller": "ada",
        "team": "search",
        "key": "0123456789",
        "labels": {"cost_center": "42"},
        "trigger": "http",
    }
    assert line["tokens"] == {"input": 8, "output": 13, "cached": 4, "reasoning": 0}
    assert (line["cost"], line["currency"], line["price_date"]) == (pytest.approx(32e-6), "EUR", "2026-11-01")
    assert (line["finish_reason"], line["estimated"], line["error"]) == ("stop", False, None)
    assert settled == [Used(Tokens(8, 13, 4), pytest.approx(32e-6))]


def test_a_stream_leaves_its_record_at_its_end(log_lines: list[dict[str, Any]]) -> None:
    settled: list[Used] = []
    stream = record(settled).watch(Stream(chunks("Hel", "lo", usage=USAGE)))
    assert isinstance(stream, Stream)
    taken = list(stream.chunks)
    assert len(taken) == 3
    (line,) = log_lines
    assert (line["stream"], line["tokens"]["output"], line["estimated"]) == (True, 13, False)
    assert line["first_token_ms"] is not None
    assert len(settled) == 1


def test_a_stream_that_its_reader_leaves_counts_what_is_known_as_an_estimate(log_lines: list[dict[str, Any]]) -> None:
    settled: list[Used] = []
    stream = record(settled).watch(Stream(chunks("four", "four", "four", usage=USAGE)))
    assert isinstance(stream, Stream)
    next(stream.chunks)
    next(stream.chunks)
    stream.chunks.close()  # type: ignore[attr-defined]
    (line,) = log_lines
    assert (line["error"], line["estimated"]) == ("reader_gone", True)
    assert line["tokens"] == {"input": 30, "output": 2, "cached": 0, "reasoning": 0}


def test_a_stream_that_breaks_names_its_error(log_lines: list[dict[str, Any]]) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield {"choices": [{"delta": {"content": "x"}}]}
        raise StreamBroken("gone")

    stream = record([]).watch(Stream(broken()))
    assert isinstance(stream, Stream)
    with pytest.raises(StreamBroken):
        list(stream.chunks)
    assert (log_lines[0]["error"], log_lines[0]["estimated"]) == ("stream_broken", True)


def test_a_call_that_failed_before_its_model_costs_nothing(log_lines: list[dict[str, Any]]) -> None:
    settled: list[Used] = []
    record(settled).finish("rate_limit_exceeded")
    assert settled == [Used(Tokens(), 0.0)]
    (line,) = log_lines
    assert (line["error"], line["tokens"]["input"], line["estimated"]) == ("rate_limit_exceeded", 0, False)


def test_a_model_without_a_price_costs_nobody_knows_what(log_lines: list[dict[str, Any]]) -> None:
    record([], "xai.grok-4.3").watch(Complete({"choices": [], "usage": USAGE}))
    assert (log_lines[0]["cost"], log_lines[0]["currency"], log_lines[0]["price_date"]) == (None, None, None)


@pytest.mark.parametrize(
    "value",
    [
        {"choices": None},
        {"choices": [None, "x", {"delta": None, "finish_reason": 3}, {"delta": {"content": []}}]},
        {"usage": [], "response": "x"},
        {"response": {"usage": {"input_tokens": 3, "output_tokens": 4}}},
        {},
    ],
)
def test_no_shape_of_a_chunk_breaks_what_only_looks_on(value: dict[str, Any], log_lines: list[dict[str, Any]]) -> None:
    stream = record([]).watch(Stream(iter([value])))
    assert isinstance(stream, Stream)
    assert list(stream.chunks) == [value]
    assert len(log_lines) == 1


def test_what_a_caller_says_of_its_call_is_cut_to_a_lines_length() -> None:
    said = said_by_caller({"user": "u" * 1000, "metadata": {f"k{n}": "v" * 500 for n in range(40)}})
    assert len(said["user"]) == 128
    assert len(said["metadata"]) == 16
    assert said_by_caller({"user": 7, "metadata": "x"}) == {}
    assert said_by_caller({}) == {}


@pytest.mark.parametrize(
    ("chunk", "letters"),
    [
        ({"choices": [{"delta": {"content": "four"}}]}, 4),
        ({"choices": [{"delta": {"reasoning_content": "twelve chars"}}]}, 12),
        ({"choices": [{"delta": {"tool_calls": [{"function": {"arguments": '{"a": 1}'}}]}}]}, 8),
        ({"choices": [{"delta": {"refusal": "nono"}}]}, 4),
        ({"type": "response.output_text.delta", "delta": "of Responses"}, 12),
        ({"choices": [{"delta": {"tool_calls": [None, {"function": 7}]}}], "delta": 3}, 0),
    ],
)
def test_whatever_is_paid_for_counts_in_an_estimate(
    chunk: dict[str, Any], letters: int, log_lines: list[dict[str, Any]]
) -> None:
    stream = record([]).watch(Stream(iter([chunk, {}])))
    assert isinstance(stream, Stream)
    next(stream.chunks)
    stream.chunks.close()  # type: ignore[attr-defined]
    assert log_lines[0]["tokens"]["output"] == letters // 4
