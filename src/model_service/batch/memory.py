"""What a container remembers from one batch to the next, so that a batch that comes again gains ground."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from model_service.openai_api.encoding import STRICT

MAX_DONE: Final = 100_000  # records of batches that were left unfinished
MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024  # of answers that could not be written down yet
MAX_FAILING: Final = 10_000


@dataclass(frozen=True)
class KeptAnswer:
    """An answer that was paid for, and has not been written down: ``body`` is the response as JSON."""

    task: str | None
    model: str | None
    body: bytes = field(repr=False)
    opc_request_id: str | None = None
    tries: int = 1
    seconds: float = 0.0

    @property
    def response(self) -> dict[str, Any]:
        response: dict[str, Any] = STRICT.decode(self.body.decode())
        return response


@dataclass
class Memory:
    """Remember records by their ids. Threads share it.

    ``halted`` is whether the last batch met what an operator has to mend; ``unlistable`` are the buckets that could not
    be listed.
    """

    halted: bool = False
    unlistable: set[str] = field(default_factory=set)
    _done: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _answers: OrderedDict[str, KeptAnswer] = field(default_factory=OrderedDict)
    _answer_bytes: int = 0
    _under_way: dict[str, float] = field(default_factory=dict)
    _failing: OrderedDict[str, float] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def is_done(self, record: str) -> bool:
        """Return whether the record was delivered in a batch that has to come again."""
        return record in self._done

    def remember_done(self, record: str) -> None:
        with self._lock:
            self._done[record] = None
            if len(self._done) > MAX_DONE:
                self._done.popitem(last=False)

    def forget_done(self, records: Iterable[str]) -> None:
        """Forget the records of a batch that is finished: if one comes again, what there is of it is looked up."""
        with self._lock:
            for record in records:
                self._done.pop(record, None)
                self._failing.pop(record, None)

    def failing_since(self, record: str, moment: float) -> float:
        """Return when the record first failed, which is ``moment`` if it is not known to have failed before."""
        with self._lock:
            if len(self._failing) >= MAX_FAILING:
                self._failing.popitem(last=False)
            return self._failing.setdefault(record, moment)

    def begin(self, record: str, expires: float) -> None:
        """Note that a model is being asked for the record, until ``expires`` at the latest."""
        with self._lock:
            self._under_way[record] = expires

    def end(self, record: str) -> None:
        with self._lock:
            self._under_way.pop(record, None)

    def is_under_way(self, record: str) -> bool:
        """Return whether a call that an earlier batch has begun may still bring the record's answer."""
        return self._under_way.get(record, float("-inf")) > time.monotonic()

    def keep(self, record: str, answer: KeptAnswer) -> None:
        """Keep an answer for the next try, or drop it where there is no room: the oldest go first."""
        with self._lock:
            self._drop(record)
            self._answers[record] = answer
            self._answer_bytes += len(answer.body)
            while self._answer_bytes > MAX_ANSWER_BYTES:
                self._drop(next(iter(self._answers)))

    def take(self, record: str) -> KeptAnswer | None:
        """Return the answer that was kept for the record, once."""
        with self._lock:
            answer = self._answers.get(record)
            self._drop(record)
            return answer

    def _drop(self, record: str) -> None:
        answer = self._answers.pop(record, None)
        self._answer_bytes -= len(answer.body) if answer else 0
