"""Multipart forms, taken apart and put together: a file that goes by a link, or that is to bear its owner's name.

Source: https://www.rfc-editor.org/rfc/rfc7578
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any, Final
from uuid import uuid4

from model_service.errors import InvalidRequest

UPLOAD_FIELDS: Final = frozenset({"upload", "bytes"})  # of a JSON body in the place of a form
MAX_PARTS: Final = 32
MAX_HEAD_BYTES: Final = 4096
MEDIA_TYPE: Final = re.compile(r"[!-~]+/[!-~]+(; ?[ -~]+)?")
DEFAULT_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True)
class Part:
    """One field of a form; a file has a ``filename`` and a ``content_type``."""

    name: str
    content: bytes = field(repr=False)
    filename: str | None = field(default=None, repr=False)
    content_type: str | None = None


def read_form(content: bytes, content_type: str) -> list[Part]:
    """Return the fields of a form; raise ``InvalidRequest`` for what is none."""
    boundary = _parameters(f"form; {content_type.partition(';')[2]}").get("boundary", "").encode("ascii", "replace")
    delimiter = b"\r\n--" + boundary
    pieces = (b"\r\n" + content).split(delimiter, MAX_PARTS + 1)
    if not boundary or len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise _invalid("is not multipart, is cut off, or has too many parts")
    return list(_parts(pieces[1:-1]))


def _parts(pieces: list[bytes]) -> Iterator[Part]:
    for piece in pieces:
        head, blank, body = piece.partition(b"\r\n\r\n")
        if not blank or len(head) > MAX_HEAD_BYTES:
            raise _invalid("has a part without a head, or with a long one")
        headers: dict[str, str] = {}
        for line in head.decode("utf-8", "replace").split("\r\n")[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        said = _parameters(headers.get("content-disposition", ""))
        if not said.get("name"):
            raise _invalid("has a part without a name")
        yield Part(said["name"], body, said.get("filename"), headers.get("content-type"))


def _parameters(disposition: str) -> dict[str, str]:
    """Return the parameters of a header: ``filename*`` is read as what it stands for (RFC 2231)."""
    message = Message()
    message["content-disposition"] = disposition
    found: list[tuple[str, Any]] = message.get_params(failobj=[], header="content-disposition")
    try:
        return {name.lower(): collapse_rfc2231_value(value) for name, value in found[1:]}
    except ValueError:  # of whichever codec the form names
        raise _invalid("has a name that its own encoding cannot have") from None


def write_form(parts: list[Part]) -> tuple[bytes, str]:
    """Return a form and its content type; names are quoted as browsers do it."""
    boundary = uuid4().hex.encode()
    lines: list[bytes] = []
    for part in parts:
        disposition = f'form-data; name="{_quoted(part.name)}"'
        lines.append(b"--" + boundary)
        if part.filename is None:
            lines += [f"Content-Disposition: {disposition}".encode(), b"", part.content]
        else:
            kind = part.content_type if MEDIA_TYPE.fullmatch(part.content_type or "") else DEFAULT_TYPE
            disposition += f'; filename="{_quoted(part.filename)}"'
            lines += [f"Content-Disposition: {disposition}".encode(), f"Content-Type: {kind}".encode()]
            lines += [b"", part.content]
    return b"\r\n".join([*lines, b"--" + boundary + b"--", b""]), f"multipart/form-data; boundary={boundary.decode()}"


def fields_of(values: Mapping[str, object], prefix: str = "") -> Iterator[Part]:
    """Yield the fields of a form for those of a JSON object, nested ones with brackets, as OpenAI's clients do it."""
    for name, value in values.items():
        full = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, Mapping):
            yield from fields_of(value, full)
        elif isinstance(value, str | int):
            yield Part(full, str(value).encode("utf-8", "replace"))
        elif value is not None:
            raise InvalidRequest(f"{full}: must be a string, an integer or an object.", param=full)


def _quoted(text: str) -> str:
    # https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
    safe = text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").replace("\\", "%5C")
    return safe.encode("utf-8", "replace").decode()


def _invalid(problem: str) -> InvalidRequest:
    return InvalidRequest(f"The body {problem}.", code="invalid_form")
