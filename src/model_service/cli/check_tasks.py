"""``model-service tasks``: check a tasks file, and show what it does with a record."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from model_service.batch.record import SOURCES, Record
from model_service.batch.tasks.expressions import CONTENT, NAMES
from model_service.batch.tasks.file import VARIABLE, read_tasks
from model_service.batch.tasks.location import file_text
from model_service.batch.tasks.tasks import Task, Tasks, request_of
from model_service.envelopes.detect import cloud_event
from model_service.envelopes.event import event_record
from model_service.errors import InvalidRequest, SettingsError

if TYPE_CHECKING:
    import argparse

ABOUT: Final = (
    "Check a tasks file and show each error with its line. With --record, show which task matches the record and which "
    "request it makes."
)
EXAMPLES: Final = """\
  {prog} tasks tasks.yaml
  echo '{{"prompt": "Why?"}}' | {prog} tasks tasks.yaml --record - --field stream=prompts"""
UNREAD: Final = "(what the object holds)"
STANDARD_INPUT: Final = "-"
NO_ROOM: Final = "; MODEL_SERVICE_OVERFLOW_BUCKET has to be set too, for those that are too large for a {kind}"
FIELDS: Final = NAMES - {"id", "text", "value", CONTENT}  # the others come from the record itself


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the tasks file")
    parser.add_argument(
        "--record", metavar="FILE", help="the content of a record: JSON, text or a CloudEvent; - reads standard input"
    )
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a metadata field of the record, for example stream=prompts (default: source=events for a CloudEvent, "
        "source=streaming for anything else)",
    )
    parser.add_argument("--json", action="store_true", help="write the result as a JSON object")


def run(options: argparse.Namespace, out: TextIO) -> None:
    """Run the command; raise ``SettingsError`` or ``InvalidRequest`` with a message that describes the error."""
    if "://" in options.file:
        raise SettingsError(VARIABLE, "is a URL, which the function accepts; this command reads files only")
    tasks = read_tasks(file_text(Path(options.file)), options.file)
    if options.record is None:
        found = {"tasks": [task.name for task in tasks.tasks], "dead_letters": tasks.dead_letters}
        out.write(f"{json.dumps(found) if options.json else _summary(tasks)}\n")
        return
    record = _record(_content(options.record), options.field)
    if not options.json:
        out.write(f"as a record of {record.source}\n")
    if record.fault is not None:
        raise record.fault
    text, request = _shown(tasks, record, as_json=options.json)
    out.write(f"{text}\n")
    if request is not None:
        request_of(request)  # raises if the request is invalid


def _summary(tasks: Tasks) -> str:
    number, names = len(tasks.tasks), ", ".join(task.name for task in tasks.tasks)
    kind = tasks.sinks[tasks.dead_letters].kind if tasks.dead_letters else "bucket"
    note = "" if kind == "bucket" else NO_ROOM.format(kind=kind)
    return f"{number} task{'' if number == 1 else 's'} ({names}), dead letters: {tasks.dead_letters or 'none'}{note}"


def _shown(tasks: Tasks, record: Record, *, as_json: bool) -> tuple[str, dict[str, Any] | None]:
    """Return what happens to the record, and the request to the model; ``None`` if the record is ignored."""
    view = record.view
    found: dict[str, Any] = {"source": record.source, "task": None, "ignored": None, "sink": None, "request": None}
    if tasks.is_outcome(view):
        written = "a sink of this file may have written the object"
        what = written if "object" in view else "it is a result that came back"
        return json.dumps({**found, "ignored": what}) if as_json else f"ignored: {what}", None
    task = tasks.task_for(view)
    if task.ignore:
        ignored = {**found, "task": task.name, "ignored": "the task ignores its records"}
        return json.dumps(ignored) if as_json else f"task {task.name}: ignored", None
    record.require_text()
    body = _body(task, view)
    if as_json:
        return json.dumps({**found, "task": task.name, "sink": task.sink, "request": body}), body
    return f"task {task.name}: to {task.sink}\n{_printable(body)}", body


def _body(task: Task, view: dict[str, Any]) -> dict[str, Any]:
    if task.reading is not None:
        task.object_place(view)  # raises if the record names no object
        view = {**view, CONTENT: UNREAD}
    return task.body(view)


def _printable(request: dict[str, Any]) -> str:
    """Return the value as JSON, without control sequences and without characters that a terminal cannot print."""
    text = json.dumps(request, ensure_ascii=False, indent=2)
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)


def _content(file: str) -> bytes:
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except (OSError, ValueError) as error:  # a NUL in the path is a ValueError
        problem = getattr(error, "strerror", None) or "this is no path"
        raise InvalidRequest(f"--record {file} cannot be read: {problem}.") from None


def _record(content: bytes, fields: list[str]) -> Record:
    metadata = dict(_field(text) for text in fields)
    source = metadata.pop("source", None)
    if source not in (None, *SOURCES):
        raise InvalidRequest(f"--field source: must be one of {', '.join(SOURCES)}.")
    event = cloud_event(content) if source in (None, "events") else None
    if event is not None:
        record = event_record(content, event)
        return replace(record, metadata={**record.metadata, **metadata})
    source = source or "streaming"
    return Record(source, f"{source}/example", content, metadata)


def _field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or name not in FIELDS:
        raise InvalidRequest(f"--field {name}: must be NAME=VALUE, with one of {', '.join(sorted(FIELDS))}.")
    return name, value
