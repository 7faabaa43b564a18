"""Topics and subscriptions as they change: attributes, the delivery policy, compartments, and a confirmation again.

Clients: oci.ons.NotificationControlPlaneClient and NotificationDataPlaneClient.
"""

from __future__ import annotations

from dataclasses import replace

from mock_oci.operations import Call, Operation, json_response, refusing
from mock_oci.services.notifications.state import RETRY_SECONDS, Notifications
from mock_oci.services.notifications.wire import SUBSCRIPTIONS, TOPICS, base_url, policy_of
from mock_oci.services.oci_surface import invalid, number_in, object_in, permitted, text_in
from mock_oci.services.resources import details_in, etag_of
from mock_oci.wire import Body, Response

_TAGS = ("freeformTags", "definedTags")


def update_topic(call: Call) -> Response:
    """Change a topic's description, which has to be given, and tags. Raises Refused."""
    topic, details = TOPICS.of(call), object_in(call.request.body)
    text_in(details, "description")
    changed = replace(topic, details={**topic.details, **details_in(details, "description", *_TAGS)})
    return TOPICS.shown(call, call.cloud.state_of(Notifications).topics.keep(topic.id, changed))


def update_subscription(call: Call) -> Response:
    """Change for how long deliveries are tried again, and tags; answer as UpdateSubscriptionDetails. Raises Refused."""
    subscription, details = SUBSCRIPTIONS.of(call), object_in(call.request.body)
    changed = replace(
        subscription,
        patience=_patience(details, subscription.patience),
        details={**subscription.details, **details_in(details, *_TAGS)},
    )
    call.cloud.state_of(Notifications).subscriptions.keep(subscription.id, changed)
    told = {name: changed.details.get(name, {}) for name in _TAGS}
    return json_response(200, {"deliveryPolicy": policy_of(changed), **told}, {"etag": etag_of(changed)})


def resend_confirmation(call: Call) -> Response:
    """Send a subscription that waits for it the message that confirms it. Raises Refused for one that does not."""
    subscription = SUBSCRIPTIONS.of(call)
    if subscription.state != "PENDING":
        raise invalid("The subscription is confirmed", "IncorrectState", 409)
    call.cloud.state_of(Notifications).ask_to_confirm(subscription, base_url(call))
    return SUBSCRIPTIONS.shown(call, subscription)


def move_topic(call: Call) -> Response:
    topic = TOPICS.of(call)
    moved = replace(topic, compartment_id=_new_home(call))
    call.cloud.state_of(Notifications).topics.keep(topic.id, moved)
    return Response(204, {"etag": etag_of(moved)})


def move_subscription(call: Call) -> Response:
    subscription = SUBSCRIPTIONS.of(call)
    moved = replace(subscription, compartment_id=_new_home(call))
    call.cloud.state_of(Notifications).subscriptions.keep(subscription.id, moved)
    return Response(204, {"etag": etag_of(moved)})


def _new_home(call: Call) -> str:
    compartment_id = text_in(object_in(call.request.body), "compartmentId")
    permitted(call, compartment_id)
    return compartment_id


def _patience(details: Body, before: float) -> float:
    """Return the seconds that a delivery policy asks for. Raises Refused."""
    policy = (details.get("deliveryPolicy") or {}).get("backoffRetryPolicy")
    if policy is None:
        return before
    if not isinstance(policy, dict) or policy.get("policyType") != "EXPONENTIAL":
        raise invalid("backoffRetryPolicy must be an object with the policyType EXPONENTIAL")
    return number_in(policy, "maxRetryDuration", int(RETRY_SECONDS * 1000), 1, int(RETRY_SECONDS * 1000)) / 1000


_TOPIC = "/20181201/topics/{topic}"
_SUBSCRIPTION = "/20181201/subscriptions/{subscription}"
OPERATIONS = (
    Operation("PUT", _TOPIC, refusing(update_topic)),
    Operation("POST", f"{_TOPIC}/actions/changeCompartment", refusing(move_topic)),
    Operation("PUT", _SUBSCRIPTION, refusing(update_subscription)),
    Operation("POST", f"{_SUBSCRIPTION}/actions/changeCompartment", refusing(move_subscription)),
    Operation("POST", f"{_SUBSCRIPTION}/resendConfirmation", refusing(resend_confirmation)),
)
