"""The Resource Scheduler: a detached call with nothing in it, which says that it is time."""

from __future__ import annotations

from model_service.envelopes.unattended import UnattendedEnvelope
from model_service.record import BatchRequest, Record, record_id


class ScheduleEnvelope(UnattendedEnvelope):
    doorway = "schedule"

    def decode(self) -> BatchRequest:
        return BatchRequest((Record("schedule", record_id("schedule", self._call_id), self._invocation.body),))
