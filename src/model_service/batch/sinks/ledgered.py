"""A sink out of a place that cannot be asked what is there: a ledger remembers for it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from model_service.batch.ledger import Entry, EntryState, Ledger
from model_service.batch.record import record_id
from model_service.batch.sinks.sink import DELIVERED, Found, MessagePublisher, Outcome
from model_service.errors import ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.oci_names import ObjectLocation
from model_service.upstream.retries import PERSISTENT, Retries, within

POLL_SECONDS: Final = 0.5  # each look reads the whole entry
LONGER_SECONDS: Final = 1.0  # than a try takes, an entry that is not delivered belongs to who wrote it


@dataclass(frozen=True)
class LedgeredSink:
    """Write each outcome into the ledger before it goes out, and mark the entry when it has gone.

    What is delivered was paid for: an outcome whose container died before it went out is taken from the ledger and
    delivered by the next one that gets the record. Nobody can tell a container that died just before from one that died
    just after; nor a message that was lost from one whose answer was. So a message may come twice, though never with
    different contents: a reader drops the second by the record's id in it.

    ``name`` is the sink's: the entries of two sinks have nothing to do with each other.
    """

    name: str
    publisher: MessagePublisher
    ledger: Ledger
    retries: Retries = PERSISTENT
    # The versions of entries that we wrote and could not deliver: nobody else has them in hand.
    _own: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def largest(self) -> int:
        return self.publisher.largest

    def find(self, record: str, view: Mapping[str, Any], deadline: Deadline) -> Found | None:
        self.publisher.header(record, view)
        entry = self._free(self._key(record), deadline)
        if entry is None:
            return None
        return DELIVERED if entry.state is EntryState.DELIVERED else Found(delivered=False, body=entry.body)

    def deliver(self, outcome: Outcome, deadline: Deadline) -> bool:
        header, key = self.publisher.header(outcome.id, outcome.view), self._key(outcome.id)
        while True:
            ours = key in self._own
            entry = self.ledger.keep(key, outcome.body, deadline)
            if entry is None:
                entry = self._free(key, deadline)
                if entry is not None and entry.state is not EntryState.PENDING:
                    return False
                if entry is not None and self._take_over(header, key, entry, deadline):
                    return ours
            elif self._publish(header, key, entry, deadline):
                return True

    def redeliver(self, record: str, view: Mapping[str, Any], deadline: Deadline) -> None:
        header, key = self.publisher.header(record, view), self._key(record)
        while True:
            entry = self._free(key, deadline)
            if entry is None or entry.state is EntryState.DELIVERED or self._take_over(header, key, entry, deadline):
                return

    def mark_dead(self, record: str, deadline: Deadline) -> None:
        key = self._key(record)
        try:
            entry = self.ledger.find(key, deadline)
            if entry is not None and entry.state is EntryState.PENDING:
                self.ledger.keep(key, entry.body, deadline, over=entry, state=EntryState.DEAD)
        except ModelServiceError as error:
            self._log(error)
        self._own.pop(key, None)

    def reopen(self, record: str, deadline: Deadline) -> None:
        self.ledger.forget(self._key(record), deadline)

    def location(self, record: str, source: str) -> ObjectLocation | None:  # noqa: ARG002 - a bucket needs it
        return self.ledger.location(self._key(record))

    def is_delivered(self, size: int) -> bool:
        return size == 0

    def _take_over(self, header: str, key: str, entry: Entry, deadline: Deadline) -> bool:
        own = self.ledger.keep(key, entry.body, deadline, over=entry)
        return own is not None and self._publish(header, key, own, deadline)

    def _free(self, key: str, deadline: Deadline) -> Entry | None:
        """Return the entry, once nobody has it in hand."""
        while True:
            entry = self.ledger.find(key, deadline)
            if entry is None or entry.state is not EntryState.PENDING or self._own.get(key) == entry.version:
                return entry
            left = self.publisher.seconds + LONGER_SECONDS - entry.age
            if left <= 0:
                return entry
            self.retries.sleep(min(left, POLL_SECONDS, deadline.require()))

    def _publish(self, header: str, key: str, entry: Entry, deadline: Deadline) -> bool:
        """Deliver an entry of ours; return ``False`` where it became somebody else's while we paused, or was lost."""
        tries = 0
        while True:
            self._own[key] = entry.version
            try:
                self.publisher.publish(header, entry.body, within(deadline, self.publisher.seconds))
                break
            except ModelServiceError as error:
                tries += 1
                pause = self.retries.pause(tries, error, deadline)
                if pause is None:
                    raise
            self.retries.sleep(pause)
            again = self.ledger.keep(key, entry.body, deadline, over=entry)
            if again is None:
                self._own.pop(key, None)
                return False
            entry = again
        try:
            self.ledger.mark_delivered(key, deadline)
        except ModelServiceError as error:  # what is done is done; at worst it is delivered again with the record
            self._log(error)
        self._own.pop(key, None)
        return True

    def _log(self, error: ModelServiceError) -> None:
        log.write("ledger_not_settled", sink=self.name, error=error.code, opc_request_id=error.opc_request_id)

    def _key(self, record: str) -> str:
        return f"{record_id(self.name)}/{record}"


@dataclass(frozen=True)
class NoSink:
    """Keep no results: the ledger knows which records have been answered."""

    name: str
    ledger: Ledger
    largest = sys.maxsize

    def find(self, record: str, view: Mapping[str, Any], deadline: Deadline) -> Found | None:  # noqa: ARG002 - no name
        return DELIVERED if self.ledger.find(self._key(record), deadline) is not None else None

    def deliver(self, outcome: Outcome, deadline: Deadline) -> bool:
        return self.ledger.keep(self._key(outcome.id), b"", deadline) is not None

    def redeliver(self, record: str, view: Mapping[str, Any], deadline: Deadline) -> None:
        """Do nothing: nothing is kept that could be delivered later."""

    def mark_dead(self, record: str, deadline: Deadline) -> None:
        """Do nothing, as above."""

    def reopen(self, record: str, deadline: Deadline) -> None:
        """Do nothing: it never holds a dead letter."""

    def location(self, record: str, source: str) -> ObjectLocation | None:  # noqa: ARG002 - a bucket needs it
        return self.ledger.location(self._key(record))

    def is_delivered(self, size: int) -> bool:
        return size == 0

    def _key(self, record: str) -> str:
        return f"{record_id(self.name)}/{record}"
