from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import oci as sdk
import pytest

from mock_oci import MockOci
from mock_oci.operations import Refused
from mock_oci.services.events import Events
from mock_oci.services.events.conditions import fits
from mock_oci.services.notifications import Notifications
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.streaming import Streaming

Models = sdk.events.models
CREATED = "com.oraclecloud.objectstorage.createobject"


@pytest.fixture
def events(oci: MockOci) -> Events:
    return oci.state_of(Events)


@pytest.fixture
def storage(oci: MockOci) -> ObjectStorage:
    storage = oci.state_of(ObjectStorage)
    storage.create_bucket("invoices", object_events=True)
    return storage


@pytest.fixture
def to_function(events: Events, function: Any) -> Callable[..., Any]:
    """A rule that has the function invoked."""

    def make(condition: Any, **how: Any) -> Any:
        return events.create("rule", condition, [events.action("FAAS", function.id)], **how)

    return make


def test_an_object_that_is_written_reaches_the_function_as_a_cloud_event(
    events: Events, storage: ObjectStorage, to_function: Callable[..., Any], function: Any
) -> None:
    rule = to_function({"eventType": CREATED, "data": {"additionalDetails": {"bucketName": "invoices"}}})
    storage.put("invoices", "in/1.txt", b"text")
    assert function.bodies == []
    (delivery,) = events.pump()
    assert (delivery.rule_id, delivery.status, delivery.attempt) == (rule.id, 200, 1)
    event = json.loads(function.bodies[0])
    assert (event["cloudEventsVersion"], event["eventType"]) == ("0.1", CREATED)
    assert event["data"]["resourceName"] == "in/1.txt"
    assert function.headers == [{"content-type": "application/json"}]
    assert (function.callers[0].subject_id, function.callers[0].subject_type) == (rule.id, "resource")
    assert events.pump() == ()


def test_events_that_do_not_fit_reach_nobody(
    events: Events, storage: ObjectStorage, to_function: Callable[..., Any], function: Any
) -> None:
    to_function({"eventType": CREATED}, enabled=False)
    to_function({"eventType": "com.oraclecloud.objectstorage.deleteobject"})
    to_function({"eventType": CREATED}, compartment_id="ocid1.compartment.oc1..another")
    action = events.action("FAAS", function.id, enabled=False)
    events.create("disabled action", {}, [action])
    storage.put("invoices", "1", b"")
    assert events.pump() == ()


def test_a_rule_of_the_root_compartment_hears_of_all(
    oci: MockOci, events: Events, storage: ObjectStorage, to_function: Callable[..., Any]
) -> None:
    to_function({}, compartment_id=oci.tenancy.tenancy_id)
    storage.put("invoices", "1", b"")
    assert [delivery.status for delivery in events.pump()] == [200]


EVENT = {"eventType": CREATED, "data": {"resourceName": "in/a.pdf", "tags": ["x", "y"], "size": 3, "none": None}}
CONDITIONS = [
    ({}, True),
    ({"eventType": CREATED}, True),
    ({"eventType": "com.oraclecloud.objectstorage.*object"}, True),
    ({"eventType": "com.oraclecloud.*.delete*"}, False),
    ({"eventType": ["a", CREATED]}, True),
    ({"eventType": ["a", "b"]}, False),
    ({"eventType": []}, False),
    ({"eventType": "comXoraclecloud.objectstorage.createobject"}, False),
    ({"data": {"resourceName": "in/*.pdf"}}, True),
    ({"data": {"resourceName": ["*.png", "*.pdf"]}}, True),
    ({"data": {"resourceName": "in/*", "size": 3}}, True),
    ({"data": {"size": 4}}, False),
    ({"data": {"size": True}}, False),
    ({"data": {"tags": "y"}}, True),
    ({"data": {"tags": ["z", "y"]}}, True),
    ({"data": {"tags": "z"}}, False),
    ({"data": {"none": None}}, True),
    ({"data": {"missing": None}}, False),
    ({"data": {"missing": "*"}}, False),
    ({"data": "in"}, False),
    ({"data": {"resourceName": "IN/A.PDF"}}, False),
    ({"resourceName": "in/a.pdf"}, False),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS, ids=lambda value: str(value)[:60])
def test_a_condition_is_a_pattern_of_the_event(condition: Any, expected: bool) -> None:
    assert fits(condition, EVENT) is expected


def test_topics_and_streams_get_the_cloud_event_too(oci: MockOci, events: Events, storage: ObjectStorage) -> None:
    topic, stream = oci.state_of(Notifications).create_topic("bell"), oci.state_of(Streaming).create("events")
    gone = events.action("OSS", "ocid1.stream.oc1..gone")
    events.create("both", {}, [events.action("ONS", topic.id), events.action("OSS", stream.id), gone])
    storage.put("invoices", "1", b"")
    assert [delivery.status for delivery in events.pump()] == [202, 202, 404]
    (published,) = oci.state_of(Notifications).published
    (entry,) = stream.entries()
    assert json.loads(published.body) == json.loads(entry.value)
    assert json.loads(entry.value)["eventType"] == CREATED


