"""What a command does while it serves: it waits, it ends, and it says in a person's words why it cannot serve."""

from __future__ import annotations

import errno
import os
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mock_oci.backend import MockOci

_WAKE_SECONDS = 0.5


def reason(error: Exception) -> str:
    """Return why a server cannot serve, or a file cannot be read, with a way out where there is one."""
    if not isinstance(error, OSError):
        return str(error)
    if error.errno == errno.EADDRINUSE:
        return "another program has it; name another port (--port, PORT=), or 0 for any that is free"
    if error.errno == errno.EACCES and error.filename is None:
        return "it is not ours to use; ports from 1024 on are"
    said = error.strerror or f"{error}"
    return f"{error.filename}: {said}" if error.filename is not None else said


def wants_colour() -> bool:
    """Tell whether a terminal may have colours: https://no-color.org."""
    return not os.environ.get("NO_COLOR")  # noqa: TID251 - the one variable that this package reads


def heed_signals() -> None:
    """Have SIGTERM and SIGINT raise KeyboardInterrupt; a shell's background job is started with SIGINT ignored."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)


def wait_for_interrupt() -> None:
    """Wait until a signal raises KeyboardInterrupt.

    It looks up twice a second: a signal that comes just before a wait without end would not wake it.
    """
    while True:
        time.sleep(_WAKE_SECONDS)


def policies_in_force(oci: MockOci) -> str:
    """Return what a start says of the policies: that there are none is no small thing."""
    if not oci.has_policies:
        return "no policies: everyone who signs may do everything (--policies)"
    return f"policies: {len(oci.iam.statements)} statements; nobody but an administrator may do anything else"


def end_with_stdin() -> None:
    """End this process when its standard input ends, as it does with the program that started it."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
