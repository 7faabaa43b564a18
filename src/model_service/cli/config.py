"""``model-service config``: check a service file, or convert it to JSON, which loads faster at a cold start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from model_service.cli.options import connection_options, json_option
from model_service.service_file.documents import read_file
from model_service.service_file.reading import VARIABLE, read_service_file

if TYPE_CHECKING:
    import argparse

ABOUT: Final = "Check a service file and show each error with its line; compile converts it to JSON."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    common = [connection_options()]
    check = actions.add_parser(
        "check", help="show the errors of a file, or a summary of what it sets", parents=[*common, json_option()]
    )
    check.add_argument("file", metavar="FILE", help="the service file, YAML or JSON")
    compiled = actions.add_parser("compile", help="write the file as JSON to standard output", parents=common)
    compiled.add_argument("file", metavar="FILE", help="the service file, YAML or JSON")


def run(options: argparse.Namespace, out: TextIO) -> None:
    """Check the file; raise ``SettingsError``, whose message names the line."""
    text = read_file(VARIABLE, Path(options.file))
    file = read_service_file(text, options.file)
    if options.action == "compile":
        from model_service.service_file.yaml_lines import read_lined  # noqa: PLC0415 - YAML is for compile alone

        json.dump(read_lined(text).value, out, ensure_ascii=False, separators=(",", ":"))
        out.write("\n")
        return
    counts = {
        "aliases": file.aliases,
        "of them with targets": file.pools,
        "model rules": file.rules,
        "teams": file.teams,
        "callers": file.callers,
        "prices": file.prices.models,
    }
    numbers = {name: len(found) for name, found in counts.items()}
    text = json.dumps(numbers) if options.json else ", ".join(f"{number} {name}" for name, number in numbers.items())
    out.write(f"{text}\n")


EXAMPLES: Final = """\
  {prog} config check service.yaml
  {prog} config compile service.yaml > service.json"""
