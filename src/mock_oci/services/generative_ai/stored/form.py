"""multipart/form-data as it comes to the surface (RFC 7578): fields, and one file."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote

from mock_oci.operations import Call
from mock_oci.services.generative_ai.openai_errors import missing_parameter, openai_error

_BOUNDARY = re.compile(r'multipart/form-data;.*\bboundary="?([^";]+)"?', re.IGNORECASE)
_NAME = re.compile(r'(?<![*\w])name="((?:[^"\\]|\\.)*)"')
_FILENAME = re.compile(r'filename="((?:[^"\\]|\\.)*)"')
_EXTENDED = re.compile(r"filename\*=utf-8''([^;\s]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Form:
    fields: dict[str, str]
    filename: str
    content: bytes


def is_form(call: Call) -> bool:
    return call.request.headers.get("content-type", "").lower().startswith("multipart/")


def form_of(call: Call, known: Collection[str]) -> Form:
    """Return the fields and the file. Raises Refused for what is no form, a field that is not known, and no file."""
    match = _BOUNDARY.match(call.request.headers.get("content-type", ""))
    if match is None:
        raise openai_error("Invalid Content-Type: expected multipart/form-data with a boundary.")
    fields: dict[str, str] = {}
    file: tuple[str, bytes] | None = None
    pieces = (b"\r\n" + call.request.body).split(b"\r\n--" + match[1].encode())
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise openai_error("Could not parse multipart form: unexpected end.")
    for piece in pieces[1:-1]:
        name, filename, content = _part(piece)
        if name.partition("[")[0] not in known:
            raise openai_error(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
        if name == "file":
            file = (filename, content)
        else:
            fields[name] = content.decode("utf-8", "replace")
    if file is None or not file[0]:
        raise missing_parameter("file")
    if not file[1]:
        raise openai_error("The file is empty.", "file", "invalid_value")
    return Form(fields, *file)


def _part(piece: bytes) -> tuple[str, str, bytes]:
    head, blank, content = piece.partition(b"\r\n\r\n")
    text = head.decode("utf-8", "replace")
    name = _NAME.search(text)
    if not blank or name is None or "content-disposition" not in text.lower():
        raise openai_error("Could not parse multipart form: a part has no name.")
    extended, filename = _EXTENDED.search(text), _FILENAME.search(text)
    if extended is not None:
        return name[1], unquote(extended[1]), content
    return name[1], filename[1].replace("%22", '"').replace('\\"', '"') if filename else "", content
