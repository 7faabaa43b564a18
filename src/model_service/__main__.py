"""The command line: ``python -m model_service COMMAND``; COMMANDS, at the end, has a module of ``cli`` for each."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from model_service.cli import batch, chat, check_tasks, config, doctor, follow, keys, models, usage
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
    """Run one command and return its exit code: one of EXIT_CODES, or 130 after Ctrl-C.

    Answers go to stdout, everything else to stderr.
    """
    options = _parser().parse_args(arguments)
    log.configure()
    try:
        return COMMANDS[options.command][1].run(options, sys.stdout) or 0
    except ModelServiceError as error:
        return _report(error)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="model_service", description="Talk to OCI Generative AI.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (summary, command) in COMMANDS.items():
        command.add_arguments(commands.add_parser(name, help=summary, description=command.ABOUT))
    return parser


def _report(error: ModelServiceError) -> int:
    print(f"error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)
    if error.opc_request_id:
        print(f"opc-request-id: {error.opc_request_id}", file=sys.stderr)
    return next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))


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
    "tasks": ("check a tasks file", check_tasks),
    "usage": ("add up who used what", usage),
}


if __name__ == "__main__":
    sys.exit(main())
