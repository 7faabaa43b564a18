"""Sign as a user, with the session token that ``oci session authenticate`` got."""

from __future__ import annotations

import time
from functools import partial
from typing import Final

from model_service.auth.profile import Profile, ask_passphrase
from model_service.auth.security_token import TokenFiles, claims_of
from model_service.auth.signing import SigningKey
from model_service.errors import CredentialError
from model_service.fn.invocation import Deadline
from model_service.settings import Settings


class SessionToken:
    """A session of the OCI CLI, whose token and key are read again when they change."""

    auth_type: Final = "session_token"

    def __init__(self, settings: Settings) -> None:
        profile = Profile.of(settings)
        self._remedy = f"Run `oci session authenticate --profile-name {profile.name}`."
        key = profile.path("key_file", self._remedy).absolute()
        self._files = TokenFiles(
            token=str(profile.path("security_token_file", self._remedy).absolute()),
            private_key=str(key),
            passphrase=profile.get("pass_phrase") or settings.key_passphrase or partial(ask_passphrase, str(key)),
            remedy=self._remedy,
        )
        self._region = profile.get("region")
        self.tenancy_id = profile.get("tenancy")

    def region(self, deadline: Deadline) -> str | None:  # noqa: ARG002 - it stands in the file
        """Return the region of the profile."""
        return self._region

    def key(self, deadline: Deadline) -> SigningKey:
        """Return the key of now; raise ``CredentialError`` when the session has expired, or a file is broken."""
        key = self._files.key(deadline)
        expires = claims_of(key.key_id.removeprefix("ST$")).get("exp")
        if isinstance(expires, int | float) and expires <= time.time():
            raise CredentialError("The session token has expired.", hint=self._remedy, code="session_expired")
        return key

    def renew(self, refused: SigningKey, deadline: Deadline) -> bool:
        """Look at the files again for a moment; return ``True``: a second try makes sense."""
        return self._files.renew(refused, deadline)
