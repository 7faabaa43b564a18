"""How every command reads its words, and complains of them in one line."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from mock_oci.fn.confinement import CONCURRENCY_MB, NAMES, confinement_of

if TYPE_CHECKING:
    from mock_oci.fn.stack import HowItRuns


class Parser(argparse.ArgumentParser):
    """Say in one line what is wrong: below `make`, the whole usage would hide it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} ({self.prog} --help says what there is)\n")


def program() -> str:
    """Return how this program was called: ``mock-oci``, or ``python -m mock_oci``."""
    typed = Path(sys.argv[0]).name
    return "python -m mock_oci" if typed == "__main__.py" else typed


def assignment(text: str) -> tuple[str, str]:
    """Read NAME=VALUE. Raises argparse.ArgumentTypeError."""
    name, separator, value = text.partition("=")
    if not (name and separator):
        raise argparse.ArgumentTypeError("must be NAME=VALUE")
    return name, value


def port(text: str) -> int:
    """Read a port. Raises argparse.ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError("must be a port: 0 to 65535")
    return int(text)


def base_url(text: str) -> str:
    """Read where something is served. Raises argparse.ArgumentTypeError."""
    try:
        parts = urlsplit(text)
        served = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none
        served = False
    if not served or not re.fullmatch(r"https?://[\w.:\[\]-]+/?", text, re.ASCII):
        raise argparse.ArgumentTypeError("must be a URL without a path, such as http://127.0.0.1:9000")
    return text.rstrip("/")


def add_confine_option(parser: argparse.ArgumentParser) -> None:
    """Add what a container must do without."""
    parser.add_argument(
        "--confine",
        type=_confinement,
        metavar="NAMES",
        help=f"all (the default), none, or names of {', '.join(NAMES)}; no-NAME,…: all but those",
    )


def add_running_options(parser: argparse.ArgumentParser) -> None:
    """Add what a command that serves a function asks of how it is run; ``running_of`` reads it."""
    add_confine_option(parser)
    parser.add_argument(
        "--concurrency",
        type=_megabytes,
        metavar="MB",
        help=f"what the containers that are busy may have together ({CONCURRENCY_MB}); beyond it calls get a 429",
    )
    parser.add_argument(
        "--live",
        action="store_true",
        help="relay streamed answers as they come: OCI Functions gives them whole",
    )


def running_of(options: argparse.Namespace) -> HowItRuns:
    """Return what was said of how the function is run."""
    running: HowItRuns = {"live": options.live}
    if options.confine is not None:
        running["confine"] = options.confine
    if options.concurrency is not None:
        running["concurrency_mb"] = options.concurrency
    return running


def _confinement(text: str) -> str:
    try:
        confinement_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _megabytes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError("must be a number of MB")
    return int(text)


def complain(message: str, exit_code: int) -> int:
    """Write one line on stderr and return the exit code."""
    sys.stderr.write(f"mock_oci: {message}\n")
    return exit_code
