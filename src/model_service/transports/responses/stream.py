"""The events of a Responses stream as the chunks of a chat completion.

Source: https://platform.openai.com/docs/api-reference/responses-streaming; events that are not in EVENTS tell of what
a chat completion has no place for (searches, containers, …) or repeat what is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from model_service.errors import StreamBroken
from model_service.openai_api.chat import Chunk
from model_service.transports.responses.answer import (
    failure,
    finish_reason,
    head_of,
    require_answer,
    tail_of,
    usage_of,
)
from model_service.transports.responses.events import (
    ENDS,
    ResponseEvent,
    delta_of,
    item_of,
    part_of,
    place_of,
    read_event,
)
from model_service.transports.responses.output_items import (
    ARGUMENTS,
    BETWEEN_THOUGHTS,
    EXTRA_ITEMS,
    ItemContent,
    OutputItem,
    annotation_fields,
    annotation_of,
    call_of,
    dicts_in,
    logprobs_of,
    tokens_of,
)

ChunkChoice = dict[str, Any]


def chunks_of(
    events: Iterable[ResponseEvent | str], *, stored: bool, include_usage: bool, usage_apart: bool = True
) -> Iterator[Chunk]:
    """Yield chunks from events, or from their JSON: the role in the first, ``provider_state`` in the last.

    ``usage_apart`` says that the usage has a chunk of its own, as OpenAI's callers want it that ask for it. Raise
    ``UpstreamError`` where the response failed, and ``StreamBroken`` where the stream did. Nothing is given
    before the answer begins, so that what fails until then can still be reported with its status.
    """
    answer = ChunkBuilder(include_usage=include_usage, usage_apart=usage_apart)
    for given in events:
        event = read_event(given) if isinstance(given, str) else given
        if event is None:
            continue
        if event["type"] in ENDS:
            yield from answer.end(event, stored=stored)
            return
        read = EVENTS.get(event["type"])
        if read is not None:
            yield from answer.chunks(read(answer, event))
    raise StreamBroken("OCI ended the stream before the answer was complete.")


class ChunkBuilder:
    """Makes chunks of events, and knows what has come of the answer so far. A place is an ``output_index``."""

    def __init__(self, *, include_usage: bool, usage_apart: bool) -> None:
        self.include_usage, self.usage_apart = include_usage, usage_apart
        self.head: dict[str, Any] = {"id": "", "created": 0, "model": ""}
        self.role_said = False
        self.said: dict[tuple[Any, str], list[str]] = {}  # by place, or by the id of a call, and kind
        self.total: dict[str, int] = {}  # characters told, by kind
        self.thought: tuple[Any, ...] | None = None  # the part of the reasoning that came last
        self.calls: dict[str, int] = {}  # the id of a call → its index
        self.call_at: dict[int, dict[str, Any]] = {}  # place → the call as it was announced
        self.items: dict[int, ResponseEvent] = {}  # place → the finished item
        self.tokens = 0  # log probabilities told
        self.part_begins: dict[tuple[int, int], int] = {}  # place and part → where it begins in the joined text
        self.annotations: list[dict[str, Any]] = []

    def chunks(self, choices: Iterable[ChunkChoice]) -> Iterator[Chunk]:
        """Yield the chunk of each choice, after one with the role."""
        for choice in choices:
            if not self.role_said:
                self.role_said = True
                yield self._chunk({"delta": {"role": "assistant", "content": ""}})
            yield self._chunk(choice)

    def know(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        """Take the head of the chunks from a response that is under way."""
        response = event.get("response")
        if isinstance(response, dict):
            self.head |= {name: value for name, value in head_of(response).items() if value}
        return iter(())

    def text(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        """Yield a piece of the text, with its log probabilities, which may also come alone."""
        place, tokens = place_of(event), tokens_of(event.get("logprobs"))
        self.part_begins.setdefault((place, part_of(event)), self.total.get("content", 0))
        choices = list(self._say(place, "content", delta_of(event))) or ([{"delta": {}}] if tokens else [])
        for choice in choices:
            yield choice | self._logprobs(tokens)

    def refusal(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        """Yield a piece of a refusal."""
        return self._say(place_of(event), "refusal", delta_of(event))

    def reasoning(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        """Yield a piece of the reasoning or of its summary."""
        return self._think(place_of(event), (event["type"], part_of(event)), delta_of(event))

    def annotation(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        """Keep an annotation for the end, should the finished items not have it."""
        note = event.get("annotation")
        if isinstance(note, dict):
            begin = self.part_begins.get((place_of(event), part_of(event)), 0)
            self.annotations.append(annotation_of(note, begin))
        return iter(())

    def added(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        """Yield the beginning of a call, if the item that begins is one."""
        return self._announce(place_of(event), item_of(event))

    def arguments(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        """Yield a piece of a call's arguments, or of the input of a custom tool."""
        call = self.call_at.get(place_of(event))
        # Without its name the call cannot be announced; the whole of it comes again when the item is done.
        return self._argue(call, delta_of(event)) if call else iter(())

    def done(self, event: ResponseEvent) -> Iterator[ChunkChoice]:
        """Yield whatever of a finished item did not come in pieces: some models send calls, or short texts, whole."""
        place, item = place_of(event), item_of(event)
        if place in self.items:
            return
        self.items[place] = item
        said, call = ItemContent.of([item]), call_of(item)
        if (place, "reasoning") not in self.said:
            for number, thought in enumerate(said.reasoning):
                yield from self._think(place, ("done", number), thought)
        yield from self._say_rest(place, "content", said.content)
        yield from self._say_rest(place, "refusal", said.refusal)
        if call is not None:
            yield from self._announce(place, item)
            yield from self._argue_rest({**call, "id": self.call_at[place]["id"]})

    def end(self, event: ResponseEvent, *, stored: bool) -> Iterator[Chunk]:
        """Yield the last chunks; raise what a failed response says of itself."""
        if event["type"] == "error":
            raise failure(event.get("error") or event)
        response = event.get("response")
        if not isinstance(response, dict):
            raise StreamBroken("OCI ended the stream without the response.")
        # The event's name counts: a backend may send the response as it was before it ended.
        response = {**response, "status": event["type"].removeprefix("response.")}
        require_answer(response)
        self.know({"response": response})
        output: list[OutputItem] = [*dicts_in(response, "output")]
        output = output or [self.items[place] for place in sorted(self.items)]
        yield from self.chunks(self._rest(ItemContent.of(output)))
        choice: ChunkChoice = {"delta": {}, "finish_reason": finish_reason(response, called=bool(self.calls))}
        *chunks, last = self.chunks([choice])
        yield from chunks
        usage = usage_of(response) if self.include_usage else None
        if usage is not None and self.usage_apart:
            yield last
            last = {**self._chunk({}), "choices": [], "usage": usage}
        elif usage is not None:
            last["usage"] = usage
        yield last | tail_of({**response, "id": self.head["id"]}, stored=stored)

    def _rest(self, whole: ItemContent) -> Iterator[ChunkChoice]:
        """Yield what the finished answer says and no event has told; annotations and extra items once, together."""
        if not self.total.get("reasoning"):
            for number, thought in enumerate(whole.reasoning):
                yield from self._think("end", (number,), thought)
        for kind, text in (("content", whole.content), ("refusal", whole.refusal)):
            told = "".join(piece for (_, said), pieces in self.said.items() if said == kind for piece in pieces)
            # What was told in another order than it stands in cannot be completed.
            if told == text[: len(told)]:
                yield from self._say("end", kind, text[len(told) :])
        for call in whole.calls:
            yield from self._announce_call(call)
            yield from self._argue_rest(call)
        delta = annotation_fields(whole.annotations or self.annotations)
        delta |= {EXTRA_ITEMS: whole.extras} if whole.extras else {}
        logprobs = self._logprobs(whole.logprobs[self.tokens :])
        if delta or logprobs:
            yield {"delta": delta, **logprobs}

    def _logprobs(self, tokens: list[dict[str, Any]]) -> ChunkChoice:
        self.tokens += len(tokens)
        return {"logprobs": logprobs_of(tokens)} if tokens else {}

    def _announce(self, place: int, item: ResponseEvent) -> Iterator[ChunkChoice]:
        call = call_of(item)
        if call is None or place in self.call_at:
            return iter(())
        self.call_at[place] = call
        return self._announce_call(call)

    def _announce_call(self, call: dict[str, Any]) -> Iterator[ChunkChoice]:
        if call["id"] in self.calls:
            return
        index = self.calls[call["id"]] = len(self.calls)
        kind = call["type"]
        yield {"delta": {"tool_calls": [{**call, "index": index, kind: {**call[kind], ARGUMENTS[kind]: ""}}]}}

    def _argue(self, call: Mapping[str, Any], text: str) -> Iterator[ChunkChoice]:
        if text:
            self.said.setdefault((call["id"], "arguments"), []).append(text)
            kind = call["type"]
            yield {"delta": {"tool_calls": [{"index": self.calls[call["id"]], kind: {ARGUMENTS[kind]: text}}]}}

    def _argue_rest(self, call: Mapping[str, Any]) -> Iterator[ChunkChoice]:
        whole = call[call["type"]][ARGUMENTS[call["type"]]]
        said = "".join(self.said.get((call["id"], "arguments"), ()))
        return self._argue(call, whole[len(said) :]) if whole.startswith(said) else iter(())

    def _think(self, place: Any, part: tuple[Any, ...], text: str) -> Iterator[ChunkChoice]:
        thought = (place, *part)
        if not text:
            return iter(())
        if self.thought not in (None, thought):
            text = BETWEEN_THOUGHTS + text
        self.thought = thought
        return self._say(place, "reasoning", text)

    def _say_rest(self, place: int, kind: str, whole: str) -> Iterator[ChunkChoice]:
        said = "".join(self.said.get((place, kind), ()))
        return self._say(place, kind, whole[len(said) :]) if whole.startswith(said) else iter(())

    def _say(self, place: Any, kind: str, text: str) -> Iterator[ChunkChoice]:
        if text:
            self.said.setdefault((place, kind), []).append(text)
            self.total[kind] = self.total.get(kind, 0) + len(text)
            yield {"delta": {DELTAS[kind]: text}}

    def _chunk(self, choice: ChunkChoice) -> Chunk:
        choices = [{"index": 0, "finish_reason": None, **choice}]
        return {**self.head, "object": "chat.completion.chunk", "choices": choices}


DELTAS: Final = {"content": "content", "refusal": "refusal", "reasoning": "reasoning_content"}

EVENTS: Final[Mapping[str, Callable[[ChunkBuilder, ResponseEvent], Iterator[ChunkChoice]]]] = {
    "response.created": ChunkBuilder.know,
    "response.in_progress": ChunkBuilder.know,
    "response.output_item.added": ChunkBuilder.added,
    "response.output_text.delta": ChunkBuilder.text,
    "response.output_text.annotation.added": ChunkBuilder.annotation,
    "response.refusal.delta": ChunkBuilder.refusal,
    "response.reasoning_summary_text.delta": ChunkBuilder.reasoning,
    "response.reasoning_text.delta": ChunkBuilder.reasoning,
    "response.function_call_arguments.delta": ChunkBuilder.arguments,
    "response.custom_tool_call_input.delta": ChunkBuilder.arguments,
    "response.output_item.done": ChunkBuilder.done,
}
