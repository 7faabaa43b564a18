"""Whether a request is the one of a recording: the same up to the ids that were replaced, each for one and the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mock_oci.recording.exchange import json_of
from mock_oci.recording.patterns import BY_LOOK, kind_in_path, kind_of_name
from mock_oci.recording.placeholders import NAMED, is_placeholder
from mock_oci.recording.sanitiser import UNWRAPPERS, Rewriter
from mock_oci.wire import Request

_COMPARED_HEADERS = ("range", "if-match", "if-none-match", "fn-invoke-type", "fn-intent")
_MAX_SHOWN = 80

Binding = dict[str, str]
"""What stands in a request for each placeholder of the recording."""


class _Differs(Exception):
    """Where two requests differ, and in what."""


@dataclass(frozen=True)
class Match:
    """``binding`` has what the request stands for, ``differences`` what keeps it from being the recorded one."""

    binding: Binding
    differences: tuple[str, ...] = ()


def match(recorded: Request, asked: Request, binding: Mapping[str, str], ignoring: frozenset[str]) -> Match:
    """Compare a request with a recorded one, part by part.

    ``binding``: what placeholders stand for already; ``ignoring``: names of parameters and fields whose values may
    differ.
    """
    comparison = _Comparison(dict(binding), ignoring)
    differences = []
    for part in (comparison.methods, comparison.paths, comparison.queries, comparison.headers, comparison.bodies):
        try:
            part(recorded, asked)
        except _Differs as difference:
            differences.append(str(difference))
    return Match(comparison.binding, tuple(differences))


class _Comparison:
    def __init__(self, binding: Binding, ignoring: frozenset[str]) -> None:
        self.binding = binding
        self._ignoring = ignoring

    def methods(self, recorded: Request, asked: Request) -> None:
        if recorded.method != asked.method:
            raise _Differs(f"the method is {asked.method}, not {recorded.method}")

    def paths(self, recorded: Request, asked: Request) -> None:
        ours, theirs = (request.path.split("/") for request in (recorded, asked))
        if len(ours) != len(theirs):
            raise _Differs(f"the path is {asked.path}, not {recorded.path}")
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            self._texts(unquote(one), unquote(other), "the path", kind_in_path(ours, index))

    def queries(self, recorded: Request, asked: Request) -> None:
        ours, theirs = (_query(request.target) for request in (recorded, asked))
        self._values(ours, theirs, "the query")

    def headers(self, recorded: Request, asked: Request) -> None:
        for name in _COMPARED_HEADERS:
            self._values(recorded.headers.get(name, ""), asked.headers.get(name, ""), f"the header {name}")

    def bodies(self, recorded: Request, asked: Request) -> None:
        ours, theirs = json_of(recorded.body), json_of(asked.body)
        if ours is not None and theirs is not None:
            self._values(ours, theirs, "the body")
        else:
            self._texts(_text(recorded.body), _text(asked.body), "the body")

    def _values(self, ours: Any, theirs: Any, where: str, name: str = "") -> None:
        if isinstance(ours, dict) and isinstance(theirs, dict):
            for key in dict.fromkeys((*ours, *theirs)):
                if key not in self._ignoring:
                    self._fields(ours, theirs, where, key)
        elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
            for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
                self._values(one, other, f"{where}[{index}]", name)
        elif isinstance(ours, str) and isinstance(theirs, str):
            self._texts(ours, theirs, where, kind_of_name(name))
        elif ours != theirs:
            raise _differs(where, theirs, ours)

    def _fields(self, ours: dict[str, Any], theirs: dict[str, Any], where: str, key: str) -> None:
        place = f"{where}'s {key}" if " " in where and "'s" not in where else f"{where}.{key}"
        if key not in ours or key not in theirs:
            raise _Differs(f"{place} is {'not recorded' if key in theirs else 'missing'}")
        self._values(ours[key], theirs[key], place, key)

    def _texts(self, ours: str, theirs: str, where: str, kind: str | None = None) -> None:
        if kind is not None and is_placeholder(ours):
            return self._bind(ours, theirs, where)
        for unwrap in UNWRAPPERS:
            inner, others = unwrap(ours), unwrap(theirs)
            if inner is not None and others is not None:
                return self._values(inner[0], others[0], where)
        one, other = list(_tokens(ours)), list(_tokens(theirs))
        if [kind for kind, _ in one] != [kind for kind, _ in other]:
            return self._named(ours, theirs, where, (ours, theirs))
        for (kind_of_one, recorded), (_, asked) in zip(one, other, strict=True):
            if kind_of_one is not None and is_placeholder(recorded):
                self._bind(recorded, asked, where)
            elif recorded != asked:
                self._named(recorded, asked, where, (ours, theirs))
        return None

    def _named(self, recorded: str, asked: str, where: str, whole: tuple[str, str]) -> None:
        """Compare texts one of which may have placeholders that are known by their name only."""
        names = NAMED.findall(recorded)
        pattern = "(.+)".join(map(re.escape, NAMED.split(recorded)))
        found = re.fullmatch(pattern, asked, re.DOTALL) if names else None
        if found is None:
            raise _differs(where, whole[1], whole[0])
        for name, value in zip(names, found.groups(), strict=True):
            self._bind(name, value, where)

    def _bind(self, placeholder: str, value: str, where: str) -> None:
        if self.binding.setdefault(placeholder, value) != value:
            raise _Differs(f"{where} is {value}, where {self.binding[placeholder]} stood before")


def _tokens(text: str) -> Iterator[tuple[str | None, str]]:
    """Yield what text is made of: each id with its kind, and what stands between them."""
    end = 0
    for found in BY_LOOK.finditer(text):
        yield None, text[end : found.start()]
        yield found.lastgroup, found.group()
        end = found.end()
    yield None, text[end:]


def _differs(where: str, asked: Any, recorded: Any) -> _Differs:
    texts = (json.dumps(value, ensure_ascii=False) for value in (asked, recorded))
    shown = [text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…" for text in texts]
    return _Differs(f"{where} is {shown[0]}, not {shown[1]}")


def _query(target: str) -> dict[str, str | list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(urlsplit(target).query, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def _text(body: bytes) -> str:
    return body.decode("utf-8", "surrogateescape")


class Filling(Rewriter):
    """Puts into an answer the ids of who asks now, in place of the recording's."""

    def __init__(self, binding: Mapping[str, str]) -> None:
        self._binding = dict(binding)
        names = sorted(filter(None, binding), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, names)) or "(?!)")

    def replaced(self, text: str) -> str:
        """Replace every placeholder that stands for something."""
        return self._pattern.sub(lambda found: self._binding[found.group()], text)

    def piece(self, piece: bytes) -> bytes:
        """Return a piece of a stream, line by line."""
        return b"".join(map(self._line, piece.splitlines(keepends=True)))

    def _line(self, line: bytes) -> bytes:
        start = b"data: " if line.startswith(b"data: ") else b""
        text = line[len(start) :].rstrip(b"\r\n")
        return start + self.body(text) + line[len(start) + len(text) :]
