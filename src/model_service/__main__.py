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
    """Run one command and return its exit code (ENDINGS lists them).

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
        if isinstance(error, BrokenPipeError):  # the reader has closed the pipe, for example `head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return _report_file(error)
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")  # the cursor may be in the middle of a line of the answer
        return 130


class _Parser(argparse.ArgumentParser):
    """Print a usage error on one line; argparse would print the whole usage text before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} ({self.prog} --help shows the options)\n")


def _prepare_terminal() -> None:
    if sys.stdout is None or sys.stderr is None:  # the parent process has closed them
        raise SystemExit(2)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # characters that the terminal's encoding lacks become question marks
            stream.reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    """Exit with 128 plus the signal number, as shells do; SystemExit lets everything close."""
    raise SystemExit(128 + number)


def _parser() -> argparse.ArgumentParser:
    typed = Path(sys.argv[0]).name
    prog = "python -m model_service" if typed == "__main__.py" else typed
    common = connection_options()
    parser: argparse.ArgumentParser = _Parser(
        prog=prog,
        description="Send requests to OCI Generative AI, and operate a model-service.",
        epilog=f"{ENDINGS}\n\n{prog} COMMAND --help shows the options and examples of a command.",
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
    print(f"error: this command needs {package}: pip install 'model-service[{EXTRA_OF[package]}]'.", file=sys.stderr)
    return 2


def _report_file(error: OSError) -> int:
    file = f"{error.filename}: " if error.filename else ""
    print(f"error: {file}{error.strerror or error}.", file=sys.stderr)
    return 2


# Which extra (pyproject.toml) installs a missing module.
EXTRA_OF: Final = {"oci": "oci", "fdk": "function", "redis": "budgets", "backports": "zstd", "rich": "terminal"}
WIDTH: Final = 80  # columns
ENDINGS: Final = """\
exit codes:
  0    done
  1    a check of doctor or smoke failed, or dead letters are left
  2    wrong options or settings, or a file that cannot be read
  3    no usable credential
  4    refused: invalid request, unknown model, wrong key or missing permission
  5    OCI cannot be reached, did not answer in time, or failed
  130  Ctrl-C
  143  ended by SIGTERM"""

# The first matching row counts. argparse also exits with 2 for a wrong command line.
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
    "batch": ("estimate a batch, or process dead letters again", batch),
    "chat": ("send one prompt", chat),
    "doctor": ("check credentials, settings, policies and models", doctor),
    "follow": ("print a relayed answer while it arrives", follow),
    "config": ("check a service file, or convert it to JSON", config),
    "keys": ("create, list, rotate and revoke the keys of callers", keys),
    "models": ("list the models", models),
    "smoke": ("test a deployment through its gateway", smoke),
    "targets": ("list the targets of aliases and test each", targets),
    "tasks": ("check a tasks file", check_tasks),
    "usage": ("report usage by team, model, day and so on", usage),
}


if __name__ == "__main__":
    sys.exit(main())
