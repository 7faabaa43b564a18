"""The fields of a request that is no chat, checked one at a time: what is wrong is a 400 that names the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from model_service.errors import InvalidRequest
from model_service.oci_names import COMPARTMENT_OCID

Body = Mapping[str, Any]


def refuse(name: str, problem: str) -> NoReturn:
    raise InvalidRequest(f"{name}: {problem}", param=name)


def check_names(body: Body, known: frozenset[str]) -> None:
    """What OCI has no place for is refused and not dropped in silence; null says nothing."""
    for name, value in body.items():
        if name not in known and value is not None:
            refuse(name, "OCI has nothing of the kind for this operation.")


def required_text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        refuse(name, "must be a text that is not empty.")
    return value


def optional_text(body: Body, name: str) -> str | None:
    return None if body.get(name) is None else required_text(body, name)


def optional_count(body: Body, name: str) -> int | None:
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        refuse(name, "must be a whole number, at least 1.")
    return value


def optional_flag(body: Body, name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        refuse(name, "must be true or false.")
    return value


def compartment(body: Body) -> str | None:
    value = optional_text(body, "compartment_id")
    if value is not None and not COMPARTMENT_OCID.fullmatch(value):
        refuse("compartment_id", "must be the OCID of a compartment or of a tenancy.")
    return value
