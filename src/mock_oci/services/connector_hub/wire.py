"""Connector Hub on the wire: create, read, list, update, activate, deactivate and delete, by work requests.

Client: oci.sch.ServiceConnectorClient. What moves the records is connector_hub_state.ConnectorHub.
"""

from __future__ import annotations

from collections.abc import Callable

from mock_oci.operations import Call, Operation, refusing
from mock_oci.services.connector_hub.state import ACTIVE, INACTIVE, Connector, ConnectorHub
from mock_oci.services.oci_surface import (
    invalid,
    mapping_in,
    object_in,
    permitted,
    text_in,
    timestamp,
)
from mock_oci.services.resources import Collection
from mock_oci.services.work_requests import Subject, accepted, work_request
from mock_oci.wire import Body, Response

_CHANGEABLE = ("displayName", "description", "source", "tasks", "target", "freeformTags", "definedTags")


def create_connector(call: Call) -> Response:
    details = object_in(call.request.body)
    name, compartment_id = text_in(details, "displayName"), text_in(details, "compartmentId")
    permitted(call, compartment_id)
    ends = {end: mapping_in(details, end) for end in ("source", "target")}
    others = {name: details[name] for name in _CHANGEABLE if details.get(name) is not None and name not in ends}
    others.pop("displayName")
    hub = call.cloud.state_of(ConnectorHub)
    connector = hub.create(name, ends["source"], ends["target"], compartmentId=compartment_id, **others)
    return _accepted(call, "CREATE_SERVICE_CONNECTOR", "CREATED", connector)


def update_connector(call: Call) -> Response:
    connector, details = _CONNECTORS.of(call), object_in(call.request.body)
    connector.configure({name: details[name] for name in _CHANGEABLE if details.get(name) is not None})
    return _accepted(call, "UPDATE_SERVICE_CONNECTOR", "UPDATED", connector)


def _turning(state: str, operation: str) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        connector = _CONNECTORS.of(call)
        if connector.state == state:
            raise invalid(f"The connector is {state} already", "IncorrectState", 409)
        connector.activate(state)
        return _accepted(call, operation, "UPDATED", connector)

    return answer


def _accepted(call: Call, operation: str, action: str, connector: Connector) -> Response:
    path, compartment_id = f"/serviceConnectors/{connector.id}", connector.compartment_id
    return accepted(call, operation, action, Subject("ServiceConnector", path, connector.id, compartment_id))


def _wire(call: Call, connector: Connector) -> Body:
    """Write a connector as oci.sch.models.ServiceConnector has it."""
    ends = {end: connector.details[end] for end in ("source", "target")}
    return {**_summary(call, connector), **ends, "tasks": []}


def _summary(call: Call, connector: Connector) -> Body:
    del call
    details = connector.details
    return {
        "id": connector.id,
        "displayName": details["displayName"],
        "description": details.get("description"),
        "compartmentId": connector.compartment_id,
        "timeCreated": timestamp(connector.created),
        "timeUpdated": timestamp(connector.updated),
        "lifecycleState": connector.state,
        "lifecycleDetails": connector.state_details or None,
        "freeformTags": details.get("freeformTags", {}),
        "definedTags": details.get("definedTags", {}),
        "systemTags": {},
    }


_CONNECTORS = Collection(
    parameter="connector",
    resources=lambda cloud: cloud.state_of(ConnectorHub),
    wire=_wire,
    summary=_summary,
    filters=("compartmentId", "displayName", "lifecycleState"),
    in_items=True,
    deleted=lambda call, connector: _accepted(call, "DELETE_SERVICE_CONNECTOR", "DELETED", connector),
)
_ALL = "/20200909/serviceConnectors"
_ONE = f"{_ALL}/{{connector}}"
OPERATIONS = (
    Operation("POST", _ALL, refusing(create_connector)),
    Operation("GET", _ALL, refusing(_CONNECTORS.list)),
    Operation("GET", _ONE, refusing(_CONNECTORS.read)),
    Operation("PUT", _ONE, refusing(update_connector)),
    Operation("DELETE", _ONE, refusing(_CONNECTORS.remove)),
    Operation("POST", f"{_ONE}/actions/activate", refusing(_turning(ACTIVE, "ACTIVATE_SERVICE_CONNECTOR"))),
    Operation("POST", f"{_ONE}/actions/deactivate", refusing(_turning(INACTIVE, "DEACTIVATE_SERVICE_CONNECTOR"))),
    Operation("GET", "/20200909/workRequests/{id}", refusing(work_request)),
)
