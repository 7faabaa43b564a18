"""Notifications: one message of a topic, JSON or plain text, or the wish of a subscription to be confirmed.

Headers and what tells a message from its repetition: docs Notification/Concepts/notificationoverview.htm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from model_service.batch.record import BatchRequest, ConfirmationRequest, Record, digest_of, record_id
from model_service.envelopes.detect import cloud_event, json_value, text_fields
from model_service.envelopes.event import event_record
from model_service.envelopes.unattended import UnattendedEnvelope
from model_service.errors import InvalidRequest

_METADATA_OF_HEADER: Final = {
    "topic": "x-oci-ns-topicname",
    "topic_id": "x-oci-ns-topicocid",
    "message_id": "x-oci-ns-messageid",
}


class NotificationEnvelope(UnattendedEnvelope):
    trigger = "notification"
    may_name_its_body = False
    may_name_the_payer = True

    def decode(self) -> BatchRequest | ConfirmationRequest:
        kind = self._invocation.headers.get("x-oci-ns-messagetype", "")
        if kind.lower() == "subscriptionconfirmation":
            return ConfirmationRequest(self._confirmation_url())
        return BatchRequest((self._record(),))

    def _confirmation_url(self) -> str:
        headers, body = self._invocation.headers, json_value(self._invocation.body)
        url = headers.get("x-oci-ns-confirmationurl") or text_fields(body, "ConfirmationURL").get("ConfirmationURL")
        if not url:
            raise InvalidRequest("The subscription has to be confirmed, but its confirmation has no URL.")
        return url

    def _record(self) -> Record:
        body, headers = self._invocation.body, self._invocation.headers
        metadata = {ours: headers[theirs] for ours, theirs in _METADATA_OF_HEADER.items() if headers.get(theirs)}
        event = cloud_event(body)
        if event is not None:
            return event_record(body, event, metadata)
        message = json_value(body)
        metadata |= text_fields(message, "title")
        return Record("notifications", _identity(message, metadata, body), body, metadata)


def _identity(message: Any, metadata: Mapping[str, str], body: bytes) -> str:
    """Return what is the same whenever it comes again: of an alarm its key and moment, since its message id changes."""
    alarm = message if isinstance(message, Mapping) else {}
    key, moment = alarm.get("dedupeKey"), alarm.get("timestampEpochMillis")
    if isinstance(key, str) and isinstance(moment, int):
        return record_id("notifications", key, moment)
    return record_id("notifications", metadata.get("message_id") or digest_of(body))
