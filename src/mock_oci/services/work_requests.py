"""Work requests: how OCI's control planes tell of what they were asked to do, which here is done at once."""

from __future__ import annotations

from dataclasses import dataclass

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.operations import Call, Refused, json_response, not_found
from mock_oci.services.oci_surface import permitted, timestamp
from mock_oci.services.resources import Resources
from mock_oci.wire import Response


@dataclass(frozen=True)
class Subject:
    """What was worked on: its type, its path below the service, its OCID and its compartment's."""

    kind: str
    path: str
    id: str
    compartment_id: str


@dataclass(frozen=True)
class WorkRequest:
    """``operation``: CREATE_QUEUE and the like; ``action``: what became of the subject. ``done`` in Unix seconds.

    ``status`` is what the service calls it when it is done.
    """

    id: str
    operation: str
    action: str
    subject: Subject
    done: float
    status: str = "SUCCEEDED"


class WorkRequests(Resources[WorkRequest]):
    """What has been asked of every service. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud

    def add(self, operation: str, action: str, subject: Subject, status: str = "SUCCEEDED") -> WorkRequest:
        kind = f"{subject.kind.lower()}workrequest"
        id_ = ocid(kind, f"{operation}/{self._cloud.next_serial()}", self._cloud.region)
        return self.keep(id_, WorkRequest(id_, operation, action, subject, self._cloud.clock(), status))


def accepted(call: Call, operation: str, action: str, subject: Subject, status: str = "SUCCEEDED") -> Response:
    """Answer 202 with the work request's OCID."""
    request = call.cloud.state_of(WorkRequests).add(operation, action, subject, status)
    return Response(202, {"opc-work-request-id": request.id})


def work_request(call: Call) -> Response:
    """Answer the work request in the path, as oci.queue.models.WorkRequest has it, and its siblings. Raises Refused."""
    request = call.cloud.state_of(WorkRequests).find(call.parameters["id"])
    if request is None:
        raise Refused(not_found())
    subject, when = request.subject, timestamp(request.done)
    permitted(call, subject.compartment_id, subject.id)
    resource = {"entityType": subject.kind, "actionType": request.action, "identifier": subject.id}
    return json_response(
        200,
        {
            "id": request.id,
            "operationType": request.operation,
            "status": request.status,
            "compartmentId": subject.compartment_id,
            "resources": [{**resource, "entityUri": subject.path}],
            "percentComplete": 100.0,
            "timeAccepted": when,
            "timeStarted": when,
            "timeFinished": when,
        },
    )
