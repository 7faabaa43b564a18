"""One class per trigger, which takes the request out of an invocation and shapes the reply. ENVELOPES at the end.

A cold start is for somebody who waits: the triggers that nobody waits behind are imported on first use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, Union, cast

from model_service.envelopes import detect
from model_service.envelopes.direct import DirectEnvelope
from model_service.envelopes.http import HttpEnvelope
from model_service.errors import ModelServiceError
from model_service.fn.invocation import Invocation
from model_service.fn.reply import Reply
from model_service.light_dataclasses import dataclass
from model_service.openai_api.chat import Answer
from model_service.routing import load_row

if TYPE_CHECKING:
    from model_service.batch.record import BatchRequest, ConfirmationRequest
    from model_service.callers.authorizer import AuthorizationRequest
    from model_service.openai_api.operations import AnyRequest

Request = Union["AnyRequest", "BatchRequest", "ConfirmationRequest", "AuthorizationRequest"]
"""What an envelope takes out of an invocation, validated."""


class Envelope(Protocol):
    """The request and the reply of one invocation, in the shape of its trigger.

    ``may_name_its_body`` says whether the sender may put ``body_from`` in the place of a body: what a record says is
    for its task alone. ``may_name_the_payer`` says whether any compartment and project may be named: IAM has let in
    whoever invokes the function, but not the clients of a gateway.
    """

    trigger: str
    may_name_its_body: bool
    may_name_the_payer: bool

    def decode(self) -> Request:
        """Return the request; raise ``InvalidRequest`` where there is none inside."""

    def seal(self, answer: Answer) -> Reply: ...

    def seal_error(self, error: ModelServiceError) -> Reply: ...


@dataclass(frozen=True)
class Trigger:
    """A row of ENVELOPES. ``envelope`` is a class, or the lazy row of one."""

    recognises: Callable[[Invocation], bool]
    envelope: str | Callable[[Invocation], Envelope]


def open_envelope(invocation: Invocation) -> Envelope:
    """Return the envelope of an invocation, by the first row that recognises it; the last one takes all."""
    row = next(row for row in ENVELOPES if row.recognises(invocation))
    kind = load_row(row.envelope) if isinstance(row.envelope, str) else row.envelope
    envelope: Envelope = kind(invocation)
    return envelope


def reopen(envelope: Envelope, invocation: Invocation) -> Envelope:
    """Return an envelope of the same trigger: a stored body chooses none, whatever it looks like."""
    same: Envelope = cast(Any, type(envelope))(invocation)
    return same


ENVELOPES: Final = (
    Trigger(detect.is_http, HttpEnvelope),
    Trigger(detect.is_authorizer, "envelopes.authorizer:AuthorizerEnvelope"),
    Trigger(detect.is_notification, "envelopes.notification:NotificationEnvelope"),
    Trigger(detect.is_connector_hub, "envelopes.connector_hub:ConnectorHubEnvelope"),
    Trigger(detect.is_cloud_event, "envelopes.event:EventEnvelope"),
    Trigger(detect.is_empty_and_detached, "envelopes.unattended:ScheduleEnvelope"),
    Trigger(detect.is_detached, "envelopes.unattended:DetachedEnvelope"),
    Trigger(detect.is_anything, DirectEnvelope),
)
