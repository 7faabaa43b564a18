"""``mock-oci verify``: the open questions of mock_oci, asked of OCI itself with the user's credentials."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from mock_oci.commands.arguments import Parser, assignment, complain, program
from mock_oci.commands.record import add_credentials
from mock_oci.doors.foreground import reason
from mock_oci.live.credentials import AUTHENTICATIONS, Credentials, find_credentials
from mock_oci.live.upstream import Upstream
from mock_oci.recording.sanitiser import Sanitiser
from mock_oci.verify.local import local_service
from mock_oci.verify.question import Question
from mock_oci.verify.report import Report, reason_line, table_line
from mock_oci.verify.run import DIFFERS, Finding, findings, within_cost
from mock_oci.verify.service import AskedService
from mock_oci.verify.table import QUESTIONS
from mock_oci.verify.unaskable import UNASKABLE

_TIMEOUT_SECONDS: Final = 90.0
_COSTS: Final = ("requests", "tokens", "resources")
_GIVEN: Final = sorted({name for question in QUESTIONS for name in question.needs})


def run(arguments: Sequence[str]) -> int:
    """Ask, remove what was made, and report; return 0 when OCI agrees, 1 when it differs or something was left behind.

    Returns 2 when nothing can be asked, 130 when interrupted.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list:
        sys.stdout.write("\n\n".join([*map(table_line, QUESTIONS), *map(reason_line, UNASKABLE)]) + "\n")
        return 0
    if not options.compartment:
        parser.error("--compartment is needed: the OCID of where things are made and removed")
    try:
        where = {"config_file": options.config_file, "profile": options.profile, "region": options.region}
        credentials = find_credentials(options.auth, **where)
        service = _service(options, credentials)
    except (OSError, ValueError) as error:
        return complain(reason(error), 2)
    wanted = [question for question in QUESTIONS if not options.only or question.id in options.only]
    return _verify(options, service, *within_cost(wanted, dict(options.max_cost)))


def _verify(options: Namespace, service: AskedService, asked: list[Question], left: list[Question]) -> int:
    report, found = Report(Sanitiser(also=list(service.given.values()))), list[Finding]()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: setattr(service, "is_interrupted", True))
    try:
        for finding in findings(asked, service, lambda: local_service(service.credentials.region)):
            found.append(finding)
            if not options.json:
                sys.stdout.write(f"{report.line(finding)}\n")
                sys.stdout.flush()  # as they come: it takes minutes
    except KeyboardInterrupt:
        complain("interrupted; removing what was made", 130)
    finally:
        service.undo()
    for title in service.left_behind:
        complain(f"left behind: {title}", 1)
    about = {
        "region": service.credentials.region,
        "leftBehind": len(service.left_behind),
        "interrupted": service.is_interrupted,
    }
    document = report.document(found, left, UNASKABLE, **about)
    if options.json:
        sys.stdout.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    else:
        counts = ", ".join(f"{number} {verdict}" for verdict, number in document["counts"].items())
        more = f"; {len(left)} left out for their cost" if left else ""
        sys.stdout.write(f"{counts or 'nothing was asked'}{more}; {len(UNASKABLE)} that no request settles (--list)\n")
    if service.is_interrupted:
        return 130
    return 1 if service.left_behind or any(finding.verdict == DIFFERS for finding in found) else 0


def _service(options: Namespace, credentials: Credentials) -> AskedService:
    upstream = Upstream(options.upstream, _TIMEOUT_SECONDS)
    return AskedService(
        send=upstream.send,
        credentials=credentials,
        compartment_id=options.compartment,
        given=dict(options.given),
        fetch_from=lambda url: Upstream("{0.scheme}://{0.netloc}".format(urlsplit(url)), _TIMEOUT_SECONDS).send,
    )


def _parser() -> Parser:
    parser = Parser(
        prog=f"{program()} verify",
        description="Ask OCI what mock_oci could not verify, and say what differs. What is made is removed again.",
        epilog="exit codes: 0 OCI agrees, 1 it differs or something stayed, 2 nothing can be asked, 130 interrupted",
    )
    add_credentials(parser, tuple(AUTHENTICATIONS))
    parser.add_argument("--compartment", metavar="OCID", help="where things are made and removed")
    parser.add_argument("--list", action="store_true", help="say what would be asked, and what no request settles")
    parser.add_argument(
        "--only",
        action="append",
        choices=[question.id for question in QUESTIONS],
        metavar="ID",
        help="ask this (may be repeated)",
    )
    parser.add_argument(
        "--given",
        type=_given,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"something that is there already, and may be asked: {', '.join(_GIVEN)}",
    )
    parser.add_argument(
        "--max-cost",
        type=_most,
        default=(),
        metavar="requests=N,tokens=N,resources=N",
        help="leave out what would go beyond, in all",
    )
    parser.add_argument("--json", action="store_true", help="write the report as JSON")
    return parser


def _given(text: str) -> tuple[str, str]:
    name, value = assignment(text)
    if name not in _GIVEN:
        raise argparse.ArgumentTypeError(f"{name} must be one of {', '.join(_GIVEN)}")
    return name, value


def _most(text: str) -> list[tuple[str, int]]:
    most = [assignment(part) for part in text.split(",")]
    for name, number in most:
        if name not in _COSTS or not (number.isascii() and number.isdigit()):
            raise argparse.ArgumentTypeError(f"must be {'=N,'.join(_COSTS)}=N")
    return [(name, int(number)) for name, number in most]
