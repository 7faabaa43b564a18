"""What must not leave in an error or a log: credentials that an upstream quoted back, and texts without end."""

from __future__ import annotations

import re
from typing import Final

MAX_CHARACTERS: Final = 2000  # characters; an error message longer than this is a dump of something

SECRETS: Final = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"ST\$[\w.-]+"),
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"),  # a JWT: base64url of '{"'
    re.compile(r"(?i)\bbearer\s+[\w.~+/-]+=*"),
    re.compile(r"\bsk-[\w-]{8,}"),
    re.compile(r"\bmsk_[0-9a-z]{10}_\w+"),  # a key of this service
    re.compile(r"/p/[\w-]{16,}/n/"),  # a pre-authenticated request, whose URL is the whole credential
    re.compile(r'(?i)\b(signature|keyid)=\\?"[^"]*"'),  # the quotes are escaped where a header is quoted in JSON
)

STORED_IDS: Final = (
    re.compile(
        r"(?<=/)(responses|conversations|items|files|vector_stores|file_batches|containers|batches)/(?!input_tokens\b)[^/?]+"
    ),
    re.compile(r"(after|before)=[^&]+"),
)


def without_ids(url: str) -> str:
    """Return a URL without the ids of what is stored at OCI's OpenAI surface: whoever knows one may try to read it."""
    head, mark, path = url.partition("/openai/v1")
    if mark:
        path = STORED_IDS[1].sub(r"\1=…", STORED_IDS[0].sub(r"\1/…", path))
    return head + mark + path


def redact(text: str) -> str:
    """Return ``text`` without credentials, cut at MAX_CHARACTERS."""
    # A little more than what is kept is looked at, so that no secret is cut in half before it is seen, and so that
    # megabytes of "-eyJ-eyJ" cost nothing.
    seen = text[: 4 * MAX_CHARACTERS]
    for secret in SECRETS:
        seen = secret.sub("[redacted]", seen)
    return seen if len(seen) <= MAX_CHARACTERS and len(text) <= 4 * MAX_CHARACTERS else seen[:MAX_CHARACTERS] + "…"
