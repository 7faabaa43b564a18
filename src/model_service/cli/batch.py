"""``model-service batch redrive``: dead letters go back through the same tasks, once each."""

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
    "Dead letters go back through the tasks of MODEL_SERVICE_TASKS, with your own credential. An answer that only its "
    "sink had refused is delivered without asking the model again. A letter in a bucket is deleted when its record has "
    "its result; one that fails again stays. What is interrupted can be run again: nothing is done twice."
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
    plan = actions.add_parser("plan", help="what records take and cost", description=batch_plan.ABOUT, parents=common)
    batch_plan.add_arguments(plan)
    common.append(json_option())
    redrive = actions.add_parser("redrive", help="try dead letters again", description=ABOUT, parents=common)
    redrive.add_argument(
        "folder",
        nargs="?",
        help="oci://bucket@namespace/folder/, or a folder or file (letters of a stream, queue or topic, one a line); "
        "without it, where the tasks file has its dead letters written",
    )
    redrive.add_argument("--timeout", type=seconds, default=300.0, metavar="SECONDS", help="for each hundred letters")
    redrive.add_argument("--dry-run", action="store_true", help="only say which there are")


def run(options: argparse.Namespace, out: TextIO) -> int:
    """Try the letters again, and return 1 if any are left; ``plan`` only adds up."""
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
            raise InvalidRequest(f"There is no file or folder {path}.")
        return letters_in_folder(path)
    places = [object_at(options.folder)] if options.folder else _of_tasks(batches, deadline)
    return chain.from_iterable(letters_in_bucket(service.object_storage, place, deadline) for place in places)


def _of_tasks(batches: Batches, deadline: Deadline) -> list[ObjectLocation]:
    """Return the folders in which the tasks file has dead letters written."""
    tasks = batches.tasks(deadline)
    sink = tasks.sinks[tasks.dead_letters or "none"]
    if not isinstance(sink.place, ObjectLocation):
        raise SettingsError("MODEL_SERVICE_TASKS", f"has its dead letters in a {sink.kind}: name a file that has them")
    return [replace(sink.place, name=folder) for folder in (sink.templates["name"].head, OTHER_FOLDER)]
