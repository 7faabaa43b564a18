"""Unfinished output items of a response: each yields its own events, from the beginning to the end.

Clients follow an item by its id and its place: both are given once and never change, and nothing comes of a part that
has not been added. Source: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from model_service.responses_by_chat.tools import custom_input

OutputEvent = dict[str, Any]
"""An event without its ``sequence_number``."""


class OutputUnderWay(Protocol):
    """An item between ``response.output_item.added`` and ``response.output_item.done``."""

    def begin(self) -> dict[str, Any]:
        """Return the empty item of ``response.output_item.added``."""

    def finish(self) -> Iterator[OutputEvent]:
        """Yield the remaining events of its parts."""

    def value(self, status: str) -> dict[str, Any]:
        """Return the whole item."""


class _Parts:
    """The parts of an item; ``where`` has the fields that every event of the item has."""

    def __init__(self, where: Mapping[str, Any]) -> None:
        self.where = where
        self.done: list[dict[str, Any]] = []
        self.kind: str | None = None
        self.pieces: list[str] = []
        self.logprobs: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []

    def add(self, kind: str, piece: str, logprobs: list[dict[str, Any]]) -> Iterator[OutputEvent]:
        """Yield the events for a piece of text; begin a new part if its kind differs from the current one."""
        if self.kind != kind:
            yield from self.finish()
            self.kind = kind
            yield self._event(f"{PART_EVENTS[kind]}.added", part=self._part(""))
        self.pieces.append(piece)
        self.logprobs += logprobs
        more = {"logprobs": list(map(_short_logprob, logprobs))} if kind == "output_text" else {}
        yield self._event(f"{TEXT_EVENTS[kind]}.delta", delta=piece, **more)

    def annotate(self, annotation: dict[str, Any]) -> Iterator[OutputEvent]:
        """Yield an annotation of the text."""
        if self.kind != "output_text":
            yield from self.add("output_text", "", [])
        kind = "response.output_text.annotation.added"
        yield self._event(kind, annotation_index=len(self.annotations), annotation=annotation)
        self.annotations.append(annotation)

    def so_far(self) -> list[dict[str, Any]]:
        """Return the finished parts, and the current part as far as it has arrived."""
        return [*self.done, *([self._part("".join(self.pieces))] if self.kind is not None else [])]

    def finish(self) -> Iterator[OutputEvent]:
        """Yield the end of the current part, if there is one."""
        if self.kind is None:
            return
        text, part = "".join(self.pieces), self._part("".join(self.pieces))
        more = {"logprobs": list(map(_short_logprob, self.logprobs))} if self.kind == "output_text" else {}
        field = "refusal" if self.kind == "refusal" else "text"
        yield self._event(f"{TEXT_EVENTS[self.kind]}.done", **{field: text}, **more)
        yield self._event(f"{PART_EVENTS[self.kind]}.done", part=part)
        self.done.append(part)
        self.kind, self.pieces, self.logprobs, self.annotations = None, [], [], []

    def _part(self, text: str) -> dict[str, Any]:
        if self.kind == "refusal":
            return {"type": "refusal", "refusal": text}
        more = {"annotations": list(self.annotations), "logprobs": list(self.logprobs)}
        return {"type": self.kind, "text": text, **(more if self.kind == "output_text" else {})}

    def _event(self, kind: str, **fields: Any) -> OutputEvent:
        index = "summary_index" if "summary" in kind else "content_index"
        return {"type": kind, **self.where, index: len(self.done), **fields}


class SpokenMessage:
    """A message of the model: text and refusals."""

    prefix: Final = "msg"

    def __init__(self, item_id: str, place: int) -> None:
        self.id = item_id
        self.parts = _Parts({"item_id": item_id, "output_index": place})

    def begin(self) -> dict[str, Any]:
        """Return the message without content."""
        return self.value("in_progress")

    def finish(self) -> Iterator[OutputEvent]:
        """Yield the end of the last part; an empty message has one empty text."""
        if self.parts.kind is None and not self.parts.done:
            yield from self.parts.add("output_text", "", [])
        yield from self.parts.finish()

    def value(self, status: str) -> dict[str, Any]:
        """Return the message with the content that has arrived."""
        said = {"role": "assistant", "content": self.parts.so_far()}
        return {"id": self.id, "type": "message", "status": status, **said}


class Reasoning:
    """A reasoning item; its text is in ``summary`` if the request asked for a summary."""

    prefix: Final = "rs"

    def __init__(self, item_id: str, place: int, *, as_summary: bool) -> None:
        self.id, self.as_summary = item_id, as_summary
        self.parts = _Parts({"item_id": item_id, "output_index": place})

    def begin(self) -> dict[str, Any]:
        """Return the item without text."""
        return self.value("in_progress")

    def think(self, piece: str) -> Iterator[OutputEvent]:
        """Yield a piece of the reasoning."""
        return self.parts.add("summary_text" if self.as_summary else "reasoning_text", piece, [])

    def finish(self) -> Iterator[OutputEvent]:
        """Yield the end of its part."""
        return self.parts.finish()

    def value(self, status: str) -> dict[str, Any]:
        """Return the item with the text that has arrived."""
        thoughts = self.parts.so_far()
        shown = {"summary": thoughts} if self.as_summary else {"summary": [], "content": thoughts}
        return {"id": self.id, "type": "reasoning", "status": status, **shown}


class ToolCallItem:
    """A call of a function or of a custom tool; the input of a custom tool is known when its arguments are complete."""

    def __init__(self, item_id: str, place: int, call_id: str, name: str, *, is_custom: bool) -> None:
        self.id, self.call_id, self.name, self.is_custom = item_id, call_id, name, is_custom
        self.where = {"item_id": item_id, "output_index": place}
        self.pieces: list[str] = []

    def begin(self) -> dict[str, Any]:
        """Return the call without its arguments."""
        return self.value("in_progress")

    def argue(self, piece: str) -> Iterator[OutputEvent]:
        """Yield a piece of the arguments."""
        self.pieces.append(piece)
        if not self.is_custom:
            yield {"type": "response.function_call_arguments.delta", **self.where, "delta": piece}

    def finish(self) -> Iterator[OutputEvent]:
        """Yield the complete arguments; if there are none, an empty JSON object, because clients parse them."""
        if self.is_custom:
            text = custom_input("".join(self.pieces))
            yield {"type": "response.custom_tool_call_input.delta", **self.where, "delta": text}
            yield {"type": "response.custom_tool_call_input.done", **self.where, "input": text}
            return
        if not "".join(self.pieces).strip():
            yield from self.argue("{}")
        arguments = "".join(self.pieces)
        yield {
            "type": "response.function_call_arguments.done",
            **self.where,
            "name": self.name,
            "arguments": arguments,
        }

    def value(self, status: str) -> dict[str, Any]:
        """Return the call with the arguments that have arrived."""
        kind, field = ("custom_tool_call", "input") if self.is_custom else ("function_call", "arguments")
        text = "".join(self.pieces)
        text = custom_input(text) if self.is_custom and status != "in_progress" else text
        named = {"call_id": self.call_id, "name": self.name, field: text}
        return {"id": self.id, "type": kind, "status": status, **named}


def _short_logprob(token: Mapping[str, Any]) -> dict[str, Any]:
    """Return a log probability in the format of events, without bytes."""
    tops = [{"token": top["token"], "logprob": top["logprob"]} for top in token["top_logprobs"]]
    return {"token": token["token"], "logprob": token["logprob"], "top_logprobs": tops}


TEXT_EVENTS: Final = {
    "output_text": "response.output_text",
    "refusal": "response.refusal",
    "reasoning_text": "response.reasoning_text",
    "summary_text": "response.reasoning_summary_text",
}

PART_EVENTS: Final = {
    "output_text": "response.content_part",
    "refusal": "response.content_part",
    "reasoning_text": "response.content_part",
    "summary_text": "response.reasoning_summary_part",
}
