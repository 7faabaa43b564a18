"""Work costs in proportion to its size: counted in calls of functions, which no busy machine disturbs.

``make bench`` measures the same in time and memory, up to 35,000 chunks and 6 MB.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.app import App
from model_service.fn.invocation import Deadline, Invocation

LLAMA = "meta.llama-3.3-70b-instruct"
EMBED = "cohere.embed-v4.0"
MAX_GROWTH = 1.5  # of what one more costs, from the smallest work to the largest
MAX_CALLS_OF_A_CHUNK = 64


@pytest.fixture
def app(environment: dict[str, str]) -> Iterator[App]:
    app = App(environment)
    with closing(app.service):
        yield app


def calls_of(app: App, body: dict[str, Any]) -> int:
    """Return how many functions are called to answer, those of C among them, in the thread that answers."""
    invocation = Invocation(json.dumps(body).encode(), Deadline.after(30))
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        reply = app.answer(invocation)
        answer = reply.whole()
    finally:
        sys.setprofile(None)
    assert reply.status == 200 and b'"error"' not in answer[:200] + answer[-200:], answer[:500]
    return counted


def chat(messages: list[str]) -> dict[str, Any]:
    return {"model": LLAMA, "messages": [{"role": "user", "content": text} for text in messages]}


def embeddings(count: int) -> dict[str, Any]:
    return {"model": EMBED, "input": ["a"] * count, "encoding_format": "base64", "dimensions": 256}


@pytest.mark.not_through("process", why="counts the calls of functions in its process")
@pytest.mark.parametrize(
    ("body", "sizes", "most"),
    [
        pytest.param(lambda size: chat(["word"] * size), (10, 100, 1000, 5000), 20, id="messages"),
        pytest.param(lambda size: chat(["word " * 200 * size]), (1, 10, 100, 1000), 1, id="kilobytes"),
        pytest.param(embeddings, (96, 480, 1920), 30, id="inputs"),
    ],
)
def test_one_more_costs_no_more_in_a_large_request(
    app: App, oci: MockOci, body: Callable[[int], dict[str, Any]], sizes: tuple[int, ...], most: float
) -> None:
    calls_of(app, body(1))
    first = min(calls_of(app, body(1)) for _ in range(2))
    each = []
    for size in sizes:
        each.append((calls_of(app, body(size)) - first) / size)
        oci.requests.clear()
    assert max(each) <= most, each


@pytest.mark.parametrize("text_alone", [True, False])
def test_a_chunk_costs_no_more_in_a_long_answer(app: App, oci: MockOci, text_alone: bool) -> None:
    def stream(count: int) -> int:
        choices = [{"index": 0, "delta": {"content": " word"}, "finish_reason": None}]
        values = [{"id": "c" if text_alone else f"c{number}", "choices": choices} for number in range(count)]
        values.append({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        events = [f"data: {json.dumps(value)}\n\n".encode() for value in values]
        oci.script.raw([b"".join([*events, b"data: [DONE]\n\n"])], content_type="text/event-stream")
        return calls_of(app, {**chat(["Count."]), "stream": True})

    stream(1)
    first = stream(1)
    each = [(stream(count) - first) / count for count in (100, 1000, 10_000)]
    assert max(each) <= MAX_GROWTH * each[0], each
    assert max(each) <= (MAX_CALLS_OF_A_CHUNK if text_alone else 2 * MAX_CALLS_OF_A_CHUNK), each