def test_a_failed_delivery_is_tried_again_until_the_function_takes_it(
    events: Events, storage: ObjectStorage, to_function: Callable[..., Any], function: Any, clock: Any
) -> None:
    to_function({})
    function.statuses = [503, 502]
    storage.put("invoices", "1", b"")
    assert [delivery.status for delivery in events.pump()] == [503]
    assert events.pump() == ()
    clock.now += 1
    assert [delivery.status for delivery in events.pump()] == [502]
    clock.now += 2
    assert [(delivery.status, delivery.attempt) for delivery in events.pump()] == [(200, 3)]
    assert len({json.loads(body)["eventID"] for body in function.bodies}) == 1
    assert [delivery.status for delivery in events.deliveries] == [503, 502, 200]


def test_a_delivery_that_never_succeeds_is_given_up_in_the_end(
    events: Events, to_function: Callable[..., Any], function: Any, clock: Any
) -> None:
    to_function({})
    function.statuses = [503] * 3
    events.backoff = lambda failures: 50_000.0
    events.emit({"eventType": "x", "extensions": {"compartmentId": function_compartment(events)}})
    tried = 0
    for _ in range(5):
        tried += len(events.pump())
        clock.now += 50_000
    assert tried == 2


def function_compartment(events: Events) -> str:
    (rule,) = events.all()
    return rule.compartment_id


def test_one_pump_tries_nothing_twice_however_short_the_pause(
    events: Events, storage: ObjectStorage, to_function: Callable[..., Any], function: Any
) -> None:
    to_function({})
    events.backoff = lambda failures: 0.0
    function.statuses = [503]
    storage.put("invoices", "1", b"")
    assert [[delivery.status for delivery in events.pump()] for _ in range(3)] == [[503], [200], []]


@pytest.mark.parametrize("condition", ["", "{", "[]", '"text"'])
def test_a_condition_has_to_be_a_json_object(events: Events, condition: str) -> None:
    with pytest.raises(Refused):
        events.create("rule", condition, [])


def test_the_sdk_makes_reads_changes_and_deletes_a_rule(live: MockOci, sdk_client: Callable[[Any], Any]) -> None:
    client = sdk_client(sdk.events.EventsClient)
    faas = Models.CreateFaaSActionDetails(is_enabled=True, function_id="ocid1.fnfunc.oc1..a", description="d")
    details = Models.CreateRuleDetails(
        display_name="created",
        is_enabled=True,
        condition=json.dumps({"eventType": CREATED}),
        compartment_id=live.tenancy.compartment_id,
        actions=Models.ActionDetailsList(actions=[faas]),
        freeform_tags={"a": "b"},
    )
    made = client.create_rule(details).data
    (action,) = made.actions.actions
    assert (made.lifecycle_state, made.freeform_tags) == ("ACTIVE", {"a": "b"})
    assert (action.action_type, action.function_id, action.description) == ("FAAS", "ocid1.fnfunc.oc1..a", "d")
    (row,) = client.list_rules(live.tenancy.compartment_id).data
    assert (row.id, row.condition) == (made.id, details.condition)
    ons = Models.CreateNotificationServiceActionDetails(is_enabled=True, topic_id="ocid1.onstopic.oc1..a")
    change = Models.UpdateRuleDetails(is_enabled=False, actions=Models.ActionDetailsList(actions=[ons]))
    client.update_rule(made.id, change)
    found = client.get_rule(made.id).data
    assert (found.lifecycle_state, found.display_name) == ("INACTIVE", "created")
    assert found.actions.actions[0].topic_id == "ocid1.onstopic.oc1..a"
    client.delete_rule(made.id)
    with pytest.raises(sdk.exceptions.ServiceError) as gone:
        client.get_rule(made.id)
    assert gone.value.status == 404


BROKEN = [
    ({"condition": "{"}, "InvalidParameter"),
    ({"isEnabled": None}, "MissingParameter"),
    ({"isEnabled": "yes"}, "InvalidParameter"),
    ({"actions": None}, "MissingParameter"),
    ({"actions": {"actions": [{"actionType": "SMS", "isEnabled": True}]}}, "InvalidParameter"),
    ({"actions": {"actions": [{"actionType": "FAAS", "isEnabled": True}]}}, "MissingParameter"),
]


@pytest.mark.parametrize(("change", "code"), BROKEN, ids=lambda value: str(value)[:50])
def test_a_rule_that_cannot_be_is_refused(
    answered: Callable[..., Any], oci: MockOci, change: dict[str, Any], code: str
) -> None:
    action = {"actionType": "FAAS", "isEnabled": True, "functionId": "ocid1.fnfunc.oc1..a"}
    rule = {
        "displayName": "rule",
        "condition": "{}",
        "isEnabled": True,
        "compartmentId": oci.tenancy.compartment_id,
        "actions": {"actions": [action]},
    }
    assert answered("POST", "/20181201/rules", {**rule, **change}, expects=400)["code"] == code
