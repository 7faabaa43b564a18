"""What stands in a recording for a secret or an id: of the same shape, and the same one wherever it stood."""

from __future__ import annotations

import base64
import itertools
import re
import threading
from collections.abc import Callable, Iterator
from typing import Final

from mock_oci.recording.patterns import COMMON_ADDRESSES, NAMESPACE, OPAQUE, SECRET

_LOOK: Final = re.compile(
    r"[^ ]*recorded\d{4}x*|(?:secret|opaque|namespace|link|host|bearer)\d{4}x*|(?:user|tenancy)\d{4}(?:@example\.com)?"
    r"|eyJhbGciOiJub25lIn0\.[\w-]+\.x|-----BEGIN RECORDED-----\d+-----END RECORDED-----|(?:00:){14}\d\d:\d\d"
    r"|\d{8}0{20}\d{4}(?:/\d{8}0{20}\d{4})*|00000000-0000-4000-8000-\d{12}"
    r"|(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+|2001:db8:0:0:0:0:0:[0-9a-f]+"
)


# Those that stand for what only its name or its place has given away: nothing of its look tells where it ends.
NAMED: Final = re.compile(r"(?:secret|opaque|namespace|link|host|bearer|user|tenancy)\d{4}x*")


def is_placeholder(text: str) -> bool:
    """Tell whether this is one that a recording has."""
    return _LOOK.fullmatch(text) is not None


class Placeholders:
    """Numbers what it is given, each kind by itself."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._made: set[str] = set()
        self._numbers: dict[str, Iterator[int]] = {}
        self._lock = threading.Lock()

    def of(self, kind: str, value: str) -> str:
        """Return what stands for ``value``; a placeholder stands for itself."""
        if value in self._made or (kind == "ip" and value in COMMON_ADDRESSES):
            return value
        with self._lock:
            if value not in self._given:
                number = next(self._numbers.setdefault(kind, itertools.count(1)))
                self._given[value] = _MAKERS.get(kind, object_like)(value, number)
                self._made.add(self._given[value])
                self._kinds[value] = kind
            return self._given[value]

    def replaced(self) -> list[tuple[str, str, str]]:
        """Return what was replaced: its kind, itself, and what stands for it."""
        with self._lock:
            return [(self._kinds[value], value, placeholder) for value, placeholder in self._given.items()]


def _filled(start: str, length: int) -> str:
    return start.ljust(length, "x")


def ocid_like(value: str, number: int) -> str:
    """Keep type, realm and region, as clients look at them."""
    unique = value.replace(":", ".").rpartition(".")[2]
    return value[: -len(unique)] + _filled(f"recorded{number:04}", len(unique))


def hexadecimal_like(value: str, number: int) -> str:
    parts = [f"{number:08d}{part:024d}" for part in range(value.count("/") + 1)]
    return "/".join(parts)


def token_like(_value: str, number: int) -> str:
    head, payload = (
        base64.urlsafe_b64encode(text).decode().rstrip("=") for text in (b'{"alg":"none"}', b'{"n":%04d}' % number)
    )
    return f"{head}.{payload}.x"


def object_like(value: str, number: int) -> str:
    """Keep the prefix that names the kind of an OpenAI object."""
    prefix = value[: min(index for index in map(value.find, "_-") if index >= 0) + 1]
    return _filled(f"{prefix}recorded{number:04}", len(value))


def address_like(value: str, number: int) -> str:
    """Return an address of the blocks that are for documentation (RFC 5737, RFC 3849)."""
    if ":" in value:
        return f"2001:db8:0:0:0:0:0:{number:x}"
    block = ("192.0.2", "198.51.100", "203.0.113")[(number - 1) // 254 % 3]
    return f"{block}.{(number - 1) % 254 + 1}"


_MAKERS: Final[dict[str, Callable[[str, int], str]]] = {
    "pem": lambda value, number: (
        f"{value.partition('-----')[0]}-----BEGIN RECORDED-----{number:04}-----END RECORDED-----"
    ),
    "jwt": token_like,
    "apikey": lambda value, number: _filled(f"sk-recorded{number:04}", len(value)),
    "ocid": ocid_like,
    "link": lambda value, number: _filled(f"link{number:04}", len(value)),
    "fingerprint": lambda _value, number: ":".join(["00"] * 14 + [f"{number // 100:02}"[-2:], f"{number % 100:02}"]),
    "request": hexadecimal_like,
    "uuid": lambda _value, number: f"00000000-0000-4000-8000-{number:012}",
    "object": object_like,
    "email": lambda _value, number: f"user{number:04}@example.com",
    "ip": address_like,
    "host": lambda value, number: _filled(f"host{number:04}", len(value)),
    "bearer": lambda value, number: _filled(f"bearer{number:04}", len(value)),
    SECRET: lambda value, number: _filled(f"secret{number:04}", len(value)),
    OPAQUE: lambda value, number: _filled(f"opaque{number:04}", len(value)),
    NAMESPACE: lambda value, number: _filled(f"namespace{number:04}", len(value)),
    "user": lambda _value, number: f"user{number:04}",
    "tenancy": lambda _value, number: f"tenancy{number:04}",
}
