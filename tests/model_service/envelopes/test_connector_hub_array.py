"""A batch that is taken apart: where a torn piece ends, that nothing is lost, and that no batch takes for ever."""

from __future__ import annotations

import json

import pytest

from model_service.envelopes import connector_hub_array
from model_service.envelopes.connector_hub_array import NOT_JSON, elements_of
from model_service.errors import InvalidRequest

SIX_MEGABYTES = 6_000_000
DEEP = 50_000


def taken_apart(body: bytes) -> list[tuple[bytes, str | None]]:
    """Each element's content, and the code of its fault."""
    return [(one.content, one.fault and one.fault.code) for one in elements_of(body)]


def good(*contents: bytes) -> list[tuple[bytes, str | None]]:
    return [(content, None) for content in contents]


@pytest.mark.parametrize(
    ("body", "contents"),
    [
        (b"[]", []),
        (b" [ ] \n", []),
        (b"\xef\xbb\xbf[1]", [b"1"]),
        (b'[1,"a, b",{},[1,[2]],null,true,-1.5e3]', [b"1", b'"a, b"', b"{}", b"[1,[2]]", b"null", b"true", b"-1.5e3"]),
        (b'[ {"a" : "]},{[\\"" } ,\r\n\t2 ]', [b'{"a" : "]},{[\\"" }', b"2"]),
        ('["ü😀"]'.encode(), ['"ü😀"'.encode()]),
        (b'["\\ud800"]', [b'"\\ud800"']),
        (b"[1,2", [b"1", b"2"]),
        (b"[1,2,", [b"1", b"2"]),
        (b"[", []),
        (b"[1,,2,]", [b"1", b"2"]),
        (b'[{"a":[1]},[1,2]]', [b'{"a":[1]}', b"[1,2]"]),
    ],
)
def test_elements_are_taken_out_as_they_were_written(body: bytes, contents: list[bytes]) -> None:
    assert taken_apart(body) == good(*contents)
    assert [one.value for one in elements_of(body)] == [json.loads(content) for content in contents]


@pytest.mark.parametrize(
    ("body", "before", "torn", "after"),
    [
        (b"[a plain string]", [], b"a plain string", []),
        (b"[a plain string, with a comma, {}]", [], b"a plain string, with a comma", [b"{}"]),
        (b'[1,torn,"ok, fine",{"a":1}]', [b"1"], b"torn", [b'"ok, fine"', b'{"a":1}']),
        (b"[one, two, three]", [], b"one, two, three", []),
        (b"[I have 3, or 4, apples, 5]", [], b"I have 3, or 4, apples", [b"5"]),
        (b'[He said "hi, there, {"a":1}, 2]', [], b'He said "hi, there', [b'{"a":1}', b"2"]),
        (b'[{"a":1,"b":2,oops},{"c":3}]', [], b'{"a":1,"b":2,oops}', [b'{"c":3}']),
        (b'[{"a":1,{"b":2}]', [], b'{"a":1', [b'{"b":2}']),
        (b'[1,"never closed]', [b"1"], b'"never closed', []),
        (b"[1,2] and more", [b"1"], b"2] and more", []),
        (b"[1,2]]", [b"1"], b"2]", []),
        (b"[1}, 2]", [], b"1}", [b"2"]),
        (b"[tru, true]", [], b"tru", [b"true"]),
        (b"[1.2.3,-,01, 4]", [], b"1.2.3,-,01", [b"4"]),
        (b"['a', 2 ]", [], b"'a'", [b"2"]),
        (b'["line\nbreak", 1]', [], b'"line\nbreak"', [b"1"]),
        (b"[]]", [], b"]", []),
        (b"[[1,2]", [], b"[1", [b"2"]),
        ("[Grüße 😀, 1]".encode(), [], "Grüße 😀".encode(), [b"1"]),
        (b"[caf\xe9 \xff, 1]", [], b"caf\xe9 \xff", [b"1"]),
    ],
)
def test_a_torn_piece_is_kept_as_one_and_those_around_it_are_fine(
    body: bytes, before: list[bytes], torn: bytes, after: list[bytes]
) -> None:
    assert taken_apart(body) == [*good(*before), (torn, NOT_JSON), *good(*after)]


def test_a_torn_piece_says_what_a_sender_has_to_do() -> None:
    (element,) = elements_of(b"[a plain string]")
    assert "quotes" in element.fault.hint
    assert "plain" not in element.fault.message


