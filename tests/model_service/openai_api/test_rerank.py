"""Rerank, from the request of Cohere's and Jina's clients to an answer that both read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.app import App
from model_service.errors import InvalidRequest, UpstreamError
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.openai_api.chat import Complete
from model_service.openai_api.rerank import RerankRequest
from model_service.service import Service

RERANK = "cohere.rerank-v3.5"
PATH = "/20231130/actions/rerankText"
QUERY = "how do functions sleep"
DOCUMENTS = ["cats", "functions sleep", "how do functions sleep", {"text": "functions"}]
BEST_FIRST = [2, 1, 3, 0]


def parse(**fields: Any) -> RerankRequest:
    return RerankRequest.parse({"model": RERANK, "query": QUERY, "documents": DOCUMENTS, **fields})


def rerank(service: Service, **fields: Any) -> dict[str, Any]:
    request = parse(**fields)
    answer = service.call(service.resolve(request), request, Deadline.after(30))
    assert isinstance(answer, Complete)
    return answer.completion


def sent(oci: MockOci) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(oci.requests[-1].body)
    return body


def test_the_answer_has_what_both_clients_read(service: Service) -> None:
    answer = rerank(service)
    assert [result["index"] for result in answer["results"]] == BEST_FIRST
    assert all(0 <= result["relevance_score"] <= 1 for result in answer["results"])
    assert isinstance(answer["id"], str)  # Cohere's client has it in every answer
    assert answer["meta"]["api_version"]["version"] == "2"
    assert answer["model"] == RERANK  # Jina's
    assert answer["usage"]["total_tokens"] == 0


def test_documents_come_back_only_when_asked_for_and_are_not_sent_for_it(service: Service, oci: MockOci) -> None:
    assert "document" not in rerank(service)["results"][0]
    answer = rerank(service, return_documents=True)
    assert [result["document"]["text"] for result in answer["results"]][:2] == [QUERY, "functions sleep"]
    assert "isEcho" not in sent(oci)


def test_the_limits_go_out_under_their_native_names(service: Service, oci: MockOci) -> None:
    answer = rerank(service, top_n=2, max_tokens_per_doc=100, max_chunks_per_doc=3, priority=1, user="u")
    assert [result["index"] for result in answer["results"]] == BEST_FIRST[:2]
    assert sent(oci) == {
        "compartmentId": oci.tenancy.compartment_id,
        "servingMode": {"servingType": "ON_DEMAND", "modelId": RERANK},
        "input": QUERY,
        "documents": ["cats", "functions sleep", "how do functions sleep", "functions"],
        "topN": 2,
        "maxTokensPerDocument": 100,
        "maxChunksPerDocument": 3,
    }


def test_a_dedicated_endpoint_reranks_too(service: Service, oci: MockOci) -> None:
    endpoint = oci.catalogue.add_endpoint("cohere.rerank.v3-5")
    assert rerank(service, model=endpoint)["results"]
    assert sent(oci)["servingMode"] == {"servingType": "DEDICATED", "endpointId": endpoint}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"query": ""}, "query"),
        ({"query": None}, "query"),
        ({"documents": []}, "documents"),
        ({"documents": "one"}, "documents"),
        ({"documents": ["a", 5]}, "documents.1"),
        ({"documents": [{"image": "x"}]}, "documents.0"),
        ({"top_n": 0}, "top_n"),
        ({"top_n": 1.5}, "top_n"),
        ({"max_tokens_per_doc": "9"}, "max_tokens_per_doc"),
        ({"return_documents": "yes"}, "return_documents"),
        ({"rank_fields": ["title"]}, "rank_fields"),
        ({"compartment_id": "mine"}, "compartment_id"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(**fields)
    assert caught.value.param == param


@pytest.mark.parametrize(
    "result",
    [{}, {"documentRanks": None}, {"documentRanks": [{"index": 9}]}, {"documentRanks": [{"index": None}]}],
)
def test_a_ranking_that_makes_no_sense_is_oci_s_fault(service: Service, oci: MockOci, result: Any) -> None:
    oci.script.raw(json.dumps(result).encode(), content_type="application/json", path=PATH)
    with pytest.raises(UpstreamError):
        rerank(service)


@pytest.mark.parametrize("doorway", ["http", "direct", "named"])
def test_every_doorway_takes_a_rerank(environment: dict[str, str], doorway: str) -> None:
    body = {"model": RERANK, "query": QUERY, "documents": DOCUMENTS}
    named = {**body, "operation": "rerank"}
    invocation = {
        "http": Invocation(json.dumps(body).encode(), Deadline.after(30), http=HttpRequest("POST", "/v1/rerank", {})),
        "direct": Invocation(json.dumps(body).encode(), Deadline.after(30)),
        "named": Invocation(json.dumps(named).encode(), Deadline.after(30)),
    }[doorway]
    app = App(environment)
    reply = app.answer(invocation)
    assert [result["index"] for result in json.loads(reply.body)["results"]] == BEST_FIRST
    app.service.close()


def test_a_document_comes_back_with_all_its_fields() -> None:
    request = RerankRequest.parse(
        {"model": "m", "query": "q", "documents": [{"text": "a", "id": 7}, "b"], "return_documents": True}
    )
    assert request.native_request()["documents"] == ["a", "b"]
    ranks = [{"index": 1, "relevanceScore": 1}, {"index": 0, "relevanceScore": 0.5}]
    results = request.answer("m", {"documentRanks": ranks})["results"]
    assert [result["document"] for result in results] == [{"text": "b"}, {"text": "a", "id": 7}]


@pytest.mark.parametrize(
    "rank",
    [
        None,
        "text",
        [0, 0.5],
        {"index": 0},
        {"index": 0, "relevanceScore": None},
        {"index": 0, "relevanceScore": "0.5"},
        {"index": 0, "relevanceScore": float("nan")},
        {"index": True, "relevanceScore": 0.5},
        {"index": "0", "relevanceScore": 0.5},
    ],
)
def test_a_rank_of_the_wrong_type_is_oci_s_fault(rank: Any) -> None:
    request = RerankRequest.parse({"model": "m", "query": "q", "documents": ["a"]})
    with pytest.raises(UpstreamError):
        request.answer("m", {"documentRanks": [rank]})
