"""``model-service chat``: send one prompt and print the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TextIO

from model_service.cli.options import add_local, prompt_of, seconds, settings_for_models
from model_service.models import Model, get_model
from model_service.openai_api.operations import DOCTOR_MODEL

if TYPE_CHECKING:
    import argparse

ABOUT: Final = (
    "Send one prompt. If a profile, OCI_CONFIG_FILE or any other OCI variable is set, OCI answers. If nothing is "
    "configured, or with --local, a local OCI (mock_oci) answers. The first line on stderr says which one."
)
EXAMPLES: Final = """\
  {prog} chat "Why do functions sleep?"
  {prog} chat - --stream < prompt.txt
  {prog} chat "Hello" --model cohere.command-a-03-2025 --profile DEFAULT --region us-chicago-1
  {prog} chat "Hello" --local --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", help="the prompt; - reads it from standard input")
    parser.add_argument("--stream", action="store_true", help="print the answer while it arrives")
    parser.add_argument(
        "--json", action="store_true", help="print the chat.completion object; with --stream one chunk per line"
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=300.0,
        metavar="SECONDS",
        help="time limit for the whole answer (default: %(default)g)",
    )
    parser.add_argument("--model", default=DOCTOR_MODEL, help="model id or alias (default: %(default)s)")
    add_local(parser)


def run(options: argparse.Namespace, out: TextIO) -> None:
    """Write the answer, with ``--stream`` while it arrives; raise ``ModelServiceError``."""
    prompt = prompt_of(options.prompt)
    with get_model(options.model, settings=settings_for_models(options), timeout=options.timeout) as model:
        (_write_stream if options.stream else _write_answer)(model, prompt, out, as_json=options.json)


def _write_answer(model: Model, prompt: str, out: TextIO, *, as_json: bool) -> None:
    completion = model.complete(prompt)
    choice: dict[str, Any] = next(iter(completion["choices"]), {})
    text = (choice.get("message") or {}).get("content") or ""
    out.write(f"{json.dumps(completion) if as_json else text}\n")


def _write_stream(model: Model, prompt: str, out: TextIO, *, as_json: bool) -> None:
    for chunk in model.stream(prompt):
        if as_json:
            out.write(f"{json.dumps(chunk)}\n")
        else:
            out.writelines((choice.get("delta") or {}).get("content") or "" for choice in chunk["choices"])
        out.flush()
    out.write("" if as_json else "\n")
