"""The doorways: whoever recognises an invocation takes out the request and shapes the reply. ENVELOPES at the end.

A cold start is for somebody who waits: what lets records in that arrive by themselves is imported on first use.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from model_service.envelopes import detect
from model_service.envelopes.direct import DirectEnvelope
from model_service.envelopes.http import HttpEnvelope
from model_service.errors import ModelServiceError
from model_service.fn.invocation import Invocation
from model_service.fn.reply import Reply
from model_service.openai_api.chat import Answer
from model_service.openai_api.operations import Request


class Envelope(Protocol):
    """One class per doorway, made for one invocation."""

    doorway: str

    def decode(self) -> Request:
        """Raises ``InvalidRequest`` when there is no request inside."""

    def seal(self, answer: Answer) -> Reply: ...

    def seal_error(self, error: ModelServiceError) -> Reply: ...


@dataclass(frozen=True)
class Doorway:
    """A row of ENVELOPES: the sign by which an invocation is known to have come through it, and its envelope."""

    recognises: Callable[[Invocation], bool]
    envelope: Callable[[Invocation], Envelope]


def recognise(invocation: Invocation) -> Envelope:
    """The envelope of an invocation, by the first row that recognises it; the last one takes all."""
    return next(row for row in ENVELOPES if row.recognises(invocation)).envelope(invocation)


def _notification(invocation: Invocation) -> Envelope:
    from model_service.envelopes.notification import NotificationEnvelope

    return NotificationEnvelope(invocation)


def _connector_hub(invocation: Invocation) -> Envelope:
    from model_service.envelopes.connector_hub import ConnectorHubEnvelope

    return ConnectorHubEnvelope(invocation)


def _event(invocation: Invocation) -> Envelope:
    from model_service.envelopes.event import EventEnvelope

    return EventEnvelope(invocation)


def _schedule(invocation: Invocation) -> Envelope:
    from model_service.envelopes.unattended import ScheduleEnvelope

    return ScheduleEnvelope(invocation)


def _detached(invocation: Invocation) -> Envelope:
    from model_service.envelopes.unattended import DetachedEnvelope

    return DetachedEnvelope(invocation)


ENVELOPES: Final = (
    Doorway(detect.is_http, HttpEnvelope),
    Doorway(detect.is_notification, _notification),
    Doorway(detect.is_array, _connector_hub),
    Doorway(detect.is_cloud_event, _event),
    Doorway(detect.is_empty_and_detached, _schedule),
    Doorway(detect.is_detached, _detached),
    Doorway(detect.is_anything, DirectEnvelope),
)
