"""/openai/v1/containers and their files (docs: generative-ai/containers-api.htm, container-files.htm)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mock_oci.cloud import Cloud
from mock_oci.identity.signatures import API_KEY, SIGNATURE
from mock_oci.operations import Call, json_response
from mock_oci.services.generative_ai.openai_errors import openai_error
from mock_oci.services.generative_ai.responses.context import missing
from mock_oci.services.generative_ai.stored.files import FILES
from mock_oci.services.generative_ai.stored.form import form_of, is_form
from mock_oci.services.generative_ai.stored.stored import (
    Shelf,
    Store,
    body_with,
    new_id,
    operation,
    page_of_rows,
    project_id,
)
from mock_oci.wire import Body, Response

_MINUTES = 20  # "A container expires if it's not used for 20 minutes" (docs: code-interpreter.htm)
_MEMORY = ("1g", "4g", "16g", "64g")


@dataclass(frozen=True)
class ContainerFile:
    id: str
    path: str
    created: float
    source: str = "user"
    content: bytes = field(default=b"", repr=False)

    def wire(self, container_id: str) -> Body:
        return {
            "id": self.id,
            "object": "container.file",
            "created_at": int(self.created),
            "bytes": len(self.content),
            "container_id": container_id,
            "path": self.path,
            "source": self.source,
        }


@dataclass(frozen=True)
class CodeContainer:
    """``created`` and ``used`` in Unix seconds; it ends ``minutes`` after its last use."""

    id: str
    project_id: str
    name: str
    created: float
    used: float
    minutes: int = _MINUTES
    memory: str = "1g"
    files: tuple[ContainerFile, ...] = ()

    def is_over(self, now: float) -> bool:
        return now >= self.used + self.minutes * 60

    def wire(self, now: float) -> Body:
        return {
            "id": self.id,
            "object": "container",
            "created_at": int(self.created),
            "expires_after": {"anchor": "last_active_at", "minutes": self.minutes},
            "last_active_at": int(self.used),
            "memory_limit": self.memory,
            "name": self.name,
            "status": "expired" if self.is_over(now) else "running",
        }


class Containers(Store[CodeContainer]):
    """The containers of a tenancy."""


def create(call: Call) -> Response:
    project = project_id(call)
    body = body_with(call, ("name", "expires_after", "file_ids", "memory_limit"), ("name",))
    if not isinstance(body["name"], str):
        raise openai_error("Invalid type for 'name': expected a string.", "name", "invalid_type")
    memory, expires = body.get("memory_limit", "1g"), body.get("expires_after") or {"minutes": _MINUTES}
    if memory not in _MEMORY:
        raise openai_error(f"Invalid value for 'memory_limit': one of {_MEMORY}.", "memory_limit", "invalid_value")
    minutes = expires.get("minutes") if isinstance(expires, dict) else None
    if type(minutes) is not int or not 1 <= minutes <= _MINUTES:
        raise openai_error("Invalid 'expires_after'.", "expires_after", "invalid_value")
    now = call.cloud.clock()
    files = tuple(_copied(call, id_) for id_ in body.get("file_ids") or ())
    made = CodeContainer(new_id(call.cloud, "cntr_"), project, body["name"], now, now, minutes, memory, files)
    return json_response(200, CONTAINERS.store(call).keep(made).wire(now))


def _copied(call: Call, file_id: object) -> ContainerFile:
    file = FILES.found(call, str(file_id))
    name = file.filename.rpartition("/")[2]
    return ContainerFile(new_id(call.cloud, "cfile_"), f"/mnt/data/{name}", call.cloud.clock(), content=file.content)


def add_file(call: Call) -> Response:
    container = _used(call)
    if is_form(call):
        form = form_of(call, ("file",))
        path = f"/mnt/data/{form.filename.rpartition('/')[2]}"
        file = ContainerFile(new_id(call.cloud, "cfile_"), path, call.cloud.clock(), content=form.content)
    else:
        file = _copied(call, body_with(call, ("file_id",), ("file_id",))["file_id"])
    CONTAINERS.store(call).keep(replace(container, files=(*container.files, file)))
    return json_response(200, file.wire(container.id))


def list_files(call: Call) -> Response:
    container = _used(call)
    return json_response(200, page_of_rows(call, [file.wire(container.id) for file in container.files]))


def read_file(call: Call) -> Response:
    container = _used(call)
    return json_response(200, _file(call, container).wire(container.id))


def file_content(call: Call) -> Response:
    return Response(200, {"content-type": "application/octet-stream"}, _file(call, _used(call)).content)


def delete_file(call: Call) -> Response:
    container = _used(call)
    gone = _file(call, container)
    files = tuple(file for file in container.files if file.id != gone.id)
    CONTAINERS.store(call).keep(replace(container, files=files))
    return json_response(200, {"id": gone.id, "object": "container.file.deleted", "deleted": True})


def _used(call: Call) -> CodeContainer:
    """Return the container, used once more: one that has expired does not come back."""
    container, now = CONTAINERS.found(call), call.cloud.clock()
    if container.is_over(now):
        raise openai_error("Container is expired.", "container_id", "container_expired", status=404)
    return CONTAINERS.store(call).keep(replace(container, used=now))


def _file(call: Call, container: CodeContainer) -> ContainerFile:
    for file in container.files:
        if file.id == call.parameters["file"]:
            return file
    raise missing(f"Container file {call.parameters['file']} not found.")


def _containers(cloud: Cloud) -> Containers:
    return Containers(cloud)


CONTAINERS = Shelf[CodeContainer](_containers, "Container", "container.deleted", filters=("name",))

_CREDENTIALS = (SIGNATURE, API_KEY)
_ALL = "/openai/v1/containers"
_ONE = f"{_ALL}/{{id}}"
_FILE = f"{_ONE}/files/{{file}}"
OPERATIONS = (
    operation("POST", _ALL, create, _CREDENTIALS),
    operation("GET", _ALL, CONTAINERS.list, _CREDENTIALS),
    operation("GET", _ONE, CONTAINERS.read, _CREDENTIALS),
    operation("DELETE", _ONE, CONTAINERS.remove, _CREDENTIALS),
    operation("POST", f"{_ONE}/files", add_file, _CREDENTIALS),
    operation("GET", f"{_ONE}/files", list_files, _CREDENTIALS),
    operation("GET", _FILE, read_file, _CREDENTIALS),
    operation("DELETE", _FILE, delete_file, _CREDENTIALS),
    operation("GET", f"{_FILE}/content", file_content, _CREDENTIALS),
)
