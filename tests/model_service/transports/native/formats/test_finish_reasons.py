"""Why a model stopped."""

from __future__ import annotations

import pytest

from model_service.transports.native.formats.openai_answers import finish_reason_of

CASES = [
    ("stop", "stop"),
    ("STOP", "stop"),
    ("length", "length"),
    ("max_tokens", "length"),
    ("MAX_TOKENS", "length"),
    ("tool_calls", "tool_calls"),
    ("TOOL_CALL", "tool_calls"),
    ("content_filter", "content_filter"),
    ("COMPLETE", "stop"),
    ("STOP_SEQUENCE", "stop"),
    ("ERROR_TOXIC", "content_filter"),
    ("SAFETY", "content_filter"),
    ("RECITATION", "content_filter"),
    ("PROHIBITED_CONTENT", "content_filter"),
    ("Brand_New", "stop"),
    (None, "stop"),
]


@pytest.mark.parametrize(("native", "expected"), CASES)
def test_a_native_reason_is_openais(native, expected):
    assert finish_reason_of(native, called_tools=False) == expected


@pytest.mark.parametrize(("native", "expected"), CASES)
def test_only_a_plain_stop_becomes_tool_calls(native, expected):
    assert finish_reason_of(native, called_tools=True) == ("tool_calls" if expected == "stop" else expected)
