"""``model-service doctor``: check a deployment or a configuration from a laptop."""

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

ABOUT: Final = (
    "Check credentials, clock, region, compartment, policies and model. Prints a summary and one line per check, "
    "with the cause of a failure and how to fix it. Exit code 1 if a check failed."
)
EXAMPLES: Final = """\
  {prog} doctor --profile DEFAULT --region us-chicago-1
  {prog} doctor --gateway https://<gateway>.apigateway.us-chicago-1.oci.customer-oci.com/v1
  {prog} doctor --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gateway", metavar="URL", help="also check this gateway: the base URL that clients use")
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=60.0,
        metavar="SECONDS",
        help="time limit for all checks (default: %(default)g)",
    )
    parser.add_argument("--model", default=DOCTOR_MODEL, help="model id or alias (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="write the report as JSON, as the function returns it")
    add_local(parser)


def run(options: argparse.Namespace, out: TextIO) -> int:
    """Write the report and return 1 if a check failed."""
    report, may_colour = _report(options)
    if options.json:
        out.write(f"{json.dumps(report.body(), indent=2)}\n")
    else:
        write_findings(report.checks, out, colour=may_colour and not getattr(options, "no_color", False))
    return 0 if report.healthy else 1


def _report(options: argparse.Namespace) -> tuple[Report, bool]:
    """Return the report, and whether to print it in colour."""
    try:
        settings = settings_of(options)
    except SettingsError as error:
        return Report([Check("settings", "fail", error.message, "Set it right, or leave it away.")]), False
    if options.local:  # only then: a missing credential is a result of the doctor, not a reason to use the local OCI
        settings = real_or_local(settings, local=True)
    with closing(Service(settings)) as service:
        answer = Dispatch(service).answer
        request, deadline = DoctorRequest(options.model), Deadline.after(options.timeout)
        return examine(service, answer, request, deadline, gateway=options.gateway), settings.colour
