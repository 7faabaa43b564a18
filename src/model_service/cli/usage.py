"""``model-service usage``: add up the usage records in logs."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from model_service.cli.options import settings_of
from model_service.cli.table import write_table
from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline
from model_service.service import Service
from model_service.service_file.documents import location_of
from model_service.usage.report import GROUPS, Sums, summed, usage_records

if TYPE_CHECKING:
    import argparse

ABOUT: Final = (
    "Add up usage records from logs: a file, a folder, oci://bucket@namespace/prefix, or - for standard input."
)
EXAMPLES: Final = """\
  {prog} usage --from logs/ --by team,model
  {prog} usage --from oci://logs@<namespace>/2026/ --csv"""
COLUMNS: Final = ("calls", "input", "output", "cached", "cost", "estimated", "unpriced")
MAX_OBJECT_BYTES: Final = 256 * 1024 * 1024
SECONDS: Final = 600.0  # for reading all objects of a prefix


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="source", required=True, metavar="FILE|DIR|oci://…|-", help="the logs")
    parser.add_argument(
        "--by",
        default="team,model",
        metavar="NAMES",
        help=f"group by one or more of {', '.join(GROUPS)} (default: %(default)s)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="write CSV")
    form.add_argument("--json", action="store_true", help="write an array of JSON objects")


def run(options: argparse.Namespace, out: TextIO) -> None:
    """Write a row for each group and a total; raise ``InvalidRequest`` if a source cannot be read."""
    groups = [name.strip() for name in options.by.split(",")]
    if unknown := [name for name in groups if name not in GROUPS]:
        raise InvalidRequest(f"--by: must be one or more of {', '.join(GROUPS)}, not {unknown[0]}.", param="by")
    records = list(usage_records(_lines(options)))
    table = [dict(zip(groups, key, strict=True)) | _columns(sums) for key, sums in summed(records, groups).items()]
    if options.json:
        json.dump(table, out, indent=2)
        out.write("\n")
    elif options.csv:
        writer = csv.DictWriter(out, [*groups, *COLUMNS, "currency"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    else:
        total = next(iter(summed(records, []).values()), Sums())
        table.append(dict.fromkeys(groups, "") | {groups[0]: "all"} | _columns(total))
        names = list(table[0])
        rows = [names, *(list(row.values()) for row in table)]
        write_table(rows, out, right=[names.index(column) for column in COLUMNS])


def _columns(sums: Sums) -> dict[str, Any]:
    row = {name: getattr(sums, name) for name in COLUMNS}
    return row | {"cost": round(sums.cost, 6), "currency": " ".join(sorted(sums.currencies))}


def _lines(options: argparse.Namespace) -> Iterator[str]:
    source = options.source
    if source == "-":
        yield from sys.stdin
    elif "://" in source:
        yield from _lines_of_objects(options)
    else:
        path = Path(source)
        if not path.exists():
            raise InvalidRequest(f"--from: {source}: no such file or folder.", param="from")
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                yield from _text(file.read_bytes())


def _lines_of_objects(options: argparse.Namespace) -> Iterator[str]:
    prefix = location_of("--from", options.source)
    with closing(Service(settings_of(options))) as service:
        deadline = Deadline.after(SECONDS)
        for location in service.object_storage.under(prefix, deadline):
            yield from _text(service.object_storage.get(location, MAX_OBJECT_BYTES, deadline))


def _text(content: bytes) -> Iterator[str]:
    """Yield the lines of a log; Connector Hub writes compressed objects to a bucket."""
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    yield from io.StringIO(content.decode("utf-8", "replace"))
