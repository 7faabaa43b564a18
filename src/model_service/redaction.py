"""What must not leave in an error or a log: credentials that an upstream quoted back, and texts without end."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 2000  # characters; an error message longer than this is a dump of something

SECRETS: Final = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"ST\$[\w.-]+"),
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"),  # a JWT: base64url of '{"'
    re.compile(r"(?i)\bbearer\s+[\w.~+/-]+=*"),
    re.compile(r"\bsk-[\w-]{8,}"),
    re.compile(r'(?i)\b(signature|keyid)="[^"]*"'),
)


def redact(text: str) -> str:
    for secret in SECRETS:
        text = secret.sub("[redacted]", text)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
