"""Notifications on the wire: topics, subscriptions and publishing.

Clients: oci.ons.NotificationControlPlaneClient and NotificationDataPlaneClient.
"""

from __future__ import annotations

import json
import re
import secrets

from mock_oci.operations import Call, Operation, Refused, json_response, not_found, oci_error, refusing
from mock_oci.services.notifications.state import (
    CONFIRMED_AT_ONCE,
    PROTOCOLS,
    Notifications,
    Subscription,
    Topic,
    link,
)
from mock_oci.services.oci_surface import (
    endpoint,
    invalid,
    object_in,
    optional_text_in,
    permitted,
    text_in,
    timestamp,
)
from mock_oci.services.resources import Collection, details_in, etag_of
from mock_oci.services.throttles import throttle
from mock_oci.wire import Body, Response

_MAX_BYTES = 64 << 10  # oci.ons.NotificationDataPlaneClient.publish_message
_TO_URLS = ("CUSTOM_HTTPS", "HTTPS", "PAGERDUTY", "SLACK")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")  # docs: Notification/Tasks/create-topic.htm
_MAX_ENDPOINT = 512  # characters (CreateSubscriptionDetails.endpoint)
_MESSAGE_TYPES = ("RAW_TEXT", "JSON")


def create_topic(call: Call) -> Response:
    details = object_in(call.request.body)
    name, compartment_id = text_in(details, "name"), text_in(details, "compartmentId")
    if not _NAME.fullmatch(name):
        raise invalid("name may have letters, digits, hyphens and underscores, 256 at most")
    permitted(call, compartment_id)
    given = details_in(details, "description", "freeformTags", "definedTags")
    try:
        topic = call.cloud.state_of(Notifications).create_topic(name, compartment_id, given)
    except ValueError as error:
        raise Refused(oci_error(409, f"A topic of the name {name} exists", "Conflict")) from error
    return TOPICS.shown(call, topic)


def publish_message(call: Call) -> Response:
    topic, details = TOPICS.of(call), object_in(call.request.body)
    throttle(call, "notifications.publish_message", topic.id)
    body, title = text_in(details, "body"), optional_text_in(details, "title")
    if len(body.encode()) > _MAX_BYTES:
        raise invalid(f"The message must be at most {_MAX_BYTES} bytes", "RequestEntityTooLarge", 413)
    kind = call.request.headers.get("messagetype", "RAW_TEXT")
    if kind not in _MESSAGE_TYPES:
        raise invalid(f"messageType must be one of {', '.join(_MESSAGE_TYPES)}")
    text = _default_of(body) if kind == "JSON" else body
    message = call.cloud.state_of(Notifications).publish(topic, text, title, base_url=base_url(call))
    return json_response(202, {"messageId": message.id, "timeStamp": timestamp(message.published)})


def create_subscription(call: Call) -> Response:
    details = object_in(call.request.body)
    compartment_id, protocol = text_in(details, "compartmentId"), text_in(details, "protocol")
    permitted(call, compartment_id)
    if protocol not in PROTOCOLS:
        raise invalid(f"protocol must be one of {', '.join(PROTOCOLS)}")
    endpoint_ = text_in(details, "endpoint")
    if len(endpoint_) > _MAX_ENDPOINT:
        raise invalid(f"endpoint must have at most {_MAX_ENDPOINT} characters")
    if protocol in _TO_URLS and not endpoint_.startswith(("http:", "https:")):
        raise invalid(f"endpoint must be a URL for the protocol {protocol}")
    subscription = call.cloud.state_of(Notifications).subscribe(
        TOPICS.named(call, text_in(details, "topicId")),
        protocol,
        endpoint_,
        compartment_id=compartment_id,
        confirmed=protocol in CONFIRMED_AT_ONCE,
        details=details_in(details, "freeformTags", "definedTags"),
        base_url=base_url(call),
    )
    return SUBSCRIPTIONS.shown(call, subscription)


def confirm_subscription(call: Call) -> Response:
    """Confirm for whoever has the link: answer as oci.ons.models.ConfirmationResult has it."""
    subscription = call.cloud.state_of(Notifications).confirm(_subscription_with_token(call))
    return json_response(
        200,
        {
            "topicName": subscription.topic.name,
            "topicId": subscription.topic.id,
            "endpoint": subscription.endpoint,
            "unsubscribeUrl": link(subscription, base_url(call), "unsubscription"),
            "message": f"{subscription.endpoint} is now subscribed to the topic {subscription.topic.name}",
            "subscriptionId": subscription.id,
        },
    )


def unsubscribe_by_link(call: Call) -> Response:
    subscription = _subscription_with_token(call)
    call.cloud.state_of(Notifications).subscriptions.delete(subscription.id)
    return json_response(200, f"{subscription.endpoint} is no longer subscribed to {subscription.topic.name}")


