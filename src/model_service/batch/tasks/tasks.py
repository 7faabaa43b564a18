"""Tasks: which records are asked about, what is asked, and where the answer goes (``tasks_file`` reads them)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from model_service.batch.cloud_events import event_metadata, is_cloud_event
from model_service.batch.tasks.expressions import Expression
from model_service.batch.tasks.templates import Template
from model_service.errors import InvalidRequest
from model_service.oci_names import ObjectLocation, is_object_name
from model_service.openai_api.chat import ChatRequest
from model_service.openai_api.embeddings import EmbeddingsRequest
from model_service.openai_api.operations import ModelRequest, operation_of
from model_service.openai_api.rerank import RerankRequest

if TYPE_CHECKING:
    from model_service.openai_api.responses import SurfaceRequest

SinkKind = Literal["bucket", "stream", "queue", "topic", "function", "none"]
UNSENT: Final = frozenset({"operation", "stream", "stream_options"})
OWN_FOLDER: Final = "model-service/"  # of the ledger, and of answers that were too large
RESULT_FIELDS: Final = frozenset({"id", "record", "task", "response", "error"})
TOLD: Final = ("source", "stream", "topic", "type", "bucket", "object")  # of a record that no task takes
MAX_TOLD_CHARS: Final = 200  # of each
SECONDS: Final = 120.0  # for one record, where its task says nothing


@dataclass(frozen=True)
class SinkDescription:
    """Where outcomes go.

    ``place`` is the OCID of a stream, queue, topic or function; the bucket of ``kind`` bucket (without a ``name``: that
    is a template); ``None`` for ``none``.

    ``templates`` are over the record's view, without ``content``: ``name`` of a bucket, always there; ``key`` of a
    stream, ``channel`` of a queue and ``title`` of a topic where the file has them.
    """

    kind: SinkKind
    place: str | ObjectLocation | None = None
    templates: Mapping[str, Template] = field(default_factory=dict)

    def may_write(self, view: Mapping[str, Any], name: str) -> bool:
        """Whether the object of an event could be an outcome here."""
        place = self.place
        if not isinstance(place, ObjectLocation) or place.bucket != view.get("bucket"):
            return False
        return place.namespace in (None, view.get("namespace")) and name.startswith(self.templates["name"].head)

    def is_beside(self, other: SinkDescription) -> bool:
        """Return whether both may be the same bucket."""
        one, another = self.place, other.place
        if not isinstance(one, ObjectLocation) or not isinstance(another, ObjectLocation):
            return False
        is_other_tenancy = one.namespace and another.namespace and one.namespace != another.namespace
        return one.bucket == another.bucket and not is_other_tenancy


@dataclass(frozen=True)
class Reading:
    """The object that an event is about, read for ``content``: as a string, or an image as a data URL.

    ``limit`` is in bytes of the object.
    """

    kind: Literal["text", "image"]
    limit: int


@dataclass(frozen=True)
class Match:
    """What a record must be like; ``None`` asks nothing.

    ``type`` may have ``*`` for any characters and is read without regard to case; ``bucket`` is of any namespace where
    it names none; ``prefix`` is of the object's name.
    """

    source: str | None = None
    stream: str | None = None
    topic: str | None = None
    type: str | None = None
    bucket: ObjectLocation | None = None
    prefix: str | None = None
    where: Expression | None = None

    def takes(self, view: Mapping[str, Any]) -> bool:
        """Return whether the record fits; one that ``where`` cannot be asked of does not."""
        alike = all(getattr(self, name) in (None, view.get(name)) for name in ("source", "stream", "topic"))
        return alike and self._is_type(view) and self._is_in(view) and (not self.where or self.where.holds(view))

    def _is_type(self, view: Mapping[str, Any]) -> bool:
        found = view.get("type")
        return self.type is None or (isinstance(found, str) and self._type.fullmatch(found) is not None)

    def _is_in(self, view: Mapping[str, Any]) -> bool:
        name, place = view.get("object"), self.bucket
        if self.prefix is not None and not (isinstance(name, str) and name.startswith(self.prefix)):
            return False
        return place is None or (
            place.bucket == view.get("bucket") and place.namespace in (None, view.get("namespace"))
        )

    @cached_property
    def _type(self) -> re.Pattern[str]:
        first, *rest = map(re.escape, (self.type or "").split("*"))
        # Each part but the last where it comes first and never again: whoever chooses the type chooses its length, too.
        middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
        last = f".*{rest[-1]}" if rest else ""
        return re.compile(f"{first}{middle}{last}", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Task:
    """What is done with the records that it matches.

    ``sink`` is a name in ``Tasks.sinks``; ``timeout`` is in seconds, for one record. With ``ignore`` the rest has no
    meaning: the record is done as soon as it is there.
    """

    name: str
    match: Match = field(default_factory=Match)
    request: Template | None = None
    sink: str = "none"
    reading: Reading | None = None
    timeout: float = SECONDS
    ignore: bool = False

    @property
    def decides_model(self) -> bool:
        """Whether the model, and who pays for it, are the task's choice and no record's."""
        return self.request is not None and all(map(self.request.decides, ("model", "compartment_id", "project_id")))

    def model_of(self, view: Mapping[str, Any]) -> str | None:
        """Return the model that a record is for, as far as it can be told before its request is made."""
        if self.request is not None:
            return self.request.constant("model")
        value = view.get("value")
        model = value.get("model") if isinstance(value, dict) else None
        return model if isinstance(model, str) else None

    def body(self, view: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request for this record: the template, filled, or the record's value where there is none.

        Raise ``InvalidRequest``: ``template_error``, or ``not_a_request`` where that is not an object.
        """
        body = self.request.render(view) if self.request else view.get("value")
        if self.request is None and isinstance(body, dict) and body.get("relay") is not None:
            raise InvalidRequest("relay: only a task's template may name one.", param="relay")
        if not isinstance(body, dict):
            raise InvalidRequest(
                "The record is not a JSON object, and its task has no template.", code="not_a_request", param="value"
            )
        return body

    def object_place(self, view: Mapping[str, Any]) -> ObjectLocation:
        """Return the object to read for a record; raise ``InvalidRequest`` for a record without an object's name.

        Namespace and bucket are the task's, so that nobody who can send a record decides where the function reads.
        """
        name = view.get("object")
        if self.match.bucket is None or not isinstance(name, str) or not is_object_name(name):
            raise InvalidRequest("The record names no object.", code="no_object", param="object")
        return replace(self.match.bucket, name=name)


