"""``mock-oci invoke DIR``: one call of a function, in a real FDK process, with a local OCI beside it."""

from __future__ import annotations

import json
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from mock_oci.backend import MockOci
from mock_oci.commands.arguments import Parser, add_confine_option, assignment, complain, program
from mock_oci.control.seed import read_seed, sow
from mock_oci.doors.foreground import reason
from mock_oci.doors.server import LoopbackServer
from mock_oci.fn.environment import HOSTS
from mock_oci.fn.func_yaml import check_module
from mock_oci.fn.functions import LocalFunctions
from mock_oci.operations import Refused
from mock_oci.wire import Response


def run(arguments: Sequence[str]) -> int:
    """Call the function once: its answer goes to stdout, its log to stderr.

    Returns 0, 1 for a failure of the function, 2 when it cannot be called, 130 when interrupted.
    """
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        response = _invoke(options)
    except KeyboardInterrupt:
        return complain("interrupted", 130)
    except Refused as refusal:
        return complain(f"{options.seed}: {_error(refusal.response)['message']}", 2)
    except (OSError, ValueError) as error:
        return complain(reason(error), 2)
    if response.status >= 400:
        failure = _error(response)
        return complain(f"{response.status} {failure['code']}: {failure['message']}", 1)
    answer = _whole(response)
    for_a_person = sys.stdout.isatty() and not answer.endswith(b"\n")  # whose prompt comes next
    sys.stdout.buffer.write(answer + b"\n" * for_a_person)
    sys.stdout.buffer.flush()
    return 0


def _parser() -> Parser:
    parser = Parser(prog=f"{program()} invoke", description="Call a function once, as OCI Functions does.")
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder with func.py and, optionally, func.yaml")
    parser.add_argument("--data", metavar="FILE", help="body of the call; - reads standard input (default: empty)")
    parser.add_argument("--headers", type=Path, metavar="FILE", help="headers of the call, as a JSON object")
    parser.add_argument(
        "--config",
        type=assignment,
        action="append",
        default=[*HOSTS.items()],
        metavar="NAME=VALUE",
        help="added to the configuration in func.yaml",
    )
    parser.add_argument(
        "--seed",
        type=Path,
        metavar="FILE",
        help="initial resources of the local OCI: buckets, streams … (JSON or YAML)",
    )
    parser.add_argument("--policies", type=Path, metavar="FILE", help="evaluate these policies")
    parser.add_argument("--models", type=Path, metavar="FILE", help="additional models (JSON or YAML)")
    add_confine_option(parser)
    return parser


def _invoke(options: Namespace) -> Response:
    check_module(options.folder)
    headers = {} if options.headers is None else _headers(options.headers)
    body = _body(options.data)
    oci = MockOci(policies=options.policies, models=options.models or ())
    if options.seed:
        sow(oci, read_seed(options.seed.read_bytes()))
    with ExitStack() as running:
        server = running.enter_context(LoopbackServer(oci.answer))
        functions = running.enter_context(
            LocalFunctions(oci, server.url, echo=sys.stderr, confine=options.confine or "all")
        )
        function = functions.deploy(options.folder, config=dict(options.config))
        response = functions.invoke(function.id, body, headers)
        sys.stderr.write(f"mock_oci: {functions.confined}\n")
        return response


def _headers(path: Path) -> dict[str, str]:
    try:
        headers = json.loads(path.read_text())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: is not JSON") from error
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise ValueError(f"{path}: must be an object of strings")
    return headers


def _body(source: str | None) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read()
    return b"" if source is None else Path(source).read_bytes()


def _whole(response: Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b"".join(response.body)


def _error(response: Response) -> dict[str, str]:
    """Return OCI's error object: a code and a message."""
    error: dict[str, str] = json.loads(_whole(response))
    return error
