"""Reading a part of a deployment's specification: what it may hold, in the words of ``oci.apigateway.models``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def part_of(specification: Mapping[str, Any], where: str, *known: str) -> Mapping[str, Any]:
    """Return ``specification``. Raises ValueError, as for all that is not emulated, when it holds anything else."""
    unknown = sorted(set(specification) - set(known))
    if unknown:
        raise ValueError(f"mock_oci does not emulate {unknown[0]} in {where}; known are {', '.join(known)}")
    return specification


def choice_in(specification: Mapping[str, Any], name: str, choices: Sequence[str], default: str | None = None) -> str:
    """Return one of ``choices``. Raises ValueError."""
    value = specification.get(name, default)
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return str(value)


def count_in(specification: Mapping[str, Any], name: str) -> int:
    """Return a whole number from 1 on. Raises ValueError."""
    value = specification.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a whole number from 1 on, not {value!r}")
    return value
