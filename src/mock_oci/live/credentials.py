"""The user's own credentials for the real service, as the OCI SDK finds them, and requests signed with them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mock_oci.wire import Request


@dataclass(frozen=True)
class Credentials:
    """``signer`` is one of the SDK's, ``profile`` what a config file says of it; a ``tenancy_id`` may be unknown."""

    signer: Any = field(repr=False)
    region: str
    tenancy_id: str = ""
    profile: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def client(self, kind: Any, **how: Any) -> Any:
        """Make one of the OCI SDK's clients."""
        return kind({**self.profile, "region": self.region}, signer=self.signer, **how)

    def signed(self, method: str, host: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Request:
        """Return a request that this signer has signed; what it signs is added to ``headers``."""
        requests = _sdk("oci._vendor.requests")
        sent = {"content-type": "application/json", **headers} if body or method in ("POST", "PUT") else dict(headers)
        prepared = requests.Request(method, f"https://{host}{target}", sent, data=body).prepare()
        self.signer.do_request_sign(prepared)
        items = prepared.headers.items()
        named = {name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in items}
        return Request(method, prepared.path_url, {"host": host, **named}, body)


def find_credentials(
    auth: str = "profile", *, config_file: str | None = None, profile: str = "DEFAULT", region: str | None = None
) -> Credentials:
    """Return credentials of one of the ``AUTHENTICATIONS``. Raises ValueError when there are none, and says why."""
    try:
        return AUTHENTICATIONS[auth](config_file, profile, region)
    except ImportError as error:
        raise ValueError("the OCI SDK is needed to sign: pip install oci") from error
    except Exception as error:
        if type(error).__module__.startswith("oci.") or isinstance(error, OSError | ValueError | KeyError):
            raise ValueError(f"there are no credentials ({auth}): {' '.join(str(error).split())}") from error
        raise


def by_profile(config_file: str | None, profile: str, region: str | None) -> Credentials:
    """Return the signer of a profile: an API signing key's, or a session token's."""
    oci = _sdk("oci")
    oci_config = oci.config.from_file(config_file or oci.config.DEFAULT_LOCATION, profile)
    key_file, passphrase = oci_config["key_file"], oci_config.get("pass_phrase")
    if oci_config.get("security_token_file"):
        key = oci.signer.load_private_key_from_file(key_file, passphrase)
        token = Path(oci_config["security_token_file"]).expanduser().read_text().strip()
        signer = oci.auth.signers.SecurityTokenSigner(token, key)
    else:
        oci.config.validate_config(oci_config)
        signer = oci.signer.Signer.from_config(oci_config)
    return Credentials(signer, region or oci_config["region"], oci_config["tenancy"], oci_config)


def by_resource_principal(_config_file: str | None, _profile: str, region: str | None) -> Credentials:
    signer = _sdk("oci").auth.signers.get_resource_principals_signer()
    return Credentials(signer, region or signer.region)


def by_instance_principal(_config_file: str | None, _profile: str, region: str | None) -> Credentials:
    signer = _sdk("oci").auth.signers.InstancePrincipalsSecurityTokenSigner()
    return Credentials(signer, region or signer.region, signer.tenancy_id)


def _sdk(name: str) -> Any:
    """Import a part of the SDK: nothing else of this package needs it."""
    return importlib.import_module(name)


AUTHENTICATIONS: Final[dict[str, Callable[[str | None, str, str | None], Credentials]]] = {
    "profile": by_profile,
    "resource_principal": by_resource_principal,
    "instance_principal": by_instance_principal,
}
