"""How much the function holds of anything at once, from the memory that Fn gives it (``FN_MEMORY``).

``BOUNDS`` says of each what it bounds, where it comes from and what happens beyond it; the table in ``docs/`` is
written from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from model_service.errors import RequestTooLarge
from model_service.light_dataclasses import dataclass

MEBIBYTE: Final = 1024 * 1024
DEFAULT_MEMORY: Final = 512  # mebibytes: what func.yaml asks for, and what is assumed outside of Fn
MAX_REQUEST_BYTES: Final = 6 * MEBIBYTE  # what the platform lets in
RESTING_MEMORY: Final = 64 * MEBIBYTE  # the interpreter and the modules of every transport


@dataclass(frozen=True)
class Limits:
    """The bounds of one process, in bytes."""

    request_bytes: int
    request_json_bytes: int
    stored_request_bytes: int
    answer_bytes: int
    stream_bytes: int
    line_bytes: int
    error_bytes: int
    json_bytes: int
    stored_answer_bytes: int

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> Limits:
        """Return the bounds for ``FN_MEMORY``, in whole mebibytes (fn: ``runner_fninvoke.go``).

        They are the default's where it is missing or not such a number.
        """
        memory = environment.get("FN_MEMORY", "")
        return cls.for_memory(int(memory) if memory.isascii() and memory.isdigit() and int(memory) else DEFAULT_MEMORY)

    @classmethod
    def for_memory(cls, mebibytes: int = DEFAULT_MEMORY) -> Limits:
        """Return the bounds of a process that has so much memory; the more it has, the larger."""
        memory = mebibytes * MEBIBYTE
        answer = max(min(memory // 5, 32 * MEBIBYTE), memory // 16)
        return cls(
            request_bytes=MAX_REQUEST_BYTES,
            request_json_bytes=max(16 * MEBIBYTE, min((memory - RESTING_MEMORY) // 4, 80 * MEBIBYTE)),
            stored_request_bytes=max(MAX_REQUEST_BYTES, min(32 * MEBIBYTE, memory // 16)),
            answer_bytes=answer,
            stream_bytes=2 * answer,
            line_bytes=answer // 2,
            error_bytes=64 * 1024,
            json_bytes=max(16 * MEBIBYTE, min((memory - RESTING_MEMORY) // 2, 80 * MEBIBYTE), memory // 8),
            stored_answer_bytes=memory // 5,
        )


@dataclass(frozen=True)
class Bound:
    """A row of the table.

    What is bounded, the ``setting`` that its value comes from (``None``: it is fixed), and what happens beyond it.
    """

    what: str
    setting: str | None
    beyond: str


def json_cost(text: bytes | bytearray) -> int:
    """Return about how many bytes Python's values take that ``text``, some JSON, describes.

    Small objects take up to thirty times their text, and a text with one emoji four times. It is found out without
    reading the JSON, so that what cannot fit is not read.
    """
    return _cost_of_structure(text) + _width(text) * len(text)


def json_fits(text: bytes | bytearray, limit: int) -> bool:
    """Return whether what ``text`` describes takes at most ``limit`` bytes once it is read."""
    if json_cost(text) <= limit:
        return True
    if _width(text) * len(text) > limit:
        return False
    # Braces and commas in strings cost nothing; to know them takes ten times as long, so it is asked last.
    cost = json_cost(text)
    for string in _STRING.finditer(text):
        cost -= _cost_of_structure(string[0])
        if cost <= limit:
            return True
    return False


def check_memory(request: bytes, limits: Limits) -> None:
    """Raise ``RequestTooLarge`` where what the JSON of a request describes would not fit into memory."""
    if not json_fits(request, limits.request_json_bytes):
        raise RequestTooLarge("The request has more or longer values than fit into the memory of the function.")


def _cost_of_structure(text: bytes | bytearray) -> int:
    """Of CPython 3.11: a dict with up to five keys, a list with some room, and an entry with its value."""
    structure = text.translate(None, _NO_STRUCTURE)  # one look at all of it, and three at little
    return 184 * structure.count(b"{") + 64 * structure.count(b"[") + 40 * structure.count(b",")


_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def _width(text: bytes | bytearray) -> int:
    """Return how many bytes CPython takes for each character of a string with the widest one of ``text`` (PEP 393)."""
    # To take bytes out is thirty times as quick as to look for them with a regular expression, and to look for one byte
    # forty times as quick as to look for two.
    escapes = b"\\" in text and b"\\u" in text
    if text.isascii() and not escapes:
        return 1
    if text.translate(None, _BELOW_F0) or (escapes and _HALF_ESCAPED.search(text)):
        return 4
    return 2 if text.translate(None, _BELOW_C4) or (escapes and _WIDE_ESCAPED.search(text)) else 1


_NO_STRUCTURE: Final = bytes(byte for byte in range(0x100) if byte not in b"{[,")
_BELOW_C4: Final = bytes(range(0xC4))  # what characters up to U+00FF are made of, and what follows a first byte
_BELOW_F0: Final = bytes(range(0xF0))
_HALF_ESCAPED: Final = re.compile(rb"\\u[dD][89abAB]")
_WIDE_ESCAPED: Final = re.compile(rb"\\u(?!00)")


BOUNDS: Final[Mapping[str, Bound]] = {
    "request_bytes": Bound("A request", None, "413 `request_too_large`"),
    "request_json_bytes": Bound(
        "What the JSON of a request takes in memory once it is read", "FN_MEMORY", "413 `request_too_large`"
    ),
    "stored_request_bytes": Bound("A request in a bucket (`body_from`)", "FN_MEMORY", "413 `request_too_large`"),
    "answer_bytes": Bound("An answer of OCI, decompressed", "FN_MEMORY", "502 `upstream_answer_too_large`"),
    "stream_bytes": Bound(
        "All of a streamed answer of OCI, decompressed", "FN_MEMORY", "the stream ends with `upstream_answer_too_large`"
    ),
    "line_bytes": Bound("One line of a stream", "FN_MEMORY", "the stream ends with `upstream_answer_too_large`"),
    "error_bytes": Bound("The body of an error of OCI", None, "the rest is left unread"),
    "stored_answer_bytes": Bound(
        "An answer of embeddings that goes to the bucket for large ones", "FN_MEMORY", "413 `request_too_large`"
    ),
    "json_bytes": Bound(
        "What the JSON of an answer takes in memory once it is read",
        "FN_MEMORY",
        "502 `upstream_answer_too_large`",
    ),
}
