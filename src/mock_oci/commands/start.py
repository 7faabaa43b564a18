"""``mock-oci start [DIR]``: a function of any kind behind a gateway, with a local OCI beside it, until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from mock_oci.backend import MockOci
from mock_oci.commands.arguments import (
    Parser,
    add_running_options,
    assignment,
    complain,
    port,
    program,
    running_of,
)
from mock_oci.demo.call_lines import log_for
from mock_oci.demo.commands import how_it_runs
from mock_oci.doors.foreground import heed_signals, policies_in_force, reason, wait_for_interrupt, wants_colour
from mock_oci.doors.written_config import write_config
from mock_oci.fn.environment import HOSTS
from mock_oci.fn.func_yaml import check_module
from mock_oci.fn.stack import LocalStack
from mock_oci.services.functions.invoke_errors import InvokeError

_LOOK_SECONDS = 0.5
SeenFiles = dict[str, tuple[int, int]]


def run(arguments: Sequence[str]) -> int:
    """Serve until Ctrl-C or SIGTERM and return 0; 2 when it cannot serve, 1 when no container starts.

    Every path of the gateway is the function's, and nothing calls it before a client does.
    """
    options = _parser().parse_args(arguments)
    heed_signals()
    try:
        seen = _files(options.folder)
        check_module(options.folder)
        stack = LocalStack(
            options.folder,
            options.port,
            host=options.host,
            oci=MockOci(policies=options.policies, models=options.models or ()),
            config=dict(options.config),
            echo=log_for(sys.stderr, colour=wants_colour()),
            prefix="/",
            **running_of(options),
        )
        with contextlib.suppress(KeyboardInterrupt), stack:
            _announce(stack, options.write_config)
            if options.watch:
                _redeploy_on_changes(stack, options, seen)
            wait_for_interrupt()
    except InvokeError as failure:
        return complain(f"the function does not start: {failure}", 1)
    except (OSError, ValueError) as error:
        return complain(reason(error), 2)
    return 0


def _parser() -> Parser:
    parser = Parser(prog=f"{program()} start", description="Serve a function behind a gateway until Ctrl-C.")
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path(),
        metavar="DIR",
        help="folder with func.py and func.yaml (default: this folder)",
    )
    parser.add_argument("--port", type=port, default=0, help="port of the gateway (default: 0, any free port)")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="the gateway listens here (127.0.0.1); 0.0.0.0: containers",
    )
    parser.add_argument(
        "--config",
        type=assignment,
        action="append",
        default=[*HOSTS.items()],
        metavar="NAME=VALUE",
        help="added to the configuration in func.yaml",
    )
    parser.add_argument(
        "--watch", action="store_true", help="deploy the function again when a file in the folder changes"
    )
    parser.add_argument("--policies", type=Path, metavar="FILE", help="evaluate these policies")
    parser.add_argument("--models", type=Path, metavar="FILE", help="additional models (JSON or YAML)")
    parser.add_argument(
        "--write-config", type=Path, metavar="DIR", help="write a temporary OCI config, with a new key, to this folder"
    )
    add_running_options(parser)
    return parser


def _announce(stack: LocalStack, config: Path | None) -> None:
    if config is not None:
        write_config(stack.oci, config, stack.oci_url)
    sys.stderr.write(f"mock_oci: {policies_in_force(stack.oci)}\n{how_it_runs(stack)}")
    invoke = f"{stack.invoke_url}/20181201/functions/{stack.function.id}/actions/invoke"
    sys.stdout.write(f"ready: {stack.gateway_url}\ninvoke: {invoke}\noci: {stack.oci_url}\n")
    sys.stdout.flush()


def _redeploy_on_changes(stack: LocalStack, options: Namespace, seen: SeenFiles) -> None:
    """Look at the folder until a signal raises KeyboardInterrupt; what cannot be deployed is said, no more."""
    while True:
        time.sleep(_LOOK_SECONDS)
        now = _files(options.folder)
        if now == seen:
            continue
        seen = now
        try:
            stack.redeploy()
        except (OSError, ValueError) as error:
            complain(reason(error), 2)
        else:
            sys.stderr.write("mock_oci: deployed anew\n")


def _files(folder: Path) -> SeenFiles:
    """Return when each file was changed, in ns, and its size; hidden folders and what Python compiles are left out."""
    found = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        for name in names:
            path = os.path.join(place, name)  # noqa: PTH118 - as walk gives it, twice a second
            with contextlib.suppress(FileNotFoundError):  # taken away meanwhile
                status = os.stat(path)  # noqa: PTH116 - as above
                found[path] = (status.st_mtime_ns, status.st_size)
    return found
