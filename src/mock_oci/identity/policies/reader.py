"""Reads the policy language word by word: in one pass, without going back, and bounded."""

from __future__ import annotations

import re

MAX_CHARACTERS = 10_000  # of one statement; that OCI has a limit is documented, which one is not
MAX_DEPTH = 20  # of conditions in conditions

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[^\s'/{}(),=!]+")
_QUOTED = re.compile(r"'([^']*)'")
_PATTERN = re.compile(r"/([^/]*)/")
_OPERATOR = re.compile(r"!=|=")


class PolicyError(ValueError):
    """The text is no statement, no condition or no matching rule; the message says where."""


class Reader:
    """``text`` and how far it has been read. Every method skips the blanks before what it reads."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_CHARACTERS:
            raise PolicyError(f"a statement must have at most {MAX_CHARACTERS} characters")
        self._text = text
        self._at = 0
        self._skip()

    @property
    def at_end(self) -> bool:
        return self._at == len(self._text)

    def error(self, expected: str) -> PolicyError:
        """Return the error of what stands here in place of ``expected``."""
        found = repr(self._text[self._at : self._at + 20]) if not self.at_end else "the end"
        return PolicyError(f"expected {expected}, not {found}, at character {self._at + 1} of {self._text[:80]!r}")

    def peek(self) -> str:
        """Return the bare word that comes next, in lower case; empty when something else comes."""
        match = _WORD.match(self._text, self._at)
        return match[0].lower() if match else ""

    def word(self, expected: str) -> str:
        """Read a bare word. Raises PolicyError, which names what was ``expected``."""
        return self._take(_WORD) or self._fail(expected)

    def keyword(self, *keywords: str) -> str:
        """Read one of these keywords. Raises PolicyError."""
        return self.accept(*keywords) or self._fail(" or ".join(keywords))

    def accept(self, *keywords: str) -> str:
        """Read one of these keywords if it comes next, and return it in lower case; else return nothing."""
        return self.word("a keyword").lower() if self.peek() in keywords else ""

    def mark(self, character: str) -> bool:
        """Read a punctuation mark if it comes next, and tell whether it did."""
        if not self._text.startswith(character, self._at):
            return False
        self._at += len(character)
        self._skip()
        return True

    def must(self, character: str) -> None:
        """Read a punctuation mark. Raises PolicyError when something else comes."""
        if not self.mark(character):
            raise self.error(repr(character))

    def operator(self) -> str:
        """Read = or != if one comes next; else return nothing."""
        return self._take(_OPERATOR) or ""

    def quoted(self) -> str | None:
        """Read what stands in quotes if that comes next."""
        return self._take(_QUOTED)

    def pattern(self) -> str | None:
        """Read what stands between slashes if that comes next."""
        return self._take(_PATTERN)

    def _take(self, form: re.Pattern[str]) -> str | None:
        match = form.match(self._text, self._at)
        if match is None:
            return None
        self._at = match.end()
        self._skip()
        return match[match.lastindex or 0]

    def _skip(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at

    def _fail(self, expected: str) -> str:
        raise self.error(expected)
