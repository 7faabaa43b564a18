"""``python -m model_service tasks``: whether a tasks file is right, and what it makes of a record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from model_service.errors import InvalidRequest
from model_service.expressions import CONTENT, NAMES
from model_service.record import SOURCES, Record
from model_service.tasks import Task, Tasks
from model_service.tasks_file import read_tasks
from model_service.tasks_place import file_text

if TYPE_CHECKING:
    import argparse

ABOUT: Final = (
    "Says what is wrong with a tasks file, with the line; with a record, which task takes it and what it asks."
)
UNREAD: Final = "(what the object holds)"
FIELDS: Final = NAMES - {"id", "text", "value", CONTENT}  # the rest the record itself says


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the tasks file")
    parser.add_argument("--record", type=Path, metavar="FILE", help="a record's content, JSON or text")
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what else is known of the record, as stream=prompts (default: source=streaming)",
    )


def run(options: argparse.Namespace, out: TextIO) -> None:
    """What the command does; raises ``SettingsError`` or ``InvalidRequest``, whose text says what is wrong."""
    tasks = read_tasks(file_text(options.file), str(options.file))
    if options.record is None:
        out.write(f"{_summary(tasks)}\n")
        return
    view = _record(options.record, options.field).view
    task = tasks.task_for(view)
    out.write(f"task {task.name}: {_consequence(task, view)}\n")


def _summary(tasks: Tasks) -> str:
    names = ", ".join(task.name for task in tasks.tasks)
    return f"{len(tasks.tasks)} tasks ({names}), dead letters: {tasks.dead_letters or 'none'}"


def _consequence(task: Task, view: dict[str, Any]) -> str:
    if task.ignore:
        return "ignored"
    if task.reading is not None:
        view = {**view, CONTENT: UNREAD}
    return f"to {task.sink}\n{_shown(task.body(view))}"


def _shown(request: dict[str, Any]) -> str:
    """As JSON, in which nothing is left that a terminal would obey or could not write."""
    text = json.dumps(request, ensure_ascii=False, indent=2)
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)


def _record(path: Path, fields: list[str]) -> Record:
    place = dict(_field(text) for text in fields)
    source = place.pop("source", "streaming")
    if source not in SOURCES:
        raise InvalidRequest(f"--field source: there are {', '.join(SOURCES)}.")
    try:
        return Record(source, f"{source}/example", path.read_bytes(), place)
    except OSError as error:
        raise InvalidRequest(f"--record {path} cannot be read: {error.strerror}.") from None


def _field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or name not in FIELDS:
        raise InvalidRequest(f"--field {name}: must be NAME=VALUE, with one of {', '.join(sorted(FIELDS))}.")
    return name, value
