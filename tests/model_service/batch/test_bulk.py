"""Embeddings of one task share calls: each record has its own part, and nobody pays for another's fault."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.model_service.batch.conftest import Place, tasks_with

from model_service.batch.bulk import Group, may_share
from model_service.batch.record import Record
from model_service.errors import UpstreamError
from model_service.openai_api.chat import ChatRequest, Complete
from model_service.openai_api.embeddings import EmbeddingsRequest

EMBED = "/20231130/actions/embedText"
TASK: dict[str, Any] = {
    "name": "vectors",
    "request": {"model": "cohere.embed-v4.0", "input": ["{{ value.text }}"], "input_type": "search_document"},
    "sink": "results",
}


def text(number: int, words: str = "") -> Record:
    content = json.dumps({"text": words or f"text number {number}"}).encode()
    return Record("streaming", f"streaming/texts/0/{number:05}-1", content, {"stream": "texts"})


def inputs_of(place: Place) -> list[list[str]]:
    return [json.loads(request.body)["inputs"] for request in place.oci.requests if request.path == EMBED]


def test_records_of_one_task_share_calls_and_have_their_own_vectors(place: Place) -> None:
    records = [text(number) for number in range(200)]
    assert place.run(place.container(tasks_with(TASK), concurrency=4), *records)["delivered"] == 200
    calls = inputs_of(place)
    assert len(calls) <= 6
    assert max(map(len, calls)) == 96
    assert sorted(one for call in calls for one in call) == sorted(f"text number {number}" for number in range(200))
    alone = place.container(tasks_with({**TASK, "name": "alone"}), concurrency=1)
    place.storage.delete("results", f"results/{text(7).id}.json")
    results = place.objects("results")
    place.run(alone, text(7))
    again = place.objects("results")[text(7).id]["response"]["data"]
    assert again[0]["index"] == 0
    assert {tuple(one["response"]["data"][0]["embedding"]) for one in results.values()}.isdisjoint(
        {tuple(again[0]["embedding"])}
    )


def test_what_together_is_refused_is_asked_one_by_one(place: Place) -> None:
    place.oci.script.error(400, path=EMBED, containing="too long", times=100)
    records = [text(number) for number in range(10)] + [text(10, "too long")]
    summary = place.run(place.container(tasks_with(TASK), concurrency=2), *records)
    assert (summary["delivered"], summary["dead_letters"]) == (10, 1)
    assert list(place.objects("failed")) == [text(10).id]


def test_the_usage_of_a_call_is_shared_out(place: Place) -> None:
    records = [text(number, "word " * (number + 1)) for number in range(20)]
    summary = place.run(place.container(tasks_with(TASK), concurrency=1), *records)
    assert len(inputs_of(place)) == 1
    usages = [result["usage"] for result in place.objects("results").values()]
    assert sum(usage["total_tokens"] for usage in usages) == summary["usage"]["total_tokens"]
    assert len({usage["total_tokens"] for usage in usages}) > 5


def test_records_of_other_tasks_and_what_is_done_go_their_own_way(place: Place) -> None:
    tasks = tasks_with({**TASK, "match": {"stream": "texts"}}, {**TASK, "name": "others"})
    other = Record("queue", "queue/1", b'{"text": "another"}')
    unreadable = Record("streaming", "streaming/texts/0/9", b"\xff", {"stream": "texts"})
    records = [text(0), other, text(1), unreadable, text(2)]
    container = place.container(tasks, concurrency=1)
    assert place.run(container, text(1))["delivered"] == 1
    summary = place.run(container, *records)
    assert (summary["delivered"], summary["repeated"], summary["dead_letters"]) == (3, 1, 1)
    assert sorted(map(len, inputs_of(place))) == [1, 1, 2]


def request(*inputs: Any, **more: Any) -> EmbeddingsRequest:
    return EmbeddingsRequest.parse({"model": "cohere.embed-v4.0", "input": list(inputs), **more})


def test_what_may_not_share_a_call() -> None:
    assert may_share(request("a"))
    assert not may_share(request(*("a" * 96)))
    assert not may_share(ChatRequest.parse({"model": "m", "messages": [{"role": "user", "content": "x"}]}))


class Companion:
    is_alone = False


@pytest.mark.parametrize("more", [{"dimensions": 256}, {"input_type": "search_query"}, {"encoding_format": "base64"}])
def test_only_requests_that_are_alike_share_a_call(more: dict[str, Any]) -> None:
    group = Group(request("a"))
    assert group.add(Companion(), request("b"))  # type: ignore[arg-type]
    assert not group.add(Companion(), request("c", **more))  # type: ignore[arg-type]
    assert not group.add(Companion(), request(*("d" * 95)))  # type: ignore[arg-type]
    assert [one.value for one in group.whole.inputs] == ["a", "b"]


@pytest.mark.parametrize("entries", [[], [{"embedding": [1]}], None, "x"])
def test_an_answer_without_a_vector_for_each_is_none(entries: Any) -> None:
    group = Group(request("a"))
    assert group.add(Companion(), request("b"))  # type: ignore[arg-type]
    with pytest.raises(UpstreamError):
        group.parts(Complete({"data": entries}))
