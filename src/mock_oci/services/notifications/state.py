"""What Notifications keeps: topics, subscriptions, published messages, and each delivery with its retries.

Source: docs Notification/Concepts/notificationoverview.htm (headers, retries) and the docstrings of oci.ons.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.services.functions.state import Functions
from mock_oci.services.notifications.delivery import Delivery, Hook, post_to_loopback
from mock_oci.services.oci_surface import new_uuid, timestamp
from mock_oci.services.resources import Resources
from mock_oci.services.throttles import Throttles

_MAX_RECORDED = 10_000
# After the first attempt at once again, and then by these; for two hours unless the subscription says otherwise.
_BACKOFF_SECONDS = (0.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0)
RETRY_SECONDS = 7200.0
# The rate of an endpoint's deliveries, by protocol (oci.ons.NotificationDataPlaneClient.publish_message).
_RATES = {
    "CUSTOM_HTTPS": "notifications.http_deliveries",
    "HTTPS": "notifications.http_deliveries",
    "EMAIL": "notifications.email_deliveries",
}


@dataclass(frozen=True)
class Topic:
    """``created`` in Unix seconds; ``details`` is what else it was created with."""

    id: str
    name: str
    compartment_id: str
    created: float
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Subscription:
    """``state``: PENDING until it is confirmed with ``token``, then ACTIVE. ``created`` in Unix seconds.

    ``patience``: for how many seconds what is not acknowledged is tried again.
    """

    id: str
    topic: Topic
    protocol: str
    endpoint: str
    compartment_id: str
    created: float
    state: str
    token: str = field(repr=False)
    details: Mapping[str, Any] = field(default_factory=dict)
    patience: float = RETRY_SECONDS


@dataclass(frozen=True)
class Published:
    """A message as it was published; ``published`` in Unix seconds."""

    id: str
    topic: Topic
    body: str
    title: str
    published: float


@dataclass(frozen=True)
class _WaitingMessage:
    delivery: Delivery
    since: float
    due: float


class Topics(Resources[Topic]):
    """The topics of one tenancy: what subscribes to one goes with it."""

    def __init__(self, subscriptions: Resources[Subscription]) -> None:
        super().__init__()
        self._subscriptions = subscriptions

    def delete(self, resource_id: str) -> None:
        super().delete(resource_id)
        for subscription in self._subscriptions.all():
            if subscription.topic.id == resource_id:
                self._subscriptions.delete(subscription.id)


class Notifications:
    """The topics of one tenancy in one region. Thread-safe.

    ``hooks`` deliver, by protocol: a hook gets a Delivery and gives the HTTP status of who received it; another
    than 2xx, or an exception, is no acknowledgement. Those of HTTPS endpoints post to loopback; that of functions
    invokes the one whose OCID the endpoint is, and waits for it. ``published`` and ``deliveries`` (each attempt, with
    its status) are for tests to look at. Nothing is tried again by itself: see ``retry``.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self.subscriptions = Resources[Subscription]()
        self.topics = Topics(self.subscriptions)
        self._waiting: list[_WaitingMessage] = []
        self.hooks: dict[str, Hook] = {
            "CUSTOM_HTTPS": post_to_loopback,
            "HTTPS": post_to_loopback,
            "ORACLE_FUNCTIONS": self._invoke,
        }
        self.published: deque[Published] = deque(maxlen=_MAX_RECORDED)
        self.deliveries: deque[Delivery] = deque(maxlen=_MAX_RECORDED)

    def create_topic(self, name: str, compartment_id: str = "", details: Mapping[str, Any] | None = None) -> Topic:
        """Create a topic. Raises ValueError for a name that is taken: "unique across the tenancy"."""
        topic = Topic(
            id=ocid("onstopic", name, self._cloud.region),
            name=name,
            compartment_id=compartment_id or self._cloud.tenancy.compartment_id,
            created=self._cloud.clock(),
            details=details or {},
        )
        with self._lock:
            if self.topics.find(topic.id) is not None:
                raise ValueError(f"there is a topic of the name {name!r}")
            return self.topics.keep(topic.id, topic)

    def subscribe(
        self,
        topic: Topic,
        protocol: str,
        endpoint: str,
        *,
        compartment_id: str = "",
        confirmed: bool = True,
        details: Mapping[str, Any] | None = None,
        base_url: str = "",
    ) -> Subscription:
        """Create a subscription; one that is not ``confirmed`` is told how to be, at ``base_url``."""
        subscription = Subscription(
            id=ocid("onssubscription", f"{topic.name}/{self._cloud.next_serial()}", self._cloud.region),
            topic=topic,
            protocol=protocol,
            endpoint=endpoint,
            compartment_id=compartment_id or topic.compartment_id,
            created=self._cloud.clock(),
            state="ACTIVE" if confirmed else "PENDING",
            token=secrets.token_urlsafe(24),
            details=details or {},
        )
        self.subscriptions.keep(subscription.id, subscription)
        if not confirmed:
            self.ask_to_confirm(subscription, base_url)
        return subscription

    def publish(self, topic: Topic, body: str, title: str = "", *, base_url: str = "") -> Published:
        """Record the message, and deliver it to the topic's active subscriptions before it returns."""
        message = Published(new_uuid(self._cloud, "message"), topic, body, title, self._cloud.clock())
        self.published.append(message)
        for subscription in self.subscriptions_of(topic.id):
            if subscription.state == "ACTIVE":
                headers = self._headers(subscription, message.id, "Notification", base_url)
                headers["Content-Type"] = "application/json" if _is_json(body) else "text/plain; charset=UTF-8"
                self._attempt(self._first(subscription, headers, body))
        return message

    def retry(self) -> int:
        """Deliver again what was not acknowledged and is due by the clock; return how many were tried."""
        now = self._cloud.clock()
        with self._lock:
            due = [waiting for waiting in self._waiting if waiting.due <= now]
            self._waiting = [waiting for waiting in self._waiting if waiting.due > now]
        for waiting in due:
            self._attempt(replace(waiting, delivery=waiting.delivery.again()))
        return len(due)

    def subscriptions_of(self, topic_id: str) -> tuple[Subscription, ...]:
        """Return the subscriptions of one topic."""
        return tuple(held for held in self.subscriptions.all() if held.topic.id == topic_id)

    def confirm(self, subscription: Subscription) -> Subscription:
        """Make the subscription active."""
        return self.subscriptions.keep(subscription.id, replace(subscription, state="ACTIVE"))

    def ask_to_confirm(self, subscription: Subscription, base_url: str) -> None:
        """Send the endpoint of a subscription what confirms it."""
        url = link(subscription, base_url, "confirmation")
        id_ = new_uuid(self._cloud, "message")
        headers = self._headers(subscription, id_, "SubscriptionConfirmation", base_url)
        headers |= {"X-OCI-NS-ConfirmationURL": url, "X-OCI-NS-SubscriptionId": subscription.id}
        headers["Content-Type"] = "application/json"
        self._attempt(self._first(subscription, headers, json.dumps({"ConfirmationURL": url})))

    def _headers(self, subscription: Subscription, message_id: str, kind: str, base_url: str) -> dict[str, str]:
        # Without the signature's: what it is made over is not published (verify: signed-notifications).
        return {
            "X-OCI-NS-MessageId": message_id,
            "X-OCI-NS-TopicOcid": subscription.topic.id,
            "X-OCI-NS-TopicName": subscription.topic.name,
            "X-OCI-NS-MessageType": kind,
            "X-OCI-NS-UnsubscribeURL": link(subscription, base_url, "unsubscription"),
            "X-OCI-NS-Timestamp": timestamp(self._cloud.clock()),
        }

    def _first(self, subscription: Subscription, headers: Mapping[str, str], body: str) -> _WaitingMessage:
        now = self._cloud.clock()
        delivery = Delivery(subscription.id, subscription.protocol, subscription.endpoint, headers, body.encode())
        return _WaitingMessage(delivery, since=now, due=now)

    def _attempt(self, waiting: _WaitingMessage) -> None:
        delivery = waiting.delivery
        is_too_many = not self._is_admitted(delivery)
        tried = replace(delivery, status=429) if is_too_many else delivery.attempted(self.hooks.get(delivery.protocol))
        self.deliveries.append(tried)
        pause = _BACKOFF_SECONDS[min(tried.attempt, len(_BACKOFF_SECONDS)) - 1]
        due = self._cloud.clock() + pause
        subscription = self.subscriptions.find(tried.subscription_id)
        patience = subscription.patience if subscription is not None else RETRY_SECONDS
        if not tried.acknowledged and due <= waiting.since + patience:
            with self._lock:
                self._waiting.append(_WaitingMessage(tried, waiting.since, due))

    def _is_admitted(self, delivery: Delivery) -> bool:
        """Count a delivery; tell whether the endpoint's rate lets it through. What it does not is tried again."""
        name = _RATES.get(delivery.protocol)
        return not name or self._cloud.state_of(Throttles).admit(name, delivery.endpoint)

    def _invoke(self, delivery: Delivery) -> int:
        caller = ("onssubscription", delivery.subscription_id)
        functions = self._cloud.state_of(Functions)
        return functions.deliver(caller, delivery.endpoint, delivery.body, delivery.headers).status


def link(subscription: Subscription, base_url: str, action: str) -> str:
    """Return the URL that needs no signature: ``action`` is confirmation or unsubscription."""
    query = f"token={subscription.token}&protocol={subscription.protocol}"
    return f"{base_url}/20181201/subscriptions/{subscription.id}/{action}?{query}"


def _is_json(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict | list)
    except (ValueError, RecursionError):
        return False


CONFIRMED_AT_ONCE = ("ORACLE_FUNCTIONS",)
PROTOCOLS = ("CUSTOM_HTTPS", "EMAIL", "HTTPS", *CONFIRMED_AT_ONCE, "PAGERDUTY", "SLACK", "SMS")
