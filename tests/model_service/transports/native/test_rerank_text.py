"""A ranking that could not be delivered is not paid for: how large it gets at least is known before."""

from __future__ import annotations

from typing import Any

import pytest

from mock_oci import MockOci
from model_service.errors import AnswerTooLarge
from model_service.fn.caller import Origin
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import Complete
from model_service.openai_api.encoding import write_json
from model_service.openai_api.rerank import RerankRequest
from model_service.service import Service

PLACES = [{"text": "A café"}, "a place"]


def rank(service: Service, **fields: Any) -> Complete:
    request = RerankRequest.parse({"model": "cohere.rerank-v4.0-fast", "query": "a place", **fields})
    answer = service.call(service.resolve(request), request, Deadline.after(30), Origin(trigger="http", has_reply=True))
    assert isinstance(answer, Complete)
    return answer


@pytest.mark.parametrize(
    "fields",
    [
        {"documents": ["x" * 30_000] * 201, "return_documents": True},
        {"documents": ["x" * 30_000] * 201, "return_documents": True, "top_n": 201},
        {"documents": ["x"] * 200_000},
    ],
)
def test_a_ranking_that_cannot_be_delivered_is_not_asked_for(
    service: Service, oci: MockOci, fields: dict[str, Any]
) -> None:
    with pytest.raises(AnswerTooLarge):
        rank(service, **fields)
    assert not oci.requests


@pytest.mark.parametrize("more", [{}, {"return_documents": True}, {"return_documents": True, "top_n": 1}])
def test_a_ranking_is_no_smaller_than_it_was_said_to_be(service: Service, more: dict[str, Any]) -> None:
    request = RerankRequest.parse({"model": "m", "query": "a", "documents": PLACES, **more})
    assert request.min_answer_bytes <= len(write_json(rank(service, documents=PLACES, **more).completion))
