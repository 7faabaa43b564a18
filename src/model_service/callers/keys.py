"""Keys for callers who only know keys: their format, the document that holds their digests, and the check of one.

A key is ``msk_<id>_<secret><checksum>``: ten characters that name it, 32 that are secret, six of a CRC-32, so that a
scanner for secrets can tell a key from a string that looks like one (as GitHub's tokens:
https://github.blog/engineering/behind-githubs-new-authentication-token-formats/). Only a SHA-256 digest is kept: the
secret has 190 bits, so a slow hash would add nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from zlib import crc32

from model_service.errors import SettingsError
from model_service.service_file.fields import Fault, Path, array_of, fields_of, one_of
from model_service.service_file.fields import string as non_empty_string

VARIABLE: Final = "MODEL_SERVICE_KEYS"
ALPHABET: Final = string.digits + string.ascii_letters
ID_LENGTH: Final = 10
SECRET_LENGTH: Final = 32
CHECKSUM_LENGTH: Final = 6
KEY: Final = re.compile(rf"(?P<signed>msk_(?P<id>[0-9a-z]{{{ID_LENGTH}}})_[0-9A-Za-z]{{{SECRET_LENGTH}}})"
                        rf"(?P<checksum>[0-9A-Za-z]{{{CHECKSUM_LENGTH}}})", re.ASCII)  # fmt: skip
NO_DIGEST: Final = "0" * 64


@dataclass(frozen=True)
class Key:
    """What is kept of a key. ``models`` narrows what its owner's team may call; ``expires`` is RFC 3339."""

    id: str
    digest: str
    owner: str
    team: str | None = None
    models: tuple[str, ...] | None = None
    expires: str | None = None
    state: str = "active"
    created: str | None = None

    def is_valid(self, now: datetime) -> bool:
        return self.state == "active" and (self.expires is None or now < datetime.fromisoformat(self.expires))


def new_key(owner: str, team: str | None, *, now: datetime, **more: Any) -> tuple[str, Key]:
    """Return a key, which is shown once, and what is kept of it."""
    key_id = "".join(secrets.choice(string.digits + string.ascii_lowercase) for _ in range(ID_LENGTH))
    signed = f"msk_{key_id}_{''.join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))}"
    text = signed + _checksum(signed)
    return text, Key(key_id, digest_of_key(text), owner, team, created=now.isoformat(timespec="seconds"), **more)


def digest_of_key(text: str) -> str:
    """Return the SHA-256 digest of a key, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


class KeyRing:
    """The keys that there are, by their id."""

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self._keys = {key.id: key for key in keys}

    @classmethod
    def parse(cls, document: Any) -> KeyRing:
        """Read ``{"keys": [{"id", "digest", "owner", …}]}``; raise ``SettingsError``, which never quotes a value."""
        try:
            return cls(fields_of(document, (), {"keys": array_of(_key)}).get("keys", ()))
        except Fault as fault:
            path = ".".join(str(step) for step in fault.path)
            raise SettingsError(VARIABLE, f"{path}: {fault}") from None

    def document(self) -> dict[str, Any]:
        """Return the document that ``parse`` reads, without empty fields."""
        rows = (asdict(key) for key in self._keys.values())
        return {"keys": [{name: value for name, value in row.items() if value is not None} for row in rows]}

    def check(self, text: str, now: datetime) -> Key | None:
        """Return the key that ``text`` is, if it is one of these and valid, in a time that tells nothing of it."""
        match = KEY.fullmatch(text)
        if match is None or _checksum(match["signed"]) != match["checksum"]:
            return None
        key = self._keys.get(match["id"])
        same = hmac.compare_digest(digest_of_key(text), key.digest if key else NO_DIGEST)
        return key if same and key is not None and key.is_valid(now) else None

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys.values())

    def add(self, key: Key) -> KeyRing:
        """Return a ring with this key too."""
        return KeyRing((*self._keys.values(), key))

    def ending(self, key_id: str, moment: str) -> KeyRing:
        """Return a ring in which the key works until ``moment`` (RFC 3339), or until it would have ended anyway."""
        key = self._keys[key_id]
        expires = moment if key.expires is None else min(key.expires, moment, key=datetime.fromisoformat)
        return KeyRing({**self._keys, key_id: replace(key, expires=expires)}.values())

    def revoke(self, key_id: str) -> KeyRing:
        """Return a ring in which the key is revoked; raise ``KeyError`` where there is no such key."""
        revoked = replace(self._keys[key_id], state="revoked")
        return KeyRing({**self._keys, key_id: revoked}.values())


def read_key_ring(text: str, name: str) -> KeyRing:
    """Return the keys of a document in JSON; ``name`` is what it is called in errors. Raise ``SettingsError``."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise SettingsError(VARIABLE, f"{name} is not JSON") from None
    return KeyRing.parse(document)


def _checksum(signed: str) -> str:
    number, digits = crc32(signed.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def _key(value: Any, path: Path) -> Key:
    read = fields_of(value, path, KEY_FIELDS)
    for name in ("id", "digest", "owner"):
        if name not in read:
            raise Fault(f"{name}: is missing", path)
    return Key(**read)


def _digest(value: Any, path: Path) -> str:
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
        raise Fault("must be a SHA-256 digest of 64 hexadecimal digits", path)
    return value


def _moment(value: Any, path: Path) -> str:
    try:
        moment = datetime.fromisoformat(non_empty_string(value, path))
    except ValueError:
        raise Fault("must be a moment such as 2027-01-01T00:00:00+00:00", path) from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).isoformat(timespec="seconds")


KEY_FIELDS: Final[Mapping[str, Any]] = {
    "id": non_empty_string,
    "digest": _digest,
    "owner": non_empty_string,
    "team": non_empty_string,
    "models": array_of(non_empty_string),
    "expires": _moment,
    "state": one_of("active", "revoked"),
    "created": non_empty_string,
}
