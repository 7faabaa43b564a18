"""What a sink is, and what is put into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from model_service.fn.invocation import Deadline


@dataclass(frozen=True)
class Outcome:
    """What became of a record: ``id`` is the record's, ``view`` what the sink's templates see, ``body`` JSON, which is
    never empty."""

    id: str
    view: Mapping[str, Any] = field(repr=False)
    body: bytes = field(repr=False)


class Sink(Protocol):
    """Takes one outcome of each record. Threads may share it; everything that goes wrong is a ``ModelServiceError``.

    ``record`` is the id of one.
    """

    @property
    def largest(self) -> int:
        """Bytes that a body may have."""

    def seen(self, record: str, view: Mapping[str, Any], deadline: Deadline) -> bool:
        """Whether the record's outcome is there, or lies ready and is delivered now. To be asked before a model is: it
        raises what is wrong with the place, and ``InvalidRequest`` where the record gives it no name."""

    def deliver(self, outcome: Outcome, deadline: Deadline) -> bool:
        """``False``: the record's outcome was there already, and this one is dropped."""

    def mark_dead(self, record: str, deadline: Deadline) -> None:
        """The record has its outcome elsewhere, as a dead letter: what could not be delivered here never will be.

        Raises nothing: who asks the sink of dead letters first meets no second outcome, whatever becomes of this.
        """


class Publisher(Protocol):
    """The way to a place that cannot be asked what is there. Delivers at least once: see ``LedgeredSink``."""

    @property
    def largest(self) -> int: ...

    @property
    def seconds(self) -> float:
        """How long one try may take."""

    def header(self, record: str, view: Mapping[str, Any]) -> str:
        """What stands on the message, a key or a title; raises ``InvalidRequest`` where the record gives none."""

    def publish(self, header: str, body: bytes, deadline: Deadline) -> None: ...
