"""A chunk that is one more piece of text passes without its JSON, and leaves as if it had been read and written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_service.envelopes.stages import byte_stages
from model_service.errors import StreamBroken
from model_service.openai_api.accumulator import ChunkAccumulator
from model_service.openai_api.chat import ChatRequest, Stream, without_usage
from model_service.openai_api.encoding import ENCODINGS, write_json
from model_service.openai_api.text_chunks import LEARNING_COSTS, TextChunk, TextChunks
from model_service.transports.v1_stream import read_chunks
from model_service.upstream.response import UpstreamResponse

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1764250000, "model": "meta.llama"}
PIECES = ["a", "", " word", "Grüße", "𝄞", '"', "\\", "\n\t\r\b\f", "\x00", "\x7f", "\u2028", "</s>", "\ud83d", "\ude00"]


def chunk(content: Any, finish: Any = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": content}, "logprobs": None, "finish_reason": finish}
    return {**HEAD, "choices": [choice], **more}


def written(value: Any, separators: tuple[str, str] = (",", ":"), *, ascii_only: bool = False) -> str:
    return json.dumps(value, separators=separators, ensure_ascii=ascii_only)


def events(texts: Iterable[str]) -> bytes:
    return "".join(f"data: {text}\n\n" for text in texts).encode("utf-8", "replace")


def read(pieces: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    response = cast(UpstreamResponse, SimpleNamespace(opc_request_id=None, expect_end=lambda _: None))
    asked = {"model": "m", "messages": [{"role": "user", "content": "a"}], "stream": True}
    return read_chunks(pieces, response, ChatRequest.parse(asked))


def sent(pieces: Iterable[bytes], encoding: str, *, hides_usage: bool) -> bytes:
    chunks = read(pieces)
    stream = Stream(without_usage(chunks) if hides_usage else chunks)
    return b"".join(byte_stages(stream, ENCODINGS[encoding]))


class NothingLearned(pytest.MonkeyPatch):
    """Every chunk is read in full inside it."""

    def __enter__(self) -> None:
        self.setattr(TextChunks, "read", lambda *_: None)

    def __exit__(self, *_: object) -> None:
        self.undo()


SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")])
CONTENTS = st.sampled_from(PIECES) | st.text(max_size=5)
ODD = [
    chunk(None),
    chunk(["a"]),
    chunk("a", error={"message": "busy"}),
    chunk("a", usage={"total_tokens": 3}),
    chunk("a", finish="length"),
    chunk("a", id="\ud83d"),
    chunk("a", seed=1e400),
    {**HEAD, "choices": []},
    {**HEAD, "choices": [{"index": 1, "delta": {"content": "b"}}]},
    {**HEAD, "choices": [{"delta": {"content": "a", "role": "assistant"}}, {"index": 1, "delta": {}}]},
    {"type": "ping"},
]
# What JSON allows and nobody writes: the same name twice, a name that ends as another does, one string in another.
RAW = [
    '{"choices":[{"index":0,"delta":{"content":"a","content":"b"}}]}',
    '{"x\\"content":"c","choices":[{"index":0,"delta":{"content":"a"}}]}',
    '{"content":"c","choices":[{"index":0,"delta":{"content":"a"}}]}',
    '{"note":"<a piece of text>","choices":[{"index":0,"delta":{"content":"a"}}]}',
    '{"choices":[{"index":0,"delta":{"content":"\\u0061"}}]}',
    '{"choices":[{"index":0,"delta":{"content":"a"},"score":NaN}]}',
    '{"choices":[{"index":0,"delta":{"content":"a"}}]',
]
TEXTS = st.one_of(
    st.builds(written, st.builds(chunk, CONTENTS), SEPARATORS, ascii_only=st.booleans()),
    st.builds(written, st.builds(chunk, CONTENTS, usage=st.none()), SEPARATORS),
    st.builds(written, st.sampled_from(ODD)),
    st.sampled_from(RAW),
)
CUTS = st.lists(st.integers(0, 3000), max_size=12)


@given(st.lists(TEXTS, max_size=12), CUTS, st.sampled_from(["sse", "ndjson"]), st.booleans(), st.booleans())
def test_what_is_sent_is_the_same_bytes_as_of_chunks_that_are_read_in_full(
    texts: list[str], cuts: list[int], encoding: str, hides_usage: bool, repeated: bool
) -> None:
    # Each twice, so that what is learned from one is there for the next.
    texts = [text for text in texts for _ in range(2 if repeated else 1)]
    stream = events([*texts, written(chunk("", "stop")), "[DONE]"])
    pieces = [stream[start:end] for start, end in pairwise([0, *sorted(cuts), len(stream)]) if start < end]
    quick = sent(pieces, encoding, hides_usage=hides_usage)
    with NothingLearned():
        assert quick == sent(pieces, encoding, hides_usage=hides_usage)


@given(st.lists(TEXTS, max_size=8))
def test_whoever_looks_into_a_chunk_finds_what_was_sent(texts: list[str]) -> None:
    stream = events([*(text for text in texts for _ in range(2)), written(chunk("", "stop")), "[DONE]"])
    with NothingLearned():
        expected, broken = taken(stream)
    found, breaks = taken(stream)
    assert (found, breaks) == (expected, broken)
    assert [write_json(one) for one in found] == [write_json(one) for one in expected]
    known, read_in_full = ChunkAccumulator(), ChunkAccumulator()
    for one, other in zip(found, expected, strict=True):
        known.add(one)
        read_in_full.add(other)
    assert known.completion() == read_in_full.completion()


def taken(stream: bytes) -> tuple[list[dict[str, Any]], bool]:
    chunks: list[dict[str, Any]] = []
    try:
        chunks.extend(read([stream]))
    except StreamBroken:
        return chunks, True
    return chunks, False


def test_of_a_long_answer_few_chunks_are_read_in_full() -> None:
    stream = events([*(written(chunk(f" word {number}")) for number in range(1000)), written(chunk("", "stop"))])
    chunks = list(read([stream]))
    assert sum(not isinstance(one, TextChunk) for one in chunks) == 2
    assert chunks[500] == chunk(" word 500")


def test_of_chunks_that_differ_in_more_than_their_text_none_is_learned_in_vain_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learned: list[str] = []
    monkeypatch.setattr("model_service.openai_api.text_chunks.read_json", learned.append)
    list(read([events([*(written(chunk("a", id=str(number))) for number in range(100)), written(chunk("", "stop"))])]))
    assert 0 < len(learned) <= LEARNING_COSTS


def test_chunks_that_came_together_leave_together_and_none_waits_for_one_that_has_not_come() -> None:
    texts = [written(chunk(f" word {number}")) for number in range(10)]
    first, second, last = events(texts[:4]), events(texts[4:8]), events([*texts[8:], written(chunk("", "stop"))])
    asked: list[bytes] = []

    def pieces() -> Iterator[bytes]:
        for piece in (first, second, last):
            asked.append(piece)
            yield piece

    sent = byte_stages(Stream(read(pieces())), ENCODINGS["sse"])
    assert next(sent) == events(texts[:1])  # it is read in full, as there is nothing to know it by
    assert next(sent) == events(texts[1:4])
    assert asked == [first]
    assert next(sent) == second
    assert asked == [first, second]
    assert b"".join(sent) == last + b"data: [DONE]\n\n"


def test_a_stream_of_known_chunks_is_no_whole_answer_without_a_reason_to_finish() -> None:
    chunks = read([events([*(written(chunk("a")) for _ in range(5)), "[DONE]"])])
    with pytest.raises(StreamBroken, match="before the answer was complete"):
        list(chunks)
