"""The events of a Responses stream as the chunks of a chat completion.

Source: https://platform.openai.com/docs/api-reference/responses-streaming; events that are not in EVENTS tell of what
a chat completion has no place for (searches, containers, …) or repeat what is known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from model_service.errors import StreamBroken
from model_service.logs.redaction import redact
from model_service.openai_api.chat import Chunk
from model_service.transports.responses.answer import (
    BETWEEN_THOUGHTS,
    ItemContent,
    call_of,
    failure,
    finish_reason,
    head_of,
    logprobs_of,
    require_answer,
    usage_of,
)
from model_service.transports.responses.continuation import state_after
from model_service.upstream.error_body import read_error_body

ResponseEvent = Mapping[str, Any]
ChunkChoice = dict[str, Any]


def chunks_of(events: Iterable[str], *, stored: bool, include_usage: bool) -> Iterator[Chunk]:
    """Yield chunks from the ``data`` of server-sent events: the role in the first, ``provider_state`` in the last.

    Raise ``UpstreamError`` where the response failed, and ``StreamBroken`` where the stream did. Nothing is given
    before the answer begins, so that what fails until then can still be reported with its status.
    """
    answer = ChunkBuilder()
    for text in events:
        event = read_event(text)
        if event["type"] in ENDS:
            yield from answer.end(event, stored=stored, include_usage=include_usage)
            return
        read = EVENTS.get(event["type"])
        if read is not None:
            yield from answer.chunks(read(answer, event))
    raise StreamBroken("OCI ended the stream before the answer was complete.")


class ChunkBuilder:
    """Makes chunks of events, and knows what has come of the answer so far. A place is an ``output_index``."""

    def __init__(self) -> None:
        self.head: dict[str, Any] = {"id": "", "created": 0, "model": ""}
        self.role_said = False
        self.said: dict[tuple[int, str], str] = {}
        self.thought: tuple[Any, ...] | None = None  # the part of the reasoning that came last
        self.calls: dict[int, int] = {}  # place → index among the calls

    def chunks(self, choices: Iterable[ChunkChoice]) -> Iterator[Chunk]:
        for choice in choices:
            if not self.role_said:
                self.role_said = True
                yield self._chunk({"delta": {"role": "assistant", "content": ""}})
            yield self._chunk(choice)

    def know(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        response = event.get("response")
        if isinstance(response, dict):
            self.head |= {name: value for name, value in head_of(response).items() if value}
        return iter(())

    def text(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        logprobs = logprobs_of(event.get("logprobs"))
        for choice in self._say(_place(event), "content", _delta(event)):
            yield choice | ({"logprobs": logprobs} if logprobs else {})

    def refusal(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        return self._say(_place(event), "refusal", _delta(event))

    def reasoning(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        part = event.get("summary_index", event.get("content_index"))
        return self._think(_place(event), (event["type"], part), _delta(event))

    def added(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        return self._announce(_place(event), _item(event))

    def arguments(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        place = _place(event)
        # Without its name the call cannot be announced; the whole of it comes again when the item is done.
        return self._say(place, "arguments", _delta(event)) if place in self.calls else iter(())

    def done(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        """Yield whatever of a finished item did not come in pieces: some models send calls, or short texts, whole."""
        place, item = _place(event), _item(event)
        said, call = ItemContent.of(item), call_of(item)
        if (place, "reasoning") not in self.said:
            for number, thought in enumerate(said.reasoning):
                yield from self._think(place, ("done", number), thought)
        yield from self._say_rest(place, "content", said.content)
        yield from self._say_rest(place, "refusal", said.refusal)
        if said.annotations:
            yield {"delta": {"annotations": list(said.annotations)}}
        if call is not None:
            yield from self._announce(place, item)
            yield from self._say_rest(place, "arguments", call["function"]["arguments"])

    def end(self, event: ResponseEvent, *, stored: bool, include_usage: bool) -> Iterator[Chunk]:
        """Yield the last chunks; raise what a failed response says of itself."""
        if event["type"] == "error":
            raise failure(event)
        response = event.get("response")
        if not isinstance(response, dict):
            raise StreamBroken("OCI ended the stream without the response.")
        # The event's name counts: a backend may send the response as it was before it ended.
        response = {**response, "status": event["type"].removeprefix("response.")}
        require_answer(response)
        self.know({"response": response})
        if not self.role_said:
            yield from self._whole(response)
        choice: ChunkChoice = {"delta": {}, "finish_reason": finish_reason(response, called=bool(self.calls))}
        last = list(self.chunks([choice]))
        usage = usage_of(response) if include_usage else None
        if usage is not None:
            last.append({**self._chunk({}), "choices": [], "usage": usage})
        last[-1] |= state_after(self.head["id"], stored=stored)
        yield from last

    def _whole(self, response: ResponseEvent) -> Iterator[Chunk]:
        """Yield an answer of which no event told anything."""
        output = response.get("output")
        for place, item in enumerate(output if isinstance(output, list) else ()):
            yield from self.chunks(self.done({"output_index": place, "item": item}))

    def _announce(self, place: int, item: ResponseEvent) -> Iterator[ChunkChoice]:
        call = call_of(item)
        if call is None or place in self.calls:
            return
        self.calls[place] = len(self.calls)
        function = {"name": call["function"]["name"], "arguments": ""}
        yield {"delta": {"tool_calls": [{**call, "index": self.calls[place], "function": function}]}}

    def _think(self, place: int, part: tuple[Any, ...], text: str) -> Iterator[ChunkChoice]:
        thought = (place, *part)
        if not text:
            return iter(())
        if self.thought not in (None, thought):
            text = BETWEEN_THOUGHTS + text
        self.thought = thought
        return self._say(place, "reasoning", text)

    def _say_rest(self, place: int, kind: str, whole: str) -> Iterator[ChunkChoice]:
        said = self.said.get((place, kind), "")
        return self._say(place, kind, whole[len(said) :]) if whole.startswith(said) else iter(())

    def _say(self, place: int, kind: str, text: str) -> Iterator[ChunkChoice]:
        if not text:
            return
        self.said[place, kind] = self.said.get((place, kind), "") + text
        if kind == "arguments":
            yield {"delta": {"tool_calls": [{"index": self.calls[place], "function": {"arguments": text}}]}}
        else:
            yield {"delta": {DELTAS[kind]: text}}

    def _chunk(self, choice: ChunkChoice) -> Chunk:
        choices = [{"index": 0, "finish_reason": None, **choice}]
        return {**self.head, "object": "chat.completion.chunk", "choices": choices}


def read_event(text: str) -> dict[str, Any]:
    """Return the event; raise ``StreamBroken`` for what is none: transient errors come as the repr of a Python dict."""
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        event = None
    if isinstance(event, dict) and isinstance(event.get("type"), str):
        return event
    complaint = read_error_body(text.encode("utf-8", "replace"))
    message = redact(complaint.message) or "OCI sent something other than an event."
    raise StreamBroken(message, code=complaint.code)


def _place(event: ResponseEvent) -> int:
    place = event.get("output_index", 0)
    if not isinstance(place, int):
        raise StreamBroken("OCI sent an event whose output_index is not an integer.")
    return place


def _delta(event: ResponseEvent) -> str:
    delta = event.get("delta", "")
    if not isinstance(delta, str):
        raise StreamBroken("OCI sent an event whose delta is not a string.")
    return delta


def _item(event: ResponseEvent) -> ResponseEvent:
    item = event.get("item")
    return item if isinstance(item, dict) else {}


DELTAS: Final[Mapping[str, str]] = {
    "content": "content",
    "refusal": "refusal",
    "reasoning": "reasoning_content",
}

EVENTS: Final[Mapping[str, Callable[[ChunkBuilder, ResponseEvent], Iterator[ChunkChoice]]]] = {
    "response.created": ChunkBuilder.know,
    "response.in_progress": ChunkBuilder.know,
    "response.output_item.added": ChunkBuilder.added,
    "response.output_text.delta": ChunkBuilder.text,
    "response.refusal.delta": ChunkBuilder.refusal,
    "response.reasoning_summary_text.delta": ChunkBuilder.reasoning,
    "response.reasoning_text.delta": ChunkBuilder.reasoning,
    "response.function_call_arguments.delta": ChunkBuilder.arguments,
    "response.output_item.done": ChunkBuilder.done,
}

ENDS: Final = ("response.completed", "response.incomplete", "response.failed", "error")
