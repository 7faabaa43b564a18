"""Which page is made by which module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.docs.reference import errors, http_api, log_lines, python_api, service_file, settings, tasks_file

FOLDER: Final = Path(__file__).resolve().parents[3] / "docs" / "reference"
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "settings.md": settings.page,
    "service-file.md": service_file.page,
    "tasks-file.md": tasks_file.page,
    "errors.md": errors.page,
    "log.md": log_lines.page,
    "http-api.md": http_api.page,
    "python-api.md": python_api.page,
}
