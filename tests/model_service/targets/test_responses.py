"""A response that is asked as a chat finds its target as a chat does."""

from __future__ import annotations

import pytest
from tests.model_service.targets.conftest import CHICAGO, FRANKFURT, Open, target_of

from mock_oci import MockOci
from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import Complete
from model_service.openai_api.operations import responses_request


@pytest.mark.parametrize("stream", [False, True])
def test_it_is_tried_elsewhere_too(opened: Open, oci: MockOci, stream: bool) -> None:
    oci.script.error(503, region=CHICAGO)
    targets = [
        {"model": "meta.llama-3.3-70b-instruct", "region": CHICAGO},
        {"model": "cohere.command-a-03-2025", "region": FRANKFURT},
    ]
    service = opened({"targets": targets})
    request = responses_request({"model": "prod", "input": "Why?", "stream": stream})
    answer = service.call(service.resolve(request), request, Deadline.after(20))
    response = answer.completion if isinstance(answer, Complete) else list(answer.chunks)[-1]["response"]
    assert response["output"][0]["content"][0]["text"]
    assert target_of(answer) == f"cohere.command-a-03-2025@{FRANKFURT}"
    assert len(oci.charges) == 1


def test_of_an_alias_it_is_not_relayed(opened: Open) -> None:
    service = opened()
    request = responses_request({"model": "prod", "input": "Why?", "relay": {"queue": "q", "channel": "c"}})
    with pytest.raises(InvalidRequest) as caught:
        service.call(service.resolve(request), request, Deadline.after(20))
    assert caught.value.param == "relay"
