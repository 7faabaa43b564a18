"""What `mock-oci` does besides serving, a module each; which one is the first word after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final


def command_named(name: str) -> Callable[[Sequence[str]], int]:
    """Return what runs the command with the words after its name, and gives the exit code. Raises KeyError."""
    module = import_module(COMMANDS[name][0])
    run: Callable[[Sequence[str]], int] = module.run
    return run


# Where the command is, loaded on first use, and what --help says of it.
COMMANDS: Final = {
    "start": ("mock_oci.commands.start", "a function behind a gateway, as its func.yaml says, until Ctrl-C"),
    "env": ("mock_oci.commands.env", "where SDKs, the OCI CLI and Terraform find a local OCI"),
    "generate-event": ("mock_oci.commands.generate_event", "what a trigger sends to a function, to test it with"),
    "record": ("mock_oci.commands.record", "real exchanges into a file, with nothing secret in it"),
    "replay": ("mock_oci.commands.replay", "the exchanges of such a file, offline"),
    "verify": ("mock_oci.commands.verify", "what nobody knows of OCI, asked of OCI itself"),
    "invoke": ("mock_oci.commands.invoke", "one call of a function, in a real FDK process"),
}
