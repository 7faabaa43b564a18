"""Connector Hub on the wire: create, read, list, update, activate, deactivate and delete, by work requests.

Client: oci.sch.ServiceConnectorClient. What moves the records is connector_hub_state.ConnectorHub.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_oci.operations import Call, Operation, Refused, json_response, not_found, refusing
from mock_oci.services.connector_hub.state import ACTIVE, INACTIVE, Connector, ConnectorHub
from mock_oci.services.oci_surface import (
    filtered,
    invalid,
    object_in,
    page_of,
    permitted,
    text_in,
    timestamp,
)
from mock_oci.services.work_requests import Subject, accepted, work_request
from mock_oci.wire import Body, Response

_CHANGEABLE = ("displayName", "description", "source", "tasks", "target", "freeformTags", "definedTags")
_FILTERS = ("compartmentId", "displayName", "lifecycleState")


def _create(call: Call) -> Response:
    details = object_in(call.request.body)
    name, compartment_id = text_in(details, "displayName"), text_in(details, "compartmentId")
    permitted(call, compartment_id)
    ends = {end: _object(details, end) for end in ("source", "target")}
    others = {name: details[name] for name in _CHANGEABLE if details.get(name) is not None and name not in ends}
    others.pop("displayName")
    hub = call.cloud.state_of(ConnectorHub)
    connector = hub.create(name, ends["source"], ends["target"], compartmentId=compartment_id, **others)
    return _accepted(call, "CREATE_SERVICE_CONNECTOR", "CREATED", connector)


def _object(details: Body, name: str) -> Body:
    value = details.get(name)
    if not isinstance(value, dict):
        raise invalid(f"{name} must be an object", "InvalidParameter" if value else "MissingParameter")
    return value


def _list(call: Call) -> Response:
    query = call.request.query
    permitted(call, text_in(query, "compartmentId"))
    rows = [_summary(connector) for connector in call.cloud.state_of(ConnectorHub).all()]
    page, headers = page_of(filtered(rows, query, _FILTERS), query)
    return json_response(200, {"items": page}, headers)


def _get(call: Call) -> Response:
    connector = _connector_of(call)
    return json_response(200, _wire(connector), {"etag": connector.id[-8:]})


def _update(call: Call) -> Response:
    connector, details = _connector_of(call), object_in(call.request.body)
    connector.configure({name: details[name] for name in _CHANGEABLE if details.get(name) is not None})
    return _accepted(call, "UPDATE_SERVICE_CONNECTOR", "UPDATED", connector)


def _delete(call: Call) -> Response:
    connector = _connector_of(call)
    call.cloud.state_of(ConnectorHub).delete(connector.id)
    return _accepted(call, "DELETE_SERVICE_CONNECTOR", "DELETED", connector)


def _turning(state: str, operation: str) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        connector = _connector_of(call)
        if connector.state == state:
            raise invalid(f"The connector is {state} already", "IncorrectState", 409)
        connector.activate(state)
        return _accepted(call, operation, "UPDATED", connector)

    return answer


def _connector_of(call: Call) -> Connector:
    connector = call.cloud.state_of(ConnectorHub).find(call.parameters["connector"])
    if connector is None:
        raise Refused(not_found())
    permitted(call, connector.details["compartmentId"])
    return connector


def _accepted(call: Call, operation: str, action: str, connector: Connector) -> Response:
    path, compartment_id = f"/serviceConnectors/{connector.id}", connector.details["compartmentId"]
    return accepted(call, operation, action, Subject("ServiceConnector", path, connector.id, compartment_id))


def _wire(connector: Connector) -> dict[str, Any]:
    """As oci.sch.models.ServiceConnector has it."""
    ends = {end: connector.details[end] for end in ("source", "target")}
    return {**_summary(connector), **ends, "tasks": []}


def _summary(connector: Connector) -> dict[str, Any]:
    details = connector.details
    return {
        "id": connector.id,
        "displayName": details["displayName"],
        "description": details.get("description"),
        "compartmentId": details["compartmentId"],
        "timeCreated": timestamp(connector.created),
        "timeUpdated": timestamp(connector.updated),
        "lifecycleState": connector.state,
        "lifecycleDetails": connector.state_details or None,
        "freeformTags": details.get("freeformTags", {}),
        "definedTags": details.get("definedTags", {}),
        "systemTags": {},
    }


_ALL = "/20200909/serviceConnectors"
_ONE = f"{_ALL}/{{connector}}"
OPERATIONS = (
    Operation("POST", _ALL, refusing(_create)),
    Operation("GET", _ALL, refusing(_list)),
    Operation("GET", _ONE, refusing(_get)),
    Operation("PUT", _ONE, refusing(_update)),
    Operation("DELETE", _ONE, refusing(_delete)),
    Operation("POST", f"{_ONE}/actions/activate", refusing(_turning(ACTIVE, "ACTIVATE_SERVICE_CONNECTOR"))),
    Operation("POST", f"{_ONE}/actions/deactivate", refusing(_turning(INACTIVE, "DEACTIVATE_SERVICE_CONNECTOR"))),
    Operation("GET", "/20200909/workRequests/{id}", refusing(work_request)),
)
