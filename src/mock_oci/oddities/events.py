"""Server-sent events between the bytes of an answer and what an oddity changes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

DONE = "[DONE]"
CHAT, NATIVE, RESPONSES, EMBED, RERANK = "chat", "native chat", "Responses", "embed", "rerank"
_SURFACES = {
    "/chat/completions": CHAT,
    "/actions/chat": NATIVE,
    "/responses": RESPONSES,
    "/actions/embedText": EMBED,
    "/actions/rerankText": RERANK,
}


@dataclass(frozen=True)
class SentEvent:
    """One event: its name, if it has one, and its JSON; the last of some streams is the text ``[DONE]``."""

    name: str
    value: Any

    @property
    def data(self) -> str:
        return DONE if self.value == DONE else json.dumps(self.value, separators=(",", ":"))

    def written(self) -> bytes:
        """Write the event as mock_oci does."""
        head = f"event: {self.name}\n" if self.name else ""
        return f"{head}data: {self.data}\n\n".encode()


SentEvents = Iterator[SentEvent]
EventChange = Callable[[SentEvents, str], Iterator[SentEvent | bytes]]
"""Changes the stream of a surface; what is bytes already is sent as it is."""


def surface_of(path: str) -> str:
    """Return the surface that has its operation at ``path``; empty for any other operation."""
    return next((surface for end, surface in _SURFACES.items() if path.endswith(end)), "")


def read_events(pieces: Iterable[bytes]) -> SentEvents:
    """Yield the events of a stream that mock_oci wrote itself, one in each piece."""
    for piece in pieces:
        lines = piece.decode("utf-8", "surrogatepass").strip("\n").split("\n")
        named = {name: text for name, _, text in (line.partition(": ") for line in lines)}
        if "data" in named:
            yield SentEvent(named.get("event", ""), DONE if named["data"] == DONE else json.loads(named["data"]))


def choices_of(value: Any, surface: str) -> list[Any]:
    """Return the choices in a chunk or a whole answer, each to be changed in place; of a native event, itself."""
    if value == DONE:
        return []
    if surface == CHAT:
        return list(value["choices"])
    inner = value.get("chatResponse", value)
    if "choices" in inner:
        return list(inner["choices"])
    return [inner] if {"message", "text", "finishReason"} & inner.keys() else []


def end_choice(choice: Any, surface: str, reason: str | None = None) -> None:
    """Say of a choice that it ended: with ``reason``, else with the surface's word for an end as it should be."""
    if surface == CHAT:
        choice["finish_reason"] = "stop" if reason is None else reason
    else:
        usual = "COMPLETE" if str(choice.get("apiFormat", "")).startswith("COHERE") else "stop"
        choice["finishReason"] = usual if reason is None else reason


def is_ended(choice: Any) -> bool:
    """Tell whether a choice says why it ended."""
    return bool(choice.get("finish_reason") or choice.get("finishReason"))


def is_usage(value: Any, surface: str) -> bool:
    """Tell whether this is the chunk of a stream that tells only what it cost."""
    return value != DONE and bool(value.get("usage")) and not choices_of(value, surface)
