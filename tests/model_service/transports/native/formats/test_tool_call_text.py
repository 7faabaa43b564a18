"""Tool calls that a model writes into its text."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_service.transports.native.formats.tool_call_text import ToolCallText, WrittenCall

F = WrittenCall("f", '{"a": 1}')
CALL = '<tool_call>{"name": "f", "arguments": {"a": 1}}</tool_call>'


def read(pieces, tools=None):
    """Texts joined, calls between them."""
    reader = ToolCallText(tools)
    found = [one for piece in pieces for one in reader.take(piece)] + list(reader.close())
    joined: list[str | WrittenCall] = []
    for one in found:
        if isinstance(one, str) and joined and isinstance(joined[-1], str):
            joined[-1] += one
        else:
            joined.append(one)
    return joined


CASES = {
    "plain": ("Hello, world", ["Hello, world"]),
    "one": (CALL, [F]),
    "behind a text": ("Sure.\n" + CALL, ["Sure.\n", F]),
    "two, and the space between and behind them": (f"{CALL}\n{CALL}\n", [F, F]),
    "a text behind": (f"{CALL}\nThat was it.", [F, "\nThat was it."]),
    "tool_calling": (CALL.replace("tool_call>", "tool_calling>"), [F]),
    "line breaks inside": ('<tool_call>\n {"name": "f", "arguments": {"a": 1}}\n </tool_call>', [F]),
    "arguments as text": ('<tool_call>{"name": "f", "arguments": "{\\"a\\": 1}"}</tool_call>', [F]),
    "no arguments": ('<tool_call>{"name": "f"}</tool_call>', [WrittenCall("f", "{}")]),
    "null arguments": ('<tool_call>{"name": "f", "arguments": null}</tool_call>', [WrittenCall("f", "{}")]),
    "a tag inside a string": (
        '<tool_call>{"name": "f", "arguments": {"a": "</tool_call>\\" {"}}</tool_call>',
        [WrittenCall("f", '{"a": "</tool_call>\\" {"}')],
    ),
    "text beyond ASCII": (
        '<tool_call>{"name": "f", "arguments": {"a": "Zürich ☃"}}</tool_call>',
        [WrittenCall("f", '{"a": "Zürich ☃"}')],
    ),
    "bad, then good": (f"<tool_call>no JSON</tool_call> {CALL}", ["<tool_call>no JSON</tool_call> ", F]),
    "a brace too few, then good": (
        f'<tool_call>{{"name": "f", "arguments": {{}}</tool_call>{CALL}',
        ['<tool_call>{"name": "f", "arguments": {}</tool_call>', F],
    ),
    "never closed, with a good one inside": (f'<tool_call>{{"name": {CALL}', ['<tool_call>{"name": ', F]),
    "a tag in a tag": (f"<tool_call>{CALL}", ["<tool_call>", F]),
}

ONLY_TEXT = [
    "a < b and <t and <tool> and <tool_ca",
    "<",
    "Qwen writes <tool_call> around its calls, and </tool_call> after them.",
    '<tool_call>{"name": "f", "arguments": {}}</tool_calling>',
    '<tool_call>{"name": "f"} and more</tool_call>',
    '<tool_call>{"name": "f"',
    '<tool_call>{"name": "f"}',
    '<tool_call>{"name": "f"}</tool_cal',
    '<tool_call>{"arguments": {}}</tool_call>',
    '<tool_call>{"name": ""}</tool_call>',
    '<tool_call>{"name": 1}</tool_call>',
    "<tool_call>[1, 2]</tool_call>",
    '<tool_call>"f"</tool_call>',
    "<tool_call></tool_call>",
    "<tool_call> ",
    '<tool_call>{"name": "f", "x": "unfinished</tool_call> and on',
    "<TOOL_CALL>{}</TOOL_CALL>",
    "<tool_call >{}</tool_call>",
    "<tool_call>" + "{" * 3000,
]


@pytest.mark.parametrize("name", CASES)
def test_calls_are_told_from_text_however_the_text_is_cut(name):
    text, expected = CASES[name]

    assert read([text]) == expected
    assert read(text) == expected
    assert all(read([text[:at], text[at:]]) == expected for at in range(len(text)))


@pytest.mark.parametrize("text", ONLY_TEXT)
def test_what_only_looks_like_a_call_comes_out_unharmed(text):
    assert read([text]) == [text]
    assert read(text) == [text]


def test_only_tools_that_were_offered_are_called():
    assert read([CALL], tools=frozenset({"f"})) == [F]
    assert read([CALL], tools=frozenset({"g"})) == [CALL]
    assert read([CALL], tools=frozenset()) == [CALL]


def test_text_is_held_back_only_while_it_can_become_a_call():
    reader = ToolCallText(None)

    taken = ["".join(reader.take(piece)) for piece in ("a <too", "th> b <tool_call> no", "w")]

    assert taken == ["a ", "<tooth> b <tool_call> no", "w"]


PIECES = st.sampled_from(
    [
        CALL,
        "<tool_call>",
        "</tool_call>",
        "<tool_calling>",
        '{"name": "f"}',
        '{"name":',
        '"',
        "\\",
        "<",
        "\n",
        " ",
        "}",
        "x",
    ]
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(PIECES, max_size=8), st.lists(st.integers(0, 200), max_size=6))
def test_any_text_reads_the_same_however_it_is_cut_and_loses_nothing(pieces, cuts):
    text = "".join(pieces)
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    cut_up = [text[start:end] for start, end in pairwise(places)]

    found = read([text])

    assert read(cut_up) == read(text) == found
    if not any(isinstance(one, WrittenCall) for one in found):
        assert "".join(found) == text


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.integers(), max_size=3))
def test_any_arguments_arrive_as_they_were_written(arguments):
    text = f"<tool_call>{json.dumps({'name': 'f', 'arguments': arguments}, ensure_ascii=False)}</tool_call>"

    (call,) = read(text)

    assert json.loads(call.arguments) == arguments