def request_of(body: Mapping[str, Any]) -> ModelRequest:
    """Return what a model is asked: a chat, a response, embeddings or a rerank.

    Nobody reads along, so the answer is asked for as a whole. Raise ``InvalidRequest``.
    """
    operation = operation_of(body)
    request = operation.parse({name: value for name, value in body.items() if name not in UNSENT})
    if getattr(request, "creates_response", False):
        response = cast("SurfaceRequest", request)
        if response.body and response.body.get("background"):
            raise InvalidRequest("background: the answer to a record cannot be fetched later.", param="background")
        return response
    if not isinstance(request, ChatRequest | EmbeddingsRequest | RerankRequest):
        raise InvalidRequest(f"operation: {operation.name} is not for records.", param="operation")
    return request


@dataclass(frozen=True)
class Tasks:
    """A tasks file.

    ``sinks`` has ``none`` too. ``dead_letters`` is the name of a sink, ``None`` only where every task ignores.
    ``ledger`` is a bucket, ``None`` for the memory of the container.
    """

    tasks: tuple[Task, ...]
    sinks: Mapping[str, SinkDescription]
    dead_letters: str | None = None
    ledger: ObjectLocation | None = None
    unfinished: Literal["retry", "dead_letter"] = "retry"

    @cached_property
    def places(self) -> Mapping[str, SinkDescription]:
        """The sinks that something goes to."""
        used = {task.sink for task in self.tasks if not task.ignore} | {self.dead_letters}
        return {name: sink for name, sink in self.sinks.items() if name in used}

    def is_outcome(self, view: Mapping[str, Any]) -> bool:
        """Return whether the record is an outcome that came back, by whatever way, or an event about one.

        Or about an object that these tasks could have written: results that made results would never end.
        """
        about: Mapping[str, Any] = {}
        value = view.get("value")
        if view.get("source") == "events":
            about = view
        elif isinstance(value, dict) and is_cloud_event(value):
            with suppress(InvalidRequest):  # what is no event as it should be is a record like any other
                about = event_metadata(value)
        elif isinstance(value, dict):
            return value.get("object") == "model_service.result" and value.keys() >= RESULT_FIELDS
        name = about.get("object")
        if not isinstance(name, str):
            return False
        return name.startswith(OWN_FOLDER) or any(sink.may_write(about, name) for sink in self.places.values())

    def task_for(self, view: Mapping[str, Any]) -> Task:
        """Return the first that takes the record; raise ``InvalidRequest`` (``no_task``) where none does."""
        for task in self.tasks:
            if task.match.takes(view):
                return task
        known = ", ".join(f"{name} {view[name][:MAX_TOLD_CHARS]!r}" for name in TOLD if isinstance(view.get(name), str))
        raise InvalidRequest("No task takes this record.", code="no_task", hint=f"It has {known}.")
