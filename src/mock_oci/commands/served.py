"""What `record` and `replay` have in common: a door on loopback, until Ctrl-C or for the length of a command."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from mock_oci.commands.env import variables
from mock_oci.doors.foreground import wait_for_interrupt
from mock_oci.doors.server import LoopbackServer
from mock_oci.wire import Handler


def split_command(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the words before ``--`` and those after it."""
    words = list(arguments)
    place = words.index("--") if "--" in words else len(words)
    return words[:place], words[place + 1 :]


def serve_for(answer: Handler, port: int, command: Sequence[str]) -> int:
    """Serve for ``command``, and return its exit code; without one until Ctrl-C, and return 0. Raises OSError.

    The command finds the door by the variables of ``mock-oci env``.
    """
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background job is started with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    with LoopbackServer(answer, port) as server:
        if command:
            environment = {**os.environ, **variables(server.url)}  # noqa: TID251 - the command has it all, as in a shell
            try:
                return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - the user's own
            except KeyboardInterrupt:  # which the command has had too
                return 130
        sys.stdout.write(f"ready: {server.url}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            wait_for_interrupt()
    return 0
