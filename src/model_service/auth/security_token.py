"""Hold a security token and its key: read again as soon as the platform, or the OCI CLI, rewrites their files."""

from __future__ import annotations

import base64
import json
import os
import time
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from model_service.auth.signing import Passphrase, SigningKey, load_private_key
from model_service.errors import CredentialError
from model_service.fn.invocation import Deadline
from model_service.light_dataclasses import dataclass

MOMENT: Final = 0.5  # seconds that files are looked at again for, after a 401 or where they are half written
PAUSE: Final = 0.02  # seconds between two looks

MIN_RSA_BYTES: Final = 256  # of a signature, which is as long as the key (RFC 7518, section 3.3)


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a JWT, unverified: OCI verifies its own tokens, we only want to know when one expires."""
    parts = token.split(".")
    return _object(parts[1]) if len(parts) > 1 else {}


def is_cut_off(token: str) -> bool:
    """Tell whether this is the beginning of a JWT only, which somebody is writing at this moment."""
    if not token.startswith("eyJ"):  # how the JSON object of its header begins, in base64
        return "eyJ".startswith(token)
    parts = token.split(".")
    algorithm, claims = _object(parts[0]).get("alg"), claims_of(token)
    if len(parts) != 3 or not isinstance(algorithm, str) or not claims:
        return True
    size = len(parts[2]) * 3 // 4
    # OCI's own tokens name their key (jwk); a stand-in's need not be signed by anybody.
    is_signed = algorithm[:2] in ("RS", "PS") and "jwk" in claims
    return size == 0 or (is_signed and (size < MIN_RSA_BYTES or size % 64 != 0))


def _object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class _Pair:
    """A token and its key, and the state of the files that they were read from."""

    key: SigningKey
    versions: tuple[int, ...]

    @property
    def token(self) -> str:
        return self.key.key_id.removeprefix("ST$")

    @property
    def belongs_together(self) -> bool:
        """Whether the key is the one that the token names (``jwk``); a token that names none is believed."""
        named = _modulus(claims_of(self.token).get("jwk"))
        return named is None or named == self.key.private_key.public_key().public_numbers().n


def _modulus(jwk: Any) -> int | None:
    """Return the modulus of an RSA key (RFC 7517), which is an object or, in the tokens of users, its text."""
    try:
        value = json.loads(jwk) if isinstance(jwk, str) else jwk
        text: str = value["n"]
        return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
    except (KeyError, TypeError, ValueError, RecursionError):
        return None


@dataclass
class TokenFiles:
    """A token and the key that belongs to it, each a path (read again when it changes) or the text itself.

    Functions rewrites both files, one after the other, in a container that may live for days; the SDK's signer
    reads them once (``ephemeral_resource_principals_signer.py``), which is why we do not use it. A pair that is whole
    stays until another one is: neither a half-written file nor the half of a new pair takes its place.
    """

    token: str = field(repr=False)
    private_key: str = field(repr=False)
    passphrase: Passphrase = field(default=None, repr=False)
    remedy: str | None = None

    def __post_init__(self) -> None:
        self._held: _Pair | None = None  # one value: threads share it
        self._paths = [source for source in (self.token, self.private_key) if _is_path(source)]

    def key(self, deadline: Deadline) -> SigningKey:
        """Return the key of now; raise ``CredentialError`` when a file is missing or broken, and stays so."""
        held = self._held
        if held is not None and held.versions == self._versions():
            return held.key
        if held is None:
            held = self._pair_after(None, deadline)
        else:
            try:
                pair = self._read()
            except CredentialError:
                return held.key  # being rewritten: what we have is good until OCI says otherwise
            if not self._may_follow(pair, held):
                return held.key
            held = pair
        self._held = held
        return held.key

    def renew(self, refused: SigningKey, deadline: Deadline) -> bool:
        """Look at the files for a moment, until they have another pair than the one that OCI refused; return ``True``.

        Even the same pair is worth a second try, with a new date. Raise ``CredentialError`` when a file is missing or
        broken, and stays so.
        """
        held = self._held
        if held is None or held.key.is_same(refused):  # else another thread has been here since the request was signed
            self._held = self._pair_after(refused, deadline)
        return True

    def _pair_after(self, before: SigningKey | None, deadline: Deadline) -> _Pair:
        """Return a whole pair, another one than ``before`` if there is one within a moment."""
        ends = time.monotonic() + min(MOMENT, max(0.0, deadline.remaining - deadline.margin))
        while True:
            pair, failure = None, None
            try:
                pair = self._read()
            except CredentialError as error:
                failure = error
            if pair is not None and pair.belongs_together and (before is None or not pair.key.is_same(before)):
                return pair
            if not self._paths or time.monotonic() >= ends:
                break
            time.sleep(PAUSE)
        if failure is not None:
            raise failure
        assert pair is not None  # noqa: S101 - one of the two is there
        return pair  # the same as before, or one that OCI has to judge

    def _may_follow(self, pair: _Pair, held: _Pair) -> bool:
        return pair.belongs_together and (not claims_of(held.token) or bool(claims_of(pair.token)))

    def _read(self) -> _Pair:
        versions = self._versions()
        token = self._text(self.token, "security token")
        pem = self._text(self.private_key, "private key")
        after = self._text(self.token, "security token")
        if after != token:  # rewritten in between: this key may belong to the new token
            token, pem = after, self._text(self.private_key, "private key")
        if is_cut_off(token):
            origin = self.token if _is_path(self.token) else "the environment"
            raise CredentialError(f"The security token in {origin} is cut off.", hint=self.remedy)
        origin = self.private_key if _is_path(self.private_key) else "the environment"
        key = SigningKey.of_token(token, load_private_key(pem.encode(), self.passphrase, origin))
        return _Pair(key, versions)

    def _text(self, source: str, what: str) -> str:
        if not _is_path(source):
            return source
        try:
            text = Path(source).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or "it is not text"
            raise CredentialError(f"Cannot read the {what} in {source}: {reason}.", hint=self.remedy) from error
        if not text:
            raise CredentialError(f"The {what} in {source} is empty.", hint=self.remedy)
        return text

    def _versions(self) -> tuple[int, ...]:
        try:
            stats = list(map(os.stat, self._paths))
        except OSError:
            return (-1,)  # being replaced, or gone: the read that follows says which
        return tuple([number for stat in stats for number in (stat.st_mtime_ns, stat.st_ino, stat.st_size)])


def _is_path(source: str) -> bool:
    return Path(source).is_absolute()
