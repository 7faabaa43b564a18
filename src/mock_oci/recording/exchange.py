"""A request and what it was answered, as a recording has them: JSON as JSON, a stream as its pieces, else text."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mock_oci.wire import Body, Request

_HALVES = re.compile("[\ud800-\udfff]")
CUT = "cut"
CLIENT_LEFT = "client left"


@dataclass(frozen=True)
class Exchange:
    """``pieces`` is the answer's body; ``streamed``: it came chunked. ``ends`` says what ended it early, if anything.

    ``too_large``: how many bytes the bodies had, which a recording then leaves out.
    """

    request: Request
    host: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    pieces: tuple[bytes, ...] = ()
    streamed: bool = False
    ends: str = ""
    too_large: int = 0

    @property
    def size(self) -> int:
        """Return how many bytes its bodies have."""
        return len(self.request.body) + sum(map(len, self.pieces))

    def wire(self) -> Body:
        """Write it as a recording's file has it."""
        request = self.request
        asked = {"method": request.method, "host": self.host, "target": request.target, "headers": request.headers}
        answered: Body = {"status": self.status, "headers": self.headers}
        if self.too_large:
            return {"request": asked, "response": {**answered, "too_large": self.too_large}}
        if self.streamed:
            answered["pieces"] = [_written(piece) for piece in self.pieces]
        else:
            answered |= written_body(b"".join(self.pieces))
        if self.ends:
            answered["ends"] = self.ends
        return {"request": {**asked, **written_body(request.body)}, "response": answered}


def read_exchange(entry: Body) -> Exchange:
    """Return what a recording's file has. Raises KeyError, TypeError or ValueError for what is no exchange."""
    asked, answered = entry["request"], entry["response"]
    request = Request(asked["method"], asked["target"], asked["headers"], read_body(asked))
    streamed = "pieces" in answered
    pieces = tuple(map(_read, answered["pieces"])) if streamed else (read_body(answered),)
    return Exchange(
        request,
        asked["host"],
        answered["status"],
        answered["headers"],
        pieces,
        streamed,
        answered.get("ends", ""),
        answered.get("too_large", 0),
    )


def path_of(target: str) -> str:
    """Return the path of a target, as it was sent."""
    return urlsplit(target).path


def written_body(body: bytes) -> Body:
    """Return ``{"json": …}``, ``{"text": …}``, ``{"base64": …}``, or nothing for an empty body."""
    if not body:
        return {}
    document = json_of(body)
    if isinstance(document, dict | list):
        return {"json": document}
    written = _written(body)
    return {"text": written} if isinstance(written, str) else written


def read_body(entry: Body) -> bytes:
    """Return the bytes of what ``written_body`` wrote; the JSON is the same, its spaces need not be."""
    if "json" in entry:
        return written_json(entry["json"]).encode()
    return _read(entry["text"] if "text" in entry else {"base64": entry.get("base64", "")})


def json_of(text: bytes | str) -> Any:
    """Return what JSON text says, ``None`` for anything else."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def written_json(document: Any, indent: int | None = None) -> str:
    """Write JSON that can be encoded: a half of a character that stands alone only can as an escape."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(document, ensure_ascii=False, separators=separators, indent=indent)
    if text.isascii() or not _HALVES.search(text):
        return text
    return json.dumps(document, separators=separators, indent=indent)


def _written(piece: bytes) -> Any:
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(piece).decode()}


def _read(piece: Any) -> bytes:
    return piece.encode() if isinstance(piece, str) else base64.b64decode(piece["base64"], validate=True)
