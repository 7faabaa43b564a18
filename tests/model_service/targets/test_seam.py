"""A stream that breaks goes on from another target where the file allows it and the client can take it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.model_service.targets.conftest import CHICAGO, FRANKFURT, MODELS, Open, ask

from mock_oci import MockOci
from model_service.errors import ModelServiceError
from model_service.openai_api.chat import Stream

GPT = MODELS[0]


def alias(**options: Any) -> dict[str, Any]:
    targets = [{"model": GPT, "region": region} for region in (CHICAGO, FRANKFURT)]
    return {"targets": targets, "continue_streams": True, **options}


@pytest.fixture
def broken(oci: MockOci) -> MockOci:
    oci.script.chat(["One ", "two ", "three ", "four"], region=CHICAGO, cut_after=3)
    oci.script.chat(["three ", "four"], region=FRANKFURT)
    return oci


def test_it_goes_on_with_a_marked_seam(opened: Open, broken: MockOci) -> None:
    answer = ask(opened(alias()), stream=True, on_break="continue")
    assert isinstance(answer, Stream)
    chunks = list(answer.chunks)
    text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    assert text == "One two three four"
    (seam,) = [chunk for chunk in chunks if "model_service" in chunk]
    assert seam["choices"] == []
    assert seam["model_service"] == {
        "seam": {"from": f"{GPT}@{CHICAGO}", "to": f"{GPT}@{FRANKFURT}", "error": "connection_lost"}
    }
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    said = json.loads(broken.requests[1].body)["messages"]
    assert [message["role"] for message in said] == ["user", "assistant", "user"]
    assert said[1]["content"] == "One two "


def test_each_part_is_on_the_account_of_its_target(
    opened: Open, broken: MockOci, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="model_service"):
        answer = ask(opened(alias()), stream=True, on_break="continue")
        assert isinstance(answer, Stream)
        list(answer.chunks)
    lines = [json.loads(record.message) for record in caplog.records]
    usage = [line for line in lines if line["event"] == "usage"]
    assert [(line["target"], line["error"], line["estimated"]) for line in usage] == [
        (f"{GPT}@{CHICAGO}", "connection_lost", True),
        (f"{GPT}@{FRANKFURT}", None, False),
    ]


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({}, {}),
        ({}, {"on_break": "error"}),
        ({"continue_streams": False}, {"on_break": "continue"}),
        ({}, {"on_break": "continue", "response_format": {"type": "json_object"}}),
        ({}, {"on_break": "continue", "n": 2}),
    ],
)
def test_without_the_word_of_both_it_ends_with_its_error(
    opened: Open, broken: MockOci, options: dict[str, Any], body: dict[str, Any]
) -> None:
    answer = ask(opened(alias(**options)), stream=True, **body)
    assert isinstance(answer, Stream)
    with pytest.raises(ModelServiceError) as failed:
        list(answer.chunks)
    assert failed.value.code == "connection_lost"
    assert len(broken.calls) == 1


def test_where_nobody_can_go_on_it_ends_with_its_own_error(opened: Open, oci: MockOci) -> None:
    oci.script.chat(["One ", "two ", "three"], region=CHICAGO, cut_after=3)
    oci.script.error(503, region=FRANKFURT, times=9)
    answer = ask(opened(alias()), stream=True, on_break="continue")
    assert isinstance(answer, Stream)
    with pytest.raises(ModelServiceError) as failed:
        list(answer.chunks)
    assert failed.value.code == "connection_lost"
