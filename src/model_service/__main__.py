"""The command line: ``python -m model_service chat "…" [--model …] [--stream]``, ``doctor [--gateway URL]``,
``follow --queue OCID --channel C`` and ``tasks FILE [--record FILE]``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any, Final, TextIO

from model_service.cli import check_tasks
from model_service.cli.follow import ABOUT as ABOUT_FOLLOW
from model_service.cli.follow import add_arguments as follow_arguments
from model_service.cli.follow import run as follow_relay
from model_service.cli.local_oci import local_oci
from model_service.dispatch import Dispatch
from model_service.doctor.checks import Check, Report, examine
from model_service.errors import (
    CredentialError,
    DeadlineExceeded,
    InvalidRequest,
    ModelServiceError,
    SettingsError,
    UpstreamError,
    UpstreamRefused,
)
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.models import get_model
from model_service.openai_api.chat import Chunk
from model_service.openai_api.operations import DOCTOR_MODEL, DoctorRequest
from model_service.service import Service
from model_service.settings import Settings

LOCAL: Final = ("config_file", "profile", "region", "compartment_id", "genai_endpoint")  # what a local OCI decides


def main(arguments: Sequence[str] | None = None) -> int:
    """Answers go to stdout, everything else to stderr; the exit code is one of EXIT_CODES, or 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    log.configure()
    try:
        return COMMANDS[options.command](options)
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
    chat = commands.add_parser(
        "chat", help="send one prompt", description="Without OCI_PROFILE or another credential, to a local OCI."
    )
    chat.add_argument("prompt", help="the prompt; - reads it from standard input")
    chat.add_argument("--stream", action="store_true", help="print the words as they come")
    chat.add_argument("--timeout", type=float, default=300.0, metavar="SECONDS", help="for the whole answer")
    doctor = commands.add_parser(
        "doctor", help="find out what is wrong", description="A line for each check; exit code 1 if any says FAIL."
    )
    doctor.add_argument("--gateway", metavar="URL", help="the base URL that clients get, to try that way too")
    doctor.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="for all of it")
    follow = commands.add_parser("follow", help="print an answer as it is relayed", description=ABOUT_FOLLOW)
    follow_arguments(follow)
    tasks = commands.add_parser("tasks", help="check a tasks file", description=check_tasks.ABOUT)
    check_tasks.add_arguments(tasks)
    for command in (chat, doctor):
        command.add_argument("--model", default=DOCTOR_MODEL, help="a model id or an alias (default: %(default)s)")
    return parser


@contextmanager
def _settings() -> Iterator[Settings]:
    """The environment's; where it says neither who we are nor where OCI is, a local OCI lives as long as we do."""
    settings = Settings.load()
    if settings.names_a_credential or settings.genai_endpoint:
        yield settings
        return
    print("No OCI_PROFILE: a local OCI answers (mock_oci), not a model.", file=sys.stderr)
    with local_oci() as environment:
        local = Settings.load(environment)
        yield replace(settings, **{name: getattr(local, name) for name in LOCAL})


def _chat(options: argparse.Namespace) -> int:
    prompt = sys.stdin.read() if options.prompt == "-" else options.prompt
    with _settings() as settings, get_model(options.model, settings=settings, timeout=options.timeout) as model:
        if options.stream:
            _print_stream(model.stream(prompt), sys.stdout)
        else:
            choice: dict[str, Any] = next(iter(model.complete(prompt)["choices"]), {})
            print((choice.get("message") or {}).get("content") or "")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    # Never a local OCI: that there is no credential is a finding.
    try:
        settings = Settings.load()
    except SettingsError as error:
        report = Report([Check("settings", "fail", error.message, "Set it right, or leave it away.")])
    else:
        with closing(Service(settings)) as service:
            request = DoctorRequest(options.model)
            report = examine(
                service, Dispatch(service).answer, request, Deadline.after(options.timeout), gateway=options.gateway
            )
    print(*report.checks, sep="\n")
    return 0 if report.healthy else 1


def _follow(options: argparse.Namespace) -> int:
    follow_relay(options, Service(Settings.load()), sys.stdout)
    return 0


def _tasks(options: argparse.Namespace) -> int:
    check_tasks.run(options, sys.stdout)
    return 0


def _print_stream(chunks: Iterator[Chunk], out: TextIO) -> None:
    for chunk in chunks:
        for choice in chunk["choices"]:
            out.write((choice.get("delta") or {}).get("content") or "")
            out.flush()
    out.write("\n")


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


COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "chat": _chat,
    "doctor": _doctor,
    "follow": _follow,
    "tasks": _tasks,
}


if __name__ == "__main__":
    sys.exit(main())
