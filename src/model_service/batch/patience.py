"""How long a record goes on where a model or a sink is in trouble, and when that counts as the record's own fault."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from model_service.batch.context import BatchContext
from model_service.batch.faults import RetryLater, TryAgain, is_setup
from model_service.batch.pacing import CallTarget
from model_service.errors import ModelServiceError
from model_service.fn.invocation import Deadline

LOOK_AGAIN_SECONDS: Final = 0.2  # for what others are about to show


@dataclass
class Patience:
    """Decide for one record. ``trouble`` is the last error that made it wait.

    ``undecided`` is the model at which it failed for good, while it does not show yet whether others do.
    """

    record: str
    batch: BatchContext
    trouble: ModelServiceError | None = None
    undecided: CallTarget | None = None
    _tries: dict[str, int] = field(default_factory=dict)

    def after(self, error: ModelServiceError, target: CallTarget, deadline: Deadline) -> Exception:
        """Return what to raise for trouble that passes.

        That is a pause, ``error`` where others have no such trouble, or ``RetryLater`` where there is no time for
        another try.
        """
        self.trouble = error
        tries = self._tries[target.name] = self._tries.get(target.name, 0) + 1
        if target.blames(self.record, self._since, tries):
            return error
        pause = self.batch.pacing.pauses.after(tries, error, well=target.is_well)
        if time.monotonic() + pause < deadline.expires - deadline.margin:
            return TryAgain(pause)
        if target.kind == "model":
            return self.give_in(target)
        self.batch.troubles.note(target.name, error)
        return RetryLater()

    def give_in(self, target: CallTarget) -> Exception:
        """Return what to raise where the model is not asked again, because the record's time is over."""
        self.undecided = target
        return self.decision()

    def decision(self) -> Exception:
        """Return what to raise for a record that the model is not asked for again: its error, if others succeed."""
        assert self.trouble is not None  # noqa: S101 - it was in trouble
        assert self.undecided is not None  # noqa: S101 - and is undecided
        if self.undecided.has_succeeded(self.record, self._since):
            return self.trouble
        self.batch.undecided.add(self.record)
        if self.batch.asking.remaining > self.batch.asking.margin and not self.batch.all_undecided:
            return TryAgain(LOOK_AGAIN_SECONDS)
        self.batch.troubles.note("model", self.trouble)
        return RetryLater()

    def blame_setup(self, error: ModelServiceError, where: str) -> None:
        """Raise ``RetryLater`` for what is missing or forbidden, and halt the batch.

        The records of hours are not to end as dead letters because of a policy.
        """
        if is_setup(error):
            self.batch.troubles.note(where, error, halt=True)
            raise RetryLater from error

    @property
    def _since(self) -> float:
        return self.batch.memory.failing_since(self.record, self.batch.began)
