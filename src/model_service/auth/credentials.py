"""A user's API key, from a profile."""

from __future__ import annotations

import time
from functools import cached_property

from model_service.auth.profile import DEFAULT_PROFILE, Profile
from model_service.auth.security_token import TokenFiles, claims_of
from model_service.auth.signing import SigningKey, load_private_key
from model_service.errors import CredentialError
from model_service.settings import Settings

CURE = "Run `oci setup config`, or see https://docs.oracle.com/en-us/iaas/Content/API/Concepts/apisigningkey.htm"


class ApiKey:
    def __init__(self, settings: Settings) -> None:
        self._profile = Profile.read(settings.config_file, settings.profile or DEFAULT_PROFILE)
        self.region = self._profile.get("region")
        self.tenancy_id = self._profile.require("tenancy", CURE)

    def key(self) -> SigningKey:
        return self._key

    def renew(self) -> bool:
        return False  # a key in a file does not change by itself; a 401 is the answer

    @cached_property
    def _key(self) -> SigningKey:
        profile = self._profile
        key_id = f"{self.tenancy_id}/{profile.require('user', CURE)}/{profile.require('fingerprint', CURE)}"
        pem, origin = self._pem()
        return SigningKey(key_id, load_private_key(pem, profile.get("pass_phrase"), origin))

    def _pem(self) -> tuple[bytes, str]:
        content = self._profile.get("key_content")
        if content is not None:
            return content.encode(), f"key_content of profile {self._profile.name}"
        file = self._profile.path("key_file", CURE)
        try:
            return file.read_bytes(), str(file)
        except OSError as error:
            raise CredentialError(f"Cannot read the private key {file}: {error.strerror}.", hint=CURE) from error


class SessionToken:
    def __init__(self, settings: Settings) -> None:
        profile = Profile.read(settings.config_file, settings.profile or DEFAULT_PROFILE)
        self._cure = f"Run `oci session authenticate --profile-name {profile.name}`."
        self._files = TokenFiles(
            token=str(profile.path("security_token_file", self._cure).absolute()),
            private_key=str(profile.path("key_file", self._cure).absolute()),
            passphrase=profile.get("pass_phrase"),
            cure=self._cure,
        )
        self.region = profile.get("region")
        self.tenancy_id = profile.get("tenancy")

    def key(self) -> SigningKey:
        key = self._files.key()
        expires = claims_of(key.key_id.removeprefix("ST$")).get("exp")
        if isinstance(expires, int | float) and expires <= time.time():
            raise CredentialError("The session token has expired.", hint=self._cure, code="session_expired")
        return key

    def renew(self) -> bool:
        self._files.forget()
        return True


class ResourcePrincipal:
    # The compartment that a request is charged to is a decision; the token's own is not an answer to it.
    tenancy_id = None

    def __init__(self, settings: Settings) -> None:
        principal = settings.injected_principal
        if principal is None:
            raise CredentialError(
                "OCI_AUTH_TYPE is resource_principal, but OCI_RESOURCE_PRINCIPAL_VERSION is not set.",
                hint="Functions injects it; elsewhere set OCI_AUTH_TYPE to api_key or session_token.",
            )
        self.region = principal.region
        self._files = TokenFiles(token=principal.rpst, private_key=principal.private_pem)

    def key(self) -> SigningKey:
        return self._files.key()

    def renew(self) -> bool:
        self._files.forget()
        return True
