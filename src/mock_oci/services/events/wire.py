"""Events on the wire: rules are created, read, listed, updated and deleted (client: oci.events.EventsClient)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mock_oci.operations import Call, Operation, refusing
from mock_oci.services.events.conditions import condition_in
from mock_oci.services.events.state import Action, Events, Rule
from mock_oci.services.oci_surface import (
    flag_in,
    invalid,
    mapping_in,
    object_in,
    objects_in,
    permitted,
    text_in,
    timestamp,
)
from mock_oci.services.resources import Collection, details_in
from mock_oci.wire import Body, Response

_MAX_ACTIONS = 10
_DETAILS = ("description", "freeformTags", "definedTags")
# Which field of an action names its resource, by actionType: oci.events.models.*_action.py
_RESOURCES = {"FAAS": "functionId", "ONS": "topicId", "OSS": "streamId"}


def create_rule(call: Call) -> Response:
    details = object_in(call.request.body)
    compartment_id = text_in(details, "compartmentId")
    permitted(call, compartment_id)
    rule = call.cloud.state_of(Events).create(
        text_in(details, "displayName"),
        text_in(details, "condition"),
        _actions(call, details),
        compartment_id=compartment_id,
        enabled=flag_in(details, "isEnabled"),
        details=details_in(details, *_DETAILS),
    )
    return _RULES.shown(call, rule)


def update_rule(call: Call) -> Response:
    rule, details = _RULES.of(call), object_in(call.request.body)
    given = {name: value for name, value in details.items() if value is not None}
    if "condition" in given:
        condition_in(text_in(given, "condition"))
    changed = replace(
        rule,
        name=given.get("displayName", rule.name),
        condition=given.get("condition", rule.condition),
        enabled=flag_in({"isEnabled": rule.enabled, **given}, "isEnabled"),
        actions=_actions(call, given) if "actions" in given else rule.actions,
        details={**rule.details, **{name: given[name] for name in _DETAILS if name in given}},
    )
    call.cloud.state_of(Events).replace(changed)
    return _RULES.shown(call, changed)


def _actions(call: Call, details: Body) -> tuple[Action, ...]:
    actions = objects_in(mapping_in(details, "actions"), "actions", _MAX_ACTIONS)
    return tuple(_action(call, item) for item in actions)


def _action(call: Call, item: Body) -> Action:
    kind = text_in(item, "actionType")
    if kind not in _RESOURCES:
        raise invalid(f"The action {kind} is not known here; known: {', '.join(_RESOURCES)}")
    resource_id = text_in(item, _RESOURCES[kind])
    events = call.cloud.state_of(Events)
    return events.action(kind, resource_id, enabled=flag_in(item, "isEnabled"), description=item.get("description"))


def _wire(call: Call, rule: Rule) -> Body:
    """Write a rule as oci.events.models.Rule has it."""
    actions = [_action_shown(action) for action in rule.actions]
    return {**_summary(call, rule), "actions": {"actions": actions}, "lifecycleMessage": None}


def _summary(call: Call, rule: Rule) -> Body:
    del call
    return {
        "description": None,
        "freeformTags": {},
        "definedTags": {},
        **rule.details,
        "id": rule.id,
        "displayName": rule.name,
        "lifecycleState": "ACTIVE" if rule.enabled else "INACTIVE",
        "condition": rule.condition,
        "compartmentId": rule.compartment_id,
        "isEnabled": rule.enabled,
        "timeCreated": timestamp(rule.created),
    }


def _action_shown(action: Action) -> dict[str, Any]:
    return {
        "actionType": action.kind,
        "id": action.id,
        _RESOURCES[action.kind]: action.resource_id,
        "isEnabled": action.enabled,
        "description": action.description,
        "lifecycleState": "ACTIVE" if action.enabled else "INACTIVE",
        "lifecycleMessage": "",  # required, though there is nothing to say
    }


_RULES = Collection(
    parameter="rule",
    resources=lambda cloud: cloud.state_of(Events),
    wire=_wire,
    summary=_summary,
    filters=("compartmentId", "lifecycleState", "displayName"),
)
_ALL = "/20181201/rules"
_ONE = f"{_ALL}/{{rule}}"
OPERATIONS = (
    Operation("POST", _ALL, refusing(create_rule)),
    Operation("GET", _ALL, refusing(_RULES.list)),
    Operation("GET", _ONE, refusing(_RULES.read)),
    Operation("PUT", _ONE, refusing(update_rule)),
    Operation("DELETE", _ONE, refusing(_RULES.remove)),
)
