"""What a detached run leaves behind: an invocation record at the function's destination for its outcome."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.fn.environment import Deployment
from mock_oci.fn.log_lines import LogLines
from mock_oci.identity.policies.required import NOTHING
from mock_oci.identity.policies.variables import target_variable
from mock_oci.services.functions.state import Destination, resource_principal
from mock_oci.services.handing_on import NEEDED_TO_SEND, hand_on
from mock_oci.services.oci_surface import new_uuid, timestamp
from mock_oci.wire import Response

_MAX_BYTES = 40_000  # of the response: with it, the record has to fit into a message of Notifications (64 KB)


@dataclass(frozen=True)
class Settled:
    """A detached call that has come to its end, and what a sync caller would have been answered."""

    call_id: str
    response: Response


def send_record(cloud: Cloud, deployment: Deployment, log: LogLines, run: Settled) -> None:
    """Send the record, where the function has a destination for this outcome; a failure is only logged.

    The log's words: docs Functions/Tasks/functionsinvokingfunctions.htm.
    """
    outcome = "success" if run.response.status == 200 else "failure"
    destination = deployment.success_destination if outcome == "success" else deployment.failure_destination
    record = json.dumps(record_of(cloud, deployment, run), ensure_ascii=False)
    if destination.id and not _is_sent(cloud, deployment.id, destination, record):
        what = f"Invocation record delivery to {outcome} destination failed due to"
        log.add(f"{what} - Authorization failed or requested resource not found.")


def _is_sent(cloud: Cloud, function_id: str, destination: Destination, record: str) -> bool:
    """Send where the function may: the platform sends in its name (unverified; verify: detached-sender).

    Return False where it may not, or where there is no such destination.
    """
    principal, id_ = resource_principal(cloud, "fnfunc", function_id), destination.id
    needs = NEEDED_TO_SEND.get(id_.split(".")[1] if "." in id_ else "", NOTHING)
    may = cloud.permissions.permit(principal, cloud.tenancy.compartment_id, "", needs, target_variable(id_))
    return may and hand_on(cloud, id_, record, destination.channel)


def record_of(cloud: Cloud, deployment: Deployment, run: Settled) -> dict[str, Any]:
    """Return an invocation record, which is made up, plausibly: its schema is not published (verify: detached-record).

    ``response.body`` is as much of the function's answer as fits, as text; a failure has ``error`` in its place.
    """
    record = {
        "id": new_uuid(cloud, "invocation record"),
        "time": timestamp(cloud.clock()),
        "functionId": deployment.id,
        "applicationId": deployment.app_id,
        "callId": run.call_id,
        "invokeType": "detached",
        "status": "SUCCESS" if run.response.status == 200 else "FAILURE",
        "statusCode": run.response.status,
    }
    body = run.response.body if isinstance(run.response.body, bytes) else b""
    if run.response.status != 200:
        return {**record, "error": json.loads(body)}
    response = {
        "contentType": run.response.headers.get("content-type"),
        "body": body[:_MAX_BYTES].decode(errors="replace"),
        "truncated": len(body) > _MAX_BYTES,
    }
    return {**record, "response": response}
