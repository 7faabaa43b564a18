from __future__ import annotations

from collections.abc import Callable
from typing import Any

import oci.generative_ai_inference.models as m
import pytest

from mock_oci import MockOci, Response

RERANK = "cohere.rerank-v4.0-fast"
DOCUMENTS = ["Bananas are yellow", "Paris is the capital of France", "The capital of Norway is Oslo"]
Ask = Callable[..., Response]
Read = Callable[[Response], Any]
Refused = Callable[..., str]


@pytest.fixture
def rerank(act: Ask) -> Ask:
    """Asks for the capital of France, among three documents; keywords become the body's fields."""
    asked = {"input": "What is the capital of France?", "documents": DOCUMENTS}
    return lambda model=RERANK, **fields: act("rerankText", model, **{**asked, **fields})


def test_the_sdk_reads_the_ranks(live: MockOci, sdk: Any) -> None:
    details = m.RerankTextDetails(
        input="capital of France",
        documents=DOCUMENTS,
        serving_mode=m.OnDemandServingMode(model_id=RERANK),
        compartment_id=live.tenancy.compartment_id,
        is_echo=True,
        top_n=1,
    )
    ranks = sdk.rerank_text(details).data.document_ranks
    assert [(rank.index, rank.document.text) for rank in ranks] == [(1, DOCUMENTS[1])]


def test_the_best_document_is_the_first_and_scores_are_between_0_and_1(rerank: Ask, said: Read) -> None:
    ranks = said(rerank())["documentRanks"]
    scores = [rank["relevanceScore"] for rank in ranks]
    assert [rank["index"] for rank in ranks] == [1, 2, 0]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert not any("document" in rank for rank in ranks)


def test_equal_documents_keep_their_order(rerank: Ask, said: Read) -> None:
    assert [rank["index"] for rank in said(rerank(documents=["x", "x", "x"], topN=2))["documentRanks"]] == [0, 1]


def test_the_same_request_gives_the_same_scores(rerank: Ask, said: Read) -> None:
    assert said(rerank())["documentRanks"] == said(rerank())["documentRanks"]


def test_a_query_without_words_finds_nothing_relevant(rerank: Ask, said: Read) -> None:
    assert {rank["relevanceScore"] for rank in said(rerank(input="?!"))["documentRanks"]} == {0.0}


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"documents": []}, "documents is empty"),
        ({"documents": [{"text": "x"}]}, "documents[0] is not a string"),
        ({"input": None}, "input is missing"),
        ({"topN": 0}, "topN"),
        ({"query": "x"}, "query is not known"),
    ],
)
def test_a_request_of_the_wrong_shape_is_refused(rerank: Ask, refused: Refused, fields: Any, where: str) -> None:
    assert where in refused(rerank(**fields))


def test_rerank_3_5_by_its_older_name_is_dedicated(rerank: Ask, oci: MockOci, said: Read) -> None:
    assert rerank("cohere.rerank.v3-5").status == 404
    endpoint = oci.catalogue.add_endpoint("cohere.rerank.v3-5")
    assert said(rerank(endpoint))["modelId"] == "cohere.rerank.v3-5"
