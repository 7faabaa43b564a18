"""A recording's file: JSON, in the order in which the requests were sent, and nothing secret in it."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

from mock_oci.recording.exchange import Exchange, json_of, read_exchange, written_json
from mock_oci.recording.patterns import CREDENTIALS, NAMESPACE, kind_of_name
from mock_oci.recording.sanitiser import Sanitiser, alone
from mock_oci.recording.streams import sanitised_pieces
from mock_oci.wire import Request

FORMAT: Final = "mock_oci recording 1"
_LOOKED_FOR: Final = 8  # characters: what is shorter may be part of any word
# What a recording has of the headers; of all others nobody has said that they hold nothing secret.
_ASKED: Final = re.compile(
    r"accept|content-type|opc-compartment-id|compartmentid|openai-project|opc-project-id|if-(?:none-)?match|range"
    r"|fn-invoke-type|fn-intent"
)
_ANSWERED: Final = re.compile(
    r"content-(?:type|range|disposition|language)|etag|last-modified|retry-after|location|accept-ranges|cache-control"
    r"|version-id|archival-state|storage-tier|model-retirement-info|opc-.*|x-genai-.*"
)
_OF_A_BODY: Final = ("content-md5", "opc-content-", "opc-multipart-md5")  # which is not the same any more


class SecretLeft(AssertionError):
    """Something that was to be replaced is still there; nothing was written."""


def write_recording(path: Path, exchanges: Iterable[Exchange], sanitiser: Sanitiser, left_out: int = 0) -> None:
    """Write the exchanges, replaced throughout. Raises SecretLeft, and OSError; then what was there stays."""
    kept = list(exchanges)
    sanitiser.is_learning = True
    for exchange in kept:  # what the last one shows to be a secret may stand in the first one too
        _learn_credentials(exchange.request.headers, sanitiser)
        sanitised(exchange, sanitiser)
    sanitiser.is_learning = False
    document = {
        "format": FORMAT,
        "left_out": left_out,
        "exchanges": [sanitised(exchange, sanitiser).wire() for exchange in kept],
    }
    text = written_json(document, indent=1) + "\n"
    _check(text, sanitiser)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def read_recording(path: Path) -> list[Exchange]:
    """Return the exchanges of a file. Raises OSError, and ValueError for what is no recording."""
    document = json_of(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"{path}: is not a recording of mock-oci")
    try:
        return [read_exchange(entry) for entry in document["exchanges"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: has an exchange that cannot be read: {error}") from error


def _learn_credentials(headers: Mapping[str, str], sanitiser: Sanitiser) -> None:
    """Learn what the caller signed with: parts of it may come back in an answer."""
    for name, value in headers.items():
        scheme, _, rest = value.partition(" ")
        if name == "authorization" and scheme.lower() == "signature":
            for part in rest.split(","):
                key, _, quoted = part.strip().partition("=")
                if key in ("keyId", "signature"):
                    sanitiser.learn("secret", quoted.strip('"'))
                    sanitiser.text(quoted.strip('"').removeprefix("ST$"))
        elif name == "authorization":
            sanitiser.learn("secret", rest or scheme)
        elif kind_of_name(name) is not None:
            sanitiser.text(value, name)


def sanitised(exchange: Exchange, sanitiser: Sanitiser) -> Exchange:
    """Return an exchange as a recording may have it."""
    request = exchange.request
    answer = json_of(b"".join(exchange.pieces)) if request.path.rstrip("/") == "/n" else None
    if isinstance(answer, str):  # GetNamespace says nothing else
        sanitiser.learn(NAMESPACE, answer)
    asked = {name: sanitiser.text(value, name) for name, value in request.headers.items() if _ASKED.fullmatch(name)}
    body = sanitiser.body(request.body)
    joined = b"".join(exchange.pieces)
    is_one_document = isinstance(json_of(joined), dict | list)  # in chunks, maybe, and over many lines
    is_stream = exchange.streamed and not is_one_document
    pieces = sanitised_pieces(exchange.pieces, sanitiser) if is_stream else [sanitiser.body(joined)]
    is_same = b"".join(pieces) == joined
    headers = {
        name: sanitiser.target(value) if name == "location" and value.startswith("/") else sanitiser.text(value, name)
        for name, value in exchange.headers.items()
        if _ANSWERED.fullmatch(name) and (is_same or not name.startswith(_OF_A_BODY))
    }
    return replace(
        exchange,
        request=Request(request.method, sanitiser.target(request.target), asked, body),
        host=sanitiser.text(exchange.host),
        headers=headers,
        pieces=tuple(pieces),
    )


def _check(text: str, sanitiser: Sanitiser) -> None:
    """Raise SecretLeft if anything that was replaced somewhere still stands elsewhere, in whatever encoding."""
    for kind, value, placeholder in sanitiser.placeholders.replaced():
        if len(value) < _LOOKED_FOR:
            continue
        is_there = value in text and re.search(alone(value), text)
        if is_there or (kind in CREDENTIALS and any(form in text for form in _forms(value))):
            raise SecretLeft(
                f"what became {placeholder!r} elsewhere still stands in the recording: nothing was written"
            )


def _forms(value: str) -> Iterator[str]:
    """Yield how else a value may be written; a short one may be part of anything."""
    if len(value) < 2 * _LOOKED_FOR:
        return
    yield json.dumps(value)[1:-1]
    yield quote(value, safe="")
    raw = value.encode("utf-8", "surrogateescape")
    for offset in range(3):  # where it begins within a group of three bytes; the letters at both ends have others' bits
        inner = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")[(0, 2, 3)[offset] :]
        inner = inner[: len(inner) - 1]
        yield from {inner, inner.translate(_URL_SAFE)} if len(inner) >= _LOOKED_FOR else ()


_URL_SAFE: Final = str.maketrans("+/", "-_")
