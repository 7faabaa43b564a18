"""Readers of JSON values that name the path of what is wrong: small functions that a table of fields puts together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Path = tuple[str | int, ...]
"""Where a value stands inside a file: names of fields and indexes of arrays."""

Read = Callable[[Any, Path], Any]


class Fault(ValueError):
    """Something is wrong with a file: at ``path`` inside its value, or in a ``line`` if it is not even YAML."""

    def __init__(self, problem: str, path: Path = (), line: int | None = None) -> None:
        super().__init__(problem)
        self.path = path
        self.line = line


def fields_of(value: Any, path: Path, known: Mapping[str, Read]) -> dict[str, Any]:
    """Return the fields of an object, each read by its reader; raise ``Fault`` for an unknown one."""
    if not isinstance(value, dict):
        raise Fault("must be an object", path)
    for name in value:
        if name not in known:
            raise Fault(_unknown(str(name), tuple(known)), (*path, name))
    return {name: known[name](item, (*path, name)) for name, item in value.items()}


def _unknown(name: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - for a fault only

    close = get_close_matches(name, known, n=1)
    return f"unknown field; did you mean {close[0]}?" if close else f"unknown field; must be one of {', '.join(known)}"


def string(value: Any, path: Path) -> str:
    """Return a non-empty string."""
    if not isinstance(value, str) or not value:
        raise Fault("must be a non-empty string", path)
    return value


def one_of(*allowed: str) -> Read:
    """Return a reader of one of these strings."""

    def read(value: Any, path: Path) -> str:
        if value not in allowed:
            raise Fault(f"must be one of {', '.join(allowed)}", path)
        return str(value)

    return read


def number(value: Any, path: Path) -> float:
    """Return a number of 0 or more."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < float("inf"):
        raise Fault("must be a number of 0 or more", path)
    return value


def positive_number(value: Any, path: Path) -> float:
    """Return a number above 0."""
    if number(value, path) == 0:
        raise Fault("must be a number above 0", path)
    return float(value)


def boolean(value: Any, path: Path) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise Fault("must be true or false", path)
    return value


def matching(pattern: re.Pattern[str], what: str) -> Read:
    """Return a reader of strings that are as ``pattern`` has it; ``what`` says of which kind they are."""

    def read(value: Any, path: Path) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise Fault(f"must be {what}", path)
        return value

    return read


def positive_integer(value: Any, path: Path) -> int:
    """Return an integer of 1 or more."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Fault("must be an integer of 1 or more", path)
    return value


def array_of(read: Read) -> Read:
    """Return a reader of an array whose items ``read`` takes."""

    def read_array(value: Any, path: Path) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Fault("must be an array", path)
        return tuple(read(item, (*path, index)) for index, item in enumerate(value))

    return read_array


def map_of(read: Read) -> Read:
    """Return a reader of an object with any names, whose values ``read`` takes."""

    def read_map(value: Any, path: Path) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Fault("must be an object", path)
        return {string(name, path): read(item, (*path, name)) for name, item in value.items()}

    return read_map
