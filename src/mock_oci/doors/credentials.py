"""Fake credentials for a block: what a client finds by itself, and nothing of the developer's own."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

from mock_oci.cloud import Cloud
from mock_oci.doors.written_config import write_config

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
    directory = Path(leaving.enter_context(tempfile.TemporaryDirectory(prefix="mock_oci-")))
    write_config(cloud, directory, f"https://inference.generativeai.{cloud.region}.oci.oraclecloud.com")
    leaving.enter_context(mock.patch.dict("os.environ", _variables(cloud, kind, directory)))
    from os import environ  # noqa: PLC0415, TID251 - what is cleared here comes back with the patch

    for name in _CLEARED:
        if name not in _variables(cloud, kind, directory):
            environ.pop(name, None)


def _variables(cloud: Cloud, kind: str, directory: Path) -> Mapping[str, str]:
    variables = {
        "OCI_CONFIG_FILE": str(directory / "config"),
        "HOME": str(directory),  # the SDK prefers ~/.oci/config to OCI_CONFIG_FILE (oci/config.py)
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
