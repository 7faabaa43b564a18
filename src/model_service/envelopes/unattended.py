"""What the doorways have in common that nobody waits behind: a reply is read for its status alone."""

from __future__ import annotations

from uuid import uuid4

from model_service.chat import Answer
from model_service.envelopes.shaping import reply_with, reply_with_error
from model_service.errors import ModelServiceError
from model_service.invocation import Invocation
from model_service.reply import Reply


class UnattendedEnvelope:
    """A doorway adds its name and ``decode``, which leaves what is wrong with a record to that record."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation

    def seal(self, answer: Answer) -> Reply:
        return reply_with(answer, "sse")

    def seal_error(self, error: ModelServiceError) -> Reply:
        """Of 502 Fn makes a failed invocation; every other status becomes 200 (fdk: ``FN_ENFORCED_RESPONSE_CODES``),
        and then the sender takes the records for delivered, and they are lost."""
        return reply_with_error(error, 502)

    @property
    def _call_id(self) -> str:
        """Never one that another call has."""
        return self._invocation.call_id or uuid4().hex
