"""What the triggers have in common that nobody waits behind: a reply is read for its status alone."""

from __future__ import annotations

from uuid import uuid4

from model_service.batch.record import BatchRequest, Record, record_id
from model_service.envelopes.direct import DirectEnvelope
from model_service.envelopes.replies import reply_with, reply_with_error
from model_service.errors import ModelServiceError
from model_service.fn.invocation import Invocation
from model_service.fn.reply import Reply
from model_service.openai_api.chat import Answer


class UnattendedEnvelope:
    """A trigger adds its name and ``decode``, which leaves what is wrong with a record to that record."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation

    def seal(self, answer: Answer) -> Reply:
        return reply_with(answer, "sse")

    def seal_error(self, error: ModelServiceError) -> Reply:
        """Answer 502, of which Fn makes a failed invocation.

        Every other status becomes 200 (fdk: ``FN_ENFORCED_RESPONSE_CODES``), and then the sender takes the records for
        delivered, and they are lost.
        """
        return reply_with_error(error, 502)

    @property
    def _call_id(self) -> str:
        """Never one that another call has."""
        return self._invocation.call_id or uuid4().hex


class DetachedEnvelope(UnattendedEnvelope):
    """One record, or a direct call where no task asks for it.

    A failure is a 502: only that sends it to the failure destination (docs
    Functions/Tasks/functionsinvokingfunctions.htm).
    """

    trigger = "detached"
    may_name_its_body = True
    may_name_the_payer = True

    def __init__(self, invocation: Invocation) -> None:
        super().__init__(invocation)
        self._direct = DirectEnvelope(invocation)

    def decode(self) -> BatchRequest:
        record = Record("detached", record_id("detached", self._call_id), self._invocation.body)
        return BatchRequest((record,), self._direct.decode)

    def seal(self, answer: Answer) -> Reply:
        return self._direct.seal(answer)


class ScheduleEnvelope(UnattendedEnvelope):
    trigger = "schedule"
    may_name_its_body = False
    may_name_the_payer = True

    def decode(self) -> BatchRequest:
        return BatchRequest((Record("schedule", record_id("schedule", self._call_id), self._invocation.body),))
