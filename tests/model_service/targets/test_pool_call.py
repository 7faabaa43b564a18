"""A call of an alias with several targets: who is asked, how often, and what the caller sees."""

from __future__ import annotations

import pytest
from tests.model_service.targets.conftest import CHICAGO, FRANKFURT, LONDON, Open, ask, target_of, text_of

from mock_oci import MockOci

STORY = f"openai.gpt-5@{CHICAGO}: 503 upstream_error, openai.gpt-5@{FRANKFURT}: 429 rate_limit_exceeded"


@pytest.mark.parametrize("stream", [False, True])
def test_the_first_target_answers_and_says_so(opened: Open, stream: bool) -> None:
    answer = ask(opened(), stream=stream)
    assert "openai.gpt-5" in text_of(answer)
    assert target_of(answer) == f"openai.gpt-5@{CHICAGO}"
    assert answer.headers["x-model-service-attempts"] == "1"
    assert "x-model-service-failed" not in answer.headers


@pytest.mark.parametrize("stream", [False, True])
def test_the_next_answers_where_one_fails(opened: Open, oci: MockOci, stream: bool) -> None:
    oci.script.error(503, region=CHICAGO)
    oci.script.error(429, region=FRANKFURT)
    answer = ask(opened(), stream=stream)
    text_of(answer)
    assert target_of(answer) == f"openai.gpt-5@{LONDON}"
    assert answer.headers["x-model-service-attempts"] == "3"
    assert answer.headers["x-model-service-failed"] == STORY
    assert len(oci.charges) == 1
