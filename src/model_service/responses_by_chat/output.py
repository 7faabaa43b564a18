"""The output items of a response while they come: each tells its own events, from where it begins to where it is done.

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
        """Return the item as it is added: with nothing in it."""

    def finish(self) -> Iterator[OutputEvent]:
        """Yield what is left to say of its parts."""

    def value(self, status: str) -> dict[str, Any]:
        """Return the whole item."""


class _Parts:
    """The parts of an item, one after another; ``where`` is what every event of the item has."""

    def __init__(self, where: Mapping[str, Any]) -> None:
        self.where = where
        self.done: list[dict[str, Any]] = []
        self.kind: str | None = None
        self.pieces: list[str] = []
        self.logprobs: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []

    def add(self, kind: str, piece: str, logprobs: list[dict[str, Any]]) -> Iterator[OutputEvent]:
        """Yield a piece of the part of this kind; it begins, and the one before it ends, where it is another kind."""
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
        """Return the parts that are done, and what there is of the one that is under way."""
        return [*self.done, *([self._part("".join(self.pieces))] if self.kind is not None else [])]

    def finish(self) -> Iterator[OutputEvent]:
        """Yield the end of the part that is under way, if there is one."""
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
    """What the model says: text, refusals."""

    prefix: Final = "msg"

    def __init__(self, item_id: str, place: int) -> None:
        self.id = item_id
        self.parts = _Parts({"item_id": item_id, "output_index": place})

    def begin(self) -> dict[str, Any]:
        """Return the message without content."""
        return self.value("in_progress")

    def finish(self) -> Iterator[OutputEvent]:
        """Yield the end of its last part; a message that says nothing has one empty text."""
        if self.parts.kind is None and not self.parts.done:
            yield from self.parts.add("output_text", "", [])
        yield from self.parts.finish()

    def value(self, status: str) -> dict[str, Any]:
        """Return the message with what has come of it."""
        said = {"role": "assistant", "content": self.parts.so_far()}
        return {"id": self.id, "type": "message", "status": status, **said}


class Reasoning:
    """What the model thinks, as its ``summary`` where the request asked for one."""

    prefix: Final = "rs"

    def __init__(self, item_id: str, place: int, *, as_summary: bool) -> None:
        self.id, self.as_summary = item_id, as_summary
        self.parts = _Parts({"item_id": item_id, "output_index": place})

    def begin(self) -> dict[str, Any]:
        """Return the item without a thought."""
        return self.value("in_progress")

    def think(self, piece: str) -> Iterator[OutputEvent]:
        """Yield a piece of the reasoning."""
        return self.parts.add("summary_text" if self.as_summary else "reasoning_text", piece, [])

    def finish(self) -> Iterator[OutputEvent]:
        """Yield the end of its part."""
        return self.parts.finish()

    def value(self, status: str) -> dict[str, Any]:
        """Return the item with what has come of it."""
        thoughts = self.parts.so_far()
        shown = {"summary": thoughts} if self.as_summary else {"summary": [], "content": thoughts}
        return {"id": self.id, "type": "reasoning", "status": status, **shown}


class ToolCallItem:
    """A call of a function; or of a custom tool, whose input is there as soon as its arguments are whole."""

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
        """Yield the whole arguments; an object where there are none, which clients read as JSON."""
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
        """Return the call with the arguments that have come."""
        kind, field = ("custom_tool_call", "input") if self.is_custom else ("function_call", "arguments")
        text = "".join(self.pieces)
        text = custom_input(text) if self.is_custom and status != "in_progress" else text
        named = {"call_id": self.call_id, "name": self.name, field: text}
        return {"id": self.id, "type": kind, "status": status, **named}


def _short_logprob(token: Mapping[str, Any]) -> dict[str, Any]:
    """Return a log probability as events have it: without bytes."""
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
