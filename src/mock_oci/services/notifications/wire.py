"""Notifications on the wire: topics, subscriptions and publishing.

Clients: oci.ons.NotificationControlPlaneClient and NotificationDataPlaneClient.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

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
    filtered,
    invalid,
    object_in,
    optional_text_in,
    page_of,
    permitted,
    text_in,
    timestamp,
)
from mock_oci.wire import Body, Response

_MOST_BYTES = 64 << 10  # oci.ons.NotificationDataPlaneClient.publish_message
_MESSAGE_TYPES = ("RAW_TEXT", "JSON")


def _create_topic(call: Call) -> Response:
    details = object_in(call.request.body)
    name, compartment_id = text_in(details, "name"), text_in(details, "compartmentId")
    permitted(call, compartment_id)
    told = {field: details[field] for field in ("description", "freeformTags", "definedTags") if details.get(field)}
    try:
        topic = call.cloud.state_of(Notifications).create_topic(name, compartment_id, told)
    except ValueError as error:
        raise Refused(oci_error(409, f"A topic of the name {name} exists", "Conflict")) from error
    return json_response(200, _topic(call, topic), {"etag": topic.id[-8:]})


def _list_topics(call: Call) -> Response:
    query = call.request.query
    permitted(call, query.get("compartmentId", ""))
    rows = [_topic(call, topic) for topic in call.cloud.state_of(Notifications).topics()]
    rows = filtered(rows, {**query, "topicId": query.get("id", "")} if "id" in query else query, _TOPIC_FILTERS)
    page, headers = page_of(rows, query)
    return json_response(200, page, headers)


def _get_topic(call: Call) -> Response:
    topic = _topic_of(call, call.parameters["topic"])
    return json_response(200, _topic(call, topic), {"etag": topic.id[-8:]})


def _delete_topic(call: Call) -> Response:
    call.cloud.state_of(Notifications).delete_topic(_topic_of(call, call.parameters["topic"]).id)
    return Response(204)


def _publish(call: Call) -> Response:
    topic, details = _topic_of(call, call.parameters["topic"]), object_in(call.request.body)
    body, title = text_in(details, "body"), optional_text_in(details, "title")
    if len(body.encode()) > _MOST_BYTES:
        raise invalid(f"The message must be at most {_MOST_BYTES} bytes", "RequestEntityTooLarge", 413)
    kind = call.request.headers.get("messagetype", "RAW_TEXT")
    if kind not in _MESSAGE_TYPES:
        raise invalid(f"messageType must be one of {', '.join(_MESSAGE_TYPES)}")
    text = _default_of(body) if kind == "JSON" else body
    message = call.cloud.state_of(Notifications).publish(topic, text, title, base_url=_base_url(call))
    return json_response(202, {"messageId": message.id, "timeStamp": timestamp(message.published)})


def _subscribe(call: Call) -> Response:
    details = object_in(call.request.body)
    compartment_id, protocol = text_in(details, "compartmentId"), text_in(details, "protocol")
    permitted(call, compartment_id)
    if protocol not in PROTOCOLS:
        raise invalid(f"protocol must be one of {', '.join(PROTOCOLS)}")
    subscription = call.cloud.state_of(Notifications).subscribe(
        _topic_of(call, text_in(details, "topicId")),
        protocol,
        text_in(details, "endpoint"),
        compartment_id=compartment_id,
        confirmed=protocol in CONFIRMED_AT_ONCE,
        details={field: details[field] for field in ("freeformTags", "definedTags") if details.get(field)},
        base_url=_base_url(call),
    )
    return json_response(200, _subscription(subscription), {"etag": subscription.id[-8:]})


def _list_subscriptions(call: Call) -> Response:
    query = call.request.query
    permitted(call, query.get("compartmentId", ""))
    rows = [_subscription(held) for held in call.cloud.state_of(Notifications).subscriptions()]
    page, headers = page_of(filtered(rows, query, ("compartmentId", "topicId")), query)
    return json_response(200, page, headers)


def _get_subscription(call: Call) -> Response:
    subscription = _subscription_of(call)
    return json_response(200, _subscription(subscription), {"etag": subscription.id[-8:]})


def _unsubscribe(call: Call) -> Response:
    call.cloud.state_of(Notifications).unsubscribe(_subscription_of(call).id)
    return Response(204)


def _confirm(call: Call) -> Response:
    """Whoever has the link may: as oci.ons.models.ConfirmationResult has it."""
    subscription = call.cloud.state_of(Notifications).confirm(_subscription_with_token(call))
    return json_response(
        200,
        {
            "topicName": subscription.topic.name,
            "topicId": subscription.topic.id,
            "endpoint": subscription.endpoint,
            "unsubscribeUrl": link(subscription, _base_url(call), "unsubscription"),
            "message": f"{subscription.endpoint} is now subscribed to the topic {subscription.topic.name}",
            "subscriptionId": subscription.id,
        },
    )


def _unsubscribe_by_link(call: Call) -> Response:
    subscription = _subscription_with_token(call)
    call.cloud.state_of(Notifications).unsubscribe(subscription.id)
    return json_response(200, f"{subscription.endpoint} is no longer subscribed to {subscription.topic.name}")


def _topic_of(call: Call, topic_id: str) -> Topic:
    topic = call.cloud.state_of(Notifications).topic(topic_id)
    if topic is None:
        raise Refused(not_found())
    permitted(call, topic.compartment_id)
    return topic


def _subscription_of(call: Call) -> Subscription:
    subscription = call.cloud.state_of(Notifications).subscription(call.parameters["subscription"])
    if subscription is None:
        raise Refused(not_found())
    permitted(call, subscription.compartment_id)
    return subscription


def _subscription_with_token(call: Call) -> Subscription:
    subscription = call.cloud.state_of(Notifications).subscription(call.parameters["subscription"])
    token = call.request.query.get("token", "").encode()
    if subscription is None or not secrets.compare_digest(subscription.token.encode(), token):
        raise Refused(not_found())
    return subscription


def _default_of(body: str) -> str:
    """What a subscription without a text of its own gets of ``{"default": …, "Email": …}``."""
    try:
        texts: Body = json.loads(body)
        default = texts["default"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise invalid("A message of the type JSON must have a default") from error
    return default if isinstance(default, str) else json.dumps(default)


def _base_url(call: Call) -> str:
    return endpoint(call, f"notification.{call.cloud.region}.oraclecloud.com")


def _topic(call: Call, topic: Topic) -> dict[str, Any]:
    """As oci.ons.models.NotificationTopic has it."""
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
        "etag": topic.id[-8:],
        "apiEndpoint": _base_url(call),
    }


def _subscription(subscription: Subscription) -> dict[str, Any]:
    """As oci.ons.models.Subscription has it; ``createdTime`` in milliseconds."""
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
        "etag": subscription.id[-8:],
    }


_TOPIC_FILTERS = ("compartmentId", "name", "topicId", "lifecycleState")
_TOPICS = "/20181201/topics"
_TOPIC = f"{_TOPICS}/{{topic}}"
_SUBSCRIPTIONS = "/20181201/subscriptions"
_SUBSCRIPTION = f"{_SUBSCRIPTIONS}/{{subscription}}"
OPERATIONS = (
    Operation("POST", _TOPICS, refusing(_create_topic)),
    Operation("GET", _TOPICS, refusing(_list_topics)),
    Operation("GET", _TOPIC, refusing(_get_topic)),
    Operation("DELETE", _TOPIC, refusing(_delete_topic)),
    Operation("POST", f"{_TOPIC}/messages", refusing(_publish)),
    Operation("POST", _SUBSCRIPTIONS, refusing(_subscribe)),
    Operation("GET", _SUBSCRIPTIONS, refusing(_list_subscriptions)),
    Operation("GET", _SUBSCRIPTION, refusing(_get_subscription)),
    Operation("DELETE", _SUBSCRIPTION, refusing(_unsubscribe)),
    Operation("GET", f"{_SUBSCRIPTION}/confirmation", refusing(_confirm), ()),
    Operation("GET", f"{_SUBSCRIPTION}/unsubscription", refusing(_unsubscribe_by_link), ()),
)
