"""What crosses mock_oci's doors: a request and a response as plain data, whichever door they came through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """One HTTP request as it stood on the wire.

    ``target`` is the raw path and query (percent-encoding kept: it is part of what a signature covers);
    ``headers`` has lower-case names.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


@dataclass(frozen=True)
class Response:
    """One HTTP response; a ``body`` that is not bytes is sent chunked, each piece as soon as it is there.

    An empty piece is not sent: it gives the door a moment to see whether the client is still there.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""

    def close(self) -> None:
        """Tells a streamed body that nobody reads it any more; bytes need no telling."""
        close = getattr(self.body, "close", None)
        if close is not None:
            close()
