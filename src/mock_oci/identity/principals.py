"""Who may call the backend: it hands out keys, tokens and API keys, and recognises them again."""

from __future__ import annotations

import functools
import hashlib
import itertools
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mock_oci.identity import tokens
from mock_oci.identity.tenancy import Tenancy, ocid

# cryptography is imported with the first key: nobody waits for it (20 ms) who makes none.
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True)
class Principal:
    """Who signed a request. ``kind``: user, instance, resource or generativeaiapikey."""

    kind: str
    id: str
    tenancy_id: str
    compartment_id: str = ""
    resource_type: str = ""
    public_key: rsa.RSAPublicKey | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class ApiKeyUser:
    tenancy_id: str
    user_id: str
    fingerprint: str
    private_pem: str = field(repr=False)

    @property
    def key_id(self) -> str:
        return f"{self.tenancy_id}/{self.user_id}/{self.fingerprint}"


@dataclass(frozen=True)
class SessionToken:
    token: str = field(repr=False)
    private_pem: str = field(repr=False)


@dataclass(frozen=True)
class ResourcePrincipal:
    """What Functions puts into ``OCI_RESOURCE_PRINCIPAL_RPST``, ``…_PRIVATE_PEM`` and ``…_REGION``."""

    rpst: str = field(repr=False)
    private_pem: str = field(repr=False)
    region: str


@dataclass(frozen=True)
class GenerativeAiApiKey:
    """A Generative AI API key: ``secret`` goes into ``Authorization: Bearer``."""

    key_id: str
    secret: str = field(repr=False)


class UnknownPrincipal(Exception):
    """Nobody this backend knows; the message says why, for the emulator's log."""


@functools.cache
def spare_key() -> rsa.RSAPrivateKey:
    """Return the one throw-away key of this process, for use where keys need not differ: making one takes 0.1 s.

    It is made, and not part of the package: by a key that everyone has, any program, and any page in a browser, could
    sign for a server on this machine, which runs functions; and scanners would report the package for a secret.
    """
    return new_key()


def new_key() -> rsa.RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - see above

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: rsa.RSAPrivateKey) -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - see above

    encoding, shape = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, shape, serialization.NoEncryption()).decode()


