"""RS256 tokens: the emulated identity service issues them, and reads them back from a keyId."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

# cryptography is imported with the first token: see identity.principals.
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

Claims = Mapping[str, Any]
_HEADER = {"kid": "asw_mock", "alg": "RS256"}


class InvalidToken(Exception):
    """The token is not one that this backend issued, or it is no longer good; the message says which."""


def issue(claims: Claims, key: rsa.RSAPrivateKey) -> str:
    signed = f"{_part(_HEADER)}.{_part(claims)}"
    return f"{signed}.{_base64url(sign(signed.encode(), key))}"


def sign(content: bytes, key: rsa.RSAPrivateKey) -> bytes:
    """Return the signature rsa-sha256, which tokens and requests have."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - see above

    return key.sign(content, padding.PKCS1v15(), hashes.SHA256())


def is_signed(content: bytes, signature: bytes, key: rsa.RSAPublicKey) -> bool:
    """Tell whether the holder of ``key`` signed this content, with rsa-sha256."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - see above

    try:
        key.verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def read(token: str, key: rsa.RSAPublicKey, now: float) -> dict[str, Any]:
    """Return the claims of a token that ``key`` signed and that is good at ``now`` (Unix seconds)."""
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidToken("the token is not a JWT")
    header, claims = _object(parts[0]), _object(parts[1])
    if header.get("alg") != "RS256":
        raise InvalidToken("the token is not signed with RS256")
    if not is_signed(f"{parts[0]}.{parts[1]}".encode(), _bytes(parts[2]), key):
        raise InvalidToken("the token was not issued by this backend")
    expiry = claims.get("exp")
    if not isinstance(expiry, int | float) or now >= expiry:
        raise InvalidToken("the token has expired")
    return claims


def jwk_of(key: rsa.RSAPublicKey) -> dict[str, str]:
    """Write the public key as RFC 7517 does."""
    numbers = key.public_numbers()
    return {"kty": "RSA", "alg": "RS256", "use": "sig", "n": _integer(numbers.n), "e": _integer(numbers.e)}


def key_of(jwk: object) -> rsa.RSAPublicKey:
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - see above

    if not isinstance(jwk, dict):
        raise InvalidToken("the token carries no session key")
    try:
        modulus, exponent = (int.from_bytes(_bytes(jwk[name]), "big") for name in ("n", "e"))
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidToken("the token's session key is not an RSA key") from error


def _part(claims: Claims) -> str:
    return _base64url(json.dumps(claims, separators=(",", ":")).encode())


def _object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_bytes(part))
    except (ValueError, RecursionError):
        raise InvalidToken("the token is not JSON inside") from None
    if not isinstance(value, dict):
        raise InvalidToken("the token holds no claims")
    return value


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))
    except ValueError:
        raise InvalidToken("the token is not base64url") from None


def _integer(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))
