"""Sign in at a service that gives a token for a while: once for all threads, and within the deadline of a call."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from model_service.auth.security_token import claims_of
from model_service.auth.signing import SigningKey
from model_service.errors import CredentialError, DeadlineExceeded, UpstreamUnreachable
from model_service.fn.invocation import Deadline
from model_service.network import Network
from model_service.network.exchange import HttpReply, exchange

MAX_TRIES: Final = 3
FIRST_PAUSE: Final = 0.25  # seconds; it doubles
PASSING_STATUSES: Final = frozenset({429, 500, 502, 503, 504})
RETRY_SECONDS: Final = 10.0
EARLY_SECONDS: Final = 60.0  # that a token is renewed before it expires, as in oci/auth/security_token_container.py


class FederatedCredential(ABC):
    """A credential whose token is asked for. Threads share it: one asks, and the others wait for its answer."""

    what: str
    """What it is called in messages."""
    hint: str
    tenancy_id: str | None = None  # whose compartment a call is charged to, is not for the credential to say

    def __init__(self) -> None:
        self._lock = Lock()
        self._key: SigningKey | None = None
        self._not_before = 0.0  # on the monotonic clock: after a failure, a good token is used for a while

    def key(self, deadline: Deadline) -> SigningKey:
        """Return the key of now, signed in again shortly before the token expires.

        Where that fails, the token is used as long as it is good. Raise ``CredentialError`` or ``DeadlineExceeded``
        without one.
        """
        key = self._key
        left = 0.0 if key is None else _left(key)
        if key is None or left <= 0:
            return self._another_than(key, deadline)
        if left > EARLY_SECONDS or time.monotonic() < self._not_before:
            return key
        try:
            return self._another_than(key, deadline.within(deadline.remaining / 3))
        except (CredentialError, DeadlineExceeded):
            self._not_before = time.monotonic() + RETRY_SECONDS
            return key

    def renew(self, refused: SigningKey, deadline: Deadline) -> bool:
        """Sign in again, unless another thread has; return whether that gave a new token."""
        try:
            self._another_than(refused, deadline)
        except CredentialError:
            return False  # the token may still be good for others
        return True

    @abstractmethod
    def region(self, deadline: Deadline) -> str | None:
        """Return the region that we are in."""

    @abstractmethod
    def _sign_in(self, deadline: Deadline) -> SigningKey:
        """Ask for a token with a new key."""

    def _another_than(self, key: SigningKey | None, deadline: Deadline) -> SigningKey:
        if not self._lock.acquire(timeout=deadline.require()):
            raise DeadlineExceeded(f"No {self.what} before the deadline of this invocation: signing in takes too long.")
        try:
            if self._key is None or (key is not None and self._key.key_id == key.key_id):
                self._key = self._sign_in(deadline)
            return self._key
        finally:
            self._lock.release()

    def _ask(
        self, service: str, url: str, deadline: Deadline, network: Network, request: Mapping[str, Any]
    ) -> HttpReply:
        """Return the answer of ``service`` to ``request`` (``headers`` and ``body``), asked again where that may help.

        Raise ``CredentialError`` for any but a success, with the status and the service's name.
        """
        for tries in range(1, MAX_TRIES + 1):
            try:
                reply = exchange(url, request["headers"](), request.get("body"), deadline, network)
            except UpstreamUnreachable as error:
                raise self.refused(f"{service}: {error.message}", error.hint) from error
            if reply.status == 200:
                return reply
            pause = max(FIRST_PAUSE * 2 ** (tries - 1), _asked_for(reply.headers.get("retry-after", "")))
            hopeless = reply.status not in PASSING_STATUSES or pause >= deadline.remaining - deadline.margin
            if tries == MAX_TRIES or hopeless:
                break
            time.sleep(pause)
        raise self.refused(f"{service} ({url.split('/')[2]}) answered {reply.status} to {url.split('/', 3)[3]}.")

    def refused(self, problem: str, hint: str | None = None) -> CredentialError:
        """Return the error for a sign-in that failed."""
        return CredentialError(f"No {self.what}: {problem}", hint=" ".join(filter(None, (hint, self.hint))))


def new_session_key() -> tuple[RSAPrivateKey, str]:
    """Return a new key, and its public half as base64 without the lines around it."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key, bare(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def bare(pem: bytes) -> str:
    """Return what stands between the first and the last line of PEM, as one line."""
    lines = pem.decode("ascii", "replace").split("\n")
    return "".join(line.strip() for line in lines if not line.startswith("-----"))


def json_text(body: bytes, name: str) -> str | None:
    """Return a text of a JSON object; ``None`` where there is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    text = value.get(name) if isinstance(value, dict) else None
    return text if isinstance(text, str) and text else None


def _left(key: SigningKey) -> float:
    """Return for how many seconds the token is good; infinite where it does not say."""
    expires = claims_of(key.key_id.removeprefix("ST$")).get("exp")
    return expires - time.time() if isinstance(expires, int | float) else float("inf")


def _asked_for(retry_after: str) -> float:
    return float(retry_after[:6]) if retry_after.isascii() and retry_after.isdigit() else 0.0
