"""Prove to OCI who we are: each way gives a key to sign with, and renews it when OCI no longer takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from model_service.auth.signing import SigningKey
from model_service.fn.invocation import Deadline
from model_service.routing import load_row
from model_service.settings import Settings


class Credential(Protocol):
    """Where a signing key comes from. Threads may share it; every method may raise a ``ModelServiceError``."""

    @property
    def auth_type(self) -> str:
        """The name of its row in ``AUTH_TYPES``."""

    @property
    def tenancy_id(self) -> str | None:
        """The tenancy of a profile, which serves as compartment where nobody names one."""

    def region(self, deadline: Deadline) -> str | None:
        """Return the region that comes with the credential, as it is written there: perhaps a short name."""

    def key(self, deadline: Deadline) -> SigningKey:
        """Return the key of now. Cheap enough to be called for every request."""

    def renew(self, refused: SigningKey, deadline: Deadline) -> bool:
        """Get another key than the one that OCI answered 401 to; return whether a second try makes sense."""


def credential_for(settings: Settings) -> Credential:
    """Return the credential of ``OCI_AUTH_TYPE``.

    When unset, a resource principal where one is injected, else what the profile has.
    """
    auth_type = settings.auth_type or ("resource_principal" if settings.injected_principal else None)
    if auth_type is None:
        from model_service.auth.profile import Profile  # noqa: PLC0415 - a function has no profile

        auth_type = Profile.of(settings).auth_type
    credential: Credential = load_row(AUTH_TYPES[auth_type])(settings)
    return credential


# Each is imported on first use: a function needs one of them, and configparser and x509 for none of it.
AUTH_TYPES: Final[Mapping[str, str]] = {
    "api_key": "auth.api_key:ApiKey",
    "session_token": "auth.session_token:SessionToken",
    "instance_principal": "auth.instance_principal:InstancePrincipal",
    "resource_principal": "auth.resource_principal:ResourcePrincipal",
    "delegation_token": "auth.instance_principal:DelegationToken",
    "oke_workload_identity": "auth.workload_identity:WorkloadIdentity",
}
