"""Checksums of a body besides its MD5: checked against what the caller states, and kept if it asks for one.

Source: the SDK's docstrings of put_object and upload_part, whose messages are quoted.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mock_oci.operations import Refused, oci_error

_CASTAGNOLI = 0x82F63B78


@dataclass(frozen=True)
class Checksum:
    """An algorithm, by the name that ``opc-checksum-algorithm`` gives it."""

    name: str
    digest: Callable[[bytes], bytes]

    @property
    def header(self) -> str:
        return f"opc-content-{self.name.lower()}"

    @property
    def of_parts(self) -> str:
        """Return the header that has the digest of the digests of an object's parts."""
        return f"opc-multipart-{self.name.lower()}"

    def of(self, body: bytes) -> str:
        return base64.b64encode(self.digest(body)).decode()


def crc32c(body: bytes) -> bytes:
    """Return the CRC-32 with Castagnoli's polynomial (RFC 3720, 12.1), the first byte the highest."""
    table, checksum = _table(), 0xFFFFFFFF
    for byte in body:
        checksum = table[(checksum ^ byte) & 0xFF] ^ (checksum >> 8)
    return (checksum ^ 0xFFFFFFFF).to_bytes(4, "big")


@functools.cache
def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (_CASTAGNOLI if value & 1 else 0)
        table.append(value)
    return tuple(table)


CHECKSUMS = {
    checksum.name: checksum
    for checksum in (
        Checksum("CRC32C", crc32c),
        Checksum("SHA256", lambda body: hashlib.sha256(body).digest()),
        Checksum("SHA384", lambda body: hashlib.sha384(body).digest()),
    )
}


def asked_for(headers: Mapping[str, str]) -> Checksum | None:
    """Return the algorithm that ``opc-checksum-algorithm`` names. Raises Refused."""
    name = headers.get("opc-checksum-algorithm")
    if name is not None and name not in CHECKSUMS:
        message = f"opc-checksum-algorithm must be one of {', '.join(CHECKSUMS)}"
        raise Refused(oci_error(400, message, "InvalidParameter"))
    return CHECKSUMS[name] if name is not None else None


def checked(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """Return the checksum that is kept of a body, by its header. Raises Refused for a stated one that is not its."""
    for checksum in CHECKSUMS.values():
        stated = headers.get(checksum.header)
        if stated is not None and stated != (actual := checksum.of(body)):
            computed = f"The computed {checksum.name} of the request body ({actual})"
            message = f"{computed} does not match the {checksum.header} header ({stated})"
            raise Refused(oci_error(400, message, f"UnmatchedContent{checksum.name}"))
    kept = asked_for(headers)
    return {kept.header: kept.of(body)} if kept is not None else {}
