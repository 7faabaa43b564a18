"""A user's API key, from a profile."""

from __future__ import annotations

from functools import cached_property

from model_service.errors import CredentialError
from model_service.profile import DEFAULT_PROFILE, Profile
from model_service.settings import Settings
from model_service.signing import SigningKey, load_private_key

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
