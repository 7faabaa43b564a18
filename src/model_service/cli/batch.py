"""``model-service batch redrive``: process dead letters again with the same tasks, each once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from model_service.batch.batch import Batches
from model_service.batch.context import RecordStatus
from model_service.batch.letters import Letter, letters_in_bucket, letters_in_folder
from model_service.batch.sinks.bucket import OTHER_FOLDER
from model_service.batch.tasks.location import object_at
from model_service.cli import batch_plan
from model_service.cli.options import connection_options, json_option, seconds, settings_of
from model_service.dispatch import Dispatch
from model_service.errors import BatchUnfinished, InvalidRequest, SettingsError
from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation
from model_service.service import Service

if TYPE_CHECKING:
    import argparse

ABOUT: Final = (
    "Process dead letters again with the tasks of MODEL_SERVICE_TASKS and your own credential. If a dead letter has an "
    "answer that could not be delivered, the answer is delivered and the model is not called again. A dead letter in a "
    "bucket is deleted when its record succeeds, and stays when it fails again. You can interrupt the command and run "
    "it again: no record is processed twice."
)
EXAMPLES: Final = """\
  {prog} batch plan --records 1000000 --seconds 3
  {prog} batch redrive --dry-run
  {prog} batch redrive oci://results@<namespace>/failed/"""
LETTERS_AT_ONCE: Final = 100
GONE: Final = frozenset({RecordStatus.DELIVERED, RecordStatus.REPEATED, RecordStatus.IGNORED})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    common = [connection_options()]
    plan = actions.add_parser(
        "plan",
        help="estimate the time and the cost of a number of records",
        description=batch_plan.ABOUT,
        parents=common,
    )
    batch_plan.add_arguments(plan)
    common.append(json_option())
    redrive = actions.add_parser("redrive", help="process dead letters again", description=ABOUT, parents=common)
    redrive.add_argument(
        "folder",
        nargs="?",
        help="where they are: oci://bucket@namespace/folder/, or a local folder or file (dead letters from a "
        "stream, queue or topic, one per line); default: where the tasks file writes them",
    )
    redrive.add_argument(
        "--timeout",
        type=seconds,
        default=300.0,
        metavar="SECONDS",
        help="time limit for each 100 dead letters (default: %(default)g)",
    )
    redrive.add_argument("--dry-run", action="store_true", help="list the dead letters and change nothing")


def run(options: argparse.Namespace, out: TextIO) -> int:
    """Process the dead letters again and return 1 if any are left; ``plan`` only calculates."""
    if options.action == "plan":
        batch_plan.run(options, out)
        return 0

    def say(line: str, **fields: object) -> None:
        out.write(f"{json.dumps(fields) if options.json else line}\n")

    with closing(Service(settings_of(options))) as service:
        batches = Batches(service, Dispatch(service).answer)
        letters = _letters(options, service, batches)
        totals: Counter[str] = Counter()
        while some := list(islice(letters, LETTERS_AT_ONCE)):
            if options.dry_run:
                for letter in some:
                    say(letter.record.id, id=letter.record.id)
                continue
            totals.update(_redrive(batches, some, Deadline.after(options.timeout), say))
    if not options.dry_run:
        done = ", ".join(f"{status.value.replace('_', ' ')} {totals[status]}" for status in RecordStatus)
        counts = {status.value: totals[status] for status in RecordStatus}
        say(f"letters {totals.total()}: {done}", letters=totals.total(), **counts)
    return 1 if totals.keys() - GONE else 0


def _redrive(batches: Batches, letters: list[Letter], deadline: Deadline, say: Callable[..., None]) -> Counter[str]:
    ended: dict[str, str] = {}
    try:
        batches.redrive(letters, deadline, ended.__setitem__)
    except BatchUnfinished as unfinished:
        say(unfinished.message, unfinished=unfinished.message)
    for letter in letters:
        status = ended.setdefault(letter.record.id, RecordStatus.LEFT)
        if status in GONE:
            letter.remove()
        else:
            say(f"{letter.record.id}: {status.replace('_', ' ')}", id=letter.record.id, status=str(status))
    return Counter(ended.values())


def _letters(options: argparse.Namespace, service: Service, batches: Batches) -> Iterator[Letter]:
    deadline = Deadline.after(24 * 3600)
    if options.folder is not None and "://" not in options.folder:
        path = Path(options.folder)
        if not path.exists():
            raise InvalidRequest(f"{path}: no such file or folder.")
        return letters_in_folder(path)
    places = [object_at(options.folder)] if options.folder else _of_tasks(batches, deadline)
    return chain.from_iterable(letters_in_bucket(service.object_storage, place, deadline) for place in places)


def _of_tasks(batches: Batches, deadline: Deadline) -> list[ObjectLocation]:
    """Return the folders to which the tasks file writes dead letters."""
    tasks = batches.tasks(deadline)
    sink = tasks.sinks[tasks.dead_letters or "none"]
    if not isinstance(sink.place, ObjectLocation):
        raise SettingsError(
            "MODEL_SERVICE_TASKS", f"writes its dead letters to a {sink.kind}: save them to a file and name the file"
        )
    return [replace(sink.place, name=folder) for folder in (sink.templates["name"].head, OTHER_FOLDER)]
