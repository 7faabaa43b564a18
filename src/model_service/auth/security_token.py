"""Security tokens and the files they live in: read again as soon as the platform, or the OCI CLI, rewrites them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model_service.auth.signing import SigningKey, load_private_key
from model_service.errors import CredentialError


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified: OCI verifies its own tokens, we only want to know when one expires."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


@dataclass
class TokenFiles:
    """A token and the key that belongs to it, each a path (read again when it changes) or the text itself.

    Functions rewrites both files, one after the other, in a container that may live for days; the SDK's signer
    reads them once (``ephemeral_resource_principals_signer.py``), which is why we do not use it.
    """

    token: str = field(repr=False)
    private_key: str = field(repr=False)
    passphrase: str | None = field(default=None, repr=False)
    cure: str | None = None

    def __post_init__(self) -> None:
        self._held: tuple[tuple[int, ...], SigningKey] | None = None  # one value: threads share it
        self._paths = [Path(source) for source in (self.token, self.private_key) if _is_path(source)]

    def key(self) -> SigningKey:
        """Raises ``CredentialError`` when a file is missing or broken."""
        held, version = self._held, self._versions()
        if held is not None and held[0] == version:
            return held[1]
        try:
            key = self._read()
        except CredentialError:
            if held is None:
                raise
            return held[1]  # the files are being rewritten: what we have is good until OCI says otherwise
        self._held = (version, key)
        return key

    def forget(self) -> None:
        """Read both again next time, whatever their dates say."""
        self._held = None

    def _read(self) -> SigningKey:
        token = self._text(self.token, "security token")
        pem = self._text(self.private_key, "private key")
        after = self._text(self.token, "security token")
        if after != token:  # rewritten in between: this key may belong to the new token
            token, pem = after, self._text(self.private_key, "private key")
        origin = self.private_key if _is_path(self.private_key) else "the environment"
        return SigningKey.of_token(token, load_private_key(pem.encode(), self.passphrase, origin))

    def _text(self, source: str, what: str) -> str:
        if not _is_path(source):
            return source
        try:
            text = Path(source).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise CredentialError(f"Cannot read the {what} in {source}: {_reason(error)}.", hint=self.cure) from error
        if not text:
            raise CredentialError(f"The {what} in {source} is empty.", hint=self.cure)
        return text

    def _versions(self) -> tuple[int, ...]:
        try:
            stats = [path.stat() for path in self._paths]
        except OSError:
            return (-1,)  # being replaced, or gone: the read that follows says which
        return tuple(number for stat in stats for number in (stat.st_mtime_ns, stat.st_ino, stat.st_size))


def _is_path(source: str) -> bool:
    return Path(source).is_absolute()


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "it is not text"
