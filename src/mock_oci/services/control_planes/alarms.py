"""Monitoring's alarms on the wire: kept, and never fired (client: oci.monitoring.MonitoringClient)."""

from __future__ import annotations

from mock_oci.services.control_planes.resource_types import ResourceType
from mock_oci.services.control_planes.stored import operations_of

_DEFAULTS = {
    "lifecycleState": "ACTIVE",
    "metricCompartmentIdInSubtree": False,
    "resourceGroup": None,
    "resolution": "1m",
    "pendingDuration": "PT1M",
    "body": None,
    "isNotificationsPerMetricDimensionEnabled": False,
    "messageFormat": "RAW",
    "repeatNotificationDuration": None,
    "suppression": None,
    "overrides": None,
    "ruleName": "BASE",
    "notificationVersion": None,
    "notificationTitle": None,
    "evaluationSlackDuration": "PT3M",
    "alarmSummary": None,
}
ALARM = ResourceType(
    client="MonitoringClient",
    noun="alarm",
    path="/20180401/alarms",
    type="alarm",
    required=(
        "compartmentId",
        "displayName",
        "metricCompartmentId",
        "namespace",
        "query",
        "severity",
        "destinations",
        "isEnabled",
    ),
    optional=tuple(name for name in _DEFAULTS if name != "lifecycleState"),
    defaults=_DEFAULTS,
    not_listed=(
        "metricCompartmentIdInSubtree",
        "resolution",
        "pendingDuration",
        "body",
        "messageFormat",
        "repeatNotificationDuration",
        "timeCreated",
        "timeUpdated",
    ),
)
UNDERSTOOD = ALARM.understood()
OPERATIONS = operations_of(ALARM)
