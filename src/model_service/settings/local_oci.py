"""A local OCI for laptops where nothing is configured: ``mock_oci`` as a process of its own, one for the program."""

from __future__ import annotations

import atexit
import functools
import importlib.util
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from model_service.errors import CredentialError
from model_service.settings import Settings

READY: Final = "ready: "
STOP_SECONDS: Final = 10.0
# What a local OCI decides, whatever the environment says of the real one.
LOCAL: Final = (
    "auth_type",
    "injected_principal",
    "config_file",
    "profile",
    "key_passphrase",
    "region",
    "own_region",
    "compartment_id",
    "genai_endpoint",
    "control_plane_endpoint",
)
HINT: Final = "Set OCI_PROFILE to a profile of ~/.oci/config, or OCI_AUTH_TYPE to a principal."
MISSING: Final = "A local OCI needs mock_oci: pip install 'model-service[local]'."
IS_LOCAL: Final = (
    "Local OCI (mock_oci): the answer is made up, no model is asked. "
    "Set OCI_PROFILE, or run `oci setup config`, to ask the real one."
)


def is_mock_oci_installed() -> bool:
    return importlib.util.find_spec("mock_oci") is not None


def real_or_local(settings: Settings, *, local: bool = False) -> Settings:
    """Return ``settings``, or those of a local OCI where nothing at all is configured, or where ``local`` asks for it.

    Says on stderr that a local OCI answers. Raises ``CredentialError`` where one is asked for and mock_oci is missing.
    """
    if not local and (settings.is_configured or not is_mock_oci_installed()):
        return settings
    local_settings = Settings.load(local_oci())
    sys.stderr.write(f"{IS_LOCAL}\n")
    return replace(settings, **{name: getattr(local_settings, name) for name in LOCAL})


def described(settings: Settings) -> str:
    """Return in one line which OCI these settings lead to, and as whom."""
    profile = f"profile {settings.profile or 'DEFAULT'} of {settings.config_file}"
    principal = settings.auth_type or ("resource_principal" if settings.injected_principal else None)
    by_file = principal in (None, "api_key", "session_token")
    where = [f"region {settings.region}"] if settings.region else []
    where += [settings.genai_endpoint] if settings.genai_endpoint else []
    return "OCI: " + ", ".join([profile if by_file else str(principal), *where])


@functools.cache
def local_oci() -> dict[str, str]:
    """Start a local OCI, once, and return the environment that points at it; it ends with this process.

    Raise ``CredentialError`` where mock_oci is not there, as on OCI.
    """
    if not is_mock_oci_installed():
        raise CredentialError(MISSING, hint=HINT)
    running = ExitStack()
    folder = running.enter_context(tempfile.TemporaryDirectory(prefix="local-oci-"))
    # Its standard input ends when this process does, however that comes about.
    command = [sys.executable, "-m", "mock_oci", "--port", "0", "--write-config", folder, "--until-stdin-ends"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - all words are ours
    running.callback(_stop, process)
    atexit.register(running.close)
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    endpoint = _address(process.stdout)  # when it says so, its files are written
    return _environment(Path(folder)) | {"OCI_GENAI_ENDPOINT": endpoint}


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.communicate(timeout=STOP_SECONDS)


def _address(output: IO[str]) -> str:
    line = output.readline()
    if not line.startswith(READY):
        raise CredentialError("The local OCI did not start: standard error has its reason.", hint=HINT)
    return line.removeprefix(READY).strip()


def _environment(folder: Path) -> dict[str, str]:
    """Return what mock_oci has written as ``export NAME=value`` lines for a shell."""
    lines = (folder / "env").read_text(encoding="utf-8").splitlines()
    exports = (line.removeprefix("export ").partition("=") for line in lines if line.startswith("export "))
    return {name: value.strip("'\"") for name, _, value in exports}
