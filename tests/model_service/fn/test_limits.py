"""The bounds of a process: they follow its memory, and JSON is weighed before it is read."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import fields
from pathlib import Path

import pytest

from model_service.fn.limits import BOUNDS, DEFAULT_MEMORY, MEBIBYTE, Limits, json_cost, json_fits

SHAPES = (128, 256, 512, 1024, 2048, 3072)  # mebibytes that OCI Functions offers


def test_every_bound_has_its_row_in_the_table() -> None:
    assert set(BOUNDS) == {field.name for field in fields(Limits)}


@pytest.mark.parametrize("memory", ["", "0", "-1", "128m", "many", "\u0663"])
def test_without_a_number_the_default_counts(memory: str) -> None:
    assert Limits.load({"FN_MEMORY": memory}) == Limits.load({}) == Limits.for_memory(DEFAULT_MEMORY)


def test_more_memory_allows_no_less() -> None:
    values = [[getattr(Limits.for_memory(shape), field.name) for field in fields(Limits)] for shape in SHAPES]
    assert values == sorted(values)
    assert Limits.load({"FN_MEMORY": "1024"}) == Limits.for_memory(1024)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_answer_and_what_is_read_of_it_fit_together(shape: int) -> None:
    limits = Limits.for_memory(shape)
    assert limits.answer_bytes + limits.json_bytes <= (shape - 30) * MEBIBYTE
    assert limits.answer_bytes >= 20 * MEBIBYTE
    assert limits.request_bytes == 6 * MEBIBYTE


SHAPED = {
    "empty objects": b"[" + b",".join([b"{}"] * 50_000) + b"]",
    "empty lists": b"[" + b",".join([b"[]"] * 50_000) + b"]",
    "messages": b"[" + b",".join([b'{"role":"user","content":"a"}'] * 20_000) + b"]",
    "numbers": b"[" + b",".join([b"0.123456789"] * 50_000) + b"]",
    "short strings": b"[" + b",".join([b'"ab"'] * 50_000) + b"]",
    "a text": b'["' + b"a, b" * 100_000 + b'"]',
    "a text with an emoji": b'["' + b"a" * 400_000 + "😀".encode() + b'"]',
    "a text with an escaped emoji": b'["' + b"a" * 400_000 + b'\\ud83d\\ude00"]',
    "a text in Greek": b'["' + "ωμέγα".encode() * 40_000 + b'"]',
}


@pytest.mark.parametrize("name", SHAPED)
def test_json_is_weighed_well_enough_before_it_is_read(name: str) -> None:
    tracemalloc.start()
    value = json.loads(SHAPED[name])
    took = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert value
    assert took / 2 <= json_cost(SHAPED[name]) <= took * 12


def test_what_stands_in_strings_is_not_taken_for_structure() -> None:
    text = b'["' + b'{[,\\"' * 100_000 + b'"]'
    assert json_cost(text) > 20 * MEBIBYTE
    assert json_fits(text, 2 * MEBIBYTE)
    assert not json_fits(b"[" + b"{}," * 100_000 + b"{}]", 2 * MEBIBYTE)
    assert not json_fits(b'["' + b"a" * 100_000 + b'"]', 50_000)


def table_of_bounds() -> str:
    """Return the table of docs/limits.md, as the code has it."""
    shapes = [Limits.for_memory(shape) for shape in SHAPES]
    head = ["bound", "what", *(f"{shape} MB" for shape in SHAPES), "beyond it"]
    rows = [head, ["---", "---", *("---:" for _ in SHAPES), "---"]]
    for name, bound in BOUNDS.items():
        values = [size(getattr(limits, name)) for limits in shapes]
        rows.append([f"`{name}`", bound.what, *values, bound.beyond])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def size(number: int) -> str:
    return f"{number / MEBIBYTE:.1f}".removesuffix(".0") + " MiB" if number >= MEBIBYTE else f"{number // 1024} KiB"


def test_the_table_in_the_docs_is_that_of_the_code() -> None:
    text = (Path(__file__).parents[3] / "docs" / "limits.md").read_text()
    assert table_of_bounds() in text, f"the table of docs/limits.md must be\n{table_of_bounds()}"
