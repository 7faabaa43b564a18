"""What is written is read again, however the bytes were cut; what is no JSON is refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from httpx_sse._decoders import SSEDecoder, SSELineDecoder
from hypothesis import given
from hypothesis import strategies as st

from model_service.errors import InvalidRequest, StreamBroken
from model_service.openai_api.encoding import (
    ENCODINGS,
    MAX_NESTING,
    STRICT,
    read_json,
    read_json_object,
    write_each,
    write_events,
    write_json,
)
from model_service.openai_api.event_stream import read_events, read_lines, read_named_events

CHUNKS = [{"choices": [{"delta": {"content": text}}]} for text in ("Grüße, ", "𝄞 €\n", "")]


def _one_byte_at_a_time(stream: bytes) -> Iterator[bytes]:
    return (stream[at : at + 1] for at in range(len(stream)))


def _cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    return [stream[start:end] for start, end in pairwise(edges)]


# --- JSON


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' \r\n{"a": 1}\n', {"a": 1}),
        ("\ufeff{}".encode(), {}),
        ('{"text": "Grüße 𝄞"}'.encode(), {"text": "Grüße 𝄞"}),
        (b'{"a": 1.5e3, "b": -0.0}', {"a": 1500.0, "b": -0.0}),
        (b'{"half": "\\ud83d"}', {"half": "\ud83d"}),
    ],
)
def test_a_json_object_is_read(body: bytes, value: dict[str, Any]) -> None:
    assert read_json_object(body) == value


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        (b"", "empty_body", "empty"),
        (b" \r\n", "empty_body", "empty"),
        (b"what is 2+2?", "invalid_json", "line 1, column 1"),
        (b'{"a": 1,}', "invalid_json", "column"),
        (b'{"a": 1} {"b": 2}', "invalid_json", "Extra data"),
        (b"[1]", "invalid_json", "not an object"),
        (b"null", "invalid_json", "not an object"),
        (b'"text"', "invalid_json", "not an object"),
        (b'{"a": NaN}', "invalid_json", "NaN"),
        (b'{"a": -Infinity}', "invalid_json", "-Infinity"),
        (b'{"a": 1e999}', "invalid_json", "too large"),
        (b'{"a": ' + b"7" * 5000 + b"}", "invalid_json", "too long"),
        (b'{"a": "\xff"}', "invalid_json", "UTF-8"),
        (b'{"a":' + b"[" * 200_000, "invalid_json", "nested too deeply"),
    ],
)
def test_what_is_no_json_object_is_refused_with_a_reason(body: bytes, code: str, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says) as refusal:
        read_json_object(body)
    assert (refusal.value.code, refusal.value.status) == (code, 400)


def test_a_refusal_does_not_quote_the_body() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_json_object(b'{"content": "my secret prompt')
    assert "secret" not in str(refusal.value)


@given(st.binary(max_size=60))
def test_no_bytes_do_more_than_be_read_or_refused(body: bytes) -> None:
    try:
        assert isinstance(read_json_object(body), dict)
    except InvalidRequest as refusal:
        assert refusal.status == 400


def test_json_is_written_compact_and_in_utf_8() -> None:
    assert write_json({"a": [1, "ü"]}) == '{"a":[1,"ü"]}'.encode()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"text": "ü\ud83d"}, '{"text":"ü\ufffd"}'),
        ({"\udc00": ["\ud83d\ud83d", "\ude00\ud83d"]}, '{"\ufffd":["\ufffd\ufffd","\ufffd\ufffd"]}'),
        ({"text": "\ud83d\ude00"}, '{"text":"\U0001f600"}'),
        ([float("nan"), {"a": -float("inf")}, (1e999, 1.5)], '[null,{"a":null},[null,1.5]]'),
        ({"\ud83d": float("inf")}, '{"\ufffd":null}'),
    ],
)
def test_what_json_cannot_say_is_written_as_what_it_can(value: Any, written: str) -> None:
    assert write_json(value).decode() == written


@pytest.mark.parametrize(
    ("texts", "read"),
    [
        (["\ud83d", "\ude00"], "\ud83d\ude00"),
        (["a\ud83d", "\ude00b\ud83d", "\ude00"], "a\ud83d\ude00b\ud83d\ude00"),
        (["\ud83d", "a"], "\ufffda"),
        (["\ud83d", ""], "\ufffd"),
        (["\ud83da", "\ude00"], "\ufffda\ufffd"),
        (["a", "\ude00"], "a\ufffd"),
        (["a\ud83d"], "a\ufffd"),
        (["\ud83d", "\ud83d", "\ude00"], "\ufffd\ud83d\ude00"),
        (["ü\ud83d\ude00"], "ü\U0001f600"),
    ],
)
def test_a_pair_in_two_deltas_is_whole_and_half_of_one_is_replaced(texts: list[str], read: str) -> None:
    lines = list(write_each({"delta": {"content": text}} for text in texts))
    assert len(lines) == len(texts)
    assert "".join(json.loads(line)["delta"]["content"] for line in lines) == read


def test_half_a_pair_is_not_lost_where_the_stream_breaks_after_it() -> None:
    def chunks() -> Iterator[dict[str, Any]]:
        yield {"content": "\ud83d"}
        raise StreamBroken("OCI ended the stream.")

    assert [json.loads(event[5:]).get("content") for event in write_events(chunks())] == ["\ufffd", None]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_numbers_that_json_lacks_are_read_as_null(mark: bytes) -> None:
    assert read_json(mark + b'{"a": NaN, "b": [Infinity, -Infinity]}') == {"a": None, "b": [None, None]}


@pytest.mark.parametrize("text", ["", "{", "[1] 2", "{'a': 1}", "9" * 5000, "[" * 100_000, b"\xff"])
def test_what_is_not_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        read_json(text)


@pytest.mark.parametrize("levels", [MAX_NESTING + 1, 400, 900, 5000])
@pytest.mark.parametrize("brackets", ["[]", '{"":}'])
def test_more_levels_than_can_be_written_again_are_not_read(levels: int, brackets: str) -> None:
    text = brackets[:-1] * levels + "1" + brackets[-1] * levels
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json(text)
    with pytest.raises(InvalidRequest, match="nested too deeply"):
        STRICT.decode(text)
    with pytest.raises(InvalidRequest, match="nested too deeply"):
        read_json_object(b'{"a":' + text.encode() + b"}")


def test_as_many_levels_as_are_read_are_written_again() -> None:
    text = "[" * MAX_NESTING + "]" * MAX_NESTING
    assert write_json(read_json(text)) == text.encode()
    assert read_json("[" + "[],{}," * 1000 + "1]")[-1] == 1


# --- lines and server-sent events


@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\r\nb", ["a", "b"]),
        (b"a\n\nb\n", ["a", "", "b"]),
        (b"\r\n", [""]),
        (b"a\rb\n", ["a", "b"]),
        (b"a\r\rb\r\n\r\nc\n\r", ["a", "", "b", "", "c", ""]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb", ["a", "\ufeffb"]),
        (b"\xef\xbb", ["\ufffd"]),
        ("a\u2028b\x85c\n".encode(), ["a\u2028b\x85c"]),
        (b"\xff\n", ["\ufffd"]),
    ],
)
def test_lines_are_the_same_whole_and_one_byte_at_a_time(stream: bytes, lines: list[str]) -> None:
    assert list(read_lines([stream])) == lines
    assert list(read_lines(_one_byte_at_a_time(stream))) == lines
    assert list(read_lines([b"", stream, b""])) == lines


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", ["a"]),
        (b"data:a\n\n", ["a"]),
        (b"data:  a \n\n", [" a "]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b": keep-alive\n\ndata: a\n\n", ["a"]),
        (b"event: error\nid: 7\nretry: 5\ndata: a\n\n", ["a"]),
        (b"data: a\n\n\n\ndata: [DONE]\n\n", ["a", "[DONE]"]),
        (b"data: the last one", ["the last one"]),
        (b"data: a\n", ["a"]),
        (b"\n\n", []),
        (b"", []),
        (b"database: no field of ours\n\n", []),
        (b"data:\n\ndata: a\n\ndata\n\ndata:  \n\n", ["a"]),
        (b"data\ndata: a\n\n", ["\na"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b"data: [DONE] \n\n", ["[DONE]"]),
        (b"data:[DONE]\r\n\r\n", ["[DONE]"]),
        ("data: Grüße 𝄞\n\n".encode(), ["Grüße 𝄞"]),
    ],
)
def test_events_are_the_same_whole_and_one_byte_at_a_time(stream: bytes, events: list[str]) -> None:
    assert list(read_events([stream])) == events
    assert list(read_events(_one_byte_at_a_time(stream))) == events


def test_an_event_is_there_as_soon_as_its_blank_line_is() -> None:
    asked = []

    def pieces() -> Iterator[bytes]:
        for piece in (b"data: one\n\nda", b"ta: two\n\n"):
            asked.append(piece)
            yield piece

    assert next(read_events(pieces())) == "one"
    assert len(asked) == 1


def test_a_line_is_there_before_what_may_be_the_second_byte_of_its_end() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"data: one\r\r"
        pytest.fail("the event was there")

    assert next(read_events(pieces())) == "one"


def test_a_line_without_an_end_is_a_broken_stream() -> None:
    with pytest.raises(StreamBroken, match="more than 100 bytes"):
        list(read_lines([b"x" * 10] * 11, max_bytes=100))


EVENT_BYTES = st.lists(
    st.sampled_from(
        b"data|event|id|retry|:|: | |\n|\r|\r\n|\n\n|\r\r|a|{}|[DONE]|\xff|\x00|\x85|\xe2\x80\xa8|\xef\xbb\xbf".split(
            b"|"
        )
    )
)


@given(EVENT_BYTES, st.lists(st.integers(0, 200)))
def test_events_are_those_of_httpx_sse_wherever_the_bytes_are_cut(tokens: list[bytes], places: list[int]) -> None:
    stream = b"".join(tokens) + b"\n\n"  # it drops a last event without its blank line
    lines, decoder = SSELineDecoder(), SSEDecoder()
    # It leaves the byte order mark to whoever decodes the bytes.
    found = [*lines.decode(stream.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace") or "\n"), *lines.flush()]
    events = [event for line in found if (event := decoder.decode(line)) and event.data.strip()]
    expected = [(event.event, event.data.strip()) for event in events]
    for pieces in ([stream], _cut(stream, places), _one_byte_at_a_time(stream)):
        assert [(name or "message", text.strip()) for name, text in read_named_events(pieces)] == expected


def test_a_line_of_megabytes_in_small_pieces_is_read() -> None:
    piece = b"x" * 1024
    (line,) = read_lines([b"data: ", *[piece] * 8192, b"\n"])
    assert len(line) == len("data: ") + 8 * 1024 * 1024


def test_what_is_written_is_what_is_read_one_byte_at_a_time() -> None:
    stream = b"".join(write_events(CHUNKS))
    events = list(read_events(_one_byte_at_a_time(stream)))
    assert [json.loads(event) for event in events[:-1]] == CHUNKS
    assert events[-1] == "[DONE]"


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(), max_size=3), max_size=4), st.lists(st.integers(0, 500)))
def test_what_is_written_is_what_is_read_wherever_it_is_cut(chunks: list[dict[str, Any]], places: list[int]) -> None:
    stream = b"".join(write_events(chunks))
    *events, done = read_events(_cut(stream, places))
    assert [json.loads(event) for event in events] == chunks
    assert done == "[DONE]"


@given(st.binary(max_size=80), st.lists(st.integers(0, 80)))
def test_any_bytes_are_read_the_same_wherever_they_are_cut(stream: bytes, places: list[int]) -> None:
    assert list(read_lines(_cut(stream, places))) == list(read_lines([stream]))
    assert list(read_events(_cut(stream, places))) == list(read_events([stream]))


def test_a_stream_ends_with_done() -> None:
    assert list(write_events([])) == [b"data: [DONE]\n\n"]


def test_a_stream_that_breaks_ends_with_its_error_and_not_with_done() -> None:
    def chunks() -> Iterator[dict[str, Any]]:
        yield CHUNKS[0]
        raise StreamBroken("OCI ended the stream.", opc_request_id="A/B/C")

    first, last = write_events(chunks())
    assert first == b"data: " + write_json(CHUNKS[0]) + b"\n\n"
    assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "stream_broken"


def test_a_line_feed_in_a_chunk_does_not_end_its_event() -> None:
    assert next(write_events([{"a": "x\ny\r\n"}])).count(b"\n") == 2


def test_server_sent_events_have_their_content_type() -> None:
    encoding = ENCODINGS["sse"]
    assert encoding.content_type == "text/event-stream"
    assert b"".join(encoding.write(CHUNKS)) == b"".join(write_events(CHUNKS))
