"""Fake credentials for a block: what a client finds by itself, and nothing of the developer's own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from mock_oci.doors.patching import ENVIRONMENT

if TYPE_CHECKING:
    from mock_oci.cloud import Cloud

KINDS = ("api_key", "session_token", "resource_principal", "none")
# What would lead a client elsewhere; the rest of the environment is left alone.
_CLEARED = (
    "OCI_CLI_PROFILE",
    "OCI_CLI_AUTH",
    "OCI_CONFIG_PROFILE",
    "OCI_RESOURCE_PRINCIPAL_VERSION",
    "OCI_RESOURCE_PRINCIPAL_RPST",
    "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM",
    "OCI_RESOURCE_PRINCIPAL_REGION",
)


def give_credentials(cloud: Cloud, kind: str, leaving: ExitStack) -> None:
    """Put credentials of this ``kind`` into the environment, until ``leaving`` is closed."""
    if kind == "none":
        return
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - it brings archives and random numbers along

    from mock_oci.doors.written_config import write_config  # noqa: PLC0415 - as above, words of a shell

    # Where the SDK looks first, before OCI_CONFIG_FILE, and what many programs name themselves: ~/.oci/config.
    directory = Path(leaving.enter_context(TemporaryDirectory(prefix="mock_oci-"))) / ".oci"
    write_config(cloud, directory, f"https://inference.generativeai.{cloud.region}.oci.oraclecloud.com")
    leaving.enter_context(ENVIRONMENT.over({**dict.fromkeys(_CLEARED), **_variables(cloud, kind, directory)}))


def _variables(cloud: Cloud, kind: str, directory: Path) -> Mapping[str, str]:
    variables = {
        "OCI_CONFIG_FILE": str(directory / "config"),
        "HOME": str(directory.parent),
        "OCI_REGION": cloud.region,
        "OCI_COMPARTMENT_ID": cloud.tenancy.compartment_id,
    }
    if kind == "session_token":
        variables["OCI_CONFIG_PROFILE"] = "SESSION"
    if kind == "resource_principal":
        principal = directory / "resource_principal"
        variables |= {
            "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
            "OCI_RESOURCE_PRINCIPAL_RPST": str(principal / "rpst"),
            "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(principal / "private.pem"),
            "OCI_RESOURCE_PRINCIPAL_REGION": cloud.region,
        }
    return variables