@pytest.mark.parametrize(
    "unreadable",
    [
        b"NaN",
        b'{"a":[-Infinity]}',
        b"1e999",
        b"9" * 5000,
        b'{"n":' + b"9" * 5000 + b',"m":[1,2]}',
        b"[" * DEEP + b"]" * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b'"\xff"',
        b'{"a":"caf\xe9, au lait"}',
    ],
    ids=lambda content: content[:12].decode(errors="replace"),
)
def test_json_that_cannot_be_read_is_one_faulty_element_whose_end_is_known(unreadable: bytes) -> None:
    first, bad, last = elements_of(b"[1," + unreadable + b',"z"]')
    assert (first.value, last.value) == (1, "z")
    assert (bad.content, bad.value) == (unreadable, None)
    assert bad.fault.code in {"invalid_json", "invalid_record"}


def test_a_fault_does_not_keep_the_batch_in_memory() -> None:
    for element in elements_of(b"[NaN, torn, " + b"9" * 5000 + b"," + b"[" * DEEP + b"]" * DEEP + b"]"):
        assert (element.fault.__traceback__, element.fault.__context__) == (None, None)


@pytest.mark.parametrize("body", [b"", b"{}", b"x[", b"\xff["])
def test_what_is_no_array_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="array"):
        elements_of(body)


def test_more_records_than_anybody_could_work_on_are_kept_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector_hub_array, "MAX_ELEMENTS", 3)
    assert taken_apart(b"[1,2,3]") == good(b"1", b"2", b"3")
    assert taken_apart(b"[1,2,3, 4,5 ]") == [*good(b"1", b"2", b"3"), (b"4,5", "too_many_records")]


HOSTILE = {
    "brackets that open": b"[",
    "brackets and commas": b"[,",
    "objects that open": b",{",
    "quotes": b',"',
    "words": b"a,",
    "numbers that are none": b"1a,",
    "whole values in a row": b"x,[]x",
    "arrays that never close": b"x,[1",
    "torn by turns": b"x,1,",
    "only looks like JSON": b"{oops},",
    "nested in each other": b",{oops",
    "backslashes": b'"\\',
    "blanks": b"1 " + b" " * 500,
    "bytes": b'"\xff",',
    "prose": b'Dear Sir, I hope, that 3, or 4 apples, are "fine", {a, b}. ',
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_may_be_spent_on_a_batch_is_bounded(piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: no attempt is begun once the work is used up, and then all the rest is one piece."""
    monkeypatch.setattr(connector_hub_array, "WORK", 300_000)
    spent = []

    class Counting(connector_hub_array._Batch):
        def _end(self, at: int, limit: int | None = None) -> int | None:
            spent.append(at)
            return super()._end(at, limit)

    monkeypatch.setattr(connector_hub_array, "_Batch", Counting)
    body = b"[" + piece * (60_000 // len(piece))
    elements = list(elements_of(body))
    torn = sum(1 for element in elements if element.fault)
    assert len(spent) <= 300_000 / connector_hub_array.ATTEMPT + len(elements) + torn + 1
    # What is lost is punctuation.
    left = b"".join(element.content for element in elements)
    assert sorted(left.replace(b",", b"").replace(b" ", b"")) == sorted(body[1:].replace(b",", b"").replace(b" ", b""))


NEIGHBOURS = [b'"one, two"', b'{"n": [2, "]"]}', b"[3, [4]]", b"5"]


@pytest.mark.parametrize("at", range(len(NEIGHBOURS) + 1))
@pytest.mark.parametrize(
    "message",
    [
        b"[1",
        b"[[1",
        b'{"a": 1',
        b'{"a": [1',
        b'"',
        b'"a',
        b'"a\\',
        b"a",
        b'a, "',
        b'a, ["b',
        b"a, [1",
        b'a, {"b": "',
        b"\\",
        b'""a',
    ],
    ids=repr,
)
def test_one_message_swallows_none_of_its_neighbours(message: bytes, at: int) -> None:
    messages = [*NEIGHBOURS[:at], message, *NEIGHBOURS[at:]]
    whole = [content for content, fault in taken_apart(b"[" + b",".join(messages) + b"]") if fault is None]
    assert [content for content in whole if content in NEIGHBOURS] == NEIGHBOURS


def test_a_message_that_takes_too_long_to_end_costs_no_more_than_a_messages_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connector_hub_array, "WORK", 100_000)
    monkeypatch.setattr(connector_hub_array, "MAX_MESSAGE_BYTES", 5_000)
    messages = [b"x" + b",[" * 2_000, *[b'"good %d"' % number for number in range(1_000)]]
    whole = [content for content, fault in taken_apart(b"[" + b",".join(messages) + b"]") if fault is None]
    assert whole[-100:] == messages[-100:]
    assert len(whole) > 500


def test_six_megabytes_of_brackets_are_one_piece() -> None:
    (element,) = elements_of(b"[" + b"[{" * (SIX_MEGABYTES // 2))
    assert (len(element.content), element.fault.code) == (SIX_MEGABYTES, NOT_JSON)
