"""What the SDK says that an operation answers, and what is wrong with an answer by its models."""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mock_oci.coverage.sdk import CLIENTS

_MODULES = {client: module for module, client in CLIENTS}
_RETURNS = re.compile(r":return: A :class:`~oci.response.Response` object with data of type ([^\n]+)")
_ALLOWED = re.compile(
    r"Allowed values for (?:this property|items in this list) are: (.*?)(?:\n\s*\n|\n\s*Any unrec|$)", re.DOTALL
)
_SCALARS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "datetime": (str,),
    "date": (str,),
    "object": (object,),
}


@dataclass(frozen=True)
class _Field:
    """Its type, whether it is always there, and the values that it may have; none: any."""

    kind: str
    always: bool
    values: tuple[str, ...]


def answer_type(key: str) -> tuple[str, str]:
    """Return the module of the SDK and the type that it makes of an answer; ``None`` as text for no body."""
    client, _, name = key.partition(".")
    client = client.partition("/")[0]
    module = _MODULES[client]
    function = getattr(getattr(importlib.import_module(f"oci.{module}"), client), name)
    told = _RETURNS.search(function.__doc__ or "")
    assert told is not None, key
    words = re.sub(r":class:`~oci\.\w+\.models\.(\w+)`", r"\1", told[1])
    return module, re.sub(r"list of (\w+)", r"list[\1]", words)


@functools.cache
def _model(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"oci.{module}").models, name, None)


@functools.cache
def _fields(kind: Any) -> dict[str, _Field]:
    """Return what the model has, by the names on the wire."""
    shape = kind()
    found = {}
    for attribute, wire in shape.attribute_map.items():
        told = inspect.getattr_static(kind, attribute).__doc__ or ""
        listed = _ALLOWED.search(told)
        values = tuple(re.findall(r"[\"']([^\"']+)[\"']", listed[1])) if listed else ()
        found[wire] = _Field(shape.swagger_types[attribute], "**[Required]**" in told, values)
    return found


def mistakes(value: Any, kind: str, module: str, where: str = "") -> Iterator[str]:
    """Yield what is wrong with a value by the SDK's type ``kind``."""
    if kind.startswith("list["):
        yield from _mistakes_of_array(value, kind[5:-1], module, where)
    elif kind.startswith("dict("):
        yield from _mistakes_of_map(value, kind[5:-1].partition(", ")[2], module, where)
    elif kind in _SCALARS:
        if not isinstance(value, _SCALARS[kind]) or (isinstance(value, bool) and kind in ("int", "float")):
            yield f"{where}: {value!r} is no {kind}"
        elif kind == "datetime" and not _is_time(value):
            yield f"{where}: {value!r} is no time"
    else:
        yield from _mistakes_of_model(value, kind, module, where)


def _mistakes_of_array(value: Any, kind: str, module: str, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: not an array"
        return
    for index, item in enumerate(value):
        yield from mistakes(item, kind, module, f"{where}[{index}]")


def _mistakes_of_map(value: Any, kind: str, module: str, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: not an object"
        return
    for name, item in value.items():
        yield from mistakes(item, kind, module, f"{where}.{name}")


def _mistakes_of_model(value: Any, kind: str, module: str, where: str) -> Iterator[str]:
    model = _model(module, kind)
    if model is None or not hasattr(model(), "attribute_map"):  # the SDK makes no class of an enumeration
        yield from ([] if isinstance(value, str) else [f"{where}: {value!r} is no {kind}"])
        return
    if not isinstance(value, dict):
        yield f"{where}: not an object"
        return
    if hasattr(model, "get_subtype"):
        model = _model(module, model.get_subtype(value))
    fields = _fields(model)
    yield from (f"{where}: {model.__name__} has no {name}" for name in value if name not in fields)
    for name, field in fields.items():
        yield from _mistakes_of_field(value.get(name), field, module, f"{where}.{name}", f"{model.__name__}.{name}")


def _mistakes_of_field(value: Any, field: _Field, module: str, where: str, name: str) -> Iterator[str]:
    if value is None:
        yield from ([f"{where}: {name} is missing"] if field.always else [])
        return
    yield from mistakes(value, field.kind, module, where)
    wrong = [
        item for item in (value if isinstance(value, list) else [value]) if field.values and item not in field.values
    ]
    yield from (f"{where}: {name} may not be {item!r}" for item in wrong)


def required_of(module: str, name: str) -> list[str]:
    """Return the fields of a model that are always there."""
    return [wire for wire, field in _fields(_model(module, name)).items() if field.always]


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
