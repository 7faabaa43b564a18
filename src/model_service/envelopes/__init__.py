"""The doorways: whoever recognises an invocation takes out the request and shapes the reply. ENVELOPES at the end."""

from __future__ import annotations

from typing import Final, Protocol

from model_service.chat import Answer
from model_service.envelopes.direct import DirectEnvelope
from model_service.envelopes.http import HttpEnvelope
from model_service.errors import ModelServiceError
from model_service.invocation import Invocation
from model_service.operations import Request
from model_service.reply import Reply


class Envelope(Protocol):
    """One class per doorway, made for one invocation."""

    doorway: str

    def __init__(self, invocation: Invocation) -> None: ...

    @staticmethod
    def recognises(invocation: Invocation) -> bool: ...

    def decode(self) -> Request:
        """Raises ``InvalidRequest`` when there is no request inside."""

    def seal(self, answer: Answer) -> Reply: ...

    def seal_error(self, error: ModelServiceError) -> Reply: ...


def recognise(invocation: Invocation) -> Envelope:
    """The envelope of an invocation; the last row takes all."""
    return next(envelope for envelope in ENVELOPES if envelope.recognises(invocation))(invocation)


ENVELOPES: Final[tuple[type[Envelope], ...]] = (
    HttpEnvelope,
    DirectEnvelope,
)
