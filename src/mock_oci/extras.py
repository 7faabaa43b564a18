"""What a bare ``pip install mock-oci`` leaves out, and the one line that says so where it is needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

# By the package that is imported, the extra of pyproject.toml that brings it.
EXTRA_OF: Final = {"fdk": "server", "yaml": "server"}


class MissingExtra(ImportError):
    """Raised where an extra is needed and is not installed; ``str()`` is one line on what to install."""


def from_extra(module: str, purpose: str) -> Any:
    """Import a module of an extra, for ``purpose``, which begins the line. Raises MissingExtra."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        extra = EXTRA_OF[module.partition(".")[0]]
        raise MissingExtra(f"{purpose} needs an extra: pip install 'mock-oci[{extra}]'") from error
