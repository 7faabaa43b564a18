"""JSON with a long text in it is written in slices, and the bytes are those of the encoder."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_service.openai_api import encoding, large_json
from model_service.openai_api.encoding import LARGE_TEXT, write_json
from model_service.openai_api.large_json import write_in_slices

# Of halves of surrogate pairs there may be any number, in any order, and a slice may end between two of them.
TEXT = st.text(st.characters() | st.sampled_from('\\"\n\t\x00\x7f\u2028𝄞é\ud83d\ude00'), max_size=40)
VALUES = st.recursive(
    st.none() | st.integers() | st.floats() | TEXT | st.just("<a long text>"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, st.integers(1, 5))
def test_what_is_written_in_slices_is_what_the_encoder_writes(value: Any, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_json, "SLICE", size)
        assert write_in_slices(value, write_json, 4) == write_json(value)


@pytest.mark.parametrize(
    "text", ["word " * 100_000, "é\n" * 200_000, "\ud83d\ude00" * 200_000, "\x01" * LARGE_TEXT, '"\\' * LARGE_TEXT]
)
@pytest.mark.parametrize("within", [lambda text: text, lambda text: {"choices": [{"message": {"content": text}}]}])
def test_a_long_text_is_written_as_a_short_one(text: str, within: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    written = write_json(within(text))
    monkeypatch.setattr(encoding, "LARGE_TEXT", 10**9)
    assert written == write_json(within(text))


def test_a_long_text_is_held_once_while_it_is_written() -> None:
    answer = {"choices": [{"message": {"content": "word\n" * 4_000_000}}]}
    tracemalloc.start()
    try:
        written = write_json(answer)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert json.loads(written) == answer
    assert most < 1.3 * len(written)
