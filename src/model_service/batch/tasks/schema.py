"""What a tasks file may say: the shape of each of its parts, read into what ``tasks`` has for it; FILE at the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic_core import PydanticCustomError, SchemaValidator, ValidationError
from pydantic_core import core_schema as schema

from model_service.batch.record import SOURCES
from model_service.batch.tasks.expressions import CONTENT, Expression, TemplateError
from model_service.batch.tasks.tasks import Match, Reading, SinkDescription, Task
from model_service.batch.tasks.templates import MAX_TEMPLATE_BYTES, Template
from model_service.oci_names import ObjectLocation
from model_service.openai_api.validation import in_words_of_json
from model_service.service_file.fields import Fault, Path

OBJECT_NAME: Final = "{{ id }}.json"
MAX_TASK_SECONDS: Final = 3600  # for one record; a detached invocation has an hour at most

# How many bytes of an object are read if the task does not say, and how many it may say: a data URL is a third longer.
LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "text": (1024 * 1024, MAX_TEMPLATE_BYTES),
    "image": (4 * 1024 * 1024, MAX_TEMPLATE_BYTES // 4 * 3 - 1024),
}
# Of what is matched, what only the records of some sources have.
ONLY_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "stream": ("streaming",),
    "topic": ("notifications", "events"),
    "bucket": ("events",),
    "prefix": ("events",),
}


def read_shape(value: Any) -> dict[str, Any]:
    """Return the parts of a tasks file, as far as they are there; raise ``ShapeFaults``.

    ``tasks`` (of ``Task``), ``sinks`` (``SinkDescription``), ``ledger`` (``ObjectLocation``), ``dead_letters`` and
    ``unfinished``.
    """
    try:
        read: dict[str, Any] = FILE.validate_python(value, strict=True)
    except ValidationError as error:
        raise ShapeFaults([_fault(one) for one in error.errors(include_input=False, include_url=False)]) from None
    return read


class ShapeFaults(ValueError):
    """All that is wrong, each with its path."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(str(faults[0]))
        self.faults = faults


def _fault(complaint: Any) -> Fault:
    """Return pydantic's error at its path in the file, without the names of kinds, with the path inside a template."""
    context = complaint.get("ctx", {})
    location = tuple(step for step in complaint["loc"] if not str(step).startswith(KIND))
    return Fault(context.get("problem") or in_words_of_json(complaint), location + tuple(context.get("path", ())))


def _object(required: Mapping[str, Any], optional: Mapping[str, Any]) -> Any:
    """Return the schema of an object with these fields and no others."""
    known = ", ".join((*required, *optional))

    def refuse(_: Any) -> Any:
        raise PydanticCustomError("unknown", "unknown; known are {known}", {"known": known})

    fields = {name: schema.typed_dict_field(kind) for name, kind in required.items()}
    fields |= {name: schema.typed_dict_field(kind, required=False) for name, kind in optional.items()}
    others = schema.no_info_plain_validator_function(refuse)
    return schema.typed_dict_schema(fields, extra_behavior="allow", extras_schema=others)


def _read(of: Any, read: Callable[[Any], Any]) -> Any:
    """Return the schema of what has this shape, and of which ``read`` makes a value or says why it cannot."""

    def checked(value: Any) -> Any:
        try:
            return read(value)
        except (TemplateError, Fault) as error:
            raise _complaint(str(error), error.path) from None
        except ValueError as error:
            raise _complaint(str(error)) from None

    return schema.no_info_after_validator_function(checked, of)


def _complaint(problem: str, path: Path = ()) -> PydanticCustomError:
    return PydanticCustomError("refused", "{problem}", {"problem": problem, "path": path})


def _ocid(resource: str) -> Any:
    pattern = re.compile(rf"ocid1\.{resource}\.[a-z0-9]+\.[a-z0-9-]*\.[A-Za-z0-9._-]+")

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"must be an OCID of the kind ocid1.{resource}.…")
        return text

    return _read(_TEXT, check)


def _bucket(text: str) -> ObjectLocation:
    try:
        return ObjectLocation.of_bucket(text)
    except ValueError:
        raise ValueError("must be a bucket, or a namespace and a bucket with a slash between them") from None


def _match(fields: dict[str, Any]) -> Match:
    source = fields.get("source")
    for name in fields:
        if source and source not in ONLY_IN.get(name, SOURCES):
            raise Fault(f"records of {source} have none, so that nothing would match", (name,))
    where = fields.get("where")
    if where and CONTENT in where.names:
        raise Fault("content is read only when the task has been found", ("where",))
    return Match(**fields)


