"""Options that several commands share, and how they change the settings."""

from __future__ import annotations

import argparse
import math
import sys
from typing import Final

from model_service.errors import InvalidRequest
from model_service.settings import Settings
from model_service.settings.local_oci import described, real_or_local
from model_service.settings.misspelt import misspelt

VARIABLE_OF: Final = {"profile": "OCI_PROFILE", "region": "OCI_REGION", "config_file": "OCI_CONFIG_FILE"}


def connection_options() -> argparse.ArgumentParser:
    """Return options that are accepted before and after the command, as in the OCI CLI."""
    parser = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = parser.add_argument_group("OCI and output")
    group.add_argument("--profile", metavar="NAME", help="profile in the OCI config file (OCI_PROFILE)")
    group.add_argument(
        "--region", metavar="REGION", help="region of the models, for example us-chicago-1 or ord (OCI_REGION)"
    )
    group.add_argument(
        "--config-file", metavar="FILE", help="OCI config file (OCI_CONFIG_FILE; default: ~/.oci/config)"
    )
    group.add_argument("--no-color", action="store_true", help="print without colours (also NO_COLOR=1)")
    return parser


def json_option() -> argparse.ArgumentParser:
    """Return the ``--json`` option of commands that can write JSON."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--json", action="store_true", help="write JSON")
    return parser


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings of the environment with the changes of the command line; warn about misspelt variables."""
    given = {variable: getattr(options, name, None) for name, variable in VARIABLE_OF.items()}
    settings = Settings.load(changes={variable: text for variable, text in given.items() if text})
    sys.stderr.writelines(f"warning: {sentence}\n" for sentence in misspelt(settings.unknown))
    return settings


def settings_for_models(options: argparse.Namespace) -> Settings:
    """Return the settings for a model request, for OCI or a local OCI, and print on stderr which one answers."""
    settings = settings_of(options)
    local = real_or_local(settings, local=options.local)
    if local is settings:
        sys.stderr.write(f"{described(settings)}\n")
    return local


def add_local(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--local", action="store_true", help="use a local OCI (mock_oci), even if OCI is configured")


def seconds(text: str) -> float:
    """Return a number of seconds above 0, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError("must be a number of seconds above 0")
    return number


def prompt_of(text: str) -> str:
    """Return the prompt of a command line; ``-`` is standard input. Raise ``InvalidRequest`` for an empty one."""
    if text == "-":
        try:
            text = sys.stdin.buffer.read().decode()
        except UnicodeDecodeError:
            raise InvalidRequest("The prompt on standard input is not UTF-8.", param="prompt") from None
    if not text.strip():
        raise InvalidRequest("The prompt is empty.", param="prompt")
    return text
