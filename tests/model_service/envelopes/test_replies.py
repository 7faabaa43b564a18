"""What an answer says beside its body."""

from __future__ import annotations

import pytest

from model_service.envelopes.replies import reply_with
from model_service.openai_api.chat import Answer, Complete, Stream


@pytest.mark.parametrize(
    "answer",
    [Complete({"choices": []}, dropped=("temperature", "stop")), Stream(iter([]), dropped=("temperature", "stop"))],
)
def test_what_was_left_out_of_a_request_is_named_in_a_header(answer: Answer) -> None:
    assert reply_with(answer, "sse").headers["x-model-service-dropped"] == "temperature, stop"


def test_where_nothing_was_left_out_no_header_says_so() -> None:
    assert "x-model-service-dropped" not in reply_with(Complete({"choices": []}), "sse").headers
