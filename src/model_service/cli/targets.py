"""``model-service targets``: list the targets of each alias in the service file, and their state."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, TextIO

from model_service.cli.options import add_local, seconds, settings_for_models
from model_service.cli.table import write_table
from model_service.dispatch import Dispatch
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import Complete
from model_service.openai_api.own_requests import TargetsRequest
from model_service.service import Service

if TYPE_CHECKING:
    import argparse

ABOUT: Final = (
    "List the targets of each alias in the service file (MODEL_SERVICE_CONFIG) and send one request to each. To "
    'see the state that a deployed function has recorded, invoke it with {"operation": "targets"}.'
)
EXAMPLES: Final = """\
  {prog} targets --profile DEFAULT --region us-chicago-1
  {prog} targets --no-ask
  {prog} targets --json"""
HEADING: Final = ("alias", "target", "region", "priority", "weight", "rpm", "tpm", "state", "answer", "ms")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write JSON, as the function returns it")
    parser.add_argument(
        "--no-ask", action="store_true", help="list the targets without sending requests (a request costs a few tokens)"
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=60.0,
        metavar="SECONDS",
        help="time limit for all targets (default: %(default)g)",
    )
    add_local(parser)


def run(options: argparse.Namespace, out: TextIO) -> int:
    """Write a row for each target; return 1 if a target did not answer; raise ``ModelServiceError``."""
    with closing(Service(settings_for_models(options))) as service:
        request = TargetsRequest(asks=not options.no_ask)
        answer = Dispatch(service).answer(request, Deadline.after(options.timeout))
    assert isinstance(answer, Complete)  # noqa: S101 - a list comes whole
    rows = answer.completion["data"]
    if options.json:
        json.dump(answer.completion, out, indent=2)
        out.write("\n")
    elif rows:
        write_table([HEADING, *map(_row, rows)], out, right=range(3, 7))
    else:
        out.write("no alias of the service file has targets\n")
    return 1 if any((row.get("asked") or {}).get("error") for row in rows) else 0


def _row(row: dict[str, Any]) -> list[object]:
    asked = row.get("asked")
    return [
        row["alias"],
        row["target"],
        row["region"] or "",
        row["priority"],
        row["weight"],
        row["requests_per_minute"] or "",
        row["tokens_per_minute"] or "",
        row["state"],
        "" if asked is None else f"{asked['status']} {asked['error'] or ''}".strip(),
        "" if asked is None else f"{asked['seconds'] * 1000:.0f}",
    ]
