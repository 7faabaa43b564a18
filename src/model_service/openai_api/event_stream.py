"""Server-sent events, read from a stream of bytes; ``encoding`` writes them."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from model_service.errors import StreamBroken
from model_service.openai_api.encoding import DONE

MAX_LINE_BYTES: Final = 16 * 1024 * 1024  # of a stream: an embedded picture or an audio answer is one line
LINE_END: Final = re.compile(rb"\r\n|\r|\n")

NamedEvent = tuple[str | None, str]
"""The name of a server-sent event, if it has one, and its data."""


def read_lines(pieces: Iterable[bytes], max_bytes: int = MAX_LINE_BYTES) -> Iterator[str]:
    """Yield the lines of a byte stream, as ``read_line_groups`` reads them."""
    return chain.from_iterable(read_line_groups(pieces, max_bytes))


def read_line_groups(pieces: Iterable[bytes], max_bytes: int = MAX_LINE_BYTES) -> Iterator[list[str]]:
    r"""Yield the lines of a byte stream, however it was cut up: together those that came together.

    ``\n``, ``\r\n`` and ``\r`` end one, a last one needs none; a byte order mark before the first is passed over. Raise
    ``StreamBroken`` for a line of more than ``max_bytes``.
    """
    rest, after_return = bytearray(), False
    for piece in _without_byte_order_mark(iter(pieces)):
        rest += piece[1:] if after_return and piece[:1] == b"\n" else piece
        after_return = after_return and not piece
        lines: list[bytearray] = []
        if b"\r" in piece:
            *lines, rest = map(bytearray, LINE_END.split(rest))
            # What follows may be the second byte of \r\n: the line has ended, and is not kept waiting for it.
            after_return = piece.endswith(b"\r")
        elif b"\n" in piece:  # a line may be megabytes long: it is looked through once, not with every piece
            *lines, rest = rest.split(b"\n")
        if lines:
            yield [line.decode("utf-8", "replace") for line in lines]
        if len(rest) > max_bytes:
            raise StreamBroken(f"OCI sent a line of more than {max_bytes} bytes.")
    if rest:
        yield [rest.decode("utf-8", "replace")]


def _without_byte_order_mark(pieces: Iterator[bytes]) -> Iterator[bytes]:
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= len(BOM_UTF8) or not BOM_UTF8.startswith(head):
            break
    return chain([head.removeprefix(BOM_UTF8)], pieces)


def read_events(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield the ``data`` of each server-sent event, ``[DONE]`` included."""
    return (text for _, text in read_named_events(pieces))


def read_named_events(pieces: Iterable[bytes]) -> Iterator[NamedEvent]:
    """Yield the name of each server-sent event, if it has one, and its ``data``."""
    return chain.from_iterable(read_event_groups(pieces))


def read_event_groups(pieces: Iterable[bytes]) -> Iterator[list[NamedEvent]]:
    """Yield the names of server-sent events, and their ``data``: together those that came together.

    Comments, other fields and events without data are passed over; lines of one event are joined by a line feed; a last
    event counts without its blank line. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    name: str | None = None
    data: list[str] = []
    for lines in chain(read_line_groups(pieces), [[""]]):
        events: list[NamedEvent] = []
        for line in lines:
            if line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif not line:
                text = data[0] if len(data) == 1 else "\n".join(data)
                name, data, ended = None, [], name
                if bare := text.strip():
                    events.append((ended or None, DONE if bare == DONE else text))
            else:
                field, _, value = line.partition(":")
                name = value.removeprefix(" ") if field == "event" else name
                data += [""] if field == "data" else []
        if events:
            yield events
