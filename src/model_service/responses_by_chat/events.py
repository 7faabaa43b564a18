"""Translate chat chunks to the events of a response, in OpenAI's order; the last event has the whole response.

Source: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

from model_service.errors import ModelServiceError, StreamBroken, UpstreamError
from model_service.openai_api.chat import Chunk, ended_in_time
from model_service.openai_api.encoding import Encoding, write_each, write_json
from model_service.responses_by_chat.deltas import (
    annotations_in,
    beside,
    called,
    calls_in,
    delta_of_choice,
    first_choice,
    logprobs_in,
    string_of,
    text_of_content,
    usage_in,
)
from model_service.responses_by_chat.output import OutputEvent, OutputUnderWay, Reasoning, SpokenMessage, ToolCallItem
from model_service.responses_by_chat.response_object import ResponseObject


class EventSequence:
    """Creates the events of one response. ``custom`` has the names of the custom tools."""

    def __init__(
        self, response: ResponseObject, *, custom: frozenset[str] = frozenset(), summary: bool = False
    ) -> None:
        self.response, self.custom, self.summary = response, custom, summary
        self.number = 0
        self.items: list[OutputUnderWay] = []  # by their output_index
        self.output: dict[int, dict[str, Any]] = {}  # those that are done
        self.speaking: int | None = None  # the place of the message or the reasoning that is under way
        self.calls: dict[int, CallUnderWay] = {}  # by the index that the chat gives them
        self.finish_reason: str | None = None
        self.has_choice = False

    def of_chunks(self, chunks: Iterator[Chunk]) -> Iterator[OutputEvent]:
        """Yield the events. The first chunk is read before the first event, so that an early error still has a status.

        Raise the errors of the chunks, after an event ``response.failed``.
        """
        first = next(chunks, None)
        if first is None:
            raise StreamBroken("OCI ended the stream before the answer began.")
        self.response.begin(first)
        for kind in ("response.created", "response.in_progress"):
            yield self._numbered({"type": kind, "response": self.response.under_way()})
        try:
            for chunk in ended_in_time(chain([first], chunks)):
                yield from map(self._numbered, self._told(chunk))
            yield from map(self._numbered, self._ended())
        except ModelServiceError as error:
            yield self._numbered({"type": "response.failed", "response": self.response.failed(error, self._whole())})
            raise
        yield self._numbered(self.response.ending(self.finish_reason, self._whole()))

    def _numbered(self, event: OutputEvent) -> OutputEvent:
        number, self.number = self.number, self.number + 1
        return {"type": event["type"], "sequence_number": number, **event}

    def _whole(self) -> list[dict[str, Any]]:
        """Return all items; an unfinished item is incomplete."""
        return [self.output.get(place) or item.value("incomplete") for place, item in enumerate(self.items)]

    def _told(self, chunk: Chunk) -> Iterator[OutputEvent]:
        self.response.note(usage_in(chunk), chunk.get("model_service"))
        choice = first_choice(chunk)
        delta = delta_of_choice(choice)
        self.response.beside(beside(delta))
        if thought := string_of(delta, "reasoning_content", "reasoning"):
            reasoning = yield from self._speak(Reasoning)
            yield from reasoning.think(thought)
        text, logprobs = text_of_content(delta), logprobs_in(choice)
        for kind, piece in (("output_text", text), ("refusal", string_of(delta, "refusal"))):
            if piece or (logprobs and kind == "output_text"):
                message = yield from self._speak(SpokenMessage)
                yield from message.parts.add(kind, piece, logprobs if kind == "output_text" else [])
        for note in annotations_in(delta):
            message = yield from self._speak(SpokenMessage)
            yield from message.parts.annotate(note)
        for index, call in calls_in(delta):
            yield from self._call(index, call)
        self.finish_reason = string_of(choice, "finish_reason") or self.finish_reason
        self.has_choice = self.has_choice or bool(choice)

    def _speak(self, kind: type[Any]) -> Generator[OutputEvent, None, Any]:
        """Return the current item of this kind; if there is none, finish the current item and begin a new one."""
        current = self.items[self.speaking] if self.speaking is not None else None
        if isinstance(current, kind):
            return current
        yield from self._stop_speaking()
        place = len(self.items)
        more = {"as_summary": self.summary} if kind is Reasoning else {}
        item = kind(self.response.item_id(kind.prefix, place), place, **more)
        self.speaking = place
        yield from self._add(item)
        return item

    def _stop_speaking(self) -> Iterator[OutputEvent]:
        if self.speaking is not None:
            yield from self._done(self.speaking, "completed")
            self.speaking = None

    def _add(self, item: OutputUnderWay) -> Iterator[OutputEvent]:
        self.items.append(item)
        yield {"type": "response.output_item.added", "output_index": len(self.items) - 1, "item": item.begin()}

    def _done(self, place: int, status: str) -> Iterator[OutputEvent]:
        yield from self.items[place].finish()
        self.output[place] = self.items[place].value(status)
        yield {"type": "response.output_item.done", "output_index": place, "item": self.output[place]}

    def _call(self, index: int, piece: Mapping[str, Any]) -> Iterator[OutputEvent]:
        """Yield the events for a piece of a tool call. Pieces of calls may be mixed, so calls end with the answer."""
        name, arguments, kind = called(piece)
        call = self.calls.get(index)
        call_id = string_of(piece, "id")
        if not (name or arguments or call_id):
            return
        if call is None or (name and call_id and call.call_id and call_id != call.call_id):
            if call is not None:  # some backends give every call the same index
                self.calls[max(self.calls) + 1] = call
            call = self.calls[index] = CallUnderWay()
        call.call_id, call.name = call.call_id or call_id, call.name or name
        if call.item is None and call.name:
            yield from self._stop_speaking()
            call.item = self._item_of(call, is_custom=kind == "custom" or call.name in self.custom)
            yield from self._add(call.item)
            yield from call.item.argue(call.waiting) if call.waiting else ()
        if arguments and call.item is not None:
            yield from call.item.argue(arguments)
        elif arguments:
            call.waiting += arguments

    def _item_of(self, call: CallUnderWay, *, is_custom: bool) -> ToolCallItem:
        place = len(self.items)
        item_id = self.response.item_id("ctc" if is_custom else "fc", place)
        call_id = call.call_id or self.response.item_id("call", place)
        return ToolCallItem(item_id, place, call_id, call.name, is_custom=is_custom)

    def _ended(self) -> Iterator[OutputEvent]:
        """Yield the end of every item; an empty answer gets an empty message."""
        if not self.has_choice:
            raise UpstreamError("OCI's answer has no choices.", code="no_answer")
        if any(call.item is None for call in self.calls.values()):
            raise StreamBroken("OCI sent the call of a tool without its name.")
        if not any(isinstance(item, SpokenMessage | ToolCallItem) for item in self.items):
            yield from self._speak(SpokenMessage)
        status = self.response.status_for(self.finish_reason)
        for place in range(len(self.items)):
            if place not in self.output:
                yield from self._done(place, status)


class CallUnderWay:
    """An unfinished tool call; ``waiting`` has the arguments that arrived before the name."""

    def __init__(self) -> None:
        self.call_id = self.name = self.waiting = ""
        self.item: ToolCallItem | None = None


def write_response_events(events: Iterable[OutputEvent]) -> Iterator[bytes]:
    """Yield server-sent events with their names; a broken stream ends with an ``error`` event."""
    names: deque[str] = deque()
    number = -1

    def noted() -> Iterator[OutputEvent]:
        nonlocal number
        for event in events:
            number = event["sequence_number"]
            names.append(event["type"])
            yield event

    try:
        for text in write_each(noted()):
            yield b"event: %s\ndata: %s\n\n" % (names.popleft().encode(), text)
    except ModelServiceError as error:
        said = {**error.body()["error"], "type": "error", "sequence_number": number + 1}
        yield b"event: error\ndata: %s\n\n" % write_json(said)


RESPONSE_EVENTS: Final = Encoding("text/event-stream", write_response_events)