def fingerprint_of(key: rsa.RSAPublicKey) -> str:
    """Return the colon-separated MD5 of the DER public key, as OCI names API keys (docs: apisigningkey.htm)."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - see above

    encoding, shape = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    digest = hashlib.md5(key.public_bytes(encoding, shape), usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, 32, 2))


class Principals:
    """The identity service of one tenancy; ``clock`` gives Unix seconds. Thread-safe."""

    def __init__(self, tenancy: Tenancy, region: str, clock: Callable[[], float]) -> None:
        self._tenancy = tenancy
        self._region = region
        self._clock = clock
        self._lock = threading.Lock()
        self._serial = itertools.count(1)
        self._by_key_id: dict[str, Principal] = {}
        self._by_secret: dict[str, Principal] = {}
        self._key_of: Callable[[str], str] = lambda _: ""

    @property
    def issuer(self) -> rsa.RSAPrivateKey:
        return spare_key()

    def api_key_user(self, name: str = "developer", key: rsa.RSAPrivateKey | None = None) -> ApiKeyUser:
        """Return a user with an API signing key; the same name and key give the same user."""
        key = key or spare_key()
        fingerprint = fingerprint_of(key.public_key())
        user = ApiKeyUser(self._tenancy.tenancy_id, ocid("user", name), fingerprint, pem_of(key))
        principal = Principal("user", user.user_id, user.tenancy_id, public_key=key.public_key())
        with self._lock:
            self._by_key_id[user.key_id] = principal
        return user

    def session_token(self, lifetime: float = 3600, key: rsa.RSAPrivateKey | None = None) -> SessionToken:
        """Return what ``oci session authenticate`` leaves behind: good for ``lifetime`` seconds."""
        key = key or spare_key()
        claims = {"sub": self._tenancy.user_id, "ptype": "user", "tenant": self._tenancy.tenancy_id}
        return SessionToken(self.token_for(claims, key.public_key(), lifetime), pem_of(key))

    def resource_principal(
        self,
        resource_id: str,
        resource_type: str = "fnfunc",
        lifetime: float = 900,
        key: rsa.RSAPrivateKey | None = None,
    ) -> ResourcePrincipal:
        """Issue a token and its key for one resource; a new pair each call, as the platform rotates both together.

        ``key`` reuses one (quicker). 900 s is what Oracle's Functions page says the token is cached for.
        """
        key = key or new_key()
        claims = {"sub": resource_id, "ptype": "resource", "res_id": resource_id, "res_type": resource_type}
        claims |= {"res_tenant": self._tenancy.tenancy_id, "res_compartment": self._tenancy.compartment_id}
        claims |= {"ttype": "res_sp", "tenant": self._tenancy.tenancy_id}
        token = self.token_for(claims, key.public_key(), lifetime)
        return ResourcePrincipal(token, pem_of(key), self._region)

    def generative_ai_api_key(self) -> GenerativeAiApiKey:
        with self._lock:
            key_id = ocid("generativeaiapikey", str(next(self._serial)), self._region)
            key = GenerativeAiApiKey(key_id, f"sk-{secrets.token_urlsafe(32)}")
            self._by_secret[key.secret] = Principal("generativeaiapikey", key_id, self._tenancy.tenancy_id)
        return key

    def ask_of_bearers(self, key_of: Callable[[str], str]) -> None:
        """Ask ``key_of`` too which API key has a secret; it returns the OCID of one that lets in now, or nothing."""
        self._key_of = key_of

    def token_for(self, claims: tokens.Claims, session_key: rsa.RSAPublicKey, lifetime: float) -> str:
        """Issue a token over ``claims``, with ``session_key`` as its ``jwk``, good for ``lifetime`` seconds."""
        now = int(self._clock())
        with self._lock:
            serial = next(self._serial)
        times = {"iat": now, "nbf": now, "exp": int(now + lifetime)}
        origin = {"iss": "authService.oracle.com", "aud": "oci", "jti": f"mock-{serial}"}
        return tokens.issue({**origin, **times, **claims, "jwk": tokens.jwk_of(session_key)}, self.issuer)

    def principal_of(self, key_id: str) -> Principal | None:
        """Return who signs with ``tenancy/user/fingerprint`` or ``ST$<jwt>``; None when nobody does (any more)."""
        try:
            return self.named_by(key_id)
        except UnknownPrincipal:
            return None

    def named_by(self, key_id: str) -> Principal:
        """Return the same as ``principal_of``. Raises UnknownPrincipal with the reason."""
        if key_id.startswith("ST$"):
            return self._holder_of(key_id[3:])
        with self._lock:
            principal = self._by_key_id.get(key_id)
        if principal is None:
            raise UnknownPrincipal("no user of this tenancy has this API key")
        return principal

    def bearer_of(self, secret: str) -> Principal:
        with self._lock:
            principal = self._by_secret.get(secret)
        if principal is None and (key_id := self._key_of(secret)):
            return Principal("generativeaiapikey", key_id, self._tenancy.tenancy_id)
        if principal is None:
            raise UnknownPrincipal("no Generative AI API key has this secret")
        return principal

    def _holder_of(self, token: str) -> Principal:
        try:
            claims = tokens.read(token, self.issuer.public_key(), self._clock())
            return replace(_principal(claims), public_key=tokens.key_of(claims.get("jwk")))
        except tokens.InvalidToken as error:
            raise UnknownPrincipal(str(error)) from error


def _principal(claims: dict[str, Any]) -> Principal:
    return Principal(
        kind=claims["ptype"],
        id=claims["sub"],
        tenancy_id=claims["tenant"],
        compartment_id=claims.get("res_compartment") or claims.get("opc-compartment", ""),
        resource_type=claims.get("res_type", ""),
    )
