"""Topics and subscriptions are changed by the SDK's clients, and the change counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import oci as sdk
import pytest
from tests.mock_oci.conftest import Clock

from mock_oci import MockOci, Response, mock_oci
from mock_oci.services.notifications import Notifications

Models = sdk.ons.models
Signed = Callable[..., Response]


@pytest.fixture
def control(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(sdk.ons.NotificationControlPlaneClient)


@pytest.fixture
def client(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(sdk.ons.NotificationDataPlaneClient)


def refused(ask: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(sdk.exceptions.ServiceError) as refusal:
        ask(*arguments, **named)
    return refusal.value.status, refusal.value.code


def policy(milliseconds: int) -> Any:
    retry = Models.BackoffRetryPolicy(max_retry_duration=milliseconds, policy_type="EXPONENTIAL")
    return Models.UpdateSubscriptionDetails(delivery_policy=Models.DeliveryPolicy(backoff_retry_policy=retry))


def test_a_topic_is_described_in_the_version_that_was_seen(control: Any, live: MockOci) -> None:
    topic = live.state_of(Notifications).create_topic("alarms")
    seen = control.get_topic(topic.id)
    details = Models.TopicAttributesDetails(description="of models", freeform_tags={"a": "b"})
    assert control.update_topic(topic.id, details, if_match=seen.headers["etag"]).data.description == "of models"
    assert control.get_topic(topic.id).data.freeform_tags == {"a": "b"}
    assert refused(control.update_topic, topic.id, details, if_match=seen.headers["etag"])[0] == 412
    assert refused(control.update_topic, topic.id, Models.TopicAttributesDetails())[0] == 400


def test_a_delivery_policy_says_for_how_long_is_tried_again(
    oci: MockOci, signed: Signed, answered: Callable[..., Any], clock: Clock
) -> None:
    state = oci.state_of(Notifications)
    topic = state.create_topic("alarms")
    state.hooks["CUSTOM_HTTPS"] = lambda _: 500
    patient, hasty = (state.subscribe(topic, "CUSTOM_HTTPS", f"https://{name}") for name in ("a", "b"))
    retry = {"backoffRetryPolicy": {"maxRetryDuration": 60_000, "policyType": "EXPONENTIAL"}}
    where = f"/20181201/subscriptions/{hasty.id}"
    assert answered("PUT", where, {"deliveryPolicy": retry})["deliveryPolicy"] == retry
    assert json.loads(answered("GET", where)["deliverPolicy"]) == retry
    rows = answered("GET", f"/20181201/subscriptions?compartmentId={topic.compartment_id}")
    assert [row["deliveryPolicy"]["backoffRetryPolicy"]["maxRetryDuration"] for row in rows] == [7_200_000, 60_000]
    assert signed("POST", f"/20181201/topics/{topic.id}/messages", {"body": "x"}).status == 202
    for _ in range(20):
        clock.now += 300
        state.retry()
    attempts = [delivery.subscription_id for delivery in state.deliveries]
    assert attempts.count(hasty.id) == 2  # at once again, and then the minute is over
    assert attempts.count(patient.id) > 4


@pytest.mark.parametrize("milliseconds", [0, 7_200_001])
def test_a_policy_out_of_range_is_refused(client: Any, live: MockOci, milliseconds: int) -> None:
    state = live.state_of(Notifications)
    one = state.subscribe(state.create_topic("alarms"), "EMAIL", "ada@example.com")
    assert refused(client.update_subscription, one.id, policy(milliseconds)) == (400, "InvalidParameter")


def test_a_confirmation_is_sent_again_to_who_waits_for_it(client: Any, live: MockOci) -> None:
    state = live.state_of(Notifications)
    topic = state.create_topic("alarms")
    one = state.subscribe(topic, "EMAIL", "ada@example.com", confirmed=False)
    assert client.resend_subscription_confirmation(one.id).data.lifecycle_state == "PENDING"
    kinds = [delivery.headers["X-OCI-NS-MessageType"] for delivery in state.deliveries]
    assert kinds == ["SubscriptionConfirmation"] * 2
    state.confirm(one)
    assert refused(client.resend_subscription_confirmation, one.id) == (409, "IncorrectState")


def test_both_move_to_another_compartment(control: Any, client: Any, live: MockOci) -> None:
    state, root = live.state_of(Notifications), live.tenancy.tenancy_id
    topic = state.create_topic("alarms")
    one = state.subscribe(topic, "EMAIL", "ada@example.com")
    control.change_topic_compartment(topic.id, Models.ChangeCompartmentDetails(compartment_id=root))
    client.change_subscription_compartment(one.id, Models.ChangeCompartmentDetails(compartment_id=root))
    assert control.get_topic(topic.id).data.compartment_id == root
    assert [item.id for item in client.list_subscriptions(root).data] == [one.id]


def test_a_topic_has_an_endpoint_in_a_cell_of_its_own() -> None:
    with mock_oci() as cloud:
        config = sdk.config.from_file()
        topic = cloud.state_of(Notifications).create_topic("alarms")
        shown = sdk.ons.NotificationControlPlaneClient(config).get_topic(topic.id).data
        assert shown.api_endpoint == f"https://cell1.notification.{cloud.region}.oraclecloud.com"
        client = sdk.ons.NotificationDataPlaneClient(config, service_endpoint=shown.api_endpoint)
        assert client.publish_message(topic.id, Models.MessageDetails(body="x")).status == 202
