"""Secrets and ids out of texts, JSON, paths, headers and streams, whatever they are wrapped in."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from mock_oci.recording.exchange import json_of, written_json
from mock_oci.recording.patterns import (
    BY_LOOK,
    KNOWN_BY_PLACE,
    NAMESPACE,
    OPAQUE,
    PARAMETER,
    SECRET,
    kind_in_path,
    kind_of_name,
)
from mock_oci.recording.placeholders import Placeholders

_Unwrapped = tuple[Any, Callable[[Any], str]] | None
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_ENCODED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_MIN_LEARNT: Final = 4  # characters: what is shorter is replaced where it stands, and not looked for elsewhere
_MAX_DECODED: Final = 1_000_000
_MAX_DEPTH: Final = 8  # JSON in Base64 in JSON …


class Rewriter:
    """Walks through texts and JSON, and through what they are wrapped in: JSON, Base64, percent signs."""

    def text(self, text: str, name: str = "", depth: int = 0) -> str:
        """Return ``text`` rewritten; ``name``: the field, parameter or header that it stands under."""
        named = self.named(name, text)
        if named is not None:
            return named
        for unwrap in UNWRAPPERS if depth < _MAX_DEPTH else ():
            unwrapped = unwrap(text)
            if unwrapped is not None:
                found, wrap = unwrapped
                changed = self.value(found, depth=depth + 1)
                return self.replaced(text) if changed == found else wrap(changed)
        return self.replaced(text)

    def value(self, value: Any, name: str = "", depth: int = 0) -> Any:
        """Return a JSON value rewritten: its texts, and the names of its fields."""
        if isinstance(value, str):
            return self.text(value, name, depth)
        if isinstance(value, list):
            return [self.value(item, name, depth) for item in value]
        if isinstance(value, dict):
            return {self.replaced(key): self.value(item, _name_in(value, key), depth) for key, item in value.items()}
        return value

    def body(self, body: bytes) -> bytes:
        """Return a body rewritten; bytes that are no text are looked through as they are."""
        try:
            text, encoding = body.decode(), "utf-8"
        except UnicodeDecodeError:
            text, encoding = body.decode("latin-1"), "latin-1"
        changed = self.text(text)
        return body if changed == text else changed.encode(encoding)

    def named(self, _name: str, _text: str) -> str | None:
        """Return what becomes of a text because of its name; ``None``: its name says nothing."""
        return None

    def replaced(self, text: str) -> str:
        """Return plain text rewritten."""
        return text


class Sanitiser(Rewriter):
    """Replaces what it recognises, and whatever it has learnt to be secret, wherever it stands.

    ``also``: more strings that must not stay. What stands under a telling name is learnt: so everything is shown to it
    once before anything is written, while it ``is_learning``.
    """

    def __init__(self, also: Iterable[str] = ()) -> None:
        self.placeholders = Placeholders()
        self.is_learning = False
        self._learnt: set[str] = set()
        for value in filter(None, also):
            self.placeholders.of(SECRET, value)
            self._learnt.add(value)

    def learn(self, kind: str, value: str) -> str:
        """Remember a value that must not stay anywhere, and return what stands for it."""
        placeholder = self.placeholders.of(kind, value)
        if placeholder != value and len(value) >= _MIN_LEARNT:
            self._learnt.add(value)
        return placeholder

    def named(self, name: str, text: str) -> str | None:
        """Replace the whole of what stands under a telling name."""
        kind = kind_of_name(name)
        return None if kind is None or not text or _is_plain(kind, text) else self.learn(kind, text)

    def target(self, target: str) -> str:
        """Return a path and query; what does not change keeps its encoding."""
        parts = urlsplit(target)
        segments = parts.path.split("/")
        path = "/".join(self._segment(segments, index) for index in range(len(segments)))
        if not parts.query:
            return path
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        changed = [(name, self.text(value, name)) for name, value in pairs]
        return f"{path}?{parts.query if changed == pairs else urlencode(changed, quote_via=quote)}"

    def _segment(self, segments: list[str], index: int) -> str:
        segment = unquote(segments[index])
        kind = kind_in_path(segments, index)
        changed = self.learn(kind, segment) if kind else self.replaced(segment)
        return segments[index] if changed == segment else quote(changed, safe="")

    def replaced(self, text: str) -> str:
        """Replace what was learnt, parameters of URLs, and what is known by its look."""
        # Only those that are there make a pattern: there may be thousands, and texts of a megabyte.
        present = [] if self.is_learning else [value for value in self._learnt if value in text]
        if present:
            pattern = "|".join(map(alone, sorted(present, key=len, reverse=True)))
            text = re.sub(pattern, lambda found: self.placeholders.of(SECRET, found.group()), text)
        text = PARAMETER.sub(lambda found: found[1] + quote(self.learn(SECRET, unquote(found[2]))), text)
        return BY_LOOK.sub(self._by_look, text)

    def _by_look(self, found: re.Match[str]) -> str:
        kind = found.lastgroup or SECRET
        return (self.learn if kind in KNOWN_BY_PLACE else self.placeholders.of)(kind, found.group())


def _name_in(holder: dict[str, Any], key: str) -> str:
    """Return what a field's name says, in the object that holds it."""
    if key == "content" and holder.get("contentType") == "BASE64":  # of a secret's bundle (secrets.models)
        return SECRET
    return "" if key == "token" and "logprob" in holder else key  # a model's token is none of a caller's


def alone(value: str) -> str:
    """Return a pattern of a learnt value; a short one counts as a word only: it may be part of another."""
    return re.escape(value) if len(value) >= 16 else rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])"


def _is_plain(kind: str, text: str) -> bool:
    """Tell whether a telling name tells nothing of this text: a number, a page by number, a service's namespace."""
    return (kind == OPAQUE and text.isdigit()) or (kind == NAMESPACE and text.startswith(("oci_", "oracle_")))


def _inner_json(text: str) -> _Unwrapped:
    if not text.lstrip().startswith(("{", "[")):
        return None
    document = json_of(text)
    if not isinstance(document, dict | list):
        return None
    return document, written_json


def _inner_base64(text: str) -> _Unwrapped:
    if len(text) > _MAX_DECODED or not _BASE64.fullmatch(text):
        return None
    plain = text.rstrip("=")
    try:
        decoded = base64.b64decode(plain.translate(_STANDARD) + "=" * (-len(plain) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    if not decoded.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
        return None
    encode = base64.urlsafe_b64encode if {"-", "_"} & set(text) else base64.b64encode
    padded = text.endswith("=") or len(text) % 4 == 0
    return decoded, lambda changed: encode(changed.encode()).decode() if padded else _unpadded(encode, changed)


def _inner_encoded(text: str) -> _Unwrapped:
    if not _ENCODED.search(text):
        return None
    decoded = unquote(text)
    return None if decoded == text else (decoded, lambda changed: quote(changed, safe="/:?&=,;+@!*'()"))


def _unpadded(encode: Callable[[bytes], bytes], text: str) -> str:
    return encode(text.encode()).decode().rstrip("=")


_STANDARD: Final = str.maketrans("-_", "+/")
UNWRAPPERS: Final[tuple[Callable[[str], _Unwrapped], ...]] = (_inner_json, _inner_base64, _inner_encoded)
