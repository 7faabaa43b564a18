"""Documents in JSON or YAML, which need PyYAML only where they are YAML."""

from __future__ import annotations

import json
from typing import Any


def read_document(content: bytes) -> Any:
    """Return what a document says. Raises ValueError for what is neither JSON nor YAML."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return _yaml(content)


def _yaml(content: bytes) -> Any:
    try:
        import yaml  # noqa: PLC0415 - JSON needs none
    except ImportError as error:
        raise ValueError("a document in YAML needs PyYAML; JSON does not") from error
    try:
        return yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise ValueError("neither JSON nor YAML") from error
