"""The certificates of authorities by name, as OpenSSL looks one up in a folder (SSL_CTX_load_verify_locations(3)).

The file that certifi brings has more than a hundred, and a process that loads it reads them all: 18 ms of CPU of each
cold start. In a folder whose files are called by the hash of a subject, OpenSSL opens the one that it needs.
"""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
_SPACES: Final = re.compile(r"[ \t\n\v\f\r]+")
UTF8_STRING: Final = 0x0C
VERSION: Final = 0xA0

# What OpenSSL makes UTF-8 of before it compares names (crypto/x509/x_name.c, ASN1_MASK_CANON), by its tag.
_ENCODINGS: Final = {
    UTF8_STRING: "utf-8",
    0x13: "latin-1",  # PrintableString
    0x14: "latin-1",  # TeletexString
    0x16: "latin-1",  # IA5String
    0x1A: "latin-1",  # VisibleString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}


def write_by_name(python: Path) -> None:
    """Put a folder beside certifi's file, where there is one in ``python``.

    Its name has the size of the file, so that whoever puts another file in its place is not served from the folder.
    """
    bundle = python / "certifi" / "cacert.pem"
    if not bundle.exists():
        return
    folder = bundle.with_name(f"by_name_{bundle.stat().st_size}")
    folder.mkdir()
    for pem in _PEM.findall(bundle.read_text("utf-8")):
        name = subject_hash(ssl.PEM_cert_to_DER_cert(pem))
        number = sum(1 for _ in folder.glob(f"{name}.*"))  # of several with the same subject
        (folder / f"{name}.{number}").write_text(pem)


def subject_hash(certificate: bytes) -> str:
    """Return what OpenSSL calls the file of a certificate (DER) by: ``openssl x509 -subject_hash``."""
    ((_, _, whole),) = _items(certificate)
    _, _, to_be_signed = next(_items(whole))
    fields = [raw for tag, raw, _ in _items(to_be_signed) if tag != VERSION]
    _, _, subject = next(_items(fields[4]))  # after serial number, algorithm, issuer and validity
    names = b"".join(
        _item(tag, b"".join(sorted(_canonical(attribute) for _, _, attribute in _items(content))))
        for tag, _, content in _items(subject)
    )
    return f"{int.from_bytes(hashlib.sha1(names, usedforsecurity=False).digest()[:4], 'little'):08x}"


def _canonical(attribute: bytes) -> bytes:
    """Return a type and its value as OpenSSL compares them: in lower case, without spaces that say nothing."""
    (_, kind, _), (tag, raw, content) = _items(attribute)
    if tag in _ENCODINGS:
        text = _SPACES.sub(" ", content.decode(_ENCODINGS[tag]).strip(" \t\n\v\f\r"))
        lower = "".join(letter.lower() if letter.isascii() else letter for letter in text)
        raw = _item(UTF8_STRING, lower.encode())
    return _item(0x30, kind + raw)


def _items(der: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield tag, whole and content of each value that stands in ``der``, one after the other."""
    start = 0
    while start < len(der):
        length, place = der[start + 1], start + 2
        if length >= 0x80:  # the length of the length
            place += length - 0x80
            length = int.from_bytes(der[start + 2 : place], "big")
        yield der[start], der[start : place + length], der[place : place + length]
        start = place + length


def _item(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 + len(length))) + length + content
