"""What the standard of server-sent events allows, and what servers send besides (html.spec.whatwg.org, 9.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from mock_oci.oddities.events import DONE, EventChange, SentEvent, SentEvents


def around(before: bytes, between: bytes = b"") -> EventChange:
    """Send ``before`` first, and ``between`` after each event."""

    def change(events: SentEvents, _surface: str) -> Iterator[SentEvent | bytes]:
        if before:
            yield before
        for event in events:
            yield event
            if between:
                yield between

    return change


def rewritten(rewrite: Callable[[bytes], bytes]) -> EventChange:
    """Send the bytes of each event in another way."""

    def change(events: SentEvents, _surface: str) -> Iterator[SentEvent | bytes]:
        for event in events:
            yield rewrite(event.written())

    return change


def byte_by_byte(events: SentEvents, _surface: str) -> Iterator[SentEvent | bytes]:
    for event in events:
        written = event.written()
        yield from (written[index : index + 1] for index in range(len(written)))


def several_data_lines(events: SentEvents, _surface: str) -> Iterator[SentEvent | bytes]:
    for event in events:
        lines = event.data if event.value == DONE else json.dumps(event.value, indent=1)
        data = "".join(f"data: {line}\n" for line in lines.split("\n"))
        yield (f"event: {event.name}\n" if event.name else "").encode() + data.encode() + b"\n"


def ids_and_retry(events: SentEvents, _surface: str) -> Iterator[SentEvent | bytes]:
    yield b"retry: 3000\n\n"
    for number, event in enumerate(events):
        name = b"" if event.name else b"event: message\n"
        yield b"id: %d\n" % number + name + event.written()


def null_error(events: SentEvents, _surface: str) -> Iterator[SentEvent]:
    for event in events:
        if isinstance(event.value, dict):
            event.value["error"] = None
        yield event
