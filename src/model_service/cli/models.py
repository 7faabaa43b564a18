"""``model-service models``: list the models, how each is called, and what it supports."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, TextIO

from model_service.cli.options import add_local, seconds, settings_for_models
from model_service.cli.table import write_table
from model_service.dispatch import Dispatch
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import Complete
from model_service.openai_api.own_requests import ModelsRequest
from model_service.service import Service

if TYPE_CHECKING:
    import argparse

ABOUT: Final = (
    "List the models, aliases first. With --local, or if nothing is configured, list the models of a local OCI "
    "(mock_oci)."
)
EXAMPLES: Final = """\
  {prog} models --profile DEFAULT --region us-chicago-1
  {prog} models --json"""
HEADING: Final = ("model", "alias of", "transport", "apis", "abilities", "context", "retires")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the JSON that GET /v1/models returns")
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=30.0,
        metavar="SECONDS",
        help="time limit for reading OCI's list (default: %(default)g)",
    )
    add_local(parser)


def run(options: argparse.Namespace, out: TextIO) -> None:
    """Write a row for each model; raise ``ModelServiceError``."""
    with closing(Service(settings_for_models(options))) as service:
        answer = Dispatch(service).answer(ModelsRequest(), Deadline.after(options.timeout))
    assert isinstance(answer, Complete)  # noqa: S101 - a list comes whole
    if options.json:
        json.dump(answer.completion, out, indent=2)
        out.write("\n")
    else:
        write_table([HEADING, *map(_row, answer.completion["data"])], out, right=[HEADING.index("context")])


def _row(model: dict[str, Any]) -> list[object]:
    about = model["model_service"]
    return [
        model["id"],
        about.get("alias_of", ""),
        about["transport"],
        " ".join(about["apis"]),
        " ".join(about["abilities"]),
        about["context"] or "",
        (about["retirement"] or "")[:10],
    ]
