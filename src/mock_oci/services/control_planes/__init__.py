"""Control planes that keep what Terraform makes: Identity, networks, API Gateway, Logging, alarms, repositories."""

from __future__ import annotations

from mock_oci.services.control_planes import (
    alarms,
    api_gateway,
    dashboards,
    identity,
    logging,
    network,
    network_rules,
    registry,
)
from mock_oci.services.control_planes.stored import StoredResource, StoredResources

__all__ = ["OPERATIONS", "UNDERSTOOD", "StoredResource", "StoredResources"]

_PLANES = (identity, network, network_rules, api_gateway, logging, alarms, registry, dashboards)
OPERATIONS = tuple(operation for plane in _PLANES for operation in plane.OPERATIONS)
UNDERSTOOD = {name: names for plane in _PLANES for name, names in plane.UNDERSTOOD.items()}
