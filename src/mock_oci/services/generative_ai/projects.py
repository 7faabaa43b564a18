"""Generative AI projects: what isolates stored responses and conversations, and says how long they are kept."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.operations import Call, Operation, Refused, not_found, oci_error, refusing
from mock_oci.services.oci_surface import invalid, object_in, permitted, timestamp
from mock_oci.services.resources import Collection, Resources
from mock_oci.wire import Body, Response

# "2-3 minutes" until the data plane knows a new project (seen by a third party, 2026).
VISIBLE_AFTER_SECONDS = 150.0
_AN_HOUR = 3600.0
_PREFIX = "ocid1.generativeaiproject."


@dataclass(frozen=True)
class Project:
    """``responses_hours`` counts from a response's creation, ``conversations_hours`` from the last update.

    ``created`` and ``updated`` in Unix seconds; ``details`` is what else the control plane was told.
    """

    id: str
    compartment_id: str
    created: float
    updated: float
    responses_hours: float = 720
    conversations_hours: float = 168
    details: Mapping[str, Any] = field(default_factory=dict)

    def wire(self) -> dict[str, Any]:
        """Write the project as oci.generative_ai.models.GenerativeAiProject has it."""
        retention = {
            "responsesRetentionInHours": self.responses_hours,
            "conversationsRetentionInHours": self.conversations_hours,
        }
        return {
            "freeformTags": {},
            "definedTags": {},
            **self.details,
            "id": self.id,
            "compartmentId": self.compartment_id,
            "timeCreated": timestamp(self.created),
            "timeUpdated": timestamp(self.updated),
            "lifecycleState": "ACTIVE",
            "conversationConfig": retention,
        }


class Projects(Resources[Project]):
    """The projects of one tenancy. Thread-safe. ``default`` has always been there."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud
        self._serial = itertools.count(1)
        self.default = self.create("default")

    def create(
        self,
        name: str = "",
        *,
        responses_hours: float = 720,
        conversations_hours: float = 168,
        age: float = _AN_HOUR,
        region: str = "",
        compartment_id: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> Project:
        """Create a project made ``age`` seconds ago; a younger one than 150 s is a 404 to the data plane."""
        with self._lock:
            serial = next(self._serial)
            name = name or f"generativeaiproject{serial}"
            made = self._cloud.clock() - age
            project = Project(
                id=ocid("generativeaiproject", f"{serial}/{name}", region or self._cloud.region),
                compartment_id=compartment_id or self._cloud.tenancy.compartment_id,
                created=made,
                updated=made,
                responses_hours=responses_hours,
                conversations_hours=conversations_hours,
                details={"displayName": name, **(details or {})},
            )
            return self.keep(project.id, project)


def project_of(call: Call, vendor: str = "openai") -> Project:
    """Return the project in ``OpenAI-Project``; ``vendor`` is the asked model's, as the first error depends on it.

    The errors are as they were seen on the wire, where a missing project may call itself a missing
    compartment (docs: generative-ai/projects.htm says only that a project is required).
    """
    named = call.request.headers.get("openai-project", "")
    if not named and vendor != "openai":
        raise Refused(oci_error(400, "Non-OpenAI models require 'OpenAI-Project'"))
    if not named:
        raise Refused(oci_error(400, "Compartment ID must be provided."))
    if not named.startswith(_PREFIX) or named.split(".")[3:4] != [call.region]:
        raise Refused(oci_error(400, "Invalid OpenAI project"))
    project = call.cloud.state_of(Projects).find(named)
    if project is None or call.cloud.clock() - project.created < VISIBLE_AFTER_SECONDS:
        raise Refused(not_found())
    permitted(
        call, project.compartment_id, project.id, needs="GENERATIVE_AI_PROJECT_READ"
    )  # unverified (verify: who-reads-projects)
    return project


def create_project(call: Call) -> Response:
    details = object_in(call.request.body)
    compartment_id = details.pop("compartmentId", None)
    if not isinstance(compartment_id, str):
        raise invalid("compartmentId must not be null")
    permitted(call, compartment_id)
    hours = _hours(details)
    name = str(details.pop("displayName", None) or "")
    projects = call.cloud.state_of(Projects)
    return _shown(call, projects.create(name, age=0, compartment_id=compartment_id, details=details, **hours))


def update_project(call: Call) -> Response:
    project, details = _PROJECTS.of(call), object_in(call.request.body)
    hours = _hours(details)
    changed = replace(project, updated=call.cloud.clock(), details={**project.details, **details}, **hours)
    return _shown(call, call.cloud.state_of(Projects).keep(project.id, changed))


def _hours(details: Body) -> dict[str, Any]:
    """Take the retention out of ``details``, under the names of Project. Raises Refused."""
    config = details.pop("conversationConfig", None) or {}
    names = {"responses_hours": "responsesRetentionInHours", "conversations_hours": "conversationsRetentionInHours"}
    hours = {name: config[field] for name, field in names.items() if isinstance(config, dict) and config.get(field)}
    if not isinstance(config, dict) or not all(type(value) is int for value in hours.values()):
        raise invalid("conversationConfig is invalid")
    return hours


def _shown(call: Call, project: Project) -> Response:
    return _PROJECTS.shown(call, project, _work_request(project))


def _without_config(project: dict[str, Any]) -> dict[str, Any]:
    """Leave out what oci.generative_ai.models.GenerativeAiProjectSummary does not have."""
    return {name: value for name, value in project.items() if name != "conversationConfig"}


def _work_request(project: Project) -> dict[str, str]:
    return {"opc-work-request-id": ocid("generativeaiworkrequest", project.id)}


_PROJECTS = Collection(
    parameter="id",
    resources=lambda cloud: cloud.state_of(Projects),
    wire=lambda _call, project: project.wire(),
    summary=lambda _call, project: _without_config(project.wire()),
    filters=("compartmentId", "displayName", "id", "lifecycleState"),
    in_items=True,
    compartment_id=lambda call: call.request.query.get("compartmentId", ""),
    deleted=lambda _call, project: Response(204, _work_request(project)),
)
_ALL = "/20231130/generativeAiProjects"
_ONE = f"{_ALL}/{{id}}"
OPERATIONS = (
    Operation("POST", _ALL, refusing(create_project)),
    Operation("GET", _ALL, refusing(_PROJECTS.list)),
    Operation("GET", _ONE, refusing(lambda call: _shown(call, _PROJECTS.of(call)))),
    Operation("PUT", _ONE, refusing(update_project)),
    Operation("DELETE", _ONE, refusing(_PROJECTS.remove)),
)
