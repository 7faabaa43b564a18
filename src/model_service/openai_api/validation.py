"""The fields of a request that is no chat, checked one at a time: what is wrong is a 400 that names the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model_service.errors import InvalidRequest
from model_service.oci_names import COMPARTMENT_OCID


def invalid_field(name: str, problem: str) -> InvalidRequest:
    """Return the error to raise for a field; ``problem`` is what follows its name, and never quotes its value."""
    return InvalidRequest(f"{name}: {problem}", param=name)


def reject_unknown_fields(body: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raise ``InvalidRequest`` for a field that OCI has no place for, instead of dropping it; null says nothing."""
    for name, value in body.items():
        if name not in known and value is not None:
            raise invalid_field(name, "unknown field; OCI has nothing of the kind for this operation.")


def require_string(body: Mapping[str, Any], name: str) -> str:
    """Return a non-empty string; raise ``InvalidRequest`` for anything else."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise invalid_field(name, "must be a non-empty string.")
    return value


def optional_string(body: Mapping[str, Any], name: str) -> str | None:
    """Return a non-empty string, or ``None`` where there is none or null.

    Raise ``InvalidRequest`` for anything else.
    """
    return None if body.get(name) is None else require_string(body, name)


def optional_count(body: Mapping[str, Any], name: str) -> int | None:
    """Return an integer of at least 1, or ``None``; raise ``InvalidRequest`` for anything else."""
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise invalid_field(name, "must be an integer of at least 1.")
    return value


def optional_bool(body: Mapping[str, Any], name: str) -> bool | None:
    """Return true, false or ``None``; raise ``InvalidRequest`` for anything else."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid_field(name, "must be true or false.")
    return value


def optional_compartment(body: Mapping[str, Any]) -> str | None:
    """Return the OCID in ``compartment_id``, or ``None``; raise ``InvalidRequest`` for anything else."""
    value = optional_string(body, "compartment_id")
    if value is not None and not COMPARTMENT_OCID.fullmatch(value):
        raise invalid_field("compartment_id", "must be the OCID of a compartment or of a tenancy.")
    return value
