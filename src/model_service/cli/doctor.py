"""``python -m model_service doctor``: find out what is wrong with a deployment, from a laptop."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final, TextIO

from model_service.dispatch import Dispatch
from model_service.doctor.checks import Check, Report, examine
from model_service.errors import SettingsError
from model_service.fn.invocation import Deadline
from model_service.openai_api.operations import DOCTOR_MODEL, DoctorRequest
from model_service.service import Service
from model_service.settings import Settings

if TYPE_CHECKING:
    import argparse

ABOUT: Final = "A line for each check; exit code 1 if any says FAIL."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gateway", metavar="URL", help="the base URL that clients get, to try that way too")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="for all of it")
    parser.add_argument("--model", default=DOCTOR_MODEL, help="a model id or an alias (default: %(default)s)")


def run(options: argparse.Namespace, out: TextIO) -> int:
    """Write a line for each check, and return 1 if any failed."""
    report = _report(options)
    out.writelines(f"{check}\n" for check in report.checks)
    return 0 if report.healthy else 1


def _report(options: argparse.Namespace) -> Report:
    # Never of a local OCI: that there is no credential is a finding.
    try:
        settings = Settings.load()
    except SettingsError as error:
        return Report([Check("settings", "fail", error.message, "Set it right, or leave it away.")])
    with closing(Service(settings)) as service:
        answer = Dispatch(service).answer
        request, deadline = DoctorRequest(options.model), Deadline.after(options.timeout)
        return examine(service, answer, request, deadline, gateway=options.gateway)
