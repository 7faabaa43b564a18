"""Which page is made by which module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.docs.reference import settings

FOLDER: Final = Path(__file__).resolve().parents[3] / "docs" / "reference"
PAGES: Final[Mapping[str, Callable[[], str]]] = {"settings.md": settings.page}
