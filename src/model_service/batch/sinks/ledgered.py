"""A sink out of a place that cannot be asked what is there: a ledger remembers for it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_service.batch.ledger import Entry, Ledger
from model_service.batch.record import record_id
from model_service.batch.sinks.sink import Outcome, Publisher
from model_service.errors import ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.upstream.retries import PERSISTENT, Retries, within

POLL_SECONDS: Final = 0.5  # each look reads the whole entry
LONGER_SECONDS: Final = 1.0  # than a try takes, an entry that is not delivered belongs to who wrote it


@dataclass(frozen=True)
class LedgeredSink:
    """Writes each outcome into the ledger before it goes out, and marks the entry when it has gone.

    What is delivered was paid for: an outcome whose container died before it went out is taken from the ledger and
    delivered by the next one that gets the record. Nobody can tell a container that died just before from one that died
    just after; nor a message that was lost from one whose answer was. So a message may come twice, though never with
    different contents: a reader drops the second by the record's id in it.

    ``name`` is the sink's: the entries of two sinks have nothing to do with each other.
    """

    name: str
    publisher: Publisher
    ledger: Ledger
    retries: Retries = PERSISTENT

    @property
    def largest(self) -> int:
        return self.publisher.largest

    def seen(self, record: str, view: Mapping[str, Any], deadline: Deadline) -> bool:
        """Waits where another container has it in hand."""
        header, key = self.publisher.header(record, view), self._key(record)
        return self._finish(header, key, deadline)

    def deliver(self, outcome: Outcome, deadline: Deadline) -> bool:
        header, key = self.publisher.header(outcome.id, outcome.view), self._key(outcome.id)
        while True:
            entry = self.ledger.keep(key, outcome.body, deadline)
            if entry is not None and self._publish(header, key, entry, deadline):
                return True
            if self._finish(header, key, deadline):
                return False

    def mark_dead(self, record: str, deadline: Deadline) -> None:
        self._mark_delivered(self._key(record), deadline)

    def _finish(self, header: str, key: str, deadline: Deadline) -> bool:
        """Whether there is an entry; when this returns, it is delivered."""
        while True:
            entry = self._free(key, deadline)
            if entry is None or entry.delivered:
                return entry is not None
            own = self.ledger.keep(key, entry.body, deadline, over=entry)
            if own is not None and self._publish(header, key, own, deadline):
                return True

    def _free(self, key: str, deadline: Deadline) -> Entry | None:
        """The entry, once nobody has it in hand."""
        while True:
            entry = self.ledger.find(key, deadline)
            left = 0.0 if entry is None or entry.delivered else self.publisher.seconds + LONGER_SECONDS - entry.age
            if left <= 0:
                return entry
            self.retries.sleep(min(left, POLL_SECONDS, deadline.require()))

    def _publish(self, header: str, key: str, entry: Entry, deadline: Deadline) -> bool:
        """Delivers an entry of ours. ``False``: while we paused it became somebody else's, or the ledger lost it."""
        tries = 0
        while True:
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
                return False
            entry = again
        self._mark_delivered(key, deadline)
        return True

    def _mark_delivered(self, key: str, deadline: Deadline) -> None:
        try:
            self.ledger.mark_delivered(key, deadline)
        except ModelServiceError as error:  # what is done is done; at worst it is delivered again with the record
            log.write("ledger_not_settled", sink=self.name, error=error.code, opc_request_id=error.opc_request_id)

    def _key(self, record: str) -> str:
        return f"{record_id(self.name)}/{record}"


@dataclass(frozen=True)
class NoSink:
    name: str
    ledger: Ledger
    largest = sys.maxsize

    def seen(self, record: str, view: Mapping[str, Any], deadline: Deadline) -> bool:  # noqa: ARG002 - it has no name
        return self.ledger.find(self._key(record), deadline) is not None

    def deliver(self, outcome: Outcome, deadline: Deadline) -> bool:
        return self.ledger.keep(self._key(outcome.id), b"", deadline) is not None

    def mark_dead(self, record: str, deadline: Deadline) -> None:
        """Nothing is kept that could be delivered later."""

    def _key(self, record: str) -> str:
        return f"{record_id(self.name)}/{record}"
