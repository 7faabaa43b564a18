"""A local OCI for the command line: ``mock_oci`` as a process of its own, with the credentials that it writes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from model_service.errors import CredentialError
from model_service.settings import Settings

READY: Final = "ready: "
LOCAL: Final = ("config_file", "profile", "region", "compartment_id", "genai_endpoint")  # what a local OCI decides


@contextmanager
def settings_or_local_oci() -> Iterator[Settings]:
    """Yield the environment's settings; where they name no credential and no endpoint, those of a local OCI."""
    settings = Settings.load()
    if settings.names_a_credential or settings.genai_endpoint:
        yield settings
        return
    sys.stderr.write("No OCI_PROFILE: a local OCI answers (mock_oci), not a model.\n")
    with local_oci() as environment:
        local = Settings.load(environment)
        yield replace(settings, **{name: getattr(local, name) for name in LOCAL})


@contextmanager
def local_oci() -> Iterator[dict[str, str]]:
    """Start one and yield the environment that points at it.

    Raise ``CredentialError`` where mock_oci is not there, as on OCI.
    """
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
    """Return what mock_oci has written as ``export NAME=value`` lines for a shell."""
    lines = (folder / "env").read_text(encoding="utf-8").splitlines()
    exports = (line.removeprefix("export ").partition("=") for line in lines if line.startswith("export "))
    return {name: value.strip("'\"") for name, _, value in exports}
