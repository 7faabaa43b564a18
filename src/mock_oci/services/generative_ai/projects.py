"""Generative AI projects: what isolates stored responses and conversations, and says how long they are kept."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.operations import Call, Operation, Refused, json_response, not_found, oci_error, refusing
from mock_oci.services.generative_ai.chat.rules import fits
from mock_oci.services.generative_ai.openai_surface import refuse, region_of
from mock_oci.wire import Response

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
        """As oci.generative_ai.models.GenerativeAiProject has it."""
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
            "timeCreated": _time(self.created),
            "timeUpdated": _time(self.updated),
            "lifecycleState": "ACTIVE",
            "conversationConfig": retention,
        }


class Projects:
    """The projects of one tenancy. Thread-safe. ``default`` has always been there."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._serial = itertools.count(1)
        self._projects: dict[str, Project] = {}
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
        """A project made ``age`` seconds ago; a younger one than 150 s is a 404 to the data plane."""
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
            self._projects[project.id] = project
        return project

    def find(self, project_id: str) -> Project | None:
        with self._lock:
            return self._projects.get(project_id)

    def all(self) -> tuple[Project, ...]:
        with self._lock:
            return tuple(self._projects.values())

    def put(self, project: Project) -> None:
        with self._lock:
            self._projects[project.id] = project

    def delete(self, project_id: str) -> None:
        """What it holds becomes unreachable: everything is asked for in a project."""
        with self._lock:
            self._projects.pop(project_id, None)


def project_of(call: Call, vendor: str = "openai") -> Project:
    """The project in ``OpenAI-Project``; ``vendor`` is the asked model's, as the first error depends on it.

    The errors are as they were seen on the wire, where a missing project may call itself a missing
    compartment (docs: generative-ai/projects.htm says only that a project is required).
    """
    named = call.request.headers.get("openai-project", "")
    if not named and vendor != "openai":
        raise Refused(oci_error(400, "Non-OpenAI models require 'OpenAI-Project'"))
    if not named:
        raise Refused(oci_error(400, "Compartment ID must be provided."))
    if not named.startswith(_PREFIX) or named.split(".")[3:4] != [region_of(call)]:
        raise Refused(oci_error(400, "Invalid OpenAI project"))
    project = call.cloud.state_of(Projects).find(named)
    if project is None or call.cloud.clock() - project.created < VISIBLE_AFTER_SECONDS:
        raise Refused(not_found())
    return project


def _create(call: Call) -> Response:
    asked = _asked(call)
    compartment = asked.pop("compartmentId", None)
    if not isinstance(compartment, str):
        raise Refused(oci_error(400, "compartmentId must not be null", "InvalidParameter"))
    refuse(_denied(call, compartment))
    hours = _hours(asked)
    projects = call.cloud.state_of(Projects)
    name = str(asked.pop("displayName", None) or "")
    project = projects.create(name, age=0, compartment_id=compartment, details=asked, **hours)
    return _shown(project)


def _list(call: Call) -> Response:
    query = call.request.query
    refuse(_denied(call, query.get("compartmentId", "")))
    items = [project.wire() for project in call.cloud.state_of(Projects).all()]
    for name in ("compartmentId", "displayName", "id", "lifecycleState"):
        items = [item for item in items if query.get(name) in (None, item.get(name))]
    return json_response(200, {"items": items})


def _get(call: Call) -> Response:
    return _shown(_found(call))


def _update(call: Call) -> Response:
    project, asked = _found(call), _asked(call)
    hours = _hours(asked)
    changed = replace(project, updated=call.cloud.clock(), details={**project.details, **asked}, **hours)
    call.cloud.state_of(Projects).put(changed)
    return _shown(changed)


def _delete(call: Call) -> Response:
    project = _found(call)
    call.cloud.state_of(Projects).delete(project.id)
    return Response(204, {"opc-work-request-id": _work_request(project)})


def _found(call: Call) -> Project:
    project = call.cloud.state_of(Projects).find(call.parameters["id"])
    if project is None or _denied(call, project.compartment_id):
        raise Refused(not_found())
    return project


def _denied(call: Call, compartment: str) -> Response | None:
    return None if call.cloud.permissions.permit(call.principal, compartment) else not_found()


def _asked(call: Call) -> dict[str, Any]:
    try:
        asked = json.loads(call.request.body)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise Refused(oci_error(400, "Unable to parse the request body.", "CannotParseRequest"))
    return asked


def _hours(asked: dict[str, Any]) -> dict[str, Any]:
    """Takes the retention out of ``asked``, under the names of Project."""
    config = asked.pop("conversationConfig", None) or {}
    names = {"responses_hours": "responsesRetentionInHours", "conversations_hours": "conversationsRetentionInHours"}
    hours = {name: config[wire] for name, wire in names.items() if isinstance(config, dict) and config.get(wire)}
    if not isinstance(config, dict) or not all(fits(value, (int,)) for value in hours.values()):
        raise Refused(oci_error(400, "conversationConfig is invalid", "InvalidParameter"))
    return hours


def _shown(project: Project) -> Response:
    return json_response(200, project.wire(), {"opc-work-request-id": _work_request(project), "etag": project.id[-8:]})


def _work_request(project: Project) -> str:
    return ocid("generativeaiworkrequest", project.id)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_ALL = "/20231130/generativeAiProjects"
_ONE = f"{_ALL}/{{id}}"
OPERATIONS = (
    Operation("POST", _ALL, refusing(_create)),
    Operation("GET", _ALL, refusing(_list)),
    Operation("GET", _ONE, refusing(_get)),
    Operation("PUT", _ONE, refusing(_update)),
    Operation("DELETE", _ONE, refusing(_delete)),
)
