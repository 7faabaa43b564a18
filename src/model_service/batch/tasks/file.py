"""The tasks file, read and checked as one: each error names the line, the path and the problem, and not the text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, Final

from model_service.batch.record import SOURCES
from model_service.batch.tasks.constants import check_constants
from model_service.batch.tasks.schema import ShapeFaults, read_shape
from model_service.batch.tasks.tasks import OWN_FOLDER, Match, SinkDescription, Task, Tasks
from model_service.batch.tasks.templates import Template
from model_service.errors import InvalidRequest, SettingsError
from model_service.oci_names import ObjectLocation
from model_service.service_file.fields import Fault, Path
from model_service.service_file.yaml_lines import read_lined

VARIABLE: Final = "MODEL_SERVICE_TASKS"
MAX_FILE_BYTES: Final = 1024 * 1024  # bytes
NONE: Final = "none"


def read_tasks(text: str, name: str) -> Tasks:
    """Return the tasks of a file, YAML or JSON; ``name`` is what it is called in errors.

    Raise ``SettingsError``: ``tasks.yaml, line 12: tasks[0].match.sorce: unknown; known are …``.
    """
    if len(text) > MAX_FILE_BYTES or len(text.encode(errors="surrogatepass")) > MAX_FILE_BYTES:
        raise SettingsError(VARIABLE, f"{name} has more than {MAX_FILE_BYTES} bytes")
    try:
        lined = read_lined(text)
    except Fault as fault:
        raise _error(name, fault.line or 1, fault) from None
    try:
        return _tasks(lined.value)
    except ShapeFaults as error:
        first = min(error.faults, key=lambda fault: lined.line(fault.path))
    except Fault as fault:
        first = fault
    raise _error(name, lined.line(first.path), first)


def path_text(path: Path) -> str:
    """As one would write it: ``tasks[0].match.where``."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def _error(name: str, line: int, fault: Fault) -> SettingsError:
    where = f"{path_text(fault.path)}: " if fault.path else ""
    return SettingsError(VARIABLE, f"{name}, line {line}: {where}{fault}")


def _tasks(value: Any) -> Tasks:
    read = read_shape(value)
    sinks = read.get("sinks", {})
    for check in CHECKS:
        check(read["tasks"], sinks)
    _check_dead_letters(read["tasks"], sinks, read.get("dead_letters"))
    described = {**sinks, NONE: SinkDescription("none")}
    tasks = Tasks(**{**read, "tasks": tuple(read["tasks"]), "sinks": described})
    _check_circles(tasks)
    _check_apart(tasks)
    return tasks


def _check_circles(tasks: Tasks) -> None:
    """Check that no task is for objects that could be outcomes: those are let go, and it would never get a record."""
    for at, task in enumerate(tasks.tasks):
        if task.match.bucket is None:
            continue
        sample = {"bucket": task.match.bucket.bucket, "namespace": task.match.bucket.namespace}
        for name, sink in tasks.places.items():
            if sink.may_write(sample, task.match.prefix or ""):
                problem = f"the sink {name!r} writes here, too, and what it writes is no task's: give its name a folder"
                raise Fault(problem, ("tasks", at, "match", "bucket"))


def _check_apart(tasks: Tasks) -> None:
    """Check that no record can name its result like another's, like a dead letter or like what the function keeps.

    It would take its place, and the other would be lost.
    """
    written = [(name, sink) for name, sink in tasks.places.items() if isinstance(sink.place, ObjectLocation)]
    for name, sink in written:
        if any(head.startswith(OWN_FOLDER) for head in sink.templates["name"].heads(HEADS)):
            raise Fault(f"must not begin with {OWN_FOLDER}, where the function keeps its own", ("sinks", name, "name"))
    for (name, sink), (other_name, other) in combinations(written, 2):
        both, others = sink.templates["name"], other.templates["name"]
        is_safe = both.names | others.names <= OF_ALL and tasks.dead_letters not in (name, other_name)
        if sink.is_beside(other) and not is_safe and _may_be_alike(both, others):
            problem = f"may be the name of an object of the sink {other_name!r}: give each a folder of its own"
            raise Fault(problem, ("sinks", name, "name"))


def _may_be_alike(one: Template, other: Template) -> bool:
    heads = [(head, another) for head in one.heads(HEADS) for another in other.heads(HEADS)]
    return any(head.startswith(another) or another.startswith(head) for head, another in heads)


def _check_requests(tasks: Sequence[Task], _: dict[str, SinkDescription]) -> None:
    """Check that what a template says to every record is a request."""
    for at, task in enumerate(tasks):
        if task.request is not None:
            try:
                check_constants(task.request)
            except Fault as fault:
                raise Fault(str(fault), ("tasks", at, "request", *fault.path)) from None


def _check_names(tasks: Sequence[Task], sinks: dict[str, SinkDescription]) -> None:
    if NONE in sinks:
        raise Fault("is the sink that keeps nothing; no other can have its name", ("sinks", NONE))
    if taken := next((name for name in sinks if name.startswith(LETTERS)), None):
        raise Fault(f"must not begin with {LETTERS!r}, which the ledger has a use for", ("sinks", taken))
    names = [task.name for task in tasks]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise Fault("is the name of another task", ("tasks", at, "name"))


def _check_order(tasks: Sequence[Task], _: dict[str, SinkDescription]) -> None:
    for at, task in enumerate(tasks[:-1]):
        if task.match == Match():
            raise Fault(f"never gets a record: the task before it, {task.name!r}, takes all", ("tasks", at + 1))


def _check_sinks(tasks: Sequence[Task], sinks: dict[str, SinkDescription]) -> None:
    for at, task in enumerate(tasks):
        if task.sink != NONE and task.sink not in sinks:
            raise Fault(f"must be one of the sinks: {', '.join((*sinks, NONE))}", ("tasks", at, "sink"))


def _check_dead_letters(tasks: Sequence[Task], sinks: dict[str, SinkDescription], name: str | None) -> None:
    if name is None:
        if not all(task.ignore for task in tasks):
            raise Fault("is missing: the sink for records that fail", ("dead_letters",))
        return
    if name not in sinks:
        problem = "would lose the records that fail; " if name == NONE else ""
        raise Fault(f"{problem}must be one of the sinks: {', '.join(sinks) or 'there are none'}", ("dead_letters",))
    for part, template in sinks[name].templates.items():
        _check_names_all(part, template, ("sinks", name, part))


def _check_names_all(part: str, template: Template, path: Path) -> None:
    """Check that the template of the dead letters' sink names every record, and each by a name of its own.

    Otherwise a failure could not be written down, and its record would come again and again.
    """
    if template.names - OF_ALL:
        raise Fault("the sink of dead letters may use id and source only; senders choose the rest", path)
    try:
        one, other = (template.text({"source": "streaming", "id": name}) for name in EXAMPLES)
    except InvalidRequest:
        raise Fault("the sink of dead letters must have a value for every id and source", path) from None
    if part == "name" and one == other:
        raise Fault("the sink of dead letters must name another object for each id", path)


OF_ALL: Final = frozenset({"id", "source"})
LETTERS: Final = "dead letters"
HEADS: Final = {"id": tuple(f"{source}/" for source in SOURCES), "source": SOURCES}
EXAMPLES: Final = ("streaming/prompts/0/41-1761223385480", "streaming/prompts/0/42-1761223385480")
CHECKS: Final[tuple[Callable[[Sequence[Task], dict[str, SinkDescription]], None], ...]] = (
    _check_names,
    _check_order,
    _check_sinks,
    _check_requests,
)
