"""A session token that ``oci session authenticate`` has put on disk, good for an hour, refreshed by the OCI CLI."""

from __future__ import annotations

import time

from model_service.errors import CredentialError
from model_service.profile import DEFAULT_PROFILE, Profile
from model_service.settings import Settings
from model_service.signing import SigningKey
from model_service.tokens import TokenFiles, claims_of


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
