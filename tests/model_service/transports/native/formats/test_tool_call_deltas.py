"""The dialects of tool-call deltas, one by one; whole recordings are in test_streams.py."""

from __future__ import annotations

import pytest

from model_service.errors import UpstreamError
from model_service.transports.native.formats.tool_call_deltas import CallPiece, ToolCalls


def gathered(*pieces):
    calls = ToolCalls("chatcmpl-1/0")
    deltas = [delta for piece in pieces for delta in calls.take(piece)] + list(calls.close())
    return [(one["id"], one["function"]["name"], one["function"]["arguments"]) for one in calls.whole()], deltas


def piece(call_id="", name="", arguments="", position=0):
    return CallPiece(position, call_id, name, arguments)


# what comes in, and the ids, names and arguments that come of it; "*" is an id that is made up
CASES = {
    "fragments without an id": (
        [piece("A", "f"), piece(arguments='{"a"'), piece(arguments=":1}"), piece("B", "f"), piece(arguments="{}")],
        [("A", "f", '{"a":1}'), ("B", "f", "{}")],
    ),
    "whole calls with ids": (
        [piece("A", "f", "{}"), piece("B", "f", "{}")],
        [("A", "f", "{}"), ("B", "f", "{}")],
    ),
    "fragments that repeat their id": (
        [piece("A", "f"), piece("A", "", '{"a"'), piece("A", "", ":1}")],
        [("A", "f", '{"a":1}')],
    ),
    "fragments that repeat id and name": (
        [piece("A", "f", ""), piece("A", "f", '{"a"'), piece("A", "f", ":1}")],
        [("A", "f", '{"a":1}')],
    ),
    "fragments with an id that changes": (
        [piece("A", "f"), piece("B", "", '{"a"'), piece("C", "", ":1}")],
        [("A", "f", '{"a":1}')],
    ),
    "whole calls without ids": (
        [piece(name="f", arguments="{}"), piece(name="f", arguments="{}"), piece(name="g", arguments="{}")],
        [("*", "f", "{}"), ("*", "f", "{}"), ("*", "g", "{}")],
    ),
    "several in one event": (
        [
            piece(name="f", arguments="{}"),
            piece(name="f", arguments='{"a"', position=1),
            piece(arguments=":1}", position=1),
        ],
        [("*", "f", "{}"), ("*", "f", '{"a":1}')],
    ),
    "fragments that repeat the name without an id": (
        [piece(name="f", arguments='{"a"'), piece(name="f", arguments=":1}")],
        [("*", "f", '{"a":1}')],
    ),
    "back to an earlier call": (
        [piece("A", "f"), piece("B", "g"), piece("B", arguments="{}"), piece("A", arguments='{"x":1}')],
        [("A", "f", '{"x":1}'), ("B", "g", "{}")],
    ),
    "a whole call once more": ([piece("A", "f", "{}"), piece("A", "f", "{}")], [("A", "f", "{}")]),
    "a whole call once more, written otherwise": (
        [piece("A", "f"), piece("A", "", '{"a":1}'), piece("A", "f", '{"a": 1}')],
        [("A", "f", '{"a":1}')],
    ),
    "one id for two tools": ([piece("A", "f", "{}"), piece("A", "g", "{}")], [("A", "f", "{}"), ("*", "g", "{}")]),
    "one id for two calls": (
        [piece("A", "f", '{"a":1}'), piece("A", "f", '{"a":2}')],
        [("A", "f", '{"a":1}'), ("*", "f", '{"a":2}')],
    ),
    "no arguments at all": (
        [piece("A", "f"), piece(name="f"), piece(name="f")],
        [("A", "f", "{}"), ("*", "f", "{}"), ("*", "f", "{}")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_dialect_comes_out_as_openais(name):
    pieces, expected = CASES[name]

    whole, deltas = gathered(*pieces)

    ids = [call_id for call_id, _, _ in whole]
    assert len(set(ids)) == len(ids) and all(ids)
    assert [
        ("*" if wanted[0] == "*" else one[0], *one[1:]) for one, wanted in zip(whole, expected, strict=True)
    ] == expected
    added: dict[int, list[str]] = {}
    for delta in deltas:
        added.setdefault(delta["index"], []).append(delta["function"]["arguments"])
    assert ["".join(added[at]) for at in range(len(expected))] == [arguments for _, _, arguments in expected]
    assert [delta["index"] for delta in deltas if "id" in delta] == list(range(len(expected)))


def test_made_up_ids_are_stable_and_belong_to_one_answer():
    def ids(seed):
        calls = ToolCalls(seed)
        list(calls.add("f", "{}"))
        list(calls.add("f", "{}"))
        return [call["id"] for call in calls.whole()]

    assert ids("a/0") == ids("a/0")
    assert len({*ids("a/0"), *ids("a/1"), *ids("b/0")}) == 6


def test_a_fragment_of_no_call_is_an_error():
    with pytest.raises(UpstreamError):
        gathered(piece(arguments='{"a": 1}'))


@pytest.mark.parametrize(
    ("lists", "names"),
    [
        (["f", "fg"], "fg"),  # each list has all so far
        (["f", "g", "fg"], "fg"),  # each list has the new one, the last all
        (["ff", "ff"], "ff"),
        (["fg", ""], "fg"),
        (["f", "g", "g"], "fg"),
    ],
)
def test_whole_calls_that_are_restated_are_made_once(lists, names):
    calls = ToolCalls("s")

    for one in lists:
        list(calls.take_whole([CallPiece(name=name, arguments="{}") for name in one]))

    assert "".join(call["function"]["name"] for call in calls.whole()) == names
