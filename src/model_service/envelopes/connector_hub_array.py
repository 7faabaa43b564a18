"""A batch of Connector Hub taken apart, element by element, also where one of them has made it invalid JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import Any, Final

from model_service.errors import InvalidRequest
from model_service.openai_api.encoding import STRICT

NOT_JSON: Final = "not_json"
MAX_ELEMENTS: Final = 100_000  # six megabytes of a stream's records are fewer, six of commas and digits are not

# What may be spent on finding where torn pieces end, in characters looked at: a second or two at worst. Without it,
# six megabytes of brackets and commas would take a day.
WORK: Final = 64_000_000
WORK_AGAIN: Final = 2_000_000  # for each message's length that is skipped when it has been spent
ATTEMPT: Final = 100  # one attempt, in characters
BRACKET: Final = 30  # one bracket, or a row of them, in characters
FAILURE: Final = 500  # one piece that only looked like JSON, in characters

BLANKS: Final = b" \t\r\n"  # of JSON
MAX_MESSAGE_BYTES: Final = 262_144  # of a queue's message, so of a value that stands behind a torn one

# Possessive, all of them: no text makes them go back.
_OPENING: Final = re.compile(rb"(?:\xef\xbb\xbf)?+[ \t\r\n]*+\[")
_GAP: Final = re.compile(rb"[ \t\r\n,]*+")
_CLOSED: Final = re.compile(rb"[ \t\r\n]*+\]?+[ \t\r\n]*+\Z")
_FOLLOWED: Final = re.compile(rb"[ \t\r\n]*+(?:,|\]?+[ \t\r\n]*+\Z)")
# An array must not be closed by the bracket of the batch: it would swallow all that stands behind it.
_ARRAY_FOLLOWED: Final = re.compile(rb"[ \t\r\n]*+(?:,|\][ \t\r\n]*+\Z)")
_CANDIDATE: Final = re.compile(rb',[ \t\r\n]*+(?=["{\[\-0-9tfn])')
_SCALAR: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|-?+[0-9][0-9.eE+\-]*+|true|false|null|NaN|-?+Infinity', re.DOTALL)
_TO_BRACKET: Final = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+([\[{]++|[\]}]++)', re.DOTALL)
_NO_TEXT: Final = re.compile("[\udc80-\udcff]")  # what `surrogateescape` makes of bytes that are not UTF-8


@dataclass(frozen=True)
class Element:
    """One element of the array: its value, or the ``fault`` for which it has none.

    ``NOT_JSON`` is the code of a fault that goes beyond the element: where it ends had to be guessed.
    """

    batch: bytes = field(repr=False)
    start: int
    end: int
    value: Any = field(default=None, repr=False)
    fault: InvalidRequest | None = None

    @property
    def content(self) -> bytes:
        """Its bytes as they came; made when they are asked for, because most records do not need them."""
        return self.batch[self.start : self.end]

    @classmethod
    def read(cls, batch: bytes, start: int, end: int, fault: InvalidRequest | None = None) -> Element:
        """Return the element that was found there before, with its value."""
        element = None if fault else _Batch(batch, WORK).whole(start, end)
        return element or cls(batch, start, end, None, fault)


def elements_of(body: bytes) -> Iterator[Element]:
    """Yield the elements of an array, in order; of ``body`` nothing is left out but its brackets, commas and blanks.

    Connector Hub splices the messages of a queue into the array as they are (oracle-samples, examples/
    connectorhub-queue/README.md), so one that is not JSON breaks the whole. Such a piece ends at the first comma that
    is followed by a whole JSON value and then by another comma or the end of the batch; else it is all the rest, or as
    much as a message can be where it takes too long to tell. Several broken messages in a row are one piece.

    Raise ``InvalidRequest`` for what does not begin as an array.
    """
    opening = _OPENING.match(body)
    if opening is None:
        raise InvalidRequest("The body is not a JSON array.", code="invalid_json")
    return _Batch(body, WORK).elements(opening.end())


@dataclass
class _Batch:
    text: bytes
    work: int

    def elements(self, at: int) -> Iterator[Element]:
        at = self._after_gap(at)
        for _ in range(MAX_ELEMENTS):
            if _CLOSED.match(self.text, at):
                return
            end = self._end(at)
            element = self.whole(at, end) if end is not None else None
            if element is None or end is None:
                end = self._end_of_torn(at)
                element = self._element(at, self._trimmed(at, end), fault=_torn())
            yield element
            at = self._after_gap(end)
        if not _CLOSED.match(self.text, at):
            yield self._element(at, self._trimmed(at, len(self.text)), fault=_too_many())

    def _after_gap(self, at: int) -> int:
        gap = _GAP.match(self.text, at)
        return gap.end() if gap else at

    def _element(self, start: int, end: int, value: Any = None, fault: InvalidRequest | None = None) -> Element:
        return Element(self.text, start, end, value, fault)

    def _trimmed(self, at: int, end: int) -> int:
        """Return the end of a piece without the blanks behind it, and without the bracket of the array."""
        piece = self.text[at:end].rstrip(BLANKS)
        if end == len(self.text):
            piece = piece.removesuffix(b"]").rstrip(BLANKS)
        return at + len(piece)

    def whole(self, at: int, end: int) -> Element | None:
        """Return what stands there, if it is JSON; it may be JSON that cannot be read."""
        piece = self.text[at:end].decode("utf-8", "surrogateescape")
        try:
            value = STRICT.decode(piece)
        except JSONDecodeError:
            self.work -= end - at + FAILURE
            return None
        except InvalidRequest as fault:
            return self._element(at, end, fault=_bare(fault))
        except ValueError:  # Python reads no integer of more than 4300 digits
            return self._element(at, end, fault=_unreadable("It has a number that is too long."))
        except RecursionError:
            return self._element(at, end, fault=_unreadable("It is nested too deeply."))
        if _NO_TEXT.search(piece):
            return self._element(at, end, fault=_unreadable("It is not UTF-8."))
        return self._element(at, end, value)

    def _end(self, at: int, limit: int | None = None) -> int | None:
        """Return where the value ends that begins at ``at``, by its quotes and brackets.

        If it is an element as a whole and ends before ``limit``.
        """
        stop = len(self.text) if limit is None else min(limit, len(self.text))
        scalar = _SCALAR.match(self.text, at, stop)
        end = scalar.end() if scalar else self._end_of_nested(at, stop)
        followed = _ARRAY_FOLLOWED if self.text[at : at + 1] == b"[" else _FOLLOWED
        if end is not None and followed.match(self.text, end):
            return end
        self.work -= (end or at) - at + ATTEMPT
        return None

    def _end_of_nested(self, at: int, stop: int) -> int | None:
        if self.text[at : at + 1] not in (b"[", b"{"):
            if self.text[at : at + 1] == b'"':
                self.work -= stop - at  # it was looked for to the end
            return None
        depth, end, brackets = 0, at, 0
        while found := _TO_BRACKET.match(self.text, end, stop):
            brackets += 1
            row = found[1]
            if row[:1] in (b"[", b"{"):
                depth += len(row)
            elif len(row) >= depth:
                self.work -= brackets * BRACKET
                return found.start(1) + depth
            else:
                depth -= len(row)
            end = found.end()
        self.work -= brackets * BRACKET + stop - at
        return None

    def _end_of_torn(self, start: int) -> int:
        at = start
        while comma := _CANDIDATE.search(self.text, at):
            at = comma.end()
            if self.work <= 0:
                if at - start <= MAX_MESSAGE_BYTES:
                    continue
                start, self.work = at, WORK_AGAIN
            end = self._end(at, at + MAX_MESSAGE_BYTES)
            if end is not None and self.whole(at, end):
                return comma.start()
        return len(self.text)


def _bare(fault: InvalidRequest) -> InvalidRequest:
    return fault.with_traceback(None)  # which would keep the whole batch in memory


def _torn() -> InvalidRequest:
    return InvalidRequest(
        "This part of the batch is not JSON.",
        code=NOT_JSON,
        hint="Connector Hub puts the messages of a queue into its batch as they are, so each has to be JSON by itself: "
        'a string has to be sent in quotes, "like this".',
    )


def _too_many() -> InvalidRequest:
    return InvalidRequest(f"The batch has more than {MAX_ELEMENTS} records; this is the rest.", code="too_many_records")


def _unreadable(problem: str) -> InvalidRequest:
    return InvalidRequest(f"The record cannot be read. {problem}", code="invalid_record")
