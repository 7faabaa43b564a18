"""What goes back to Fn: a status, headers that cannot be broken out of, and a body that the platform lets through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Final

from model_service.light_dataclasses import dataclass

MAX_REPLY_BYTES: Final = 6_000_000  # bytes; the platform's cap is "6 MB", and what exceeds it is lost with a 502

_LINE_BREAKERS: Final = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class Reply:
    """One answer of the function.

    Header values may come from upstream, so control characters are taken out: the FDK writes a CR or LF through as it
    is (``fdk/async_http/response.py``, ``_parse_headers``). A ``body`` that is not bytes comes in pieces; whoever takes
    it reads it to its end or closes it.
    """

    status: int
    body: bytes | Iterator[bytes] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        safe = {
            name: value
            if value.isascii() and value.isprintable()  # as nearly all are
            else _LINE_BREAKERS.sub(" ", value).encode("ascii", "backslashreplace").decode()
            for name, value in self.headers.items()
        }
        object.__setattr__(self, "headers", safe)

    def whole(self) -> bytes:
        """Return the body in one piece, reading it to its end."""
        return self.body if isinstance(self.body, bytes) else b"".join(self.body)
