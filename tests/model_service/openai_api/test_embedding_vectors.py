"""The vectors of a large answer: held once, written as a list of numbers is, and measured before they are paid for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from model_service.errors import UpstreamError
from model_service.openai_api.embedding_vectors import (
    ENCODERS,
    EmbeddingsPart,
    PackedFloats,
    answer_bytes,
    encoded,
    likely_answer_bytes,
)
from model_service.openai_api.embeddings import EmbeddingsRequest
from model_service.openai_api.encoding import write_json

VECTOR = [0.25, -1.5, 3.0]


def test_packed_numbers_are_the_list_that_they_were_made_from() -> None:
    packed = PackedFloats(VECTOR)
    assert packed == VECTOR and packed == PackedFloats(VECTOR) and packed != [0.25]
    assert (len(packed), packed[1], packed[1:], list(packed)) == (3, -1.5, [-1.5, 3.0], VECTOR)
    assert write_json({"embedding": packed}) == b'{"embedding":[0.25,-1.5,3.0]}'


@pytest.mark.parametrize("vector", ["text", None, {}, [0.1, None], [0.1, "0.2"], [[0.1]], [float("inf")], [10**400]])
@pytest.mark.parametrize("encoding_format", ENCODERS)
def test_what_is_no_vector_is_an_error_of_oci(vector: Any, encoding_format: str) -> None:
    with pytest.raises(UpstreamError):
        encoded([vector], ENCODERS[encoding_format], is_packed=False)


@pytest.mark.parametrize("encoding_format", ENCODERS)
@pytest.mark.parametrize("dimensions", [1, 2, 3, 384, 1536])
@pytest.mark.parametrize("number", [0.0, -0.12345678901234568e-10])
def test_an_answer_is_as_large_as_it_was_said_to_be(encoding_format: str, dimensions: int, number: float) -> None:
    request = EmbeddingsRequest.parse({"model": "m", "input": ["a"] * 20, "encoding_format": encoding_format})
    part = request.part({"embeddings": [[number] * dimensions] * 20})
    size = len(json.dumps(request.joined("m", [part]), separators=(",", ":")))
    least, most = answer_bytes(20, dimensions, encoding_format)
    assert least <= size <= most + 200  # what is around them all
    assert likely_answer_bytes(20, part) <= size


def test_a_first_part_tells_how_large_the_whole_gets() -> None:
    part = EmbeddingsPart([[0.123456789] * 1000] * 10, tokens=10)
    size = len(write_json([{"object": "embedding", "index": 7, "embedding": vector} for vector in part.vectors * 100]))
    assert 0.9 * size < likely_answer_bytes(1000, part) <= size


def test_many_numbers_are_packed_and_few_are_a_list() -> None:
    many = EmbeddingsRequest.parse({"model": "m", "input": ["a"] * 2000})
    (vector,) = many.part({"embeddings": [[0.5] * 384]}).vectors
    assert isinstance(vector, PackedFloats) and vector == [0.5] * 384
    few = EmbeddingsRequest.parse({"model": "m", "input": ["a"]})
    assert few.part({"embeddings": [[0.5] * 384]}).vectors == [[0.5] * 384]
