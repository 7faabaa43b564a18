"""The sink that keeps nothing of an outcome but that there was one, so that a record is charged once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model_service.invocation import Deadline
from model_service.ledger import Ledger
from model_service.record import record_id
from model_service.sinks.sink import Outcome


@dataclass(frozen=True)
class NoSink:
    name: str
    ledger: Ledger
    largest = sys.maxsize

    def seen(self, record: str, view: Mapping[str, Any], deadline: Deadline) -> bool:  # noqa: ARG002 - it has no name
        return self.ledger.find(self._key(record), deadline) is not None

    def deliver(self, outcome: Outcome, deadline: Deadline) -> bool:
        return self.ledger.keep(self._key(outcome.id), b"", deadline) is not None

    def settle(self, record: str, deadline: Deadline) -> None:
        """Nothing is kept that could be delivered later."""

    def _key(self, record: str) -> str:
        return f"{record_id(self.name)}/{record}"
