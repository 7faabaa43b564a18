"""An issuer of tokens on this machine, in place of an identity domain: for tests of gateways that ask for one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from mock_oci.identity.principals import new_key


class LocalIssuer:
    """``uri`` is where its keys are published, ``clock`` gives Unix seconds: give it to a gateway's ``issuers``."""

    def __init__(self, issuer: str, uri: str, clock: Callable[[], float]) -> None:
        self.issuer = issuer
        self.uri = uri
        self._clock = clock
        self._serial = 0
        self.rotate()

    def rotate(self) -> None:
        """Take another key; tokens that were issued before are no longer its own, once its keys are fetched again."""
        self._serial += 1
        self._key = new_key()

    def jwks(self) -> Mapping[str, Any]:
        """Return the document that it publishes."""
        numbers = self._key.public_key().public_numbers()
        lengths = {"e": 3, "n": self._key.key_size // 8}  # bytes; each exponent is 65537
        parts = {name: _text(getattr(numbers, name).to_bytes(length)) for name, length in lengths.items()}
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self._kid, **parts}]}

    def token(self, *, lifetime: float = 3600, **claims: Any) -> str:
        """Issue a token over ``claims``, good for ``lifetime`` seconds."""
        now = int(self._clock())
        usual = {"iss": self.issuer, "iat": now, "exp": int(now + lifetime)}
        head = {"alg": "RS256", "typ": "JWT", "kid": self._kid}
        signed = ".".join(_text(json.dumps(part).encode()) for part in (head, {**usual, **claims}))
        return f"{signed}.{_text(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    @property
    def _kid(self) -> str:
        return f"key-{self._serial}"


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
