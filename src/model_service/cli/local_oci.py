"""A local OCI for the command line: ``mock_oci`` as a process of its own, with the credentials that it writes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from model_service.errors import CredentialError

READY: Final = "ready: "


@contextmanager
def local_oci() -> Iterator[dict[str, str]]:
    """The environment that points at it. Raises ``CredentialError`` where mock_oci is not there, as on OCI."""
    with tempfile.TemporaryDirectory(prefix="local-oci-") as folder:
        command = [sys.executable, "-m", "mock_oci", "--port", "0", "--write-config", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - all words are ours
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            try:
                endpoint = _address(process.stdout)
                yield _environment(Path(folder)) | {"OCI_GENAI_ENDPOINT": endpoint}
            finally:
                process.terminate()


def _address(output: IO[str]) -> str:
    line = output.readline()
    if not line.startswith(READY):
        raise CredentialError(
            "There is no credential, and the local OCI did not start.",
            hint="Set OCI_PROFILE to a profile of ~/.oci/config, or OCI_AUTH_TYPE to a principal.",
        )
    return line.removeprefix(READY).strip()


def _environment(folder: Path) -> dict[str, str]:
    """What mock_oci has written as ``export NAME=value`` lines for a shell."""
    lines = (folder / "env").read_text(encoding="utf-8").splitlines()
    exports = (line.removeprefix("export ").partition("=") for line in lines if line.startswith("export "))
    return {name: value.strip("'\"") for name, _, value in exports}
