"""What a request body must look like: checks that are put together like the documented types they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mock_oci.services.generative_ai.native.refusal import misshapen

Check = Callable[[Any, str], None]
"""Takes a value and where it stands; raises Refused when the value does not fit."""


def record(fields: Mapping[str, Check], required: Sequence[str] = ()) -> Check:
    """An object with these fields and no others; null stands for an absent one."""

    def check(value: Any, where: str) -> None:
        mapping(value, where)
        for name in required:
            if value.get(name) is None:
                raise misshapen(f"{where}.{name} is missing")
        for name, given in value.items():
            if name not in fields:
                raise misshapen(f"{where}.{name} is not known; known are {', '.join(fields)}")
            if given is not None:
                fields[name](given, f"{where}.{name}")

    return check


def one_by(key: str, kinds: Mapping[str, Check]) -> Check:
    """An object whose ``key`` says which of ``kinds`` it is."""
    named = one_of(*kinds)

    def check(value: Any, where: str) -> None:
        mapping(value, where)
        named(value.get(key), f"{where}.{key}")
        kinds[value[key]](value, where)

    return check


def each(one: Check) -> Check:
    """A list of such."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, list):
            raise misshapen(f"{where} is not a list")
        for number, item in enumerate(value):
            one(item, f"{where}[{number}]")

    return check


def mapped(one: Check) -> Check:
    """An object with any names and such values."""

    def check(value: Any, where: str) -> None:
        mapping(value, where)
        for name, item in value.items():
            one(item, f"{where}.{name}")

    return check


def one_of(*names: str) -> Check:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, str) or value not in names:
            raise misshapen(f"{where} is not one of {', '.join(names)}")

    return check


def number(least: float | None = None, most: float | None = None, kind: type = float) -> Check:
    """``kind`` int: a whole number."""

    def check(value: Any, where: str) -> None:
        fits = isinstance(value, (int, kind)) and not isinstance(value, bool)  # a bool is an int to Python, not to JSON
        if not fits:
            raise misshapen(f"{where} is not a {'whole ' * (kind is int)}number")
        if (least is not None and value < least) or (most is not None and value > most):
            raise misshapen(f"{where} is not between {least} and {most}")

    return check


def whole(least: int | None = None, most: int | None = None) -> Check:
    return number(least, most, int)


def text(value: Any, where: str) -> None:
    if not isinstance(value, str):
        raise misshapen(f"{where} is not a string")


def truth(value: Any, where: str) -> None:
    if not isinstance(value, bool):
        raise misshapen(f"{where} is not a boolean")


def mapping(value: Any, where: str) -> None:
    if not isinstance(value, dict):
        raise misshapen(f"{where} is not an object")


texts = each(text)