def _subscription_with_token(call: Call) -> Subscription:
    subscription = call.cloud.state_of(Notifications).subscriptions.find(call.parameters["subscription"])
    token = call.request.query.get("token", "").encode()
    if subscription is None or not secrets.compare_digest(subscription.token.encode(), token):
        raise Refused(not_found())
    return subscription


def _default_of(body: str) -> str:
    """Return what a subscription without a text of its own gets of ``{"default": …, "Email": …}``."""
    try:
        texts: Body = json.loads(body)
        default = texts["default"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise invalid("A message of the type JSON must have a default") from error
    return default if isinstance(default, str) else json.dumps(default)


def base_url(call: Call) -> str:
    return endpoint(call, f"notification.{call.cloud.region}.oraclecloud.com")


def _topic(call: Call, topic: Topic) -> Body:
    """Write a topic as oci.ons.models.NotificationTopic has it."""
    return {
        "freeformTags": {},
        "definedTags": {},
        **topic.details,
        "name": topic.name,
        "topicId": topic.id,
        "shortTopicId": topic.id[-16:],
        "compartmentId": topic.compartment_id,
        "lifecycleState": "ACTIVE",
        "timeCreated": timestamp(topic.created),
        "etag": etag_of(topic),
        "apiEndpoint": endpoint(call, f"cell1.notification.{call.cloud.region}.oraclecloud.com"),
    }


def _subscription(call: Call, subscription: Subscription) -> Body:
    """Write a subscription as oci.ons.models.Subscription has it."""
    return {**_common(call, subscription), "deliverPolicy": json.dumps(policy_of(subscription))}


def _summary(call: Call, subscription: Subscription) -> Body:
    """Write a row of the list as oci.ons.models.SubscriptionSummary has it."""
    return {**_common(call, subscription), "deliveryPolicy": policy_of(subscription)}


def policy_of(subscription: Subscription) -> Body:
    """Write for how long, in milliseconds, what is not acknowledged is tried again."""
    patience = int(subscription.patience * 1000)
    return {"backoffRetryPolicy": {"maxRetryDuration": patience, "policyType": "EXPONENTIAL"}}


def _common(call: Call, subscription: Subscription) -> Body:
    """Write what both have; ``createdTime`` in milliseconds."""
    del call
    return {
        "freeformTags": {},
        "definedTags": {},
        **subscription.details,
        "id": subscription.id,
        "topicId": subscription.topic.id,
        "protocol": subscription.protocol,
        "endpoint": subscription.endpoint,
        "lifecycleState": subscription.state,
        "compartmentId": subscription.compartment_id,
        "createdTime": int(subscription.created * 1000),
        "etag": etag_of(subscription),
    }


TOPICS = Collection(
    parameter="topic",
    resources=lambda cloud: cloud.state_of(Notifications).topics,
    wire=_topic,
    summary=_topic,
    filters=("compartmentId", "name", "topicId", "lifecycleState"),
    aliases={"id": "topicId"},
    compartment_id=lambda call: call.request.query.get("compartmentId", ""),
)
SUBSCRIPTIONS = Collection(
    parameter="subscription",
    resources=lambda cloud: cloud.state_of(Notifications).subscriptions,
    wire=_subscription,
    summary=_summary,
    filters=("compartmentId", "topicId"),
    compartment_id=lambda call: call.request.query.get("compartmentId", ""),
)
_TOPIC = "/20181201/topics/{topic}"
_SUBSCRIPTION = "/20181201/subscriptions/{subscription}"
OPERATIONS = (
    Operation("POST", "/20181201/topics", refusing(create_topic)),
    Operation("GET", "/20181201/topics", refusing(TOPICS.list)),
    Operation("GET", _TOPIC, refusing(TOPICS.read)),
    Operation("DELETE", _TOPIC, refusing(TOPICS.remove)),
    Operation("POST", f"{_TOPIC}/messages", refusing(publish_message)),
    Operation("POST", "/20181201/subscriptions", refusing(create_subscription)),
    Operation("GET", "/20181201/subscriptions", refusing(SUBSCRIPTIONS.list)),
    Operation("GET", _SUBSCRIPTION, refusing(SUBSCRIPTIONS.read)),
    Operation("DELETE", _SUBSCRIPTION, refusing(SUBSCRIPTIONS.remove)),
    Operation("GET", f"{_SUBSCRIPTION}/confirmation", refusing(confirm_subscription), ()),
    Operation("GET", f"{_SUBSCRIPTION}/unsubscription", refusing(unsubscribe_by_link), ()),
)
