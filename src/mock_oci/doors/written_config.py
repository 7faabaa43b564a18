"""A throw-away configuration directory: what lets any OCI client, in any language, call a served backend."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from mock_oci.cloud import Cloud
from mock_oci.identity.principals import spare_key
from mock_oci.identity.tenancy import ocid

_LIFETIME = 24 * 3600.0  # nobody rotates these files, so the tokens last a day's work


def write_config(cloud: Cloud, directory: Path, endpoint: str) -> None:
    """Write ``config`` (profiles DEFAULT and SESSION), keys, tokens, ``resource_principal/`` and ``env``.

    ``endpoint`` is the backend's URL, without a path. Everything is readable by its owner only.
    """
    directory = directory.resolve()
    (directory / "resource_principal").mkdir(mode=0o700, parents=True, exist_ok=True)
    user = cloud.principals.api_key_user()
    session = cloud.principals.session_token(_LIFETIME)
    function = ocid("fnfunc", "mock_oci", cloud.region)
    resource = cloud.principals.resource_principal(function, lifetime=_LIFETIME, key=spare_key())
    identity = {"tenancy": user.tenancy_id, "region": cloud.region, "fingerprint": user.fingerprint}
    signing = {**identity, "user": user.user_id, "key_file": str(directory / "api_key.pem")}
    tokens = {"key_file": str(directory / "session_key.pem"), "security_token_file": str(directory / "token")}
    for name, text in {
        "api_key.pem": f"{user.private_pem.rstrip()}\nOCI_API_KEY\n",  # the label that the Console's keys end with
        "session_key.pem": session.private_pem,
        "token": session.token,
        "config": _profile("DEFAULT", signing) + _profile("SESSION", {**identity, **tokens}),
        "resource_principal/rpst": resource.rpst,
        "resource_principal/private.pem": resource.private_pem,
        "env": _exports(cloud, directory, endpoint),
    }.items():
        _write(directory / name, text)


def _profile(name: str, settings: Mapping[str, str]) -> str:
    return "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in settings.items())]) + "\n\n"


def _exports(cloud: Cloud, directory: Path, endpoint: str) -> str:
    variables = {
        "OCI_CONFIG_FILE": str(directory / "config"),
        "OCI_CLI_CONFIG_FILE": str(directory / "config"),
        "OCI_GENAI_ENDPOINT": endpoint,
        "OCI_COMPARTMENT_ID": cloud.tenancy.compartment_id,
        "OCI_REGION": cloud.region,
    }
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)  # what was there may have been readable by others
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
