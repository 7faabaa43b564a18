"""JSON with a text of megabytes in it, an image or a long answer, written in one copy.

The standard encoder makes three: the text with its escapes, all of the JSON as a string, and that as bytes. Here long
texts are set aside, the rest is written as ever, and they are put in slice by slice, in half of the time and less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import zip_longest
from typing import Any, Final

SLICE: Final = 65_536  # characters, which stay in a processor's cache
_MARK: Final = "<a long text>"


def write_in_slices(value: Any, write: Callable[[Any], bytes], large: int) -> bytes:
    """Return what ``write``, which writes JSON, returns for ``value``; a ``large`` text has so many characters."""
    texts: list[str] = []
    mark = write(_MARK)
    rest = write(_without_large(value, large, texts)).split(mark)
    if len(rest) != len(texts) + 1:  # somebody else has written the same
        return write(value)
    written = BytesIO()
    for part, text in zip_longest(rest, texts, fillvalue=None):
        written.write(part or b"")
        if text is not None:
            written.write(b'"')
            for piece in _slices(text):
                written.write(_escaped(piece) or write(piece)[1:-1])
            written.write(b'"')
    return written.getvalue()


def _without_large(value: Any, large: int, texts: list[str]) -> Any:
    if isinstance(value, str) and len(value) >= large:
        texts.append(value)
        return _MARK
    if isinstance(value, dict):
        return {name: _without_large(item, large, texts) for name, item in value.items()}
    return [_without_large(item, large, texts) for item in value] if isinstance(value, list) else value


def _escaped(piece: str) -> bytes | None:
    """Return a piece of text as it stands in JSON; ``None`` where it takes the encoder, which reads each character.

    There is seldom more to escape than line ends, tabs, backslashes and quotation marks.
    """
    try:
        written = piece.encode()
    except UnicodeEncodeError:
        return None
    found = set(written.translate(None, _PLAIN))
    if not found <= _ESCAPES.keys():
        return None
    for byte, escape in _ESCAPES.items():
        if byte in found:
            written = written.replace(bytes((byte,)), escape)
    return written


def _slices(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = start + SLICE
        # Two halves of a surrogate pair are one character where they meet.
        while "\ud800" <= text[end - 1 : end] <= "\udbff":
            end += 1
        yield text[start:end]
        start = end


_ESCAPES: Final = {ord("\\"): b"\\\\", ord('"'): b'\\"', ord("\n"): b"\\n", ord("\r"): b"\\r", ord("\t"): b"\\t"}
_PLAIN: Final = bytes(byte for byte in range(0x20, 0x100) if byte not in _ESCAPES)
