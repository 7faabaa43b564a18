"""Spans of model calls: in the caller's trace, with OpenTelemetry's names, and never a caller's trouble."""

from __future__ import annotations

from typing import Any

import pytest

from model_service.fn.caller import Origin
from model_service.fn.invocation import Deadline
from model_service.usage.spans import Spans, TraceParent, trace_parent

LINE = {
    "operation": "chat",
    "model": "meta.llama",
    "stream": True,
    "tokens": {"input": 8, "output": 13, "cached": 0, "reasoning": 0},
    "total_ms": 100.0,
    "first_token_ms": 20.0,
    "finish_reason": "stop",
    "error": None,
    "team": "search",
    "caller": None,
    "cost": None,
}
W3C = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
B3 = {"x-b3-traceid": "aaaaaaaaaaaaaaaa", "x-b3-spanid": "bbbbbbbbbbbbbbbb", "x-b3-sampled": "1"}


@pytest.mark.parametrize(
    ("headers", "client", "parent"),
    [
        (B3, {}, TraceParent("aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb")),
        (B3, {"traceparent": W3C}, TraceParent("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")),
        (B3, {"traceparent": W3C[:-1] + "0"}, TraceParent("aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb")),
        (B3, {"traceparent": "00-x"}, TraceParent("aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb")),
        ({**B3, "x-b3-sampled": "0"}, {}, None),
        ({**B3, "x-b3-traceid": "a\r\nb"}, {}, None),
        ({}, {}, None),
    ],
)
def test_a_span_belongs_to_its_callers_trace(headers: Any, client: Any, parent: TraceParent | None) -> None:
    assert trace_parent(headers, client) == parent


def test_a_span_says_what_a_call_was_in_the_words_of_the_field() -> None:
    sent: list[Any] = []
    spans = Spans("app::model-service", lambda batch, _: sent.extend(batch), lambda: 1_000.0)
    spans.add(LINE, Origin(platform_headers={"x-b3-traceid": "a" * 32, "x-b3-spanid": "b" * 16}), Deadline.after(20))
    (span,) = sent
    assert len(span.pop("id")) == 16
    assert span == {
        "traceId": "a" * 32,
        "parentId": "b" * 16,
        "kind": "CLIENT",
        "name": "chat meta.llama",
        "timestamp": 999_900_000,
        "duration": 100_000,
        "localEndpoint": {"serviceName": "app::model-service"},
        "tags": {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "oracle_cloud.generative_ai",
            "gen_ai.request.model": "meta.llama",
            "gen_ai.request.stream": "true",
            "gen_ai.response.finish_reasons": "stop",
            "gen_ai.response.time_to_first_chunk": "0.02",
            "gen_ai.usage.input_tokens": "8",
            "gen_ai.usage.output_tokens": "13",
            "gen_ai.usage.cache_read.input_tokens": "0",
            "gen_ai.usage.reasoning.output_tokens": "0",
            "model_service.team": "search",
        },
    }


@pytest.mark.parametrize("error", [OSError("https://collector/secret-key"), ValueError("no")])
def test_a_collector_that_fails_is_no_callers_trouble(error: Exception) -> None:
    def post(_batch: Any, _seconds: float) -> None:
        raise error

    Spans("s", post).add(LINE, Origin(platform_headers=B3), Deadline.after(20))
    Spans("s", post).add(LINE, Origin(), Deadline.after(20))
