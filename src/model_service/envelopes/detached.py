"""A detached call of another function or an SDK: its answer goes nowhere, or to a destination of the platform's."""

from __future__ import annotations

from model_service.chat import Answer
from model_service.envelopes.direct import DirectEnvelope
from model_service.envelopes.unattended import UnattendedEnvelope
from model_service.invocation import Invocation
from model_service.record import BatchRequest, Record, record_id
from model_service.reply import Reply


class DetachedEnvelope(UnattendedEnvelope):
    """One record, or a direct call where no task asks for it. A failure is told by 502: only that sends it to the
    failure destination (docs Functions/Tasks/functionsinvokingfunctions.htm)."""

    doorway = "detached"

    def __init__(self, invocation: Invocation) -> None:
        super().__init__(invocation)
        self._direct = DirectEnvelope(invocation)

    def decode(self) -> BatchRequest:
        record = Record("detached", record_id("detached", self._call_id), self._invocation.body)
        return BatchRequest((record,), self._direct.decode)

    def seal(self, answer: Answer) -> Reply:
        return self._direct.seal(answer)
