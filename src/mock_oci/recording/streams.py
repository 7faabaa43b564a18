"""The pieces of a stream: whole events each, and nothing secret in what they say together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from mock_oci.recording.exchange import json_of, written_json
from mock_oci.recording.sanitiser import Sanitiser

_Place = tuple[str | int, ...]
_LINES = re.compile(r"[^\n]*\n|[^\n]+")  # splitlines() knows other ends, which stand within JSON
# Fields that are whole in each event.
_SAYS_NOTHING = re.compile(r"(?:^|_)id$|Id$|^(?:type|object|model|status|role|name|pad|obfuscation|apiFormat)$")


def sanitised_pieces(pieces: Iterable[bytes], sanitiser: Sanitiser) -> list[bytes]:
    """Return the pieces as a recording may have them; pieces that only together are lines become one."""
    texts = list(_whole_lines(pieces))
    lines = [line for text in texts for line in _LINES.findall(text)]
    events = [_event(line) for line in lines]
    _hide_what_is_spread([event for _, event in events], sanitiser)
    written = iter(_line(line, prefix, event, sanitiser) for line, (prefix, event) in zip(lines, events, strict=True))
    return ["".join(next(written) for _ in _LINES.findall(text)).encode("utf-8", "surrogateescape") for text in texts]


def _whole_lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield text that ends with a line, except the last; bytes that are no text are kept as surrogates."""
    waiting = b""
    for piece in pieces:
        waiting += piece
        if waiting.endswith(b"\n"):
            yield waiting.decode("utf-8", "surrogateescape")
            waiting = b""
    if waiting:
        yield waiting.decode("utf-8", "surrogateescape")


def _event(line: str) -> tuple[str, Any]:
    """Return what stands before a line's JSON, and the JSON; ``None``: the line has none."""
    prefix = "data:" if line.startswith("data:") else ""
    document = json_of(line[len(prefix) :])
    return (prefix, document) if isinstance(document, dict | list) else ("", None)


def _line(line: str, prefix: str, event: Any, sanitiser: Sanitiser) -> str:
    if event is None:
        ending = line[len(line.rstrip("\r\n")) :]
        start, text = (
            ("data: ", line[5:].strip()) if line.startswith("data:") else ("", line[: len(line) - len(ending)])
        )
        changed = sanitiser.text(text)
        return line if changed == text else f"{start}{changed}{ending}"
    ending = line[len(line.rstrip("\r\n")) :]
    changed = sanitiser.value(event)
    return f"{prefix}{' ' if prefix else ''}{written_json(changed)}{ending}"


def _hide_what_is_spread(events: list[Any], sanitiser: Sanitiser) -> None:
    """Replace in what the events' fields say one after the other: a model may write a key letter by letter."""
    spoken: dict[_Place, list[int]] = {}
    for index, event in enumerate(events):
        for place, _ in _texts(event, ()):
            if not _SAYS_NOTHING.search(str(place[-1])):
                spoken.setdefault(place, []).append(index)
    for place, indexes in spoken.items():
        for index in indexes:
            _at(events[index], place[:-1])[place[-1]] = sanitiser.text(_at(events[index], place))
        said = "".join(_at(events[index], place) for index in indexes)
        changed = sanitiser.text(said) if len(indexes) > 1 else said
        if changed != said:
            _spread(events, place, indexes, changed)


def _spread(events: list[Any], place: _Place, indexes: list[int], text: str) -> None:
    """Give each event as much of ``text`` as it had, and the last one the rest."""
    for index in indexes:
        length = len(_at(events[index], place)) if index != indexes[-1] else len(text)
        part, text = text[:length], text[length:]
        holder = _at(events[index], place[:-1])
        holder[place[-1]] = part


def _texts(value: Any, place: _Place) -> Iterator[tuple[_Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(item, (*place, key))


def _at(value: Any, place: _Place) -> Any:
    for key in place:
        value = value[key]
    return value
