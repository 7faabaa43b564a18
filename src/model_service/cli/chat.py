"""``python -m model_service chat``: one prompt, and the answer as text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, TextIO

from model_service.cli.local_oci import settings_or_local_oci
from model_service.models import get_model
from model_service.openai_api.operations import DOCTOR_MODEL

if TYPE_CHECKING:
    import argparse

ABOUT: Final = "Without OCI_PROFILE or another credential, to a local OCI."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", help="the prompt; - reads it from standard input")
    parser.add_argument("--stream", action="store_true", help="print the words as they come")
    parser.add_argument("--timeout", type=float, default=300.0, metavar="SECONDS", help="for the whole answer")
    parser.add_argument("--model", default=DOCTOR_MODEL, help="a model id or an alias (default: %(default)s)")


def run(options: argparse.Namespace, out: TextIO) -> None:
    """Write the text of the answer, as it comes where ``--stream`` is given; raise ``ModelServiceError``."""
    prompt = sys.stdin.read() if options.prompt == "-" else options.prompt
    with (
        settings_or_local_oci() as settings,
        get_model(options.model, settings=settings, timeout=options.timeout) as model,
    ):
        if not options.stream:
            choice: dict[str, Any] = next(iter(model.complete(prompt)["choices"]), {})
            out.write((choice.get("message") or {}).get("content") or "")
        else:
            for chunk in model.stream(prompt):
                for choice in chunk["choices"]:
                    out.write((choice.get("delta") or {}).get("content") or "")
                    out.flush()
        out.write("\n")
