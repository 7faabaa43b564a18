"""The command line: ``model-service COMMAND``; COMMANDS, at the end, has a module of ``cli`` for each."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from model_service import __version__
from model_service.cli import batch, chat, check_tasks, config, doctor, follow, keys, models, smoke, targets, usage
from model_service.cli.options import connection_options
from model_service.errors import (
    CredentialError,
    DeadlineExceeded,
    InvalidRequest,
    ModelServiceError,
    SettingsError,
    UpstreamError,
    UpstreamRefused,
)
from model_service.logs import log


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, as ENDINGS has them.

    Answers go to stdout, everything else to stderr.
    """
    _prepare_terminal()
    options = _parser().parse_args(arguments)
    log.configure()
    try:
        return COMMANDS[options.command][1].run(options, sys.stdout) or 0
    except ModelServiceError as error:
        return _report(error)
    except ModuleNotFoundError as error:
        return _report_missing(error)
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # the reader of a pipe has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return _report_file(error)
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")  # an answer may have stopped in the middle of its line
        return 130


class _Parser(argparse.ArgumentParser):
    """Say in one line what is wrong: below `make`, the whole usage would hide it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} ({self.prog} --help says what there is)\n")


def _prepare_terminal() -> None:
    if sys.stdout is None or sys.stderr is None:  # closed by whoever started this
        raise SystemExit(2)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a terminal's encoding does not have is a question mark
            stream.reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    """End as a shell expects it, with everything closed on the way."""
    raise SystemExit(128 + number)


def _parser() -> argparse.ArgumentParser:
    typed = Path(sys.argv[0]).name
    prog = "python -m model_service" if typed == "__main__.py" else typed
    common = connection_options()
    parser: argparse.ArgumentParser = _Parser(
        prog=prog,
        description="Talk to OCI Generative AI, and look after a model-service.",
        epilog=f"{ENDINGS}\n\n{prog} COMMAND --help has the options and examples of each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    parser.add_argument("--version", action="version", version=f"model-service {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (summary, command) in COMMANDS.items():
        command.add_arguments(
            commands.add_parser(
                name,
                help=summary,
                description=textwrap.fill(command.ABOUT, WIDTH),
                epilog=f"examples:\n{command.EXAMPLES.format(prog=prog)}",
                formatter_class=argparse.RawDescriptionHelpFormatter,
                parents=[common],
            )
        )
    return parser


def _report(error: ModelServiceError) -> int:
    print(f"error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)
    if error.opc_request_id:
        print(f"opc-request-id: {error.opc_request_id}", file=sys.stderr)
    return next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))


def _report_missing(error: ModuleNotFoundError) -> int:
    package = (error.name or "").partition(".")[0]
    if package not in EXTRA_OF:
        raise error
    print(f"error: This needs {package}: pip install 'model-service[{EXTRA_OF[package]}]'.", file=sys.stderr)
    return 2


def _report_file(error: OSError) -> int:
    file = f"{error.filename}: " if error.filename else ""
    print(f"error: {file}{error.strerror or error}.", file=sys.stderr)
    return 2


# By the module that is missing, what brings it along (pyproject.toml).
EXTRA_OF: Final = {"oci": "oci", "fdk": "function", "redis": "budgets", "backports": "zstd", "rich": "terminal"}
WIDTH: Final = 80  # columns
ENDINGS: Final = """\
exit codes:
  0    done
  1    a check of doctor or smoke failed, or dead letters are left
  2    wrong usage or settings, or a file that cannot be read
  3    no usable credential
  4    refused: a wrong request, model, key or permission
  5    OCI is out of reach, too slow or broken
  130  Ctrl-C
  143  ended by SIGTERM"""

# The first row that the error is an instance of. 2 is also what argparse gives for a wrong command line.
EXIT_CODES: Final[Mapping[type[ModelServiceError], int]] = {
    SettingsError: 2,
    CredentialError: 3,
    InvalidRequest: 4,
    UpstreamRefused: 4,
    DeadlineExceeded: 5,
    UpstreamError: 5,
    ModelServiceError: 5,
}


COMMANDS: Final[Mapping[str, tuple[str, Any]]] = {
    "batch": ("try dead letters again", batch),
    "chat": ("send one prompt", chat),
    "doctor": ("find out what is wrong", doctor),
    "follow": ("print an answer as it is relayed", follow),
    "config": ("check a service file", config),
    "keys": ("make, list, rotate and revoke the keys of callers", keys),
    "models": ("list the models that may be called", models),
    "smoke": ("try a deployment from where its clients stand", smoke),
    "targets": ("show the targets of aliases, and ask each", targets),
    "tasks": ("check a tasks file", check_tasks),
    "usage": ("add up who used what", usage),
}


if __name__ == "__main__":
    sys.exit(main())
