"""``model-service doctor``: find out what is wrong with a deployment, from a laptop."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Final, TextIO

from model_service.cli.findings import write_findings
from model_service.cli.options import add_local, seconds, settings_of
from model_service.dispatch import Dispatch
from model_service.doctor.checks import Check, Report, examine
from model_service.errors import SettingsError
from model_service.fn.invocation import Deadline
from model_service.openai_api.operations import DOCTOR_MODEL, DoctorRequest
from model_service.service import Service
from model_service.settings.local_oci import real_or_local

if TYPE_CHECKING:
    import argparse

ABOUT: Final = "A summary, then a line for each check, with the cause and the remedy; exit code 1 if any says FAIL."
EXAMPLES: Final = """\
  {prog} doctor --profile DEFAULT --region us-chicago-1
  {prog} doctor --gateway https://<gateway>.apigateway.us-chicago-1.oci.customer-oci.com/v1
  {prog} doctor --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gateway", metavar="URL", help="the base URL that clients get, to try that way too")
    parser.add_argument("--timeout", type=seconds, default=60.0, metavar="SECONDS", help="for all of it")
    parser.add_argument("--model", default=DOCTOR_MODEL, help="a model id or an alias (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="the report as the function gives it")
    add_local(parser)


def run(options: argparse.Namespace, out: TextIO) -> int:
    """Write what was found, and return 1 if any check failed."""
    report, may_colour = _report(options)
    if options.json:
        out.write(f"{json.dumps(report.body(), indent=2)}\n")
    else:
        write_findings(report.checks, out, colour=may_colour and not getattr(options, "no_color", False))
    return 0 if report.healthy else 1


def _report(options: argparse.Namespace) -> tuple[Report, bool]:
    """Return what was found, and whether it may have colours."""
    try:
        settings = settings_of(options)
    except SettingsError as error:
        return Report([Check("settings", "fail", error.message, "Set it right, or leave it away.")]), False
    if options.local:  # and else never: that there is no credential is a finding
        settings = real_or_local(settings, local=True)
    with closing(Service(settings)) as service:
        answer = Dispatch(service).answer
        request, deadline = DoctorRequest(options.model), Deadline.after(options.timeout)
        return examine(service, answer, request, deadline, gateway=options.gateway), settings.colour
