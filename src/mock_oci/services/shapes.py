"""Checks of a JSON value's shape, put together like the documented types they stand for, whatever words refuse it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Check = Callable[[Any, str], None]
"""Takes a value and where it stands; raises Mismatch when the value does not fit."""


class Mismatch(Exception):
    """A value that does not fit. ``where`` it stands, and what it is not, such as "a string"."""

    def __init__(self, where: str, expected: str, problem: str = "") -> None:
        self.where = where
        self.expected = expected
        super().__init__(f"{where} {problem or f'is not {expected}'}")


def record(fields: Mapping[str, Check], required: Sequence[str] = ()) -> Check:
    """Check for an object with these fields and no others; null stands for an absent one."""

    def check(value: Any, where: str) -> None:
        mapping(value, where)
        for name in required:
            if value.get(name) is None:
                raise Mismatch(f"{where}.{name}", "present", "is missing")
        for name, item in value.items():
            if name not in fields:
                raise Mismatch(f"{where}.{name}", "known", f"is not known; known are {', '.join(fields)}")
            if item is not None:
                fields[name](item, f"{where}.{name}")

    return check


def one_by(key: str, kinds: Mapping[str, Check]) -> Check:
    """Check for an object whose ``key`` says which of ``kinds`` it is."""
    known = one_of(*kinds)

    def check(value: Any, where: str) -> None:
        mapping(value, where)
        known(value.get(key), f"{where}.{key}")
        kinds[value[key]](value, where)

    return check


def each(item_check: Check) -> Check:
    """Check for an array whose items all fit."""

    def check(value: Any, where: str) -> None:
        array(value, where)
        for index, item in enumerate(value):
            item_check(item, f"{where}[{index}]")

    return check


def mapped(item_check: Check) -> Check:
    """Check for an object with any names, whose values all fit."""

    def check(value: Any, where: str) -> None:
        mapping(value, where)
        for name, item in value.items():
            item_check(item, f"{where}.{name}")

    return check


def one_of(*names: str) -> Check:
    """Check for one of these strings."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, str) or value not in names:
            raise Mismatch(where, f"one of {', '.join(names)}")

    return check


def typed(expected: str, *types: type) -> Check:
    """Check for a value of one of ``types``; ``expected`` words them."""

    def check(value: Any, where: str) -> None:
        # A bool is an int to Python, not to JSON.
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise Mismatch(where, expected)

    return check


text = typed("a string", str)
truth = typed("a boolean", bool)
mapping = typed("an object", dict)
array = typed("an array", list)
_NUMBER = typed("a number", int, float)
_WHOLE_NUMBER = typed("a whole number", int)


def number(least: float | None = None, most: float | None = None, kind: Check = _NUMBER) -> Check:
    """Check for a number in this range."""

    def check(value: Any, where: str) -> None:
        kind(value, where)
        if (least is not None and value < least) or (most is not None and value > most):
            raise Mismatch(where, f"between {least} and {most}")

    return check


def whole(least: int | None = None, most: int | None = None) -> Check:
    """Check for a whole number in this range."""
    return number(least, most, _WHOLE_NUMBER)


def link(value: Any, where: str) -> None:
    """Check for a URL of content; the Base64 of a data URL must be some (oracle/langchain-oracle, test_vision.py)."""
    text(value, where)
    head, marked, encoded = value.partition(";base64,")
    if marked and head.startswith("data:"):
        try:
            base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise Mismatch(where, "a data URL", "has invalid Base64") from error


texts = each(text)
