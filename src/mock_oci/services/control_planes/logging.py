"""Logging's control plane: log groups and their logs (client: oci.logging.LoggingManagementClient)."""

from __future__ import annotations

from mock_oci.operations import Call
from mock_oci.services.control_planes.resource_types import ResourceType
from mock_oci.services.control_planes.stored import operations_of, work_requests_of
from mock_oci.wire import Body


def _log_made(call: Call, log: Body) -> Body:
    made: Body = {"tenancyId": call.cloud.tenancy.tenancy_id}
    if log.get("configuration"):
        made["configuration"] = {"compartmentId": log["compartmentId"], "archiving": None, **log["configuration"]}
    return made


LOG_GROUP = ResourceType(
    client="LoggingManagementClient",
    noun="log_group",
    path="/20200531/logGroups",
    type="loggroup",
    optional=("description",),
    defaults={"lifecycleState": "ACTIVE", "description": None, "systemTags": {}},
    filters=("compartmentId", "displayName"),
    updated="timeLastModified",
    work="loggroup",
    answers_with_body=False,
)
LOG = ResourceType(
    client="LoggingManagementClient",
    noun="log",
    path="/20200531/logGroups/{logGroupId}/logs",
    type="log",
    required=("displayName", "logType"),
    optional=("isEnabled", "configuration", "retentionDuration"),
    fixed=("logType",),
    defaults={
        "lifecycleState": "ACTIVE",
        "isEnabled": True,
        "retentionDuration": 30,
        "configuration": None,
        "systemTags": {},
    },
    made=_log_made,
    refers={"logGroupId": "log_group"},
    within="logGroupId",
    filters=("logGroupId", "logType", "displayName", "lifecycleState"),
    not_listed=("tenancyId",),
    updated="timeLastModified",
    work="log",
    answers_with_body=False,
)
UNDERSTOOD = {**LOG_GROUP.understood(), **LOG.understood(), "LoggingManagementClient.get_work_request": ""}
OPERATIONS = (*operations_of(LOG_GROUP), *operations_of(LOG), work_requests_of("20200531"))
