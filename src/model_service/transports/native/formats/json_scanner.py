"""Where a JSON object or array ends that comes in pieces, each character looked at once."""

from __future__ import annotations

import re
from typing import Final

STRUCTURE: Final = re.compile(r'["\\{}\[\]<]')


class JsonScanner:
    """Follow brackets and strings; whether it is valid JSON, only parsing the whole can say.

    Where a tag may follow, ``breaks_at_tags`` stops at a ``<`` outside of strings, which is no JSON.
    """

    def __init__(self, *, breaks_at_tags: bool = False) -> None:
        self.ended = False
        self.broken = False
        self._breaks_at_tags = breaks_at_tags
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def feed(self, text: str, start: int = 0) -> int:
        """Read on at ``start``, and return where the value ended or broke, or the length of the text."""
        skipped = -1
        if self._escaped and start < len(text):
            skipped, self._escaped = start, False
        for found in STRUCTURE.finditer(text, start):
            place, sign = found.start(), found[0]
            if place == skipped:
                continue
            if self._in_string:
                self._in_string = sign != '"'
                if sign == "\\":
                    skipped = place + 1
                    self._escaped = skipped == len(text)
            elif self._ends_with(sign):
                return place + self.ended
        return len(text)

    def _ends_with(self, sign: str) -> bool:
        """Take a sign outside of strings."""
        self._in_string = sign == '"'
        self._depth += (sign in "{[") - (sign in "}]")
        self.ended = sign in "}]" and self._depth <= 0
        self.broken = sign == "<" and self._breaks_at_tags
        return self.ended or self.broken
