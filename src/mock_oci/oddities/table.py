"""Every oddity that a script can have: its name, what it does, and on which surfaces it means anything."""

from __future__ import annotations

from dataclasses import dataclass

from mock_oci.oddities import bodies, endings, failures, small_print
from mock_oci.oddities.bodies import ValueChange
from mock_oci.oddities.events import CHAT, EMBED, NATIVE, RERANK, RESPONSES, EventChange
from mock_oci.oddities.failures import ResponseChange


@dataclass(frozen=True)
class Oddity:
    """``events`` changes a stream, ``value`` the JSON of a whole answer, ``response`` either as it is sent.

    ``stays_open``: the body is left open after its end.
    """

    about: str
    surfaces: tuple[str, ...]
    events: EventChange | None = None
    value: ValueChange | None = None
    response: ResponseChange | None = None
    stays_open: bool = False


_CHATS = (CHAT, NATIVE)
_STREAMS = (CHAT, NATIVE, RESPONSES)
_ANY = (CHAT, NATIVE, RESPONSES, EMBED, RERANK)


def _both(about: str, change: ValueChange, surfaces: tuple[str, ...] = _CHATS) -> Oddity:
    return Oddity(about, surfaces, bodies.in_every_chunk(change), change)


ENDINGS = {
    "reason-on-every-chunk": Oddity(
        "Every chunk of a stream says why the choice ended (Gemini, some proxies).",
        _CHATS,
        endings.reason_on_every_chunk,
    ),
    "reason-on-reasoning": Oddity(
        "A chunk of reasoning comes before the text and says that the choice ended.",
        _CHATS,
        endings.reason_on_reasoning,
    ),
    "reason-before-tool-call": Oddity(
        "The choice is said to have ended before its first tool call.", _CHATS, endings.reason_before_tool_call
    ),
    "empty-reason": Oddity('The reason is `""` until the end.', _CHATS, endings.empty_reason),
    "no-reason": Oddity("No chunk says why the choice ended; `[DONE]` may follow.", _CHATS, endings.no_reason),
    "choice-left-open": Oddity("The body ends, and one choice has not.", _CHATS, endings.choice_left_open),
    "no-done": Oddity("The body ends without `[DONE]`.", _CHATS, endings.no_done),
    "done-with-blanks": Oddity("Blanks stand around `[DONE]`.", _CHATS, endings.done_with_blanks),
    "stays-open": Oddity("The body is left open for `stall` seconds (60) after its end.", _STREAMS, stays_open=True),
    "usage-without-choices": Oddity(
        "The chunk with the usage has no `choices`.", (CHAT,), endings.usage_without_choices
    ),
    "usage-with-null-choices": Oddity(
        "The chunk with the usage has `choices: null`.", _CHATS, endings.usage_with_null_choices
    ),
    "usage-first": Oddity("The chunk with the usage comes before the text.", _CHATS, endings.usage_first),
}
SMALL_PRINT = {
    "bom": Oddity("A byte order mark stands before the first event.", _STREAMS, small_print.around(b"\xef\xbb\xbf")),
    "cr": Oddity(
        "Lines end with CR alone.", _STREAMS, small_print.rewritten(lambda written: written.replace(b"\n", b"\r"))
    ),
    "crlf": Oddity(
        "Lines end with CR LF.", _STREAMS, small_print.rewritten(lambda written: written.replace(b"\n", b"\r\n"))
    ),
    "no-blank": Oddity(
        "No blank stands after the colon.",
        _STREAMS,
        small_print.rewritten(lambda written: written.replace(b": ", b":", 1)),
    ),
    "comments": Oddity(
        "Comments keep the stream alive.", _STREAMS, small_print.around(b": hi\n\n", b": keep-alive\n\n")
    ),
    "pings": Oddity(
        "Events named `ping` stand between the others.",
        _STREAMS,
        small_print.around(b"", b'event: ping\ndata: {"type": "ping"}\n\n'),
    ),
    "empty-data": Oddity(
        "Events without any data keep the stream alive.", _STREAMS, small_print.around(b"", b"data:\n\n")
    ),
    "keep-alive-objects": Oddity(
        "Objects that hold nothing keep the stream alive.",
        _STREAMS,
        small_print.around(b"data: {}\n\n", b"data: {}\n\n"),
    ),
    "null-error": Oddity('Every event has `"error": null`.', _STREAMS, small_print.null_error),
    "data-lines": Oddity(
        "The JSON of an event stands in several `data` lines.", _STREAMS, small_print.several_data_lines
    ),
    "ids": Oddity(
        "Events have an `id` and a name, and the first line is `retry`.", _STREAMS, small_print.ids_and_retry
    ),
    "byte-by-byte": Oddity("Every byte is a piece of its own.", _STREAMS, small_print.byte_by_byte),
    "labelled-json": Oddity(
        "A stream is labelled `application/json`.", _STREAMS, response=failures.relabelled("application/json")
    ),
    "labelled-stream": Oddity(
        "An answer is labelled `text/event-stream`.", _ANY, response=failures.relabelled("text/event-stream")
    ),
    "odd-case": Oddity(
        "The media type is in odd case, with a charset.",
        _ANY,
        response=failures.relabelled("Text/Event-Stream;Charset=UTF-8"),
    ),
    "no-label": Oddity("There is no content type.", _ANY, response=failures.relabelled(None)),
}
ERRORS = {
    "error-in-200": Oddity("Status 200, and an error object.", _ANY, response=failures.IN_A_200),
    "error-as-list": Oddity("Status 200, and an error object in an array.", _ANY, response=failures.AS_A_LIST),
    "error-labelled-stream": Oddity(
        "Status 200, and an error object that is labelled a stream.", _ANY, response=failures.LABELLED_A_STREAM
    ),
    "error-in-stream": Oddity("An error object after the first events, and no more.", _STREAMS, failures.IN_A_STREAM),
    "error-event": Oddity(
        "An event named `error` after the first events, and no more.", _STREAMS, failures.AS_AN_EVENT
    ),
    "error-in-python": Oddity("An error as Python prints it after the first events.", _STREAMS, failures.AS_PYTHON),
}
VALUES = {
    "nan": _both(
        "`NaN` for a log probability, in a vector, for a rank.", bodies.NOT_A_NUMBER, (*_CHATS, EMBED, RERANK)
    ),
    "infinity": _both("`-Infinity` in the same places.", bodies.INFINITE, (*_CHATS, EMBED, RERANK)),
    "half-surrogate": _both("Every text ends with half of an emoji (`\\ud83d`).", bodies.half_surrogate, _STREAMS),
    "null-choices": _both("`choices` is null.", bodies.choices_as(None)),
    "choices-object": _both("`choices` is an object.", bodies.choices_as({"0": {}})),
    "choices-of-strings": _both("`choices` holds strings.", bodies.choices_as(["a"])),
    "null-delta": _both("A choice's `delta` or `message` is null.", bodies.said_as(None)),
    "text-delta": _both("A choice's `delta` or `message` is a string.", bodies.said_as("a")),
    "null-tool-calls": _both("The tool calls are null.", bodies.tool_calls_as(None)),
    "odd-tool-calls": _both("The tool calls are no objects.", bodies.tool_calls_as(["a", 1, None])),
    "number-for-text": _both("A number stands where a text should.", bodies.content_as(7), _STREAMS),
    "usage-in-strings": _both("Counts of tokens are strings.", bodies.usage_as("7"), (CHAT, NATIVE)),
    "null-usage": _both("`usage` is null.", bodies.usage_as(None), (CHAT, NATIVE)),
    "text-for-result": Oddity("A vector or a rank is a string.", (EMBED, RERANK), value=bodies.results_as("a")),
    "null-result": Oddity("A vector or a rank is null.", (EMBED, RERANK), value=bodies.results_as(None)),
    "array-body": Oddity("The answer is an array.", _ANY, value=bodies.as_whole([])),
    "text-body": Oddity("The answer is a string.", _ANY, value=bodies.as_whole("ok")),
    "null-body": Oddity("The answer is null.", _ANY, value=bodies.as_whole(None)),
    "empty-body": Oddity("The answer has no body.", _ANY, response=failures.answered(b"")),
}
FRAMING = {
    "torn-json": Oddity("A stream ends in the middle of an event's JSON.", _STREAMS, failures.TORN_JSON),
    "torn-body": Oddity("Half of the body comes, under a length that fits.", _ANY, response=failures.torn_in_half),
    "torn-head": Oddity("The connection is cut in the middle of the status line.", _ANY, response=failures.torn_head),
    "reset": Oddity("The connection is reset before the head.", _ANY, response=failures.reset_before),
    "reset-within": Oddity("The connection is reset in the middle of the body.", _ANY, response=failures.reset_within),
    "length-too-long": Oddity(
        "The content length is 10 more than what comes.", _ANY, response=failures.length_off_by(10)
    ),
    "length-too-short": Oddity(
        "The content length is 10 less than what is sent.", _ANY, response=failures.length_off_by(-10)
    ),
}
ODDITIES = {**ENDINGS, **SMALL_PRINT, **ERRORS, **VALUES, **FRAMING}


def as_markdown() -> str:
    """Write the table of docs/mock_oci_oddities.md."""
    rows = ["| `odd` | what comes | on |", "|---|---|---|"]
    rows += [f"| `{name}` | {oddity.about} | {', '.join(oddity.surfaces)} |" for name, oddity in ODDITIES.items()]
    return "\n".join(rows) + "\n"
