"""The conversations that are kept: each in its project, until its time since the last update is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.services.generative_ai.projects import Project
from mock_oci.services.generative_ai.responses.items import Item


@dataclass(frozen=True)
class ConversationEntry:
    """An item of a conversation, there from ``since`` on (Unix seconds); ``origin``: the response that added it."""

    item: Item
    since: float
    origin: str = ""


@dataclass(frozen=True)
class Conversation:
    """``created`` and ``updated`` in Unix seconds."""

    id: str
    project: Project
    created: float
    updated: float
    metadata: Mapping[str, str] = field(default_factory=dict)
    entries: tuple[ConversationEntry, ...] = ()

    def items(self, now: float) -> tuple[Item, ...]:
        return tuple(entry.item for entry in self.entries if entry.since <= now)

    def without(self, unwanted: Callable[[ConversationEntry], bool]) -> Conversation:
        return replace(self, entries=tuple(entry for entry in self.entries if not unwanted(entry)))

    def gone(self, now: float) -> bool:
        return now >= min(self.updated, now) + self.project.conversations_hours * 3600

    def wire(self) -> dict[str, Any]:
        described = {"created_at": int(self.created), "metadata": dict(self.metadata)}
        return {"id": self.id, "object": "conversation", **described}


class ConversationStore:
    """Thread-safe; a conversation is found in its own project only, and not after its time."""

    def __init__(self, cloud: Cloud) -> None:
        self._clock = cloud.clock
        self._lock = threading.Lock()
        self._kept: dict[str, Conversation] = {}

    def create(self, id_: str, project: Project, metadata: Mapping[str, str], items: Iterable[Item]) -> Conversation:
        now = self._clock()
        conversation = Conversation(
            id_, project, now, now, metadata, tuple(ConversationEntry(item, now) for item in items)
        )
        with self._lock:
            self._kept[id_] = conversation
        return conversation

    def find(self, id_: str, project_id: str) -> Conversation | None:
        with self._lock:
            conversation = self._kept.get(id_)
        if conversation is None or conversation.project.id != project_id or conversation.gone(self._clock()):
            return None
        return conversation

    def describe(self, id_: str, metadata: Mapping[str, str]) -> None:
        self._change(id_, lambda found: replace(found, metadata=metadata, updated=self._clock()))

    def add(self, id_: str, items: Iterable[Item], *, at: float, origin: str = "") -> None:
        """Add ``items``, which are there from ``at`` (Unix seconds) on. Nothing when it is deleted by then."""
        added = tuple(ConversationEntry(item, at, origin) for item in items)
        self._change(id_, lambda found: replace(found, entries=found.entries + added, updated=max(found.updated, at)))

    def withdraw(self, id_: str, origin: str) -> None:
        """Take back what a response added, or was to add."""
        self._change(id_, lambda found: found.without(lambda entry: entry.origin == origin))

    def remove(self, id_: str, item_id: str) -> None:
        self._change(id_, lambda found: found.without(lambda entry: entry.item["id"] == item_id))

    def delete(self, id_: str) -> None:
        with self._lock:
            self._kept.pop(id_, None)

    def _change(self, id_: str, change: Callable[[Conversation], Conversation]) -> None:
        with self._lock:
            if id_ in self._kept:
                self._kept[id_] = change(self._kept[id_])
