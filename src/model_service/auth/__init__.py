"""The four ways to prove who we are: each gives a key to sign with, and renews it when OCI no longer takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from model_service.auth.credentials import ApiKey, ResourcePrincipal, SessionToken
from model_service.auth.instance_principal import InstancePrincipal
from model_service.auth.profile import DEFAULT_PROFILE, Profile
from model_service.auth.signing import SigningKey
from model_service.settings import Settings


class Credential(Protocol):
    """Where a signing key comes from. Every method may raise ``CredentialError``."""

    @property
    def region(self) -> str | None:
        """The region that comes with the credential."""

    @property
    def tenancy_id(self) -> str | None:
        """The tenancy of a profile, which serves as compartment where nobody names one."""

    def key(self) -> SigningKey:
        """The key of now. Cheap enough to be called for every request."""

    def renew(self) -> bool:
        """After a 401: get a new key if there is another to get, and say whether a second try makes sense."""


def credential_for(settings: Settings) -> Credential:
    """By ``OCI_AUTH_TYPE``; when unset, a resource principal where one is injected, else the profile."""
    return AUTH_TYPES[settings.auth_type or _auth_type_found(settings)](settings)


def _auth_type_found(settings: Settings) -> str:
    if settings.injected_principal is not None:
        return "resource_principal"
    profile = Profile.read(settings.config_file, settings.profile or DEFAULT_PROFILE)
    return "session_token" if profile.get("security_token_file") else "api_key"


AUTH_TYPES: Final[Mapping[str, Callable[[Settings], Credential]]] = {
    "api_key": ApiKey,
    "session_token": SessionToken,
    "instance_principal": InstancePrincipal,
    "resource_principal": ResourcePrincipal,
}
