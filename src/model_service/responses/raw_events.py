"""The events of a Responses stream as they are: read to see whether they are whole, and written again untouched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_service.encoding import DONE, Encoding, read_named_events, write_json
from model_service.errors import ModelServiceError, StreamBroken
from model_service.responses.stream import ENDS, read_event


@dataclass(frozen=True)
class RawEvent:
    """One server-sent event: its ``event`` name, if it has one, and the text of its ``data``. ``value`` is that text
    read, for whoever wants the usage of the last one; it is empty for ``[DONE]``."""

    name: str | None
    text: str
    value: Mapping[str, Any]

    def write(self) -> bytes:
        name = [f"event: {self.name}"] if self.name else []
        return "\n".join([*name, *(f"data: {line}" for line in self.text.split("\n")), "", ""]).encode()


def read_raw_events(pieces: Iterable[bytes]) -> Iterator[RawEvent]:
    """Every event of a stream, of whatever type; raises ``StreamBroken`` for what is no event, and for an end before
    the response has one."""
    ended = False
    for name, text in read_named_events(pieces):
        value = {} if text == DONE else read_event(text)
        ended = ended or value.get("type") in RAW_ENDS
        yield RawEvent(name, text, value)
    if not ended:
        raise StreamBroken("OCI ended the stream before the response was complete.")


def write_raw_events(events: Iterable[RawEvent]) -> Iterator[bytes]:
    """Server-sent events for OpenAI's clients; a stream that breaks ends with an ``error`` event of the same API."""
    number = -1
    try:
        for event in events:
            said_number = event.value.get("sequence_number")
            number = said_number if isinstance(said_number, int) else number
            yield event.write()
    except ModelServiceError as error:
        said = error.body()["error"] | {"type": "error", "sequence_number": number + 1}
        yield RawEvent("error", write_json(said).decode(), said).write()


RAW_ENDS: Final = (*ENDS, "response.cancelled")  # the last one is of a response that ran in the background

RAW_EVENTS: Final = Encoding("text/event-stream", write_raw_events)
