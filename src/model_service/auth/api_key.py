"""Sign as a user, with the API key of a profile."""

from __future__ import annotations

from functools import partial
from threading import Lock
from typing import Final

from model_service.auth.profile import Profile, ask_passphrase
from model_service.auth.signing import SigningKey, load_private_key
from model_service.errors import CredentialError
from model_service.fn.invocation import Deadline
from model_service.settings import Settings

SETUP: Final = (
    "Run `oci setup config`, or see https://docs.oracle.com/en-us/iaas/Content/API/Concepts/apisigningkey.htm"
)


class ApiKey:
    """A user's API key."""

    auth_type: Final = "api_key"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        profile = Profile.of(settings)
        self._region = profile.get("region")
        self.tenancy_id = profile.require("tenancy", SETUP)
        self._lock = Lock()  # threads that come first together: one reads, and asks for a pass phrase
        self._key: SigningKey | None = None

    def region(self, deadline: Deadline) -> str | None:  # noqa: ARG002 - it stands in the file
        """Return the region of the profile."""
        return self._region

    def key(self, deadline: Deadline) -> SigningKey:  # noqa: ARG002 - a file is read at once
        """Return the key, read once; raise ``CredentialError`` when an entry or the file is missing or broken."""
        with self._lock:
            if self._key is None:
                self._key = self._read()
            return self._key

    def renew(self, refused: SigningKey, deadline: Deadline) -> bool:  # noqa: ARG002 - a file is read at once
        """Read profile and key again, and return whether they are others than those that OCI refused."""
        with self._lock:
            try:
                key = self._read()
            except CredentialError:
                return False  # being rewritten, or gone: the key that we have is no worse
            self._key = key
            return not key.is_same(refused)

    def _read(self) -> SigningKey:
        profile = Profile.of(self._settings)
        tenancy, user = profile.require("tenancy", SETUP), profile.require("user", SETUP)
        key_id = f"{tenancy}/{user}/{profile.require('fingerprint', SETUP)}"
        pem, origin = profile.private_key(SETUP)
        passphrase = profile.get("pass_phrase") or self._settings.key_passphrase
        return SigningKey(key_id, load_private_key(pem, passphrase or partial(ask_passphrase, origin), origin))
