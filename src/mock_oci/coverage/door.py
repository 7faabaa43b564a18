"""The strict door: what the SDK can ask and mock_oci would only ignore is answered 501, and never with a yes."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mock_oci.coverage.understood import EVERYWHERE, understood_by
from mock_oci.operations import Operation, Refused, oci_error
from mock_oci.wire import Request

TABLE = Path(__file__).with_name("sdk_operations.json")
Parameters = Mapping[str, list[str] | None]
"""Names, each with the values that the SDK lists for it, or ``None``."""

# Their own checks word the refusals of the native surface, and of single metrics.
CHECK_THEIR_BODY = frozenset({"chat", "embed_text", "rerank_text", "apply_guardrails", "post_metric_data"})
# What a client's HTTP library sends with any request, and what signs it.
_OF_HTTP = frozenset({"accept", "content-type", "content-length", "expect"})


@dataclass(frozen=True)
class SdkOperation:
    """An operation as the SDK's client knows it. ``body``: the fields at its top; ``None`` for no JSON object.

    ``shapes``: which of them are objects and arrays.
    """

    client: str
    name: str
    method: str
    path: str
    query: Parameters
    headers: Parameters
    body: Parameters | None
    shapes: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.client}.{self.name}"

    @functools.cached_property
    def understood(self) -> dict[str, str | None]:
        """Return what mock_oci understands of it, each with the one value that it takes, or ``None`` for any."""
        named = (item.partition("=") for item in understood_by(self.key).split())
        return dict.fromkeys(EVERYWHERE) | {name.lower(): value if equals else None for name, equals, value in named}

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(self.path)) + "/?")


@functools.cache
def _rows() -> tuple[Mapping[str, Any], ...]:
    return tuple(json.loads(TABLE.read_text()))


@functools.cache
def sdk_operations() -> tuple[SdkOperation, ...]:
    """Return every operation of the emulated services that the SDK knows."""
    return tuple(SdkOperation(**row) for row in _rows())


def shape_of(path: str) -> str:
    """Return a path's template without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path.rstrip("/"))


@functools.cache
def _by_shape() -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(row["method"], shape_of(row["path"])): row for row in _rows()}


def known_as(operation: Operation) -> SdkOperation | None:
    """Return what the SDK calls an operation of mock_oci; ``None`` for what has no client in the SDK."""
    return _known_at(operation.method, operation.path)


@functools.cache
def _known_at(method: str, template: str) -> SdkOperation | None:
    path = re.sub(r"^/20181201/(functions|applications)", r"/20260325/\1", template)
    row = _by_shape().get((method, shape_of(path)))
    if row is None:
        return None
    return SdkOperation(**row) if path == template else _in_2018(SdkOperation(**row))


def _in_2018(known: SdkOperation) -> SdkOperation:
    """Return an operation of Functions as its API of 2018 has it, which Terraform's provider and other SDKs speak."""
    if known.name not in ("create_function", "update_function"):
        return known
    return replace(
        known, client=f"{known.client}/20181201", body={**(known.body or {}), "image": None, "imageDigest": None}
    )


@functools.cache
def exact_paths() -> frozenset[tuple[str, str]]:
    """Return the methods and paths without a parameter that the SDK knows.

    One such as ``/alarms/status`` is not that of an alarm.
    """
    return frozenset((row["method"], row["path"]) for row in _rows() if "{" not in row["path"])


def not_served(request: Request) -> SdkOperation | None:
    """Return the operation of the SDK that a request without one here asks for, if it is one."""
    asked = (item for item in sdk_operations() if item.method == request.method)
    return next((item for item in asked if item.pattern.fullmatch(request.path)), None)


def check(operation: SdkOperation, request: Request) -> None:
    """Raise Refused for a parameter that is not emulated, is not known, or has a value that it may not have."""
    query = request.query
    unknown = [name for name in query if name not in operation.query]
    if unknown:
        raise _invalid(f"The query parameter {unknown[0]} is not known to {operation.name}")
    several = {name: value.split(",") if "," in value else value for name, value in query.items()}
    _check_all(operation, several, operation.query)
    headers = {name: request.headers[name.lower()] for name in operation.headers if name.lower() in request.headers}
    _check_all(operation, {name: headers[name] for name in headers if name.lower() not in _OF_HTTP}, operation.headers)
    if operation.body is not None and operation.name not in CHECK_THEIR_BODY:
        _check_body(operation, request.body, operation.body)


def _check_body(operation: SdkOperation, content: bytes, fields: Parameters) -> None:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return  # the operation says so in its own words
    if isinstance(body, dict):
        unknown = [name for name in body if name not in fields]
        if unknown:
            raise _invalid(f"The field {unknown[0]} is not known to {operation.name}")
        given = {name: value for name, value in body.items() if value is not None}
        _check_all(operation, given, fields)
        for name, value in given.items():
            _check_shape(name, value, operation.shapes.get(name, ""))


def _check_shape(name: str, value: Any, shape: str) -> None:
    """Raise Refused for an object or an array where the other, or neither, belongs; scalars the operation checks."""
    if shape == "any":
        return
    kind, of, item = shape.partition(" of ")
    wanted = {"object": dict, "array": list}.get(kind)
    fits = isinstance(value, wanted) if wanted is not None else not isinstance(value, dict | list)
    if fits and of:
        fits = all(isinstance(one, _ITEMS[item]) for one in value)
    if not fits:
        raise _invalid(f"{name} must be {_A[kind]}{of}{item}")


_ITEMS: Mapping[str, type] = {"objects": dict, "strings": str}
_A = {"object": "an object", "array": "an array", "": "a string, a number or a boolean"}


def _check_all(operation: SdkOperation, given: Mapping[str, Any], known: Parameters) -> None:
    for name, value in given.items():
        allowed = known[name]
        wrong = [item for item in _texts(value) if allowed is not None and item.upper() not in _upper(allowed)]
        if wrong:
            raise _invalid(f"{name} must be one of {', '.join(allowed or ())}")
        if name.lower() not in operation.understood:
            raise _not_emulated(f"{name} of {operation.name}")
        only = operation.understood[name.lower()]
        if only is not None and json.dumps(value).strip('"') != only:
            raise _not_emulated(f"{name} of {operation.name} other than {only}")


def _texts(value: Any) -> Iterator[str]:
    """Yield the strings that a list of values can be about."""
    values: Iterable[Any] = value if isinstance(value, list) else [value]
    return (item for item in values if isinstance(item, str))


def _upper(values: list[str]) -> set[str]:
    return {value.upper() for value in values}


def _invalid(message: str) -> Refused:
    return Refused(oci_error(400, message, "InvalidParameter"))


def _not_emulated(what: str) -> Refused:
    return Refused(oci_error(501, f"mock_oci: {what} is not emulated", "NotImplemented"))
