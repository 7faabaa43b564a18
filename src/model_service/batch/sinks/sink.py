"""What a sink is, and what is put into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation


@dataclass(frozen=True)
class Outcome:
    """What became of a record.

    ``id`` is the record's, ``view`` what the sink's templates see, ``body`` JSON, which is never empty.
    """

    id: str
    view: Mapping[str, Any] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Found:
    """What a sink has of a record: its outcome is ``delivered``, or lies ready in ``body`` and has not gone out."""

    delivered: bool
    body: bytes = field(default=b"", repr=False)


DELIVERED = Found(delivered=True)


class Sink(Protocol):
    """Take one outcome of each record. Threads may share it; everything that goes wrong is a ``ModelServiceError``.

    ``record`` is the id of one.
    """

    @property
    def largest(self) -> int:
        """Bytes that a body may have."""

    def find(self, record: str, view: Mapping[str, Any], deadline: Deadline) -> Found | None:
        """Return what there is of the record's outcome, ``None`` for nothing; wait where another container has it.

        To be asked before a model is: it raises what is wrong with the place, and ``InvalidRequest`` where the record
        gives it no name.
        """

    def deliver(self, outcome: Outcome, deadline: Deadline) -> bool:
        """Return ``False`` where the record has an outcome already, and this one is dropped."""

    def redeliver(self, record: str, view: Mapping[str, Any], deadline: Deadline) -> None:
        """Send out what lies ready (``Found.body``); nothing where another container was first."""

    def mark_dead(self, record: str, deadline: Deadline) -> None:
        """Note that the record has a dead letter: what could not be delivered goes out only if it is sent again.

        Raise nothing: who asks the sink of dead letters first meets no second outcome, whatever becomes of this.
        """

    def reopen(self, record: str, deadline: Deadline) -> None:
        """Forget that the record's outcome was delivered, where that alone is known: it has been taken back."""

    def location(self, record: str, source: str) -> ObjectLocation | None:
        """Return the object that shows the outcome, empty or not, of a record of which only this is known.

        ``None`` where it cannot be told.
        """

    def is_delivered(self, size: int) -> bool:
        """Return whether an object of this size, in bytes, at ``location`` shows a delivered outcome."""


class MessagePublisher(Protocol):
    """The way to a place that cannot be asked what is there. Delivers at least once: see ``LedgeredSink``."""

    @property
    def largest(self) -> int: ...

    @property
    def seconds(self) -> float:
        """How long one try may take."""

    def header(self, record: str, view: Mapping[str, Any]) -> str:
        """Return what stands on the message, a key, channel or title; raise ``InvalidRequest`` where there is none."""

    def publish(self, header: str, body: bytes, deadline: Deadline) -> None: ...