def _reading(fields: dict[str, Any]) -> Reading:
    usual, most = LIMITS[fields["as"]]
    limit = fields.get("limit", usual)
    if limit > most:
        raise Fault(f"must be {most} or less", ("limit",))
    return Reading(fields["as"], limit)


def _task(fields: dict[str, Any]) -> Task:
    reading = fields.pop("read", None)
    task = Task(reading=reading, **fields)
    if task.ignore:
        if odd := next((name for name in ("request", "sink", "timeout", "read") if name in fields or reading), None):
            raise Fault("has no meaning in a task that ignores", (odd,))
        return task
    if "sink" not in fields:
        raise Fault("a sink is missing; `none` keeps no results")
    _check_reading(task)
    return task


def _check_reading(task: Task) -> None:
    if task.reading is None:
        if task.request and CONTENT in task.request.names:
            raise Fault("uses content, which only a task with `read` has", ("request",))
        return
    if task.request is None:
        raise Fault("what is read goes nowhere: the task has no request", ("read",))
    if task.match.source not in (None, "events"):
        raise Fault(f"records of {task.match.source} name no object", ("read",))
    if task.match.bucket is None:
        problem = "needs match.bucket: or whoever can send a record could have any bucket read that the function may"
        raise Fault(problem, ("read",))


def _sink(kind: str) -> Callable[[dict[str, Any]], SinkDescription]:
    def read(fields: dict[str, Any]) -> SinkDescription:
        place = fields.pop(kind)
        if kind == "bucket":
            fields.setdefault("name", Template.compile(OBJECT_NAME))
            if not fields["name"].names:
                raise Fault(
                    "names one object for all records; it needs something of the record, as {{ id }}", ("name",)
                )
        for name, template in fields.items():
            if CONTENT in template.names:
                raise Fault("content is for requests only", (name,))
        return SinkDescription(kind, place, fields)  # type: ignore[arg-type]  # it is a key of SINKS

    return read


def _kind(value: Any) -> str | None:
    """Under a name that no field of a file has: pydantic writes it into the path of a complaint."""
    return next((KIND + kind for kind in SINKS if kind in value), None) if isinstance(value, Mapping) else None


KIND: Final = "a sink: "
_TEXT: Final = schema.str_schema(min_length=1)
_NAME: Final = schema.str_schema(min_length=1, max_length=100)
_BUCKET: Final = _read(_TEXT, _bucket)
_TEMPLATE: Final = _read(_TEXT, Template.compile)

_MATCH: Final = _read(
    _object(
        {},
        {
            "source": schema.literal_schema(list(SOURCES)),
            "stream": _TEXT,
            "topic": _TEXT,
            "type": _TEXT,
            "bucket": _BUCKET,
            "prefix": _TEXT,
            "where": _read(_TEXT, Expression.compile),
        },
    ),
    _match,
)
_READ: Final = _read(
    _object({"as": schema.literal_schema(list(LIMITS))}, {"limit": schema.int_schema(ge=1)}),
    _reading,
)
_TASK: Final = _read(
    _object(
        {"name": _NAME},
        {
            "match": _MATCH,
            "read": _READ,
            "request": _read(schema.dict_schema(_TEXT), Template.compile),
            "sink": _NAME,
            "timeout": schema.float_schema(gt=0, le=MAX_TASK_SECONDS),
            "ignore": schema.bool_schema(),
        },
    ),
    _task,
)

# What names the place of each kind of sink, its shape, and the templates that it may have.
SINKS: Final[Mapping[str, tuple[Any, tuple[str, ...]]]] = {
    "bucket": (_BUCKET, ("name",)),
    "stream": (_ocid("stream"), ("key",)),
    "queue": (_ocid("queue"), ("channel",)),
    "topic": (_ocid("onstopic"), ("title",)),
    "function": (_ocid("fnfunc"), ()),
}

_SINK: Final = schema.tagged_union_schema(
    {
        KIND + kind: _read(_object({kind: place}, dict.fromkeys(templates, _TEMPLATE)), _sink(kind))
        for kind, (place, templates) in SINKS.items()
    },
    _kind,
    custom_error_type="sink",
    custom_error_message=f"must be an object with one of {', '.join(SINKS)}",
)

SHAPE: Final = _object(
    {"tasks": schema.list_schema(_TASK, min_length=1)},
    {
        "sinks": schema.dict_schema(_NAME, _SINK),
        "dead_letters": _NAME,
        "ledger": _read(_object({"bucket": _BUCKET}, {}), lambda fields: fields["bucket"]),
        "unfinished": schema.literal_schema(["retry", "dead_letter"]),
    },
)
FILE: Final = SchemaValidator(SHAPE)
