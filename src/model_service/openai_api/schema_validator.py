"""pydantic's validator, imported without what a function never uses of it.

``import pydantic_core`` also makes hundreds of typed dicts for whoever writes schemas in Python (``core_schema``): two
thirds of what the package costs a cold start. A schema is plain dicts, which is how ``validation`` writes it.
Source: https://github.com/pydantic/pydantic-core/blob/main/python/pydantic_core/core_schema.py
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Final

_SCHEMAS: Final = "pydantic_core.core_schema"


class _NotYet(ModuleType):
    """Stands for ``core_schema`` while ``pydantic_core`` is imported; ``names`` are what it took from here."""

    def __init__(self) -> None:
        super().__init__(_SCHEMAS)
        self.names: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import system's own questions
            raise AttributeError(name)
        self.names.add(name)
        return None


def _import_without_schemas() -> None:
    """Import ``pydantic_core``; whoever asks it for names of ``core_schema`` later gets them, at their price."""
    stand_in = _NotYet()
    sys.modules[_SCHEMAS] = stand_in
    try:
        package = import_module("pydantic_core")
    finally:
        del sys.modules[_SCHEMAS]
    for name in stand_in.names:
        delattr(package, name)

    def on_first_use(name: str) -> Any:
        if name not in stand_in.names:
            raise AttributeError(f"module 'pydantic_core' has no attribute {name!r}")
        return getattr(import_module(_SCHEMAS), name)

    package.__getattr__ = on_first_use  # type: ignore[method-assign]  # PEP 562


if "pydantic_core" not in sys.modules:
    _import_without_schemas()

from pydantic_core import SchemaValidator, ValidationError  # noqa: E402 - it has to come after

__all__ = ["SchemaValidator", "ValidationError"]
