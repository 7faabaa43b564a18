"""TOKEN_AUTHENTICATION and JWT_AUTHENTICATION: a bearer's JSON Web Token, checked by the keys of its issuer.

Source: docs APIGateway/Tasks/apigatewayusingjwttokens.htm and oci.apigateway.models.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mock_oci.fn.gateway.authentication import Ask, Verdict
from mock_oci.fn.gateway.issuer import LocalIssuer
from mock_oci.fn.gateway.specification import choice_in, part_of
from mock_oci.wire import Request

MAX_TOKEN = 16 * 1024  # characters; the gateway's whole head may have 8 KB
_REFUSED = Verdict(active=False, challenge='Bearer error="invalid_token"')
_HASHES = {"RS256": hashes.SHA256(), "RS384": hashes.SHA384(), "RS512": hashes.SHA512()}


@dataclass(frozen=True)
class _Rules:
    """What a token's claims have to be."""

    issuers: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    claims: tuple[Mapping[str, Any], ...] = ()
    skew: float = 0.0

    def admits(self, claims: Mapping[str, Any], now: float) -> bool:
        audience = claims.get("aud")
        heard = audience if isinstance(audience, list) else [audience]
        return (
            _seconds(claims, "exp", -1) > now - self.skew
            and _seconds(claims, "nbf", 0) <= now + self.skew
            and (not self.issuers or claims.get("iss") in self.issuers)
            and (not self.audiences or any(item in self.audiences for item in heard))
            and all(_is_right(rule, claims) for rule in self.claims)
        )


@dataclass
class _Keys:
    """The keys of an issuer, fetched again when they are older than ``lifetime`` seconds."""

    fetch: Callable[[], Mapping[str, Any]]
    lifetime: float
    kept: Mapping[str, Any] | None = field(default=None, repr=False)
    since: float = 0.0

    def find(self, kid: Any, now: float) -> rsa.RSAPublicKey | None:
        if self.kept is None or now - self.since >= self.lifetime:
            self.kept, self.since = self.fetch(), now
        keys = [key for key in self.kept.get("keys", ()) if kid is None or key.get("kid") == kid]
        return _public_key(keys[0]) if keys else None


class TokenAuthentication:
    """``specification`` is a policy of either kind in its JSON form; ``clock`` gives Unix seconds.

    ``issuers`` are by the URI of their keys. Raises ValueError for what is not emulated, and for keys of nobody's.

    What a token claims is what ``request.auth[…]`` has; under the older JWT_AUTHENTICATION that has nothing.
    """

    def __init__(
        self, specification: Mapping[str, Any], clock: Callable[[], float], issuers: Mapping[str, LocalIssuer]
    ) -> None:
        self._clock = clock
        self.is_anonymous_allowed = bool(specification.get("isAnonymousAccessAllowed"))
        kind = choice_in(specification, "type", ["JWT_AUTHENTICATION", "TOKEN_AUTHENTICATION"])
        self._tells = kind == "TOKEN_AUTHENTICATION"
        self._header = str(specification.get("tokenHeader") or "").lower()
        self._scheme = str(specification.get("tokenAuthScheme") or "Bearer").lower()
        self._query = str(specification.get("tokenQueryParam") or "")
        if bool(self._header) == bool(self._query):
            raise ValueError(f"a {kind} takes one of tokenHeader and tokenQueryParam")
        skew = float(specification.get("maxClockSkewInSeconds") or 0)
        keys, named = _of_token(specification) if self._tells else _of_jwt(specification)
        self._keys = _keys_of(keys, issuers)
        claims = tuple(named.get("verifyClaims") or ())
        self._rules = _Rules(tuple(named.get("issuers") or ()), tuple(named.get("audiences") or ()), claims, skew)

    def verdict(self, request: Request, ask: Ask) -> Verdict:
        """Return whether the token is one of the issuer's, for this gateway and of now."""
        del ask
        token = self._token(request)
        try:
            claims = self._claims(token) if 0 < len(token) <= MAX_TOKEN else None
            if claims is None or not self._rules.admits(claims, self._clock()):
                return _REFUSED
        except (ArithmeticError, ValueError, TypeError, KeyError, RecursionError, InvalidSignature):
            return _REFUSED
        scope = claims.get("scope")
        words = scope.split() if isinstance(scope, str) else scope if isinstance(scope, list) else []
        named = frozenset(word for word in words if isinstance(word, str))
        return Verdict(active=True, scope=named, context=claims if self._tells else {})

    def _token(self, request: Request) -> str:
        if self._query:
            return request.query.get(self._query, "")
        scheme, _, token = request.headers.get(self._header, "").partition(" ")
        return token.strip() if scheme.lower() == self._scheme else ""

    def _claims(self, token: str) -> Mapping[str, Any] | None:
        """Return the claims of a token whose signature is right. Raises ValueError and the like for what is none."""
        head, body, signature = token.split(".")
        header = _json(head)
        algorithm, key = _HASHES[header["alg"]], self._keys.find(header.get("kid"), self._clock())
        if key is None:
            return None
        key.verify(_bytes(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), algorithm)
        return _json(body)


def _of_token(specification: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    part_of(specification, "a TOKEN_AUTHENTICATION", *_SHARED, "validationPolicy")
    policy = specification["validationPolicy"]
    more = policy.get("additionalValidationPolicy") or {}
    part_of(more, "additionalValidationPolicy", "issuers", "audiences", "verifyClaims")
    return {name: value for name, value in policy.items() if name != "additionalValidationPolicy"}, more


def _of_jwt(specification: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    part_of(specification, "a JWT_AUTHENTICATION", *_SHARED, "issuers", "audiences", "verifyClaims", "publicKeys")
    return specification["publicKeys"], specification


def _keys_of(specification: Mapping[str, Any], issuers: Mapping[str, LocalIssuer]) -> _Keys:
    part_of(specification, "the keys", "type", "uri", "isSslVerifyDisabled", "maxCacheDurationInHours", "keys")
    if choice_in(specification, "type", ["REMOTE_JWKS", "STATIC_KEYS"]) == "STATIC_KEYS":
        return _Keys(lambda: specification, float("inf"))
    uri, hours = str(specification["uri"]), specification.get("maxCacheDurationInHours") or 1
    if uri not in issuers:
        raise ValueError(f"mock_oci fetches no keys over the network: give the gateway a LocalIssuer for {uri}")
    return _Keys(issuers[uri].jwks, float(hours) * 3600)


def _public_key(key: Mapping[str, Any]) -> rsa.RSAPublicKey:
    if key.get("format") == "PEM":
        loaded = serialization.load_pem_public_key(str(key["key"]).encode())
        if not isinstance(loaded, rsa.RSAPublicKey):
            raise ValueError("the key must be of RSA")
        return loaded
    exponent, modulus = (int.from_bytes(_bytes(key[name])) for name in ("e", "n"))
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _is_right(rule: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    if rule["key"] not in claims:
        return not rule.get("isRequired")
    held, values = claims[rule["key"]], rule.get("values") or ()
    return not values or any(item in values for item in (held if isinstance(held, list) else [held]))


def _seconds(claims: Mapping[str, Any], name: str, default: float) -> float:
    return float(claims.get(name, default))


def _json(part: str) -> dict[str, Any]:
    found = json.loads(_bytes(part))
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what a caller sent, and no mistake of the code's
    return found


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)


_SHARED = (
    "type",
    "isAnonymousAccessAllowed",
    "tokenHeader",
    "tokenAuthScheme",
    "tokenQueryParam",
    "maxClockSkewInSeconds",
)
